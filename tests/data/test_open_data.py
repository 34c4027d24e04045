"""Specs' data from the text to batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from data_case import codes, section, write

from specc.data import stored, stream
from specc.data.dataset import Dataset, Wanted, data_root
from specc.data.fitted import Fitted
from specc.data.open import open_data
from specc.data.ports import Port
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow


def opened(
    root: Path,
    text: str,
    *targets: str,
    fitted: Fitted | None = None,
    in_memory: int = 1 << 20,
    seed: int = 1,
    weights: dict[str, str] | None = None,
    **inputs: Any,
) -> Dataset:
    """Data for inputs given as shapes, or as (shape, dtype)."""
    ports = tuple(
        Port(name, *value) if isinstance(value, tuple) else Port(name, tuple(value))
        for name, value in inputs.items()
    )
    wanted = Wanted(ports, targets, weights)
    return open_data(section(text), wanted, root=root, seed=seed, fitted=fitted, in_memory=in_memory)


def collected(batches: tf.data.Dataset) -> list[Any]:
    return [tf.nest.map_structure(lambda t: t.numpy(), batch) for batch in batches]


def table(path: Path, rows: int = 20) -> Path:
    lines = [f"{i},{i / 10},{'yes' if i % 4 else 'no'},word{i % 3} end" for i in range(rows)]
    return write(path, "n,x,answer,text\n" + "\n".join(lines) + "\n")


DIGITS = "{source: {dataset: digits}, split: {train: 0.8, test: 0.2}, batch_size: 100}"


def test_digits(tmp_path: Path) -> None:
    data = opened(tmp_path, DIGITS, "label", image=[8, 8, 1])
    assert data.splits == {"train": 1438, "test": 359}
    pipeline = data.pipeline("test")
    assert pipeline.batches == pipeline.once.cardinality() == 4
    images, labels = collected(pipeline.once)[-1]
    assert images.shape == (59, 8, 8, 1)
    assert images.dtype == np.float32
    assert labels.shape == (59,)


def test_an_epoch_is_every_row_once_in_another_order(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    text = "{source: {csv: a.csv}, batch_size: 6}"
    once = opened(tmp_path, text, n=[]).pipeline("train", training=True).once
    epochs = [np.concatenate(collected(once)).tolist() for _ in range(3)]
    assert all(sorted(epoch) == list(range(20)) for epoch in epochs)
    assert epochs[0] != epochs[1] != epochs[2]


def test_order_is_a_function_of_seed_and_epoch(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    text = "{source: {csv: a.csv}, batch_size: 6}"

    def epochs(seed: int, first: int, count: int) -> list[list[float]]:
        pipeline = opened(tmp_path, text, n=[], seed=seed).pipeline("train", training=True, first_epoch=first)
        return [batch.tolist() for batch in collected(pipeline.endless.take(count * pipeline.batches))]

    assert epochs(1, 0, 3) == epochs(1, 0, 3)
    assert epochs(1, 0, 3)[8:] == epochs(1, 2, 1)
    assert epochs(1, 0, 1) != epochs(2, 0, 1)


def test_endless_epochs_are_those_of_once(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    data = opened(tmp_path, "{source: {csv: a.csv}, batch_size: 6}", n=[])
    pipeline = data.pipeline("train", training=True)
    apart = [batch.tolist() for _ in range(2) for batch in collected(pipeline.once)]
    assert [batch.tolist() for batch in collected(pipeline.endless.take(8))] == apart


def test_no_shuffle_and_a_dropped_remainder(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    text = "{source: {csv: a.csv}, batch_size: 6, shuffle: false, drop_remainder: true}"
    data = opened(tmp_path, text, n=[])
    assert np.concatenate(collected(data.pipeline("train", training=True).once)).tolist() == list(range(18))
    assert np.concatenate(collected(data.pipeline("train").once)).tolist() == list(range(20))


FIELDS = """
source: {csv: a.csv}
split: {train: 0.5, test: 0.5}
fields:
  x: {column: [n, x], transform: [Normalization]}
  words: {column: text, shape: [null], transform: [TextVectorization]}
  answer: {transform: [{formula: "cast(previous == 'yes', 'float32')"}]}
