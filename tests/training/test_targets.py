"""Targets that do not go with the output are told before anything is written."""

from __future__ import annotations

import keras
import pytest
import tensorflow as tf
from training_case import section_of

from specc.source.diagnostic import Diagnostic, Reporter
from specc.training.feed import Ports
from specc.training.targets import check_targets

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
        ("Dice", (4,), (3,)),
    ],
)
def test_what_goes_together_passes(loss: str, target: Shape, output: Shape) -> None:
    assert not found(loss, target, output)
