"""Graphs folded into the spec that a person would have written, and that gives the same graphs."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from specc.decompile.fold import fold, foldings, gives
from specc.decompile.inline import inlined
from specc.frontend.load import load_spec
from specc.graph.ir import Graph
from specc.source.dump import dump


def graphs(folder: Path, text: str) -> dict[str, Graph]:
    path = folder / "given.yaml"
    path.write_text("specc: 1\n" + text, encoding="utf-8")
    return {name: graph for name, graph in load_spec(path).models.items() if isinstance(graph, Graph)}


def folded(folder: Path, text: str) -> str:
    """The folded text of a spec's graphs, which gives them again."""
    models = graphs(folder, text)
    whole = inlined(models)
    assert all(gives(document, whole) for document in foldings(whole, swaps=False))
    return dump(fold(models))


RESNET = """
blocks:
  conv_bn_relu:
    params: {filters: {type: integer}, kernel_size: {type: integer}, strides: 1}
    layers:
      - Conv2D: {filters: $filters, kernel_size: $kernel_size, strides: $strides, padding: same}
      - BatchNormalization
      - Activation: relu
model:
  inputs: {image: [64, 64, 3]}
  layers:
    - conv_bn_relu: {filters: 64, kernel_size: 7, strides: 2}
    - repeat:
        stage:
          - {filters: 64, strides: 1, depth: 2}
          - {filters: 128, strides: 2, depth: 3}
          - {filters: 256, strides: 2, depth: 5}
          - {filters: 512, strides: 2, depth: 2}
      layers:
        - residual:
            - conv_bn_relu: {filters: $stage.filters, kernel_size: 1, strides: $stage.strides}
            - conv_bn_relu: {filters: $stage.filters, kernel_size: 3}
            - Conv2D: {filters: $(4 * stage.filters), kernel_size: 1}
            - BatchNormalization
          shortcut:
            - Conv2D: {filters: $(4 * stage.filters), kernel_size: 1, strides: $stage.strides}
            - BatchNormalization
        - Activation: relu
        - repeat: $stage.depth
          layers:
            - residual:
                - conv_bn_relu: {filters: $stage.filters, kernel_size: 1}
                - conv_bn_relu: {filters: $stage.filters, kernel_size: 3}
                - Conv2D: {filters: $(4 * stage.filters), kernel_size: 1}
                - BatchNormalization
            - Activation: relu
    - GlobalAveragePooling2D
    - Dense: {units: 10, activation: softmax}
      name: label
"""

CASES = {
    "a chain stays as it is, with the names that somebody gave": """
model:
  inputs: {x: [8]}
  layers:
    - Dense: {units: 4, activation: relu}
      name: hidden
    - Dense: 2
      name: label
""",
    "equal layers become a repeat": """
model:
  inputs: {x: [8]}
  layers:
    - repeat: 5
      layers: [{Dense: {units: 8, activation: relu}}, {Dropout: 0.5}]
    - Dense: 1
      name: label
""",
    "stages become a repeat over their figures": """
model:
  inputs: {image: [64, 64, 3]}
  layers:
    - repeat:
        stage:
          - {filters: 64, depth: 2}
          - {filters: 128, depth: 2}
          - {filters: 256, depth: 3}
          - {filters: 512, depth: 3}
          - {filters: 512, depth: 3}
      layers:
        - repeat: $stage.depth
          layers: [{Conv2D: {filters: $stage.filters, kernel_size: 3, padding: same, activation: relu}}]
        - MaxPooling2D
    - Flatten
    - Dense: 10
      name: label
""",
    "stages that differ in one figure become a repeat over it": """
model:
  inputs: {image: [64, 64, 3]}
  layers:
    - repeat: {filters: [8, 24, 32, 64]}
      layers:
        - Conv2D: {filters: $filters, kernel_size: 3, padding: same, use_bias: false}
        - BatchNormalization
        - Activation: relu
        - MaxPooling2D
    - GlobalAveragePooling2D
    - Dense: 10
      name: label
""",
    "a residual network comes back as it was written": RESNET,
    "what grows is a residual that concatenates": """
model:
  inputs: {image: [16, 16, 4]}
  layers:
    - repeat: 6
      layers:
        - residual:
            - BatchNormalization
            - Activation: relu
            - Conv2D: {filters: 8, kernel_size: 3, padding: same}
          merge: Concatenate
    - GlobalAveragePooling2D
    - Dense: 2
      name: label
""",
    "rates that grow are counted": """
model:
  inputs: {image: [16, 16, 4]}
  layers:
    - repeat: {i: 8}
      layers:
        - residual:
            - Conv2D: {filters: 4, kernel_size: 3, padding: same}
            - BatchNormalization
            - Activation: relu
            - Dropout: $(0.2 * (1 + i) / 23)
    - GlobalAveragePooling2D
    - Dense: 2
      name: label
""",
    "weights of a model's own go into a block": """
blocks:
  scale:
    params: {filters: {type: integer}}
    weights: {gamma: {shape: [$filters], initializer: Ones}}
    layers: [{formula: previous * gamma}]
model:
  inputs: {image: [16, 16, 3]}
  layers:
    - Conv2D: {filters: 8, kernel_size: 4, strides: 4}
    - scale: 8
    - Activation: relu
    - Conv2D: {filters: 16, kernel_size: 2, strides: 2}
    - scale: 16
    - GlobalAveragePooling2D
    - Dense: 2
      name: label
""",
    "a model that is called twice stays one": """
models:
  tower:
    inputs: {image: [8, 8, 1]}
    layers:
      - Flatten
      - Dense: 16
        name: code
model:
  inputs: {left: [8, 8, 1], right: [8, 8, 1]}
  layers:
    - tower:
      from: left
      name: tower
    - tower:
      from: right
    - formula: abs(tower - previous)
    - Dense: 1
      name: same
""",
}


