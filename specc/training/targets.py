"""Whether targets and outputs go together: shapes, classes and their weights, before anything is trained.

Keras broadcasts where shapes differ, so that some of these would train on nonsense without a word.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tensorflow as tf

from specc.catalog.objects import KerasObject
from specc.frontend.sections.data_types import describe_shape
from specc.frontend.sections.train import Stage
from specc.source.diagnostic import Reporter
from specc.training.feed import ONE_HOT_LOSSES, Ports

Shape = tuple[int | None, ...]

SPARSE_LOSSES = frozenset({"sparsecategoricalcrossentropy"})
BINARY_LOSSES = frozenset({"binarycrossentropy", "binaryfocalcrossentropy"})
ELEMENTWISE_LOSSES = frozenset(
    {
        "mse",
        "meansquarederror",
        "mae",
        "meanabsoluteerror",
        "mape",
        "meanabsolutepercentageerror",
        "msle",
        "meansquaredlogarithmicerror",
        "huber",
        "logcosh",
        "poisson",
        "hinge",
        "squaredhinge",
        "kld",
        "kldivergence",
        "cosinesimilarity",
        "dice",
        "tversky",
    }
)
"""Losses that compare each number of the output with one of the target."""

OVERLAP_LOSSES = frozenset({"dice", "tversky"})


def folded(loss: KerasObject) -> str:
    """A loss's kind in lower case without underscores: `MeanSquaredError` and `mean_squared_error` alike."""
    return loss.kind.lower().replace("_", "")


def check_targets(stage: Stage, ports: Ports, targets: Any, reporter: Reporter) -> None:
    """Report the targets whose shape does not fit the output that they are compared with.

    `targets` are their `tf.TensorSpec`s [batch, …] by name, or the only one.
    """
    by_name = targets if isinstance(targets, dict) else {stage.targets[0]: targets}
    for name, loss in stage.losses.items():
        output, target = _shape(ports.outputs.get(name)), _shape(by_name.get(name))
        if output is None or target is None or _goes(folded(loss), target, output):
            continue
        reporter.error(
            "data-shape",
            f"the target `{name}` holds {_said(target)}, the output {_said(output)}",
            loss.span or stage.span,
            f"`{loss.kind}` cannot compare them",
            help=_help(folded(loss), target, output),
        )


def _shape(tensor: Any) -> Shape | None:
    """One example's shape; None where it is not known."""
    if tensor is None or tensor.shape is None:
        return None
    unknown = isinstance(tensor.shape, tf.TensorShape) and tensor.shape.rank is None
    return None if unknown else tuple(tensor.shape)[1:]


def _said(shape: Shape) -> str:
    return describe_shape(shape) if shape else "a number"


def _goes(loss: str, target: Shape, output: Shape) -> bool:
    if loss in SPARSE_LOSSES:
        return _equal(target, output[:-1]) or _equal(target, (*output[:-1], 1))
    if loss in ONE_HOT_LOSSES or loss in BINARY_LOSSES or loss in ELEMENTWISE_LOSSES:
        return _equal(target, output) or _equal((*target, 1), output) or _equal(target, (*output, 1))
    return True


def _equal(one: Shape, other: Shape) -> bool:
    """Whether shapes may be the same; a size that varies is like any."""
    pairs = zip(one, other, strict=False)
    return len(one) == len(other) and all(a is None or b is None or a == b for a, b in pairs)


def _help(loss: str, target: Shape, output: Shape) -> str:
    classes = output[-1] if output else None
    if loss in SPARSE_LOSSES:
        if _equal(target, output):
            return "targets that are one-hot want `categorical_crossentropy`"
        return f"the numbers of classes must be {_said(output[:-1])} for an output of {_said(output)}"
    if loss in OVERLAP_LOSSES:
        return f"classes come one-hot: `derive: {{NAME: 'one_hot(mask[..., 0], {classes})'}}`"
    labels = _equal(target, output[:-1]) or _equal(target, (*output[:-1], 1))
    if labels and loss in ONE_HOT_LOSSES:
        return "labels that are integers want `sparse_categorical_crossentropy`"
    if labels and loss in BINARY_LOSSES:
        return f"end with one unit, or take `sparse_categorical_crossentropy` for {classes} classes"
    if len(output) > len(target) + 1 or (len(output) == 2 and target in ((), (1,))):
        return (
            "the output has an axis too many: `return_sequences: false`, `Flatten` or a pooling takes it away"
        )
    return "the last layer must give as many numbers as the target has"


def classes_of(loss: KerasObject, output: Any) -> int | None:
    """How many classes an output tells apart; None where its loss is none of classes."""
    shape = _shape(output)
    if not shape or shape[-1] is None:
        return None
    if folded(loss) in SPARSE_LOSSES or folded(loss) in ONE_HOT_LOSSES:
        return shape[-1]
    return 2 if folded(loss) in BINARY_LOSSES and shape[-1] == 1 else None


def check_class_weights(stage: Stage, ports: Ports, reporter: Reporter) -> None:
    """Report weights of classes that the output does not have, and lists that leave classes out."""
    for name, weights in stage.class_weight.items():
        loss = stage.losses.get(name)
        classes = None if loss is None else classes_of(loss, ports.outputs.get(name))
        if classes is None:
            continue
        if max(weights) >= classes:
            title = (
                f"`class_weight` weighs class {max(weights)}, and `{name}` has the classes 0 to {classes - 1}"
            )
            reporter.error("training-setting", title, stage.span, "there is no such class")
        elif name in stage.class_lists and len(weights) < classes:
            title = f"`class_weight` lists {len(weights)} classes, and `{name}` has {classes}"
            hint = "list all, or give a mapping of class numbers to weights: what it leaves out weighs 1"
            reporter.error("training-setting", title, stage.span, help=hint)


def check_labels(stage: Stage, ports: Ports, seen: Mapping[str, tuple[int, int]], reporter: Reporter) -> None:
    """Report numbers of classes that the output does not have; `seen` are the least and the greatest."""
    for name, (least, greatest) in seen.items():
        loss = stage.losses.get(name)
        if loss is None or folded(loss) not in SPARSE_LOSSES:
            continue
        classes = classes_of(loss, ports.outputs.get(name))
        ignored = loss.arguments.get("ignore_class")
        wrong = greatest if classes is not None and greatest >= classes else least
        if classes is None or 0 <= wrong < classes or ignored is not None:
            continue
        reporter.error(
            "data-shape",
            f"the target `{name}` holds {least} to {greatest}, the output has the classes 0 to {classes - 1}",
            loss.span or stage.span,
            f"there is no class {wrong}",
            help=f"end with {greatest + 1} units" if least >= 0 else "number the classes from 0",
        )
