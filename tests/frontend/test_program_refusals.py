"""What is refused of programs and of generations before anything is trained."""

from __future__ import annotations

from pathlib import Path

import pytest

from specc.frontend.load import load_spec
from specc.source.diagnostic import SpecError

SPEC = """
specc: 1
models:
  net: {{inputs: {{image: [6]}}, layers: [{{Dense: 4}}]}}
  {model}: {{inputs: {{x: [4]}}, layers: [ReLU]}}
  two:
    inputs: {{image: [6]}}
    layers: [{{ReLU: , name: a}}, {{ReLU: , name: b}}]
    outputs: [a, b]
  dense: {{inputs: {{x: [4]}}, layers: [{{Dense: 4}}]}}
  slow: {average}
data:
  source: {{npz: images.npz}}
  fields: {{image: {{shape: [6]}}, label: {{shape: []}}{field}}}
train:
  optimizer: adam
  derive:
    out: net(image)
    square_of: square(out)
    {derive}
  update:
    - models: [net]
      loss: {{{term}}}
      {weights}
  {more}
generate:
  {generate}
  outputs: {{found: {output}}}
"""
PLAIN = {
    "model": "other",
    "field": "",
    "derive": "",
    "term": "error: mean(square_of) + mean(label)",
    "more": "epochs: 1",
    "weights": "every: 1",
    "average": "{average_of: net}",
    "generate": "inputs: {}",
    "output": "net(image)",
}
REFUSED = [
    ({"term": "loss: mean(square(out))"}, "duplicate-name", "`loss` is what the loss of all updates"),
    ({"more": "metrics: {loss: mean(out)}"}, "duplicate-name", "`loss` is what the loss of all updates"),
    ({"derive": "label: mean(out)"}, "duplicate-name", "`label` is a field of the data"),
    ({"derive": "other: mean(out)"}, "duplicate-name", "`other` is a model"),
    ({"field": ", step: {column: label}"}, "duplicate-name", "`step` is a field of the data"),
    ({"more": "state: {out: {shape: [], update: mean(out)}}"}, "duplicate-name", "`out` is named already"),
    ({"more": "state: {label: {shape: [], update: mean(out)}}"}, "duplicate-name", "`label` is a field"),
    ({"model": "sum", "derive": "a: sum(out)"}, "duplicate-name", "`sum` is a model of this spec"),
    ({"more": "state: {c: {shape: [3], update: mean(out)}}"}, "shape-mismatch", "the next value of `c`"),
    ({"more": "state: {c: {shape: [99999, 99999], update: c}}"}, "out-of-range", "the state `c`"),
    ({"more": "state: {c: {shape: [0], update: c}}"}, "out-of-range", "the state `c`"),
    ({"derive": "g: grad(out, label)"}, "program-independent", "`out` is not made of `label`"),
    ({"derive": "g: grad(stop_gradient(out), image)"}, "program-independent", "not made of `image`"),
    ({"derive": "g: grad(out, out.mean)"}, "bad-formula", "`grad` takes a tensor"),
    ({"term": "e: mean(out.a)"}, "shape-mismatch", "`out.a` does not fit"),
    (
        {"term": "e: 'mean(where(out > label, 1.0, 0.0))'"},
        "program-independent",
        "the term `e` does not depend",
    ),
    ({"term": "e: 'mean(cast(out, \"int32\") * image[0, 0])'"}, "program-independent", "the term `e`"),
    ({"term": "e: 'mean(out // 2 + one_hot(argsort(out), 4)[0, 0])'"}, "program-independent", "the term `e`"),
    ({"derive": "g: grad(round(net(image)), image)"}, "program-independent", "not made of `image`"),
    ({"term": "e: 'mean(net(image, training=1))'"}, "wrong-type", "`training` is neither"),
    ({"term": "e: 'mean(net(image, training=step))'"}, "wrong-type", "`training` is neither"),
    ({"term": "e: 'Loss(image, net(image))'"}, "unknown-function", "no loss or metric `Loss`"),
    ({"more": "metrics: {m: 'MeanMetricWrapper(out, out)'}"}, "unknown-function", "`MeanMetricWrapper`"),
    ({"weights": "loss_weights: {error: .inf}"}, "training-setting", "`loss_weights.error` is"),
    ({"more": "stages: [{name: a, epochs: 1}, {name: a}]"}, "training-setting", "two stages are named `a`"),
    ({"average": "{average_of: net, momentum: 1.5}"}, "out-of-range", "`momentum` is 1.5"),
    ({"more": "metrics: {m: 'F1Score(label, out)'}"}, "program-term", "`F1Score` gives a number for each"),
    ({"output": "other(net(image)) + dense(net(image))"}, "program-untrained", "no update trains `dense`"),
    ({"more": "callbacks: [{EarlyStopping: {monitor: val_eror}}]"}, "training-setting", "watches `val_eror`"),
    ({"more": "callbacks: [SwapEMAWeights]"}, "training-program", "`SwapEMAWeights` swaps"),
    ({"more": "callbacks: [{ModelCheckpoint: a.keras}]"}, "training-program", "`ModelCheckpoint` keeps one"),
    ({"more": "metrics: {m: 'MeanIoU(label, out)'}"}, "missing-argument", "`num_classes`"),
    ({"more": "metrics: {m: \"AUC(label, out, curve='x')\"}"}, "wrong-choice", "`curve`"),
    ({"more": "metrics: {m: \"AUC(label, out, name='x')\"}"}, "unknown-argument", "a name within a formula"),
    ({"term": "e: 'Huber(image, net(image), delta=mean(out))'"}, "wrong-type", "no plain value"),
    (
        {"generate": "repeat: {t: 1000000000}\n  step: {image: image + t}"},
        "out-of-range",
        "1000000000 rounds",
    ),
    ({"generate": "repeat: {t: 0}\n  step: {image: image + t}"}, "out-of-range", "0 rounds"),
    ({"generate": "repeat: {t: 1e9}\n  step: {image: image + t}"}, "generate-rounds", "a whole number"),
    ({"generate": "inputs: {batch: [6]}"}, "duplicate-name", "`batch` is a number"),
    ({"generate": "inputs: {net: [6]}"}, "duplicate-name", "`net` is a model"),
    ({"output": "mean(image)"}, "generate-output", "one number"),
    ({"output": "'two(image)[0]'"}, "bad-formula", "`two(image)` is several tensors: `a`, `b`"),
    ({"output": "net(two(image))"}, "bad-formula", "`two(image)` is several tensors: `a`, `b`"),
    ({"derive": "both: two(image)\n    half: both / 2"}, "bad-formula", "`both` is several tensors"),
    ({"output": "'linspace(0.0, 1.0, batch)[:, None]'"}, "shape-mismatch", "`linspace(0.0, 1.0, batch)`"),
    ({"derive": "r: 'random.randint(0, 9, [batch])'"}, "shape-mismatch", "`random.randint(0, 9, [batch])`"),
    ({"derive": "r: 'random.randint([batch], 0, [9])'"}, "shape-mismatch", "`random.randint([batch], 0"),
    ({"term": "e: 'CategoricalCrossentropy(label, out)'"}, "shape-mismatch", "`CategoricalCrossentropy("),
    ({"term": "e: 'SparseCategoricalCrossentropy(out, label)'"}, "shape-mismatch", "`SparseCategorical"),
    ({"term": "e: 'MeanSquaredError(image, out)'"}, "shape-mismatch", "`MeanSquaredError(image, out)`"),
    ({"term": "e: 'MeanSquaredError(label, out)'"}, "shape-mismatch", "`MeanSquaredError(label, out)`"),
    ({"derive": "both: two(image)\n    half: mean(both)"}, "bad-formula", "`both` is several tensors"),
    ({"output": "'grad(image, label)'"}, "program-independent", "`image` is not made of `label`"),
]