@pytest.mark.parametrize("text", CASES.values(), ids=CASES)
def test_what_comes_out_is_what_was_written(text: str, tmp_path: Path) -> None:
    assert folded(tmp_path, text) == text.lstrip()


def test_parallel_paths_become_branches_of_blocks(tmp_path: Path) -> None:
    path = "{Conv2D: {filters: %d, kernel_size: %d, padding: same}}, BatchNormalization, {Activation: relu}"
    one, three, five = path % (8, 1), path % (16, 3), path % (4, 5)
    text = f"""
model:
  inputs: {{image: [16, 16, 3]}}
  layers:
    - branches:
        - [{one}]
        - [{one}, {three}]
        - [{one}, {five}]
        - [{{MaxPooling2D: {{pool_size: 3, strides: 1, padding: same}}}}, {one}]
      merge: Concatenate
    - GlobalAveragePooling2D
    - Dense: 2
      name: label
"""
    found = folded(tmp_path, text)
    assert found.startswith(
        "blocks:\n  conv_bn_relu:\n    params: {filters: {type: integer}, kernel_size: 1}\n"
    )
    assert "      merge: Concatenate\n" in found
    assert found.count("Conv2D:") == 1


def test_a_tensor_that_is_used_again_keeps_a_name(tmp_path: Path) -> None:
    text = """
model:
  inputs: {x: [8]}
  layers:
    - Dense: 8
      name: a
    - Dense: 8
      name: b
    - Dense: 8
      name: c
      from: a
    - Add:
      from: [b, c]
      name: d
    - Multiply:
      from: [d, b]
      name: e
    - Multiply:
      from: [e, c]
      name: label
  outputs: {label: label, first: a}
"""
    found = folded(tmp_path, text)
    assert "from: a" in found
    assert "outputs: {label: label, first: a}" in found


def test_layers_that_are_called_again_and_give_several_tensors(tmp_path: Path) -> None:
    text = """
model:
  inputs: {x: [5, 8], y: [5, 8]}
  layers:
    - LSTM: {units: 4, return_state: true, return_sequences: true}
      from: x
      outputs: [sequence, h, c]
      name: encoder
    - reuse: encoder
      from: y
      outputs: [other, h2, c2]
      name: again
    - MultiHeadAttention: {num_heads: 2, key_dim: 4}
      from: {query: sequence, value: other}
    - LSTM: 4
      from: {sequences: previous, initial_state: [h, c2]}
    - Dense: 1
      name: label
"""
    assert "reuse: encoder" in folded(tmp_path, text)


def test_a_model_within_that_is_called_once_is_written_where_it_is_called(tmp_path: Path) -> None:
    text = """
models:
  stem:
    inputs: {picture: [8, 8, 3]}
    layers:
      - Conv2D: {filters: 4, kernel_size: 3}
      - Activation: relu
model:
  inputs: {image: [8, 8, 3]}
  layers:
    - stem
    - Flatten
    - Dense: 1
      name: label
"""
    assert "stem" not in folded(tmp_path, text)


