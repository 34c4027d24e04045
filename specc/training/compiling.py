"""`model.compile` for a stage, and all that makes the first step quick."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import keras

from specc.catalog.objects import KerasObject
from specc.frontend.sections.train import Stage
from specc.lower.objects import make
from specc.lower.own import leave_out_of_file
from specc.training.feed import Ports

MOST_STEPS = 32
"""Steps of one execution at most: more gains little, and progress and Ctrl-C would wait for it."""

EXECUTION_WORK = 1e10
"""Multiply–adds of one execution at most; a few tenths of a second of two CPU cores."""


def compile_model(
    model: keras.Model,
    stage: Stage,
    *,
    optimizer: keras.optimizers.Optimizer,
    steps_per_execution: int = 1,
    jit_compile: bool | str = False,
) -> None:
    """Compile `model` for a stage; `optimizer` is the stage's own or the one that goes on."""
    ports = Ports.of(model, next(iter(stage.losses), None))
    weights: Any = None
    if stage.loss_weights:
        given = {name: stage.loss_weights.get(name, 1.0) for name in stage.losses}
        weights = ports.pack_outputs(given) if ports.form != "dict" else given
    model.compile(
        optimizer=optimizer,
        loss=_per_output(ports, stage.losses, make),
        loss_weights=weights,
        metrics=_per_output(ports, stage.metrics, _make_all),
        weighted_metrics=_per_output(ports, stage.weighted_metrics, _make_all),
        steps_per_execution=steps_per_execution,
        jit_compile=jit_compile,
    )
    leave_out_of_file(model)


def _make_all(objects: tuple[KerasObject, ...]) -> list[Any]:
    return [make(item) for item in objects]


def _per_output(ports: Ports, objects: Mapping[str, Any], build: Callable[[Any], Any]) -> Any:
    """Objects made anew for each output, in the form Keras wants them; None where there are none."""
    if not objects:
        return None
    made = {name: build(item) for name, item in objects.items()}
    return made if ports.form == "dict" else ports.pack_outputs(made)


def prepare(model: keras.Model, element: tuple[Any, ...]) -> None:
    """Create the state of metrics, loss and optimizer before `fit`.

    `fit` traces its step a second time where that state comes to be during the first trace.
    `element` are the `tf.TensorSpec`s of what the model is fitted with.
    """
    model.optimizer.build(model.trainable_variables)
    model._symbolic_build(data_batch=element)


def choose_steps(work: float, steps: int, batch_size: int) -> int:
    """Steps per execution: as many as are quick enough, in executions of nearly equal length.

    `work` is that of the forward passes of a step for one example (`forward_work`), `steps` the number of
    steps of an epoch.
    """
    affordable = int(EXECUTION_WORK // max(3 * work * batch_size, 1))
    most = max(1, min(MOST_STEPS, affordable))
    return math.ceil(steps / math.ceil(steps / most))


def forward_work(model: keras.Model) -> float:
    """Multiply–adds of one example's forward pass, roughly: each weight is used once a position."""
    work = 0.0
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            work += forward_work(layer)
        elif layer.weights:
            work += float(layer.count_params()) * _positions(layer)
    return work


def _positions(layer: keras.layers.Layer) -> float:
    """How often a layer applies its weights to an example: the sizes between batch and channels."""
    try:
        tensors = keras.tree.flatten([layer.input, layer.output])
    except (AttributeError, ValueError):
        return 1.0  # a layer that is called more than once has no single input
    sizes = [[size or 64 for size in tensor.shape[1:-1]] for tensor in tensors]
    return float(max(math.prod(size) for size in sizes))
