"""What a spec costs: work grows with its size and no faster, and what would explode is refused."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from specc.frontend.load import load_spec
from specc.graph.ir import Graph
from specc.source.diagnostic import SpecError


def steps(number: int) -> str:
    rows = ["specc: 1", "model:", "  inputs: {image: [8, 8, 4]}", "  layers:"]
    for index in range(number // 4):
        rows += [
            "    - Conv2D: {filters: $(2 * 2), kernel_size: 3, padding: same}",
            f"      name: c{index}",
            "    - BatchNormalization",
            "    - Activation: relu",
            "    - Add:",
            f"      from: [c{index}, previous]",
        ]
    return "\n".join(rows)


def calls_to_load(path: Path) -> int:
    """How many functions of Python are called while a spec is loaded."""
    count = 0

    def note(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        load_spec(path)
    finally:
        sys.setprofile(before)
    return count


def test_work_grows_with_the_size_and_no_faster(tmp_path: Path) -> None:
    counts = []
    for number in (40, 200, 1000):
        path = tmp_path / f"n{number}.yaml"
        path.write_text(steps(number))
        load_spec(path)
        counts.append(calls_to_load(path))
    small, large = (counts[1] - counts[0]) / 160, (counts[2] - counts[1]) / 800
    assert large < 1.1 * small


def refused(path: Path, text: str) -> list[str]:
    path.write_text(text)
    with pytest.raises(SpecError) as error:
        load_spec(path)
    return [d.code for d in error.value.diagnostics]


MODEL = "model: {inputs: {x: [4]}, layers: [Flatten]}\n"
TEN = ", ".join(["*a{0}"] * 10)
ALIASES = "a0: &a0 [1]\n" + "".join(f"a{i + 1}: &a{i + 1} [{TEN.format(i)}]\n" for i in range(9))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (f"specc: 1\nlet: {{a: $(9 ** 9 ** 9)}}\n{MODEL}", "bad-expression"),
        (f"specc: 1\nlet: {{a: '$([1] * 10 ** 9)'}}\n{MODEL}", "bad-expression"),
        (f"specc: 1\nlet: {{a: '$({'(' * 500}1{')' * 500})'}}\n{MODEL}", "bad-expression"),
        (f"specc: 1\nlet: {{a: '$({' + '.join(['1'] * 3000)})'}}\n{MODEL}", "bad-expression"),
        (f"specc: 1\n{ALIASES}{MODEL}", "too-many-values"),
        (f"specc: 1\nlet: {{a: {'[' * 300}{']' * 300}}}\n{MODEL}", "too-deep"),
    ],
    ids=["power", "list", "brackets", "sum", "aliases", "nesting"],
)
def test_bombs_are_refused(tmp_path: Path, text: str, code: str) -> None:
    assert code in refused(tmp_path / "main.yaml", text)


def test_long_formulas_are_refused(tmp_path: Path) -> None:
    text = "specc: 1\nmodel: {inputs: {x: [4]}, layers: [{formula: FORMULA}]}\n"
    path = tmp_path / "main.yaml"
    assert refused(path, text.replace("FORMULA", " + ".join(["x"] * 3000))) == ["bad-expression"]
    path.write_text(text.replace("FORMULA", " + ".join(["x"] * 90)))
    model = load_spec(path).models["model"]
    assert isinstance(model, Graph) and len(model.nodes) == 1


def test_models_together_are_bounded(tmp_path: Path) -> None:
    body = "{inputs: {x: [4]}, layers: [{repeat: 60000, layers: [{Dropout: 0.5, when: false}]}]}"
    text = "specc: 1\nmodels:\n" + "".join(f"  m{i}: {body}\n" for i in range(8))
    assert refused(tmp_path / "main.yaml", text) == ["too-large"]


def test_thousands_of_uses_within_uses_are_refused(tmp_path: Path) -> None:
    blocks = "".join(f"  b{i}: {{layers: [b{i + 1}]}}\n" for i in range(3000))
    blocks += "  b3000: {layers: [Flatten]}\n"
    text = f"specc: 1\nblocks:\n{blocks}model: {{inputs: {{x: [4]}}, layers: [b0]}}\n"
    assert refused(tmp_path / "main.yaml", text) == ["too-deep"]


def test_thousands_of_models_within_models_are_refused(tmp_path: Path) -> None:
    models = "".join(f"  m{i}: {{inputs: {{x: [4]}}, layers: [m{i + 1}]}}\n" for i in range(3000))
    text = f"specc: 1\nmodels:\n{models}  m3000: {{inputs: {{x: [4]}}, layers: [Flatten]}}\n"
    assert refused(tmp_path / "main.yaml", text) == ["too-deep"]


def test_thousands_of_averages_of_averages_are_refused(tmp_path: Path) -> None:
    models = "".join(f"  m{i}: {{average_of: m{i + 1}}}\n" for i in range(3000))
    text = f"specc: 1\nmodels:\n{models}  m3000: {{inputs: {{x: [4]}}, layers: [Flatten]}}\n"
    assert refused(tmp_path / "main.yaml", text) == ["too-deep"]


def test_the_deepest_that_is_let_through_is_worked_with(tmp_path: Path) -> None:
    for kind in ("blocks", "models"):
        body = "{inputs: {x: [4]}, layers: [" if kind == "models" else "{layers: ["
        uses = "".join(f"  b{i}: {body}b{i + 1}]}}\n" for i in range(50))
        uses += f"  b50: {body}{'{residual: [' * 5}ReLU{']}' * 5}]}}\n"
        path = tmp_path / f"{kind}.yaml"
        path.write_text(f"specc: 1\n{kind}:\n{uses}model: {{inputs: {{x: [4]}}, layers: [b0]}}\n")
        assert "model" in load_spec(path).models


@pytest.mark.parametrize("seed", [-1, 1 << 32])
def test_a_seed_that_nothing_takes_is_refused(tmp_path: Path, seed: int) -> None:
    path = tmp_path / "spec.yaml"
    path.write_text(f"seed: {seed}\n{steps(4)}")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    assert [d.code for d in caught.value.diagnostics] == ["out-of-range"]