derive: {twice: answer * 2}
batch_size: 4
"""


def test_fields_and_derived(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    data = opened(tmp_path, FIELDS, "answer", "twice", x=[2], words=([None], "int32"))
    inputs, targets = collected(data.pipeline("test").once)[0]
    assert inputs["x"].shape == (4, 2)
    assert inputs["words"].dtype == np.int32
    assert set(targets["answer"].tolist()) <= {0.0, 1.0}
    assert (targets["twice"] == 2 * targets["answer"]).all()


def test_a_formula_of_a_transform_takes_lists_of_numbers(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    transform = "[{formula: 'previous[..., ::-1] - [0.5, 1]'}]"
    fields = f"{{x: {{column: [x, n], transform: {transform}}}}}"
    text = f"{{source: {{csv: a.csv}}, shuffle: false, fields: {fields}}}"
    (batch,) = collected(opened(tmp_path, text, x=[2]).pipeline("train").once)
    rows = np.arange(20)
    np.testing.assert_allclose(batch, np.stack([rows - 0.5, rows / 10 - 1], axis=-1), rtol=1e-6)


def test_transforms_are_fitted_on_training_rows_only(tmp_path: Path) -> None:
    rows = [(i, f"w{i}") for i in range(40)]
    write(tmp_path / "a.csv", "n,text\n" + "".join(f"{n},{text}\n" for n, text in rows))
    text = """
source: {csv: a.csv}
split: {train: 0.5, test: 0.5}
fields:
  n: {transform: [Normalization]}
  text: {transform: [StringLookup]}
"""
    data = opened(tmp_path, text, "text", n=[])
    plain = opened(tmp_path, "{source: {csv: a.csv}, split: {train: 0.5, test: 0.5}}", n=[])
    seen = np.concatenate(collected(plain.pipeline("train").once))
    state = data.fitted.fields["n"][0]["state"]
    assert state["mean"] == pytest.approx([seen.mean()])
    assert state["variance"] == pytest.approx([seen.var()], rel=1e-5)
    vocabulary = data.fitted.fields["text"][0]["state"]["vocabulary"]
    assert sorted(vocabulary) == sorted(f"w{int(n)}" for n in seen)


def test_what_was_fitted_is_restored_from_json(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    first = opened(tmp_path, FIELDS, "answer", x=[2], words=([None], "int32"))
    text = first.fitted.to_json()
    again = opened(
        tmp_path, FIELDS, "answer", x=[2], words=([None], "int32"), fitted=Fitted.from_json(text, "f")
    )
    assert again.fitted.to_json() == text
    one, two = (collected(data.pipeline("test").once) for data in (first, again))
    tf.nest.map_structure(np.testing.assert_array_equal, one, two)


@pytest.mark.parametrize(
    ("layer", "column"),
    [
        ("{Discretization: {num_bins: 4}}", "n"),
        ("{IntegerLookup: {output_mode: one_hot}}", "n"),
        ("{StringLookup: {output_mode: tf_idf}}", "text"),
        ("{TextVectorization: {output_mode: tf_idf}}", "text"),
        ("{TextVectorization: {output_sequence_length: 3, max_tokens: 4}}", "text"),
        ("{Hashing: {num_bins: 5}}", "text"),
        ("{CategoryEncoding: {num_tokens: 20, output_mode: one_hot}}", "n"),
        ("Normalization", "x"),
    ],
)
def test_every_fitted_layer_comes_back_the_same(tmp_path: Path, layer: str, column: str) -> None:
    table(tmp_path / "a.csv")
    text = f"{{source: {{csv: a.csv}}, fields: {{y: {{column: {column}, transform: [{layer}]}}}}}}"
    first = opened(tmp_path, text, "y", x=[])
    fitted = Fitted.from_json(first.fitted.to_json(), "f")
    again = opened(tmp_path, text, "y", x=[], fitted=fitted)
    one, two = (collected(data.pipeline("train").once)[0][1] for data in (first, again))
    assert len(one) == 20
    np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize(
    "text", ["", "[]", "{}", '{"version": 9, "fields": {}}', '{"version": 1, "fields": 3}']
)
def test_a_damaged_file_of_fitted_transforms_is_refused(text: str) -> None:
    with pytest.raises(SpecError) as caught:
        Fitted.from_json(text, "f")
    assert codes(caught.value) == ["data-fitted"]


@pytest.mark.parametrize(
    "step",
    [
        "5",
        "{}",
        '{"formula": 3}',
        '{"layer": {"Normalization": {}}}',
        '{"layer": {"Normalization": {}}, "state": [1]}',
        '{"layer": {"Normalization": {}}, "state": {"axis": [0]}}',
        '{"layer": {"StringLookup": {}}, "state": {"vocabulary": "/etc/hostname"}}',
    ],
)
def test_a_forged_transform_is_refused_and_opens_no_file(step: str) -> None:
    fitted = Fitted.from_json(f'{{"version": 1, "fields": {{"x": [{step}]}}}}', "f")
    with pytest.raises(SpecError) as caught:
        fitted.chain("x")
    assert codes(caught.value) == ["data-fitted"]


def test_a_transform_that_follows_another_field(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "a,b\n" + "".join(f"x{i},x{i + 1}\n" for i in range(4)))
    text = "{source: {csv: a.csv}, fields: {a: {transform: [StringLookup]}, b: {transform_as: a}}}"
    data = opened(tmp_path, text, "b", a=([], "int64"))
    a, b = collected(data.pipeline("train").once)[0]
    assert b.tolist()[:3] == a.tolist()[1:]
    assert b[3] == 0


def test_a_transform_of_another_run(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    text = "{source: {csv: a.csv}, fields: {text: {%s}}}"
    first = opened(tmp_path, text % "transform: [StringLookup]", "text", n=[])
    write(tmp_path / "runs/one/fitted.json", first.fitted.to_json())
    again = opened(tmp_path, text % "transform_of: runs/one", "text", n=[])
    assert again.fitted == first.fitted
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, text % "transform_of: runs/two", "text", n=[])
    assert codes(caught.value) == ["data-file"]


def test_variable_lengths_are_padded_in_each_batch(tmp_path: Path) -> None:
    lines = [f'{{"tokens": {list(range(1, n + 1))}, "boxes": {[[n, n]] * n}}}\n' for n in (1, 3, 2, 5)]
    write(tmp_path / "a.jsonl", "".join(lines))
    text = """
