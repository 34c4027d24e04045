"""What comes again with several inputs: blocks of cells, loops that number names, and levels of skips."""

import random
from pathlib import Path
from typing import Any

import pytest

from specc.decompile.fold import fold, foldings, gives
from specc.decompile.inline import inlined
from specc.frontend.load import load_spec
from specc.graph.ir import Graph
from specc.source.dump import dump


def graphs(folder: Path, text: str) -> dict[str, Graph]:
    path = folder / "given.yaml"
    path.write_text("specc: 1\n" + text, encoding="utf-8")
    found = load_spec(path).models
    return inlined({name: graph for name, graph in found.items() if isinstance(graph, Graph)})


def folded(folder: Path, text: str) -> str:
    """The folded text of a spec's graphs, which gives them again."""
    models = graphs(folder, text)
    assert all(gives(document, models) for document in foldings(models, swaps=False))
    document = fold(models)
    assert gives(document, models)
    return dump(document)


CELL = """
blocks:
  conv_relu:
    layers: [{Conv2D: {filters: 4, kernel_size: 3, padding: same}}, ReLU]
  cell:
    inputs: [x, p]
    layers:
      - conv_relu:
        from: x
        name: h
      - conv_relu:
        from: p
      - Add:
        from: [h, previous]
        name: one
      - AveragePooling2D: {pool_size: 3, strides: 1, padding: same}
        from: h
      - Multiply:
        from: [previous, p]
        name: two
      - Conv2D: {filters: 4, kernel_size: 1}
        from: one
      - Concatenate:
        from: [p, one, two, previous]
      - Conv2D: {filters: 4, kernel_size: 1}
"""
CARRIED = (
    CELL
    + """
model:
  inputs: {image: [16, 16, 3]}
  layers:
    - Conv2D: {filters: 4, kernel_size: 3}
      name: c0
    - Conv2D: {filters: 4, kernel_size: 3, padding: same}
      name: c1
    - repeat: {i: 5}
      layers:
        - cell:
          from: {x: c$(i + 1), p: c$(i)}
          outputs: [c$(i + 2)]
    - GlobalAveragePooling2D
    - Dense: 2
      name: label
"""
)


def test_a_cell_of_two_inputs_is_a_block_or_the_round_of_a_loop(tmp_path: Path) -> None:
    found = folded(tmp_path, CARRIED)
    assert found.count("- AveragePooling2D") == 1
    assert "repeat: {i: 5}" in found
    assert "from: {a: previous, b: x_$(i)}" in found
    assert found.count("\n") < CARRIED.count("\n")


def test_cells_that_stand_apart_are_uses_of_one_block(tmp_path: Path) -> None:
    steps = """
model:
  inputs: {image: [16, 16, 3], other: [16, 16, 3]}
  layers:
    - Conv2D: {filters: 4, kernel_size: 3, padding: same}
      from: image
      name: a
    - Conv2D: {filters: 4, kernel_size: 3, padding: same}
      from: other
      name: b
    - cell:
      from: {x: a, p: b}
      outputs: [c]
    - Dropout: 0.5
      name: d
    - cell:
      from: {x: d, p: d}
    - BatchNormalization:
      name: e
    - cell:
      from: {x: a, p: e}
    - GlobalAveragePooling2D
      name: label
"""
    found = folded(tmp_path, CELL + steps.replace("Pooling2D\n      name", "Pooling2D:\n      name"))
    assert "    inputs: [a, b]\n" in found
    assert found.count("- cell:\n") == 3
    assert found.count("- AveragePooling2D") == 1


def test_a_last_round_that_lacks_steps_says_when(tmp_path: Path) -> None:
    text = """
blocks:
  pair:
    params: {filters: {type: integer}}
    inputs: [x, p]
    layers:
      - Conv2D: {filters: $filters, kernel_size: 3, padding: same}
        from: x
        name: h
      - Conv2D: {filters: $filters, kernel_size: 1}
        from: p
      - Concatenate:
        from: [h, previous, x]
      - BatchNormalization
      - ReLU
  cross:
    inputs: [x, p]
    layers:
      - SeparableConv2D: {filters: 4, kernel_size: 3, padding: same}
        from: p
      - Concatenate:
        from: [x, previous, p]
      - LayerNormalization
      - Dropout: 0.5
model:
  inputs: {image: [16, 16, 4]}
  layers:
    - Conv2D: {filters: 4, kernel_size: 3, padding: same}
      name: s0
    - DepthwiseConv2D: {kernel_size: 3, padding: same}
    - repeat: {i: 3}
      layers:
        - pair: $(8 * 2 ** i)
          from: {x: s$(i), p: previous}
          outputs: [a$(i)]
        - pair: $(16 * 2 ** i)
          from: {x: a$(i), p: s$(i)}
          outputs: [b$(i)]
        - cross:
          from: {x: b$(i), p: a$(i)}
          outputs: [s$(i + 1)]
        - Conv2DTranspose: {filters: $(4 * 2 ** i), kernel_size: 1}
          from: a$(i)
          when: $(i < 2)
    - GlobalAveragePooling2D:
      name: label
"""
    found = folded(tmp_path, text)
    assert found.count("SeparableConv2D") == 1
    assert ": false, " in found
    assert "when: $stage." in found