ENDINGS = {
    "a fork": """
    - repeat: 3
      layers:
        - residual: [{Dense: 8}, {Activation: relu}]
    - residual: [{Dense: 8}]
      outputs: [label]
  outputs: label
""",
    "a repeat": """
    - repeat: 4
      layers: [{Dense: 8}, {BatchNormalization: null}, {Activation: relu}]
      name: label
""",
    "a formula": """
    - Dense: 8
    - formula: x + previous
      name: formula
  outputs: {label: formula}
""",
    "two tensors of a chain": """
    - repeat: {i: 3}
      layers:
        - Dense: 8
        - BatchNormalization
        - Activation: relu
          name: level$(i)
    - Dense: 1
      name: label
  outputs: [label, level0, level2]
""",
    "an input": """
    - Dense: 8
      name: label
  outputs: {label: label, same: x}
""",
    "frozen layers": """
    - repeat: 3
      trainable: false
      layers: [{Dense: 8}, {Activation: relu}, {BatchNormalization: null}]
    - repeat: 3
      layers: [{Dense: 8}, {Activation: relu}, {BatchNormalization: null}]
    - Dense: 1
      name: label
""",
    "a weight that is used twice": """
    - formula: x * table
    - Dense: 8
    - formula: previous + table
    - Dense: 1
      name: label
  weights: {table: {shape: [8]}}
""",
    "weights of one step": """
    - repeat: 3
      layers:
        - Dense: 8
        - formula: previous * (1.0 + previous) * 0.5
    - formula: x * table + previous
    - Dense: 1
      name: label
  weights: {table: {shape: [8], initializer: Zeros, trainable: false}}
""",
}


@pytest.mark.parametrize("steps", ENDINGS.values(), ids=ENDINGS)
def test_every_folding_gives_the_graph_again(steps: str, tmp_path: Path) -> None:
    folded(tmp_path, "model:\n  inputs: {x: [8]}\n  layers:" + steps)


def test_skips_within_skips_have_names_instead_of_branches_within_branches(tmp_path: Path) -> None:
    down = "".join(
        f"""
    - Conv2D: {{filters: {4 * n}, kernel_size: 3, padding: same}}
      name: skip{n}
    - MaxPooling2D"""
        for n in (1, 2, 3)
    )
    up = "".join(
        f"""
    - UpSampling2D
    - Concatenate:
      from: [previous, skip{n}]"""
        for n in (3, 2, 1)
    )
    found = folded(tmp_path, f"model:\n  inputs: {{x: [16, 16, 4]}}\n  layers:{down}{up}")
    assert found.count("branches") == 1
    assert "from: [previous, skip2]" in found
    assert "from: [previous, skip1]" in found


def test_cells_that_take_the_two_before_them(tmp_path: Path) -> None:
    cell = """
    - Conv2D: {{filters: 4, kernel_size: 1}}
      from: c{1}
      name: a{0}
    - Conv2D: {{filters: 4, kernel_size: 3, padding: same}}
      from: c{0}
      name: b{0}
    - Add:
      from: [a{0}, b{0}]
      name: d{0}
    - Concatenate:
      from: [d{0}, a{0}, c{0}]
      name: c{2}
"""
    steps = "".join(cell.format(n, n + 1, n + 2) for n in range(3))
    folded(tmp_path, "model:\n  inputs: {c0: [8, 8, 4], c1: [8, 8, 4]}\n  layers:" + steps)


# --- any network --------------------------------------------------------------------------------------------
LAYERS = st.sampled_from(
    [
        {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same"}},
        {"Conv2D": {"filters": 4, "kernel_size": 1}},
        {"Conv2D": {"filters": 4, "kernel_size": 3, "padding": "same", "activation": "relu"}},
        {"BatchNormalization": None},
        {"Activation": "relu"},
        {"Dropout": 0.5},
        {"formula": "previous * 0.5 + 1.0"},
    ]
)


def _nested(steps: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    runs = st.lists(steps, min_size=1, max_size=4)
    return st.one_of(
        st.builds(lambda run: {"residual": run}, runs),
        st.builds(lambda run: {"residual": run, "merge": "Multiply"}, runs),
        st.builds(lambda run, other: {"residual": run, "shortcut": other}, runs, runs),
        st.builds(lambda one, two: {"branches": [one, two, []], "merge": "Average"}, runs, runs),
        st.builds(lambda count, run: {"repeat": count, "layers": run}, st.integers(2, 4), runs),
    )


NETWORKS = st.lists(st.recursive(LAYERS, _nested, max_leaves=12), min_size=1, max_size=8)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=NETWORKS, twice=st.booleans())
def test_any_network_comes_back(steps: list[Any], twice: bool, tmp_path: Path) -> None:
    layers = [{"Conv2D": {"filters": 4, "kernel_size": 1}}, *steps * (1 + twice)]
    tail = [{"GlobalAveragePooling2D": None}, {"Dense": 1, "name": "label"}]
    model = {"inputs": {"image": [8, 8, 4]}, "layers": layers + tail}
    models = graphs(tmp_path, dump({"model": model}))
    assert all(gives(document, models) for document in foldings(models, swaps=False))