source: {jsonl: a.jsonl}
fields: {tokens: {shape: [null], pad: -1}, boxes: {shape: [null, 2], dtype: float32}}
batch_size: 2
"""
    data = opened(tmp_path, text, "boxes", tokens=([None], "int32"))
    (one, boxes), (two, _) = collected(data.pipeline("train").once)
    assert one.tolist() == [[1, -1, -1], [1, 2, 3]]
    assert two.shape == (2, 5)
    assert boxes.shape == (2, 3, 2)
    assert boxes[0].tolist() == [[1, 1], [0, 0], [0, 0]]


def test_rows_of_different_lengths_need_a_shape_that_says_so(tmp_path: Path) -> None:
    write(tmp_path / "a.jsonl", '{"x": [1]}\n{"x": [1, 2]}\n')
    data = opened(tmp_path, "{source: {jsonl: a.jsonl}}", "x")
    with pytest.raises(SpecError) as caught:
        collected(data.pipeline("train").once)
    assert codes(caught.value) == ["data-shape"]
    assert "[2] in one row, [1] in the first" in caught.value.diagnostics[0].title


@pytest.mark.parametrize("kept", [True, False])
@pytest.mark.parametrize("in_memory", [0, 1 << 20])
@pytest.mark.parametrize("endless", [True, False])
def test_larger_than_memory_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kept: bool, in_memory: int, endless: bool
) -> None:
    table(tmp_path / "a.csv")
    usual = opened(tmp_path, FIELDS, "answer", x=[2], words=([None], "int32"))
    pipeline = usual.pipeline("train", training=True)
    wanted = collected(pipeline.endless.take(5) if endless else pipeline.once)
    if not kept:
        monkeypatch.setattr(stream, "MOST_STORED", 0)
    data = opened(tmp_path, FIELDS, "answer", x=[2], words=([None], "int32"), in_memory=in_memory)
    pipeline = data.pipeline("train", training=True)
    found = collected(pipeline.endless.take(5) if endless else pipeline.once)
    assert len(found) == len(wanted)
    tf.nest.map_structure(np.testing.assert_array_equal, found, wanted)


def test_random_draws_are_new_in_each_epoch_and_the_same_in_each_process(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    text = (
        "{source: {csv: a.csv}, derive: {noisy: n + random.normal(shape(n))}, batch_size: 20, shuffle: false}"
    )
    one, same = (opened(tmp_path, text, noisy=[]).pipeline("train", training=True) for _ in range(2))
    first, second = collected(one.endless.take(2))
    assert not np.allclose(first, second)
    np.testing.assert_array_equal(first, collected(same.endless.take(1))[0])


def test_weights_of_examples(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    data = opened(tmp_path, "{source: {csv: a.csv}}", "n", weights={"n": "x"}, x=[])
    inputs, _, weights = collected(data.pipeline("train").once)[0]
    assert weights.tolist() == pytest.approx(inputs.tolist())
    both = opened(tmp_path, "{source: {csv: a.csv}}", "n", "x", weights={"n": "x"}, x=[])
    *_, weights = collected(both.pipeline("train").once)[0]
    assert weights["x"].tolist() == [1.0] * 20


def test_several_sources_are_drawn_apart(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "x\n" + "".join(f"{i}\n" for i in range(7)))
    write(tmp_path / "b.csv", "x\n" + "".join(f"{i}\n" for i in range(3)))
    text = """