def reported(folder: Path, changes: dict[str, str]) -> list[tuple[str, str]]:
    path = folder / "spec.yaml"
    path.write_text(SPEC.format(**(PLAIN | changes)), encoding="utf-8")
    try:
        load_spec(path)
    except SpecError as error:
        assert all(diagnostic.span is not None for diagnostic in error.diagnostics)
        return [(d.code, d.title) for d in error.diagnostics if d.severity == "error"]
    return []


def test_the_plain_spec_is_right(tmp_path: Path) -> None:
    assert reported(tmp_path, {}) == []


@pytest.mark.parametrize(("changes", "code", "title"), REFUSED, ids=[title for _, _, title in REFUSED])
def test_one_mistake_is_one_diagnostic(
    tmp_path: Path, changes: dict[str, str], code: str, title: str
) -> None:
    ((found, told),) = reported(tmp_path, changes)
    assert (found, title in told) == (code, True), told


@pytest.mark.parametrize(
    "changes",
    [
        {"derive": "mean: mean(out)", "term": "error: mean(mean + label)"},
        {"derive": "grad: 'grad(out, image)'", "term": "error: mean(grad) + mean(label)"},
        {"generate": "derive: {e: net(image), g: 'grad(e, image)'}", "output": "g"},
        {"generate": "derive: {e: net(image)}", "output": "'grad(e, image)'"},
        {"term": "e: 'SparseCategoricalCrossentropy(label[:, None], out)'"},
        {"term": "e: 'MeanSquaredError(label, out[:, :1]) + MeanSquaredError(zeros([4]), out)'"},
        {
            "generate": "derive: {parts: 'split(image, batch)', r: 'arange(2, 2, batch)'}",
            "output": "'parts[0]'",
        },
        {"generate": "repeat: {t: [3, 1]}\n  step: {image: image + t}"},
        {"more": "metrics: {m: 'R2Score(out, out)', f: \"F1Score(out, out, average='macro')\"}"},
    ],
    ids=[
        "a function's name",
        "grad",
        "a gradient by name",
        "a gradient of it",
        "classes with an axis",
        "numbers with an axis",
        "the batch",
        "rounds",
        "metrics that are one number",
    ],
)
def test_what_can_be_meant_is_taken(tmp_path: Path, changes: dict[str, str]) -> None:
    assert reported(tmp_path, changes) == []


