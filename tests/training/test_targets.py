"""Targets that do not go with the output are told before anything is written."""

from __future__ import annotations

from pathlib import Path

import keras
import pytest
import tensorflow as tf
from training_case import section_of

from specc.frontend.load import load_spec
from specc.source.diagnostic import Diagnostic, Reporter, SpecError
from specc.training.feed import Ports
from specc.training.monitors import check_monitors
from specc.training.targets import check_class_weights, check_labels, check_targets
from specc.training.train import train

pytestmark = pytest.mark.slow

Shape = tuple[int | None, ...]


def found(loss: str, target: Shape, output: Shape) -> list[Diagnostic]:
    stage = section_of(f"optimizer: adam\nloss: {{label: {loss}}}\n").stages[0]
    x = keras.Input(output, name="x")
    ports = Ports.of(keras.Model(x, keras.layers.Activation("relu", name="label")(x)), "label")
    reporter = Reporter()
    check_targets(stage, ports, tf.TensorSpec((None, *target), tf.float32), reporter)
    return list(reporter)


@pytest.mark.parametrize(
    ("loss", "target", "output", "told"),
    [
        ("categorical_crossentropy", (), (3,), "sparse_categorical_crossentropy"),
        ("CategoricalCrossentropy", (1,), (3,), "sparse_categorical_crossentropy"),
        ("categorical_crossentropy", (4,), (3,), "as many numbers"),
        ("binary_crossentropy", (), (2,), "one unit"),
        ("sparse_categorical_crossentropy", (3,), (3,), "categorical_crossentropy"),
        ("sparse_categorical_crossentropy", (), (24, 3), "[24]"),
        ("mse", (), (24, 1), "return_sequences"),
        ("Huber", (1,), (24,), "as many numbers"),
    ],
)
def test_what_keras_refuses_or_broadcasts_is_refused(
    loss: str, target: Shape, output: Shape, told: str
) -> None:
    (diagnostic,) = found(loss, target, output)
    assert diagnostic.code == "data-shape"
    assert diagnostic.span is not None
    assert told in diagnostic.help
    assert "the target `label` holds" in diagnostic.title


@pytest.mark.parametrize(
    ("loss", "target", "output"),
    [
        ("categorical_crossentropy", (3,), (3,)),
        ("binary_crossentropy", (), (1,)),
        ("binary_crossentropy", (5,), (5,)),
        ("mse", (1,), (1,)),
        ("mse", (24,), (24, 1)),
        ("mae", (8, 8, 1), (8, 8)),
        ("mse", (None, 2), (24, 2)),
        ("sparse_categorical_crossentropy", (), (3,)),
        ("sparse_categorical_crossentropy", (1,), (3,)),
        ("sparse_categorical_crossentropy", (8, 8), (8, 8, 3)),
        ("sparse_categorical_crossentropy", (None,), (24, 3)),
    ],
)
def test_what_goes_together_passes(loss: str, target: Shape, output: Shape) -> None:
    assert not found(loss, target, output)


SPARSE = "optimizer: adam\nloss: {label: sparse_categorical_crossentropy}\n"


def ports(units: int = 3) -> Ports:
    x = keras.Input((8,), name="x")
    return Ports.of(keras.Model(x, keras.layers.Dense(units, name="label")(x)), "label")


@pytest.mark.parametrize(
    ("loss", "seen", "told"),
    [
        ("sparse_categorical_crossentropy", (0, 9), "holds 0 to 9, the output has the classes 0 to 2"),
        ("sparse_categorical_crossentropy", (-1, 1), "holds -1 to 1"),
        ("sparse_categorical_crossentropy", (0, 2), ""),
        ("{SparseCategoricalCrossentropy: {ignore_class: -1}}", (-1, 2), ""),
        ("mse", (0, 9), ""),
    ],
)
def test_labels_lie_within_the_classes(loss: str, seen: tuple[int, int], told: str) -> None:
    stage = section_of(f"optimizer: adam\nloss: {{label: {loss}}}\n").stages[0]
    reporter = Reporter()
    check_labels(stage, ports(), {"label": seen}, reporter)
    assert len(list(reporter)) == bool(told)
    assert all(d.code == "data-shape" and told in d.title for d in reporter)


@pytest.mark.parametrize(
    ("weights", "told"),
    [
        ("{7: 2}", "weighs class 7"),
        ("[1, 2]", "lists 2 classes"),
        ("{label: [1, 2]}", "lists 2 classes"),
        ("[1, 2, 3]", ""),
        ("{0: 1, 1: 2}", ""),
    ],
)
def test_class_weights_name_classes(weights: str, told: str) -> None:
    reporter = Reporter()
    check_class_weights(section_of(SPARSE + f"class_weight: {weights}\n").stages[0], ports(), reporter)
    assert len(list(reporter)) == bool(told)
    assert all(d.code == "training-setting" and told in d.title for d in reporter)


@pytest.mark.parametrize(
    ("monitor", "help"),
    [
        ("val_acuracy", "did you mean `val_accuracy`?"),
        ("accuraccy", "did you mean `accuracy`?"),
        ("val_accuracy", None),
        ("loss", None),
        ("mean_io_u", None),
        ("weighted_mse", None),
    ],
)
def test_monitors_are_measured(monitor: str, help: str | None) -> None:
    text = "metrics: {label: [accuracy, {MeanIoU: {num_classes: 3}}], weighted: {label: [mse]}}\n"
    text += f"sample_weight: w\ncallbacks: [{{EarlyStopping: {{monitor: {monitor}}}}}]\n"
    reporter = Reporter()
    check_monitors(section_of(SPARSE + text).stages[0], ports(), reporter)
    assert [d.help for d in reporter] == ([] if help is None else [help])
    assert all(d.code == "training-setting" and d.span is not None for d in reporter)


def test_labels_are_read_off_the_data(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("x,label,word\n" + "".join(f"{k},{k},w{k}\n" for k in range(10)))
    text = """specc: 1
model: {inputs: {x: []}, layers: [{Reshape: [1]}, {Dense: 5, name: label}]}
data: {source: {csv: a.csv}, batch_size: 2}
train: {optimizer: adam, loss: {SparseCategoricalCrossentropy: {from_logits: true}}}
"""
    (tmp_path / "spec.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        train(load_spec(tmp_path / "spec.yaml"), run_dir=tmp_path / "run", verbose="silent")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.title == "the target `label` holds 0 to 9, the output has the classes 0 to 4"
    assert not (tmp_path / "run").exists()
