"""Metrics of overlap: whether they read an output as it is written."""

from __future__ import annotations

from specc.catalog.objects import KerasObject
from specc.frontend.sections.train import Stage
from specc.source.diagnostic import Reporter
from specc.training.feed import ONE_HOT_LOSSES, Ports
from specc.training.targets import BINARY_LOSSES, SPARSE_LOSSES, folded

OF_NUMBERS = ("IoU", "MeanIoU")
OF_ONE_HOT = ("OneHotIoU", "OneHotMeanIoU")
OF_TWO = ("BinaryIoU",)


def check_overlap_metrics(stage: Stage, ports: Ports, reporter: Reporter) -> None:
    """Report metrics of intersection over union that would compare something else than classes.

    Keras takes an output for numbers of classes unless told otherwise, and compares logits with a threshold
    that is meant for probabilities.
    """
    for metrics in (stage.metrics, stage.weighted_metrics):
        for name, metric in ((name, metric) for name, several in metrics.items() for metric in several):
            loss, output = stage.losses.get(name), ports.outputs.get(name)
            if loss is None or output is None or output.shape is None:
                continue
            if metric.kind in (*OF_NUMBERS, *OF_ONE_HOT):
                _check_classes(metric, loss, int(output.shape[-1] or 0), reporter)
            elif metric.kind in OF_TWO and folded(loss) in BINARY_LOSSES:
                _check_threshold(metric, loss, reporter)


def _check_classes(metric: KerasObject, loss: KerasObject, classes: int, reporter: Reporter) -> None:
    numbers = folded(loss) in SPARSE_LOSSES
    if not numbers and folded(loss) not in ONE_HOT_LOSSES:
        return
    counted = metric.arguments.get("num_classes")
    form = f"`MeanIoU: {{num_classes: {classes}, sparse_y_pred: false"
    right = f"say {form}}}`" if numbers else f"say {form}, sparse_y_true: false}}`"
    one_hot = metric.kind in OF_ONE_HOT
    reads = (
        one_hot or not metric.arguments.get("sparse_y_pred", True),
        not one_hot if "sparse_y_true" not in metric.arguments else bool(metric.arguments["sparse_y_true"]),
    )
    title = ""
    if not reads[0]:
        title = f"`{metric.kind}` wants the number of a class, and the output has {classes} values"
    elif reads[1] != numbers:
        wants, has = ("one-hot targets", "numbers") if numbers else ("numbers of classes", "one-hot targets")
        title = f"`{metric.kind}` wants {wants}, and `{loss.kind}` {has}"
    elif counted is not None and counted != classes:
        title = f"`{metric.kind}` counts {counted} classes, and the output has {classes}"
    if title:
        reporter.error("training-setting", title, metric.span, help=right)


def _check_threshold(metric: KerasObject, loss: KerasObject, reporter: Reporter) -> None:
    logits = bool(loss.arguments.get("from_logits", False))
    if logits and metric.arguments.get("threshold", 0.5) == 0.5:
        title = f"`{metric.kind}` compares logits with 0.5, the logit of a probability of 0.62"
        reporter.warning("training-setting", title, metric.span, help="say `threshold: 0`")