def test_what_nothing_is_made_of_is_told(tmp_path: Path) -> None:
    more = """state:
    seen: {shape: [], update: seen + 1}
    used: {shape: [], update: used + below}
    below: {shape: [], update: mean(inner)}"""
    idle = {
        "derive": "idle: out + 1\n    inner: out + 2",
        "term": "error: mean(square_of) + used + mean(label)",
    }
    path = tmp_path / "spec.yaml"
    path.write_text(SPEC.format(**(PLAIN | idle | {"more": more})), encoding="utf-8")
    told = [(warning.code, warning.title) for warning in load_spec(path).warnings]
    assert told == [
        ("training-no-effect", "no loss and no metric is made of the tensor `idle`"),
        ("training-no-effect", "no loss and no metric is made of the state `seen`"),
    ]


def test_a_program_names_a_field(tmp_path: Path) -> None:
    nothing = {"derive": "z: random.normal([batch, 6])", "term": "error: mean(net(z))"}
    text = SPEC.format(**(PLAIN | nothing)).replace("out: net(image)", "out: net(z)")
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        load_spec(tmp_path / "spec.yaml")
    assert [diagnostic.title for diagnostic in raised.value.diagnostics] == [
        "no formula of this program names a field of the data"
    ]


@pytest.mark.parametrize(
    "text",
    [
        "mean(out * $width) + mean(lost)",
        "'mean(out * $width) + mean(lost)'",
        "'mean(out * $(width + 1 - 2 * width)) + mean(lost[:$width])'",
        "'sum(out * $sizes, axis=-1) + lost'",
    ],
)
def test_a_part_after_a_value_has_its_own_place(tmp_path: Path, text: str) -> None:
    path = tmp_path / "spec.yaml"
    spec = SPEC.format(**(PLAIN | {"derive": f"late: {text}"}))
    path.write_text(spec + "params: {width: 123456}\nlet: {sizes: [1, 2, 3, 4]}\n", encoding="utf-8")
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    (place,) = (d.span for d in caught.value.diagnostics if d.code == "unknown-name")
    assert place is not None
    line = path.read_text(encoding="utf-8").splitlines()[place.line - 1]
    assert line[place.column - 1 : place.end_column - 1] == "lost"


def test_long_sums_are_checked_at_once(tmp_path: Path) -> None:
    parts = " + ".join(["mean(out)"] * 40)
    assert reported(tmp_path, {"term": f"error: {parts} + mean(square_of) + mean(label)"}) == []


def test_names_made_of_names_are_bounded(tmp_path: Path) -> None:
    few = [f"d{n}: d{n - 1} + 1" for n in range(1, 20)]
    assert reported(tmp_path, {"derive": "\n    ".join(["d0: out", *few])}) == []
    many = [f"d{n}: d{n - 1} + 1" for n in range(1, 2000)]
    ((code, title),) = reported(tmp_path, {"derive": "\n    ".join([*reversed(many), "d0: out"])})
    assert code == "out-of-range" and "deep" in title
