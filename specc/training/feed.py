"""From batches of the data to what a Keras model is fitted with: class weights, and every output served."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf

from specc.frontend.sections.train import Stage

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

    def pack_outputs(self, values: Mapping[str, Any], missing: Any = None) -> Any:
        """Values by output, nested as the model's outputs are."""
        if self.form == "tensor":
            return next(iter(values.values()), missing)
        if self.form == "list":
            return [values.get(name, missing) for name in self.outputs]
        return {name: values.get(name, missing) for name in self.outputs}


def feeder(ports: Ports, stage: Stage, *, training: bool) -> Callable[..., tuple[Any, ...]] | None:
    """What makes of `(inputs, targets[, weights])` what the model is fitted with; None if that is the same.

    Targets and weights come as a tensor where the stage has one target, else by name. Class weights count in
    training only, as in Keras; sample weights always. An output without a target is given zeros: its loss is
    not computed, but Keras wants something there.
    """
    classes = stage.class_weight if training else {}
    alone = len(stage.targets) == 1
    fits = ports.form == ("tensor" if alone else "dict") and len(stage.targets) == len(ports.outputs)
    if fits and not classes:
        return None

    def feed(x: Any, y: Any, weights: Any = None) -> tuple[Any, ...]:
        targets = {stage.targets[0]: y} if alone else y
        size = tf.shape(next(iter(targets.values())))[:1]
        packed = ports.pack_outputs(targets, missing=tf.zeros(size))
        if weights is None and not classes:
            return x, packed
        given = {} if weights is None else {stage.targets[0]: weights} if alone else dict(weights)
        for name, by_class in classes.items():
            weight = _class_weight(targets[name], name, ports, stage, by_class)
            given[name] = given[name] * weight if name in given else weight
        return x, packed, ports.pack_outputs(given, missing=tf.ones(size))

    return feed


def _class_weight(target: Any, name: str, ports: Ports, stage: Stage, weights: Mapping[int, float]) -> Any:
    numbers = class_numbers(target, ports.outputs[name].shape, stage.losses[name].kind)
    return weights_of_classes(numbers, weights)


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
