"""Models whose weights follow another model's by an exponential moving average (`average_of`)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import tensorflow as tf


@dataclass(frozen=True)
class Average:
    """`follower = momentum · follower + (1 − momentum) · leader`, after each step.

    What is not trained (the statistics of BatchNormalization) is averaged too; whole numbers are copied.
    """

    follower: keras.Model
    leader: keras.Model
    momentum: float

    def follow(self) -> None:
        """Move all weights a step nearer."""
        pairs = list(zip(self.follower.weights, self.leader.weights, strict=True))
        for mine, other in pairs:
            following = other.value
            if mine.dtype.startswith("float"):
                following = mine.value + (1.0 - self.momentum) * (other.value - mine.value)
            _assign(mine, following)


def _assign(variable: keras.Variable, value: Any) -> None:
    """Assign in every replica what is the same in all of them."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        variable.assign(value)
        return

    def merged(strategy: tf.distribute.Strategy, target: Any, found: Any) -> Any:
        mean = strategy.extended.reduce_to(tf.distribute.ReduceOp.MEAN, found, target)
        update: Callable[..., Any] = strategy.extended.update
        return update(target, lambda v, new: v.assign(new), args=(mean,))

    context.merge_call(merged, args=(variable.value, tf.convert_to_tensor(value)))