def test_a_network_of_levels_is_two_loops(tmp_path: Path) -> None:
    text = """
model:
  inputs: {image: [64, 64, 1]}
  layers:
    - repeat: {level: 4}
      layers:
        - repeat: 2
          layers: [{Conv2D: {filters: $(8 * 2 ** level), kernel_size: 3, padding: same}}, ReLU]
          name: skip$(level)
        - MaxPooling2D
    - Conv2D: {filters: 128, kernel_size: 3, padding: same}
    - repeat: {level: [3, 2, 1, 0]}
      layers:
        - Conv2DTranspose: {filters: $(8 * 2 ** level), kernel_size: 2, strides: 2, padding: same}
        - Concatenate:
          from: [skip$(level), previous]
        - Conv2D: {filters: $(8 * 2 ** level), kernel_size: 3, padding: same}
        - ReLU
    - Conv2D: 1
      name: mask
""".replace("- Conv2D: 1\n", "- Conv2D: {filters: 1, kernel_size: 1}\n")
    found = folded(tmp_path, text)
    assert found.count("Conv2DTranspose") == 1
    assert "from: [skip$(stage.index), previous]" in found


MASKED = """
model:
  inputs:
    x: [10, 16]
    seen: {shape: [10, 10], dtype: bool}
  layers:
    - Dense: 16
      from: x
    - repeat: 4
      layers:
        - residual:
            - MultiHeadAttention: {num_heads: 2, key_dim: 8}
              from: {query: previous, value: previous, attention_mask: seen}
        - LayerNormalization
        - residual: [{Dense: {units: 32, activation: relu}}, {Dense: 16}]
        - LayerNormalization
    - GlobalAveragePooling1D
    - Dense: 2
      name: label
"""
CROSS = """
model:
  inputs: {source: [10, 16], target: [12, 16]}
  layers:
    - Dense: 16
      from: source
      name: memory
    - Dense: 16
      from: target
    - repeat: 3
      layers:
        - residual:
            - MultiHeadAttention: {num_heads: 2, key_dim: 8}
              from: {query: previous, value: previous}
              call: {use_causal_mask: true}
        - LayerNormalization
        - residual:
            - MultiHeadAttention: {num_heads: 2, key_dim: 8}
              from: {query: previous, value: memory}
        - LayerNormalization
        - residual: [{Dense: {units: 32, activation: relu}}, {Dense: 16}]
        - LayerNormalization
    - Dense: 100
      name: words
"""


@pytest.mark.parametrize("text", [MASKED, CROSS], ids=["a mask", "a memory"])
def test_what_all_rounds_share_is_named_in_each(text: str, tmp_path: Path) -> None:
    assert folded(tmp_path, text) == text.lstrip()


def test_two_streams_that_meet_are_numbered(tmp_path: Path) -> None:
    text = """
model:
  inputs: {left: [16, 16, 4], right: [16, 16, 4]}
  layers:
    - Conv2D: {filters: 4, kernel_size: 1}
      from: left
      name: a0
    - Conv2D: {filters: 4, kernel_size: 1}
      from: right
      name: b0
    - repeat: {i: 5}
      layers:
        - Conv2D: {filters: 4, kernel_size: 3, padding: same}
          from: a$(i)
        - ReLU:
          name: c$(i)
        - Conv2D: {filters: 4, kernel_size: 3, padding: same}
          from: b$(i)
        - ReLU:
          name: d$(i)
        - Add:
          from: [c$(i), d$(i)]
          name: a$(i + 1)
        - Multiply:
          from: [c$(i), d$(i)]
          name: b$(i + 1)
    - Concatenate:
      from: [a5, b5]
    - GlobalAveragePooling2D
    - Dense: 2
      name: label
"""
    found = folded(tmp_path, text)
    assert "repeat: {i: 4}" in found
    assert found.count("\n") < 34


