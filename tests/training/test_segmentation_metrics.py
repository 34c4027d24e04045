"""Metrics and losses of overlap: what they would misread is told, and what they read is right."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf
from training_case import section_of

from specc.lower.objects import make
from specc.source.diagnostic import Diagnostic, Reporter
from specc.training.feed import Ports
from specc.training.segmentation import check_overlap_metrics
from specc.training.targets import check_targets

pytestmark = pytest.mark.slow

SPARSE = "{SparseCategoricalCrossentropy: {from_logits: true}}"
BINARY = "{BinaryCrossentropy: {from_logits: true}}"


def ports(channels: int) -> Ports:
    x = keras.Input((4, 4, channels), name="x")
    return Ports.of(keras.Model(x, keras.layers.Activation("linear", name="label")(x)), "label")


def found(loss: str, metric: str, channels: int) -> list[Diagnostic]:
    text = f"optimizer: adam\nloss: {{label: {loss}}}\nmetrics: {{label: [{metric}]}}\n"
    reporter = Reporter()
    check_overlap_metrics(section_of(text).stages[0], ports(channels), reporter)
    return list(reporter)


@pytest.mark.parametrize(
    ("loss", "metric", "channels", "told"),
    [
        (SPARSE, "{MeanIoU: {num_classes: 3}}", 3, "`MeanIoU: {num_classes: 3, sparse_y_pred: false}`"),
        (SPARSE, "{IoU: {num_classes: 3, target_class_ids: [1]}}", 3, "sparse_y_pred: false"),
        (SPARSE, "{MeanIoU: {num_classes: 2, sparse_y_pred: false}}", 3, "num_classes: 3"),
        (SPARSE, "{OneHotMeanIoU: {num_classes: 3}}", 3, "sparse_y_pred: false}`"),
        (
            "categorical_crossentropy",
            "{MeanIoU: {num_classes: 3, sparse_y_pred: false}}",
            3,
            "sparse_y_true: false",
        ),
        (BINARY, "BinaryIoU", 1, "`threshold: 0`"),
    ],
)
def test_what_a_metric_would_misread_is_told(loss: str, metric: str, channels: int, told: str) -> None:
    (diagnostic,) = found(loss, metric, channels)
    assert diagnostic.code == "training-setting"
    assert told in diagnostic.help
    assert diagnostic.span is not None


@pytest.mark.parametrize(
    ("loss", "metric", "channels"),
    [
        (SPARSE, "{MeanIoU: {num_classes: 3, sparse_y_pred: false}}", 3),
        ("categorical_crossentropy", "{OneHotMeanIoU: {num_classes: 3}}", 3),
        (BINARY, "{BinaryIoU: {threshold: 0}}", 1),
        ("binary_crossentropy", "BinaryIoU", 1),
        ("mse", "{MeanIoU: {num_classes: 3}}", 3),
        (SPARSE, "accuracy", 3),
    ],
)
def test_what_a_metric_reads_as_it_is_meant_passes(loss: str, metric: str, channels: int) -> None:
    assert not found(loss, metric, channels)


def test_the_documented_forms_count_what_they_say() -> None:
    truth = np.array([[[[0], [1]], [[1], [1]]]])
    logits = np.array([[[[2.0, -2.0], [-1.0, 3.0]], [[3.0, -1.0], [0.0, 1.0]]]], np.float32)
    text = (
        f"optimizer: adam\nloss: {{label: {SPARSE}}}\n"
        "metrics: {label: [{MeanIoU: {num_classes: 2, sparse_y_pred: false}},"
        " {IoU: {num_classes: 2, target_class_ids: [1], sparse_y_pred: false}}]}\n"
    )
    mean, one = (make(metric) for metric in section_of(text).stages[0].metrics["label"])
    for metric in (mean, one):
        metric.update_state(truth, logits)
    assert float(mean.result()) == pytest.approx((1 / 2 + 2 / 3) / 2)
    assert float(one.result()) == pytest.approx(2 / 3)


@pytest.mark.parametrize(("target", "refused"), [((4, 4, 1), True), ((4, 4), True), ((4, 4, 3), False)])
def test_dice_wants_classes_one_hot(target: tuple[int, ...], refused: bool) -> None:
    stage = section_of("optimizer: adam\nloss: {label: {Dice: {axis: [1, 2]}}}\n").stages[0]
    reporter = Reporter()
    check_targets(stage, ports(3), tf.TensorSpec((None, *target), tf.float32), reporter)
    assert [d.code for d in reporter] == (["data-shape"] if refused else [])
    assert all("one_hot" in d.help for d in reporter)
