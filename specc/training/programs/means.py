"""What an epoch of a program is summed up in: the means of many numbers at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import keras
import tensorflow as tf

from specc.frontend.programs.read import WHOLE_LOSS

OF_UPDATE = "loss of"
"""What the loss of an update is called, before its number; no term has a blank in its name."""


class Means(keras.metrics.Metric):  # type: ignore[misc]
    """Means of the losses of updates, their terms and scalar metrics, weighted by examples.

    They lie in one vector, and so cost one addition a step, where a `Mean` each would cost several operations
    for every one. `loss` is the sum of the updates' means: of one that is made in some steps only, or several
    times in each, too.
    """

    def __init__(self, updates: int, names: Sequence[str]) -> None:
        super().__init__(name="means")
        self.names = (*map(loss_of, range(updates)), *names)
        self._updates = updates
        shape = (len(self.names),)
        self._sums = self.add_variable(shape, "zeros", name="sums")
        self._weights = self.add_variable(shape, "zeros", name="weights")

    def update_state(self, found: Mapping[str, tuple[Any, Any]]) -> None:
        """Add numbers by name, each with its weight; what has none (of no examples, NaN) is left out."""
        values = tf.stack([tf.cast(found[name][0], tf.float32) for name in self.names])
        weights = tf.stack([tf.cast(found[name][1], tf.float32) for name in self.names])
        self._sums.assign_add(tf.where(weights > 0, values * weights, 0.0))
        self._weights.assign_add(weights)

    def result(self) -> dict[str, Any]:
        """The means by name, `loss` first."""
        means = tf.math.divide_no_nan(self._sums.value, self._weights.value)
        return dict(self._by_name(means))

    def _by_name(self, means: Any) -> Iterator[tuple[str, Any]]:
        yield WHOLE_LOSS, tf.reduce_sum(means[: self._updates])
        for position, name in enumerate(self.names[self._updates :], start=self._updates):
            yield name, means[position]


def loss_of(number: int) -> str:
    """The name of an update's loss: its terms, weighted, and what layers add."""
    return f"{OF_UPDATE} {number}"
