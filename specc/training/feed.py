"""From batches of named columns to what a Keras model is fitted with: inputs, targets, sample weights."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from specc.frontend.sections.train import Stage
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean

Batch = Mapping[str, Any]
ONE_HOT_LOSSES = frozenset(
    {
        "categoricalcrossentropy",
        "categoricalfocalcrossentropy",
        "categoricalhinge",
        "categoricalgeneralizedcrossentropy",
    }
)
"""Losses whose targets are one-hot, folded to lower case without underscores."""


@dataclass(frozen=True, slots=True)
class Ports:
    """The names by which a model's inputs and outputs are fed, in its order.

    `form` is how its outputs are nested: one `tensor`, a `list`, or a `dict`.
    """

    inputs: dict[str, Any]
    outputs: dict[str, Any]
    form: str

    @classmethod
    def of(cls, model: keras.Model, output: str | None = None) -> Ports:
        """The ports of a functional model; `output` names the output of a model that has only one."""
        inputs, outputs = model.input, model.output
        if isinstance(inputs, dict):
            named = dict(inputs)
        else:
            named = {tensor.name: tensor for tensor in keras.tree.flatten(inputs)}
        if isinstance(outputs, dict):
            return cls(named, dict(outputs), "dict")
        if isinstance(outputs, (list, tuple)):
            return cls(named, dict(zip(model.output_names, outputs, strict=True)), "list")
        return cls(named, {output or model.output_names[0]: outputs}, "tensor")

    def pack_inputs(self, batch: Batch) -> Any:
        """The columns that are inputs."""
        names = tuple(self.inputs)
        return batch[names[0]] if len(names) == 1 else {name: batch[name] for name in names}

    def pack_outputs(self, values: Mapping[str, Any], missing: Any = None) -> Any:
        """Values by output, nested as the model's outputs are."""
        if self.form == "tensor":
            return next(iter(values.values()), missing)
        if self.form == "list":
            return [values.get(name, missing) for name in self.outputs]
        return {name: values.get(name, missing) for name in self.outputs}


def check_columns(
    element: Mapping[str, Any], ports: Ports, stage: Stage, span: Span | None, reporter: Reporter
) -> None:
    """Report the columns that training needs and the data lacks, and inputs of another shape.

    `element` are the `tf.TensorSpec`s of a batch, by name.
    """
    needed = dict.fromkeys(ports.inputs, "an input")
    needed |= dict.fromkeys(stage.targets, "a target")
    needed |= dict.fromkeys(stage.sample_weight.values(), "a sample weight")
    missing = {name: role for name, role in needed.items() if name not in element}
    if missing:
        reporter.error(
            "training-column-missing",
            "the data lacks " + ", ".join(f"`{name}`" for name in missing),
            span,
            notes=[f"`{name}` is {role}" for name, role in missing.items()],
            help=did_you_mean(next(iter(missing)), element),
        )
    wrong = {n: t for n, t in ports.inputs.items() if n in element and not _fits(element[n].shape, t.shape)}
    if wrong:
        reporter.error(
            "training-column-shape",
            "the data does not fit the model's " + ", ".join(f"`{name}`" for name in wrong),
            span,
            notes=[
                f"for `{n}` the data gives {_shape(element[n].shape)}, the model takes {_shape(tensor.shape)}"
                for n, tensor in wrong.items()
            ],
        )


def _fits(given: Any, wanted: Any) -> bool:
    return bool(tf.TensorShape(given)[1:].is_compatible_with(tf.TensorShape(wanted)[1:]))


def _shape(shape: Any) -> str:
    return "[" + ", ".join("any" if size is None else str(size) for size in tuple(shape)[1:]) + "]"


def feeder(ports: Ports, stage: Stage, *, training: bool) -> Callable[[Batch], tuple[Any, ...]]:
    """The function that turns a batch of columns into `(x, y)` or `(x, y, sample_weight)`.

    Class weights count in training only, as in Keras; sample weights always.
    """
    classes = stage.class_weight if training else {}
    weighted = {*stage.sample_weight, *classes}

    def feed(batch: Batch) -> tuple[Any, ...]:
        x = ports.pack_inputs(batch)
        size = tf.shape(next(iter(batch.values())))[:1]
        targets = {name: batch[name] for name in stage.targets}
        y = ports.pack_outputs(targets, missing=tf.zeros(size))
        if not weighted:
            return x, y
        weights = {name: _weight(batch, name, ports, stage, classes) for name in sorted(weighted)}
        return x, y, ports.pack_outputs(weights, missing=tf.ones(size))

    return feed


def _weight(
    batch: Batch, name: str, ports: Ports, stage: Stage, classes: Mapping[str, Mapping[int, float]]
) -> Any:
    weight = None
    if name in stage.sample_weight:
        weight = tf.cast(batch[stage.sample_weight[name]], tf.float32)
    if name in classes:
        numbers = class_numbers(batch[name], ports.outputs[name].shape, stage.losses[name].kind)
        by_class = weights_of_classes(numbers, classes[name])
        weight = by_class if weight is None else weight * by_class
    return weight


def class_numbers(target: Any, predicted: Any, loss: str) -> Any:
    """The class of each example (or pixel, or token) as integers, whichever way the target codes it.

    `predicted` is the shape of the output and `loss` the kind of its loss: it tells one-hot targets.
    """
    if loss.lower().replace("_", "") in ONE_HOT_LOSSES:
        return tf.argmax(target, axis=-1)
    if target.shape.rank == len(predicted) and target.shape[-1] == 1:
        target = tf.squeeze(target, axis=-1)
    return tf.cast(target, tf.int64)


def weights_of_classes(numbers: Any, weights: Mapping[int, float]) -> Any:
    """The weight of each class number; a class that is not named weighs 1."""
    table = [weights.get(number, 1.0) for number in range(max(weights) + 1)]
    inside = (numbers >= 0) & (numbers < len(table))
    picked = tf.gather(tf.constant(table, tf.float32), tf.clip_by_value(numbers, 0, len(table) - 1))
    return tf.where(inside, picked, 1.0)