def test_names_in_a_loop_are_none_that_unnamed_steps_have(tmp_path: Path) -> None:
    steps = "".join(
        f"""
    - Conv2D: {{filters: 4, kernel_size: 3, padding: same}}
      from: {f"add_{n - 1}" if n else "conv2d"}
    - ReLU
    - Add:
      from: [previous, {f"add_{n - 2}" if n > 1 else "conv2d"}]
      name: add_{n}"""
        for n in range(5)
    )
    found = folded(
        tmp_path,
        f"""
model:
  inputs: {{image: [8, 8, 4]}}
  layers:
    - Conv2D: {{filters: 4, kernel_size: 1}}
      name: conv2d{steps}
    - Add:
      from: [previous, add_2]
    - GlobalAveragePooling2D:
      name: label
""",
    )
    assert "repeat: {i: " in found
    assert "add_$(" not in found


# --- any network --------------------------------------------------------------------------------------------
LAYERS: list[tuple[str, Any]] = [
    ("Conv2D", {"filters": 4, "kernel_size": 3, "padding": "same"}),
    ("Conv2D", {"filters": 4, "kernel_size": 1}),
    ("BatchNormalization", None),
    ("Activation", "relu"),
    ("Dropout", 0.5),
]
MERGES = ("Add", "Multiply", "Average", "Maximum")


def cell(draw: random.Random, inputs: list[str]) -> list[dict[str, Any]]:
    """The steps of a block: layers and sums of what came before; the last joins what is left over."""
    names, used, steps = list(inputs), set(inputs), []
    for place in range(draw.randint(3, 8)):
        name = f"n{place}"
        if draw.random() < 0.45:
            taken = draw.sample(names, 2)
            steps.append({draw.choice(MERGES): None, "from": taken, "name": name})
        else:
            kind, arguments = draw.choice(LAYERS)
            taken = [draw.choice(names[-3:])]
            if draw.random() < 0.2:
                steps.append({"formula": f"{taken[0]} * 0.5", "name": f"formula_{place}"})
                name = f"formula_{place}"
            else:
                steps.append({kind: arguments, "from": taken[0], "name": name})
        names.append(name)
        used |= set(taken)
    left = [name for name in names if name not in used] + inputs[:1]
    return [*steps, {"Add": None, "from": left, "name": "end"}]


def network(seed: int) -> dict[str, Any]:
    """A spec in which a cell of two or three inputs is used again and again, on what came before."""
    draw = random.Random(seed)
    inputs = ["x", "p", "q"][: draw.randint(2, 3)]
    steps: list[dict[str, Any]] = [
        {"Conv2D": {"filters": 4, "kernel_size": 1}, "from": given, "name": name}
        for given, name in (("left", "t0"), ("right", "t1"), ("left", "t2"))
    ]
    made, carried = ["t0", "t1", "t2"], draw.random() < 0.7
    for _ in range(draw.randint(3, 7)):
        sources = made[: -len(inputs) - 1 : -1] if carried else draw.sample(made, len(inputs))
        made.append(f"t{len(made)}")
        wiring = dict(zip(inputs, sources, strict=True))
        steps.append({"cell": None, "from": wiring, "outputs": [made[-1]]})
    used = {name for step in steps[3:] for name in step["from"].values()}
    left = [name for name in made[:-1] if name not in used]
    steps.append({"Add": None, "from": [made[-1], *(left or made[-2:-1])]})
    steps.append({"GlobalAveragePooling2D": None, "name": "label"})
    model = {"inputs": {"left": [8, 8, 4], "right": [8, 8, 4]}, "layers": steps}
    return {"blocks": {"cell": {"inputs": inputs, "layers": cell(draw, inputs)}}, "model": model}


def tangle(seed: int, size: int) -> dict[str, Any]:
    """A spec of one layer and sums of what came shortly before, wired anyhow."""
    draw = random.Random(seed)
    steps: list[dict[str, Any]] = [{"Dense": 4, "from": "x", "name": name} for name in ("t0", "t1")]
    for place in range(2, size):
        left, right = draw.sample(range(max(0, place - 6), place), 2)
        merge = draw.choice(["Add", "Multiply", "Maximum"])
        if draw.random() < 0.6:
            steps.append({merge: None, "from": [f"t{left}", f"t{right}"], "name": f"t{place}"})
        else:
            steps.append({"Dense": 4, "from": f"t{left}", "name": f"t{place}"})
    last = [f"t{place}" for place in range(size - 10, size)]
    return {"model": {"inputs": {"x": [4]}, "layers": [*steps, {"Add": None, "from": last, "name": "label"}]}}


@pytest.mark.parametrize("seed", [1, 2, 3, 31, 34])
def test_a_tangle_comes_back(seed: int, tmp_path: Path) -> None:
    folded(tmp_path, dump({"specc": 1, **tangle(seed, 80)}).removeprefix("specc: 1\n"))


@pytest.mark.parametrize("seed", range(16))
def test_planted_cells_are_found(seed: int, tmp_path: Path) -> None:
    planted = dump(network(seed))
    found = folded(tmp_path, planted)
    assert found.count("\n") <= planted.count("\n") + 6, found