sources: {a: {csv: a.csv}, b: {csv: b.csv}}
fields: {long: {column: a.x}, short: {column: b.x}}
batch_size: 4
"""
    data = opened(tmp_path, text, long=[], short=[])
    assert data.splits == {"train": 7}
    batches = collected(data.pipeline("train", training=True).once)
    assert sorted(np.concatenate([b["long"] for b in batches]).tolist()) == list(range(7))
    short = np.concatenate([b["short"] for b in batches]).tolist()
    assert sorted(short[:3]) == sorted(short[3:6]) == [0, 1, 2]


MISMATCHES = [
    (
        "{source: {dataset: digits}}",
        {"image": [28, 28, 1]},
        "holds [8, 8, 1], the input `image` wants [28, 28, 1]",
    ),
    ("{source: {dataset: digits}}", {"features": [8, 8]}, "holds [64], the input `features` wants [8, 8]"),
    (
        "{source: {dataset: digits}}",
        {"image": ([8, 8], "int32")},
        "holds float32, the input `image` wants int32",
    ),
    (
        "{source: {dataset: digits}, derive: {y: image + 1}}",
        {"y": [3]},
        "holds [8, 8], the input `y` wants [3]",
    ),
    (
        "{source: {dataset: digits}, fields: {image: {shape: [9, 9]}}}",
        {"image": [9, 9]},
        "the field `image` holds [8, 8], its `shape` says [9, 9]",
    ),
]


@pytest.mark.parametrize(("text", "inputs", "said"), MISMATCHES)
def test_data_that_disagrees_shows_both(tmp_path: Path, text: str, inputs: Any, said: str) -> None:
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, text, **inputs)
    assert codes(caught.value) == ["data-shape"]
    assert caught.value.diagnostics[0].title.endswith(said)


def test_a_declared_shape_rearranges(tmp_path: Path) -> None:
    text = "{source: {dataset: digits}, fields: {image: {shape: [64]}, features: {shape: [8, 8, 1]}}}"
    data = opened(tmp_path, text, image=[64], features=[8, 8, 1])
    inputs = collected(data.pipeline("train").once.take(1))[0]
    assert inputs["image"].shape == (32, 64)
    np.testing.assert_array_equal(inputs["features"].reshape(32, 64), inputs["image"])


def test_a_text_as_target_is_refused(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, "{source: {csv: a.csv}}", "answer", n=[])
    assert codes(caught.value) == ["data-shape"]
    assert "StringLookup" in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    ("fields", "targets"),
    [
        ("{numbers: {column: [x, y]}}", ()),
        ("{numbers: {column: [y], transform: [Normalization]}}", ()),
        ("{numbers: {column: [x]}}", ("y",)),
    ],
)
def test_a_cell_that_is_no_number_is_told_with_its_line(
    tmp_path: Path, fields: str, targets: tuple[str, ...]
) -> None:
    write(tmp_path / "t.csv", "x,y\n1,2\n2,12a\n3,4\n")
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, f"{{source: {{csv: t.csv}}, fields: {fields}}}", *targets, numbers=[None])
    assert [d.title for d in caught.value.diagnostics] == ["`t.csv` line 3, column `y`: '12a' is no number"]


def test_a_separator_that_is_another_is_suggested(tmp_path: Path) -> None:
    write(tmp_path / "t.csv", "x;y\n1;2\n")
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, "{source: {csv: t.csv}}", "y", x=[])
    assert all('separator: ";"' in d.help for d in caught.value.diagnostics)


def test_a_split_by_values_that_all_differ_is_refused(tmp_path: Path) -> None:
    table(tmp_path / "t.csv")
    text = "{source: {csv: t.csv}, split: {train: 0.5, test: 0.5, stratify: STRATIFY}}"
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, text.replace("STRATIFY", "n"), x=[])
    assert codes(caught.value) == ["data-split"]
    assert caught.value.diagnostics[0].title == "`n` has 20 different values in 20 rows"
    assert opened(tmp_path, text.replace("STRATIFY", "answer"), x=[]).splits == {"train": 10, "test": 10}


def test_a_data_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    assert data_root(tmp_path / "spec.yaml", None) == data_root(Path("spec.yaml"), tmp_path)
    with pytest.raises(SpecError) as caught:
        data_root(Path("spec.yaml"), tmp_path / "nodir")
    assert codes(caught.value) == ["data-file"]
    assert "there is no folder" in caught.value.diagnostics[0].title


def test_all_that_is_wrong_comes_in_one_go(tmp_path: Path) -> None:
    table(tmp_path / "a.csv")
    text = "{source: {csv: a.csv}, fields: {a: {column: nn}, b: {column: xx}}}"
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, text, "c", a=[], b=[])
    assert codes(caught.value) == ["data-column"] * 3
    assert caught.value.diagnostics[0].help == "did you mean `n`?"


def test_a_formula_that_fails_is_told_at_its_place(tmp_path: Path) -> None:
    transform = "[{formula: 'previous @ [1, 2]'}]"
    for text in (
        "{source: {dataset: digits}, derive: {bad: 'reshape(image, [7, 7])'}}",
        f"{{source: {{dataset: digits}}, fields: {{bad: {{column: image, transform: {transform}}}}}}}",
    ):
        with pytest.raises(SpecError) as caught:
            opened(tmp_path, text, "bad")
        assert codes(caught.value) == ["data-formula"]
        assert caught.value.diagnostics[0].span is not None


def test_a_layer_that_fails_is_told_at_its_place(tmp_path: Path) -> None:
    text = "{source: {dataset: digits}, fields: {image: {transform: [{Resizing: {height: 4, width: 4}}]}}}"
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, text, "image")
    assert codes(caught.value) == ["data-transform"]


def test_a_split_that_is_not_there(tmp_path: Path) -> None:
    data = opened(tmp_path, "{source: {dataset: iris}}", "label")
    with pytest.raises(SpecError) as caught:
        data.pipeline("validation")
    assert codes(caught.value) == ["data-split"]


@pytest.mark.parametrize(
    "setting", ["pad: none", "pad: 0.5", "dtype: uint8, pad: -1", "dtype: uint8, pad: 256"]
)
def test_a_pad_that_does_not_fit_is_refused(tmp_path: Path, setting: str) -> None:
    write(tmp_path / "a.jsonl", '{"x": [1, 2]}\n{"x": [3]}\n')
    text = f"{{source: {{jsonl: a.jsonl}}, fields: {{x: {{shape: [null], {setting}}}}}}}"
    with pytest.raises(SpecError, match="pad") as caught:
        open_data(section(text), Wanted((), ("x",)), root=tmp_path, seed=0).pipeline("train")
    assert codes(caught.value) == ["data-setting"]


def test_formulas_are_traced_once_for_a_whole_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """TensorFlow warns where a function is traced again and again."""
    monkeypatch.setattr(stored, "CHUNK", 3)
    np.savez(tmp_path / "a.npz", x=np.arange(40.0).reshape(20, 2))
    text = (
        "{source: {npz: a.npz}, fields: {x: {transform: [{formula: previous + 1}, {formula: previous * 2}]}}}"
    )
    data = open_data(section(text), Wanted((), ("x",)), root=tmp_path, seed=0)
    (batch,) = data.pipeline("train").once
    np.testing.assert_allclose(batch[1], (np.arange(40.0).reshape(20, 2) + 1) * 2)
    assert "retracing" not in caplog.text
