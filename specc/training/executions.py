"""Several steps of training in one execution, however many steps an epoch has.

Keras's own function of several steps has to find out where the data ends, and traces its step within a
condition within a loop. Here the batches go on for ever and the number of steps is an argument, so there is
one plain loop, traced once, and one iterator for the whole training.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class Executions:
    """The `train_function` of a compiled model: each call does the next steps of an epoch."""

    def __init__(self, model: keras.Model, steps: int) -> None:
        """`steps` are those of an epoch; an execution has the model's `steps_per_execution` at most."""
        self._model = model
        self._steps = steps
        self._most = int(model.steps_per_execution)
        self._done = 0
        self._strategy = model.distribute_strategy
        self._several = tf.function(self._loop, reduce_retracing=True, autograph=False)
        self._step = self._one
        if model.jit_compile:
            self._step = tf.function(self._one, reduce_retracing=True, jit_compile=True, autograph=False)

    def __call__(self, iterator: Any) -> dict[str, Any]:
        """Train on the next batches; returns the metrics since the epoch began."""
        count = min(self._most, self._steps - self._done)
        self._done = (self._done + count) % self._steps
        logs: dict[str, Any] = self._several(iterator, tf.constant(count))
        return logs

    def _one(self, data: Any) -> None:
        self._strategy.run(self._model.train_step, args=(data,))

    def _loop(self, iterator: Any, count: tf.Tensor) -> dict[str, Any]:
        def step(done: tf.Tensor) -> tuple[tf.Tensor]:
            self._step(next(iterator))
            return (done + 1,)

        tf.while_loop(lambda done: done < count, step, (tf.constant(0),))
        return dict(self._model.get_metrics_result())
