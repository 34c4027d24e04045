"""Metrics of detected boxes: whether they count the classes that the data has."""

from __future__ import annotations

from typing import Any

from specc.catalog.objects import KerasObject
from specc.frontend.sections.data_types import describe_shape
from specc.frontend.sections.train import Stage
from specc.source.diagnostic import Reporter
from specc.training.batches import Data

OF_BOXES = ("MeanAveragePrecision",)
"""Metrics of outputs that are boxes found, [k, 6]."""


def check_box_metrics(stage: Stage, data: Data, reporter: Reporter) -> None:
    """Report where the first batch holds boxes of a class that a metric of theirs does not count."""
    metrics = [(name, m) for name, several in stage.metrics.items() for m in several if m.kind in OF_BOXES]
    if not metrics:
        return
    with data.told():
        targets = next(iter(data.batches("train", stage)))[1]
    for name, metric in metrics:
        _check_classes(name, metric, targets[name] if isinstance(targets, dict) else targets, reporter)


def _check_classes(name: str, metric: KerasObject, boxes: Any, reporter: Reporter) -> None:
    if boxes.shape.rank != 3 or boxes.shape[-1] != 5:
        shape = describe_shape(tuple(boxes.shape)[1:])
        title = f"`{metric.kind}` wants boxes with their class, [n, 5], and the target `{name}` holds {shape}"
        reporter.error("training-setting", title, metric.span)
        return
    counted = int(metric.arguments["num_classes"])
    kinds = boxes[..., 4].numpy()
    if kinds.size and kinds.max() >= counted:
        title = f"`{metric.kind}` counts the classes 0 to {counted - 1}, and `{name}` has {int(kinds.max())}"
        reporter.error("training-setting", title, metric.span, help="number the classes from 0")
