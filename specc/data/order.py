"""In which order rows are drawn: a function of the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from specc.data.randomness import fold, root_seed

plain_python = tf.autograph.experimental.do_not_convert
"""Keeps TensorFlow from rewriting a mapped function, which would disguise the errors it raises."""


class Epochs:
    """Counts the passes over a pipeline; `next` may be set, to go on where a training stopped."""

    def __init__(self) -> None:
        self.next = 0

    def begin(self) -> np.int64:
        """The number of the pass that begins."""
        number, self.next = self.next, self.next + 1
        return np.int64(number)


@dataclass(frozen=True)
class Order:
    """How rows are dealt out: `lengths` are those of the sources; the longest makes the epoch.

    Shorter sources start again, shuffled anew.
    """

    lengths: tuple[int, ...]
    batch_size: int
    shuffle: bool
    seed: int
    drop_remainder: bool

    @property
    def rows(self) -> int:
        """Rows in an epoch."""
        whole = max(self.lengths) // self.batch_size * self.batch_size
        return whole if self.drop_remainder else max(self.lengths)

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return -(-self.rows // self.batch_size)

    def by_batch(self, epochs: Epochs) -> tf.data.Dataset:
        """A pass: row numbers [batch, sources] and the batch's seed [2]."""

        @plain_python
        def epoch(_: tf.Tensor) -> tf.data.Dataset:
            rows, seed = self._draw(epochs)

            @plain_python
            def batch(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                start = number * self.batch_size
                return rows[start : start + self.batch_size], fold(seed, number)

            return tf.data.Dataset.range(self.batches).map(batch)

        found = tf.data.Dataset.range(1).flat_map(epoch)
        return found.apply(tf.data.experimental.assert_cardinality(self.batches))

    def by_row(self, epochs: Epochs) -> tf.data.Dataset:
        """A pass: row numbers [sources] and the row's seed [2]."""

        @plain_python
        def epoch(_: tf.Tensor) -> tf.data.Dataset:
            rows, seed = self._draw(epochs)

            @plain_python
            def row(number: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
                return rows[number], fold(seed, number)

            return tf.data.Dataset.range(self.rows).map(row)

        found = tf.data.Dataset.range(1).flat_map(epoch)
        return found.apply(tf.data.experimental.assert_cardinality(self.rows))

    def _draw(self, epochs: Epochs) -> tuple[tf.Tensor, tf.Tensor]:
        number = tf.numpy_function(epochs.begin, [], tf.int64, stateful=True)
        number = tf.ensure_shape(number, ())
        seed = fold(root_seed(self.seed), number)
        columns = [self._column(length, fold(seed, source)) for source, length in enumerate(self.lengths)]
        return tf.stack(columns, axis=-1), seed

    def _column(self, length: int, seed: tf.Tensor) -> tf.Tensor:
        rounds = -(-self.rows // length)
        passes: Sequence[tf.Tensor] = [tf.range(length, dtype=tf.int64) for _ in range(rounds)]
        if self.shuffle:
            shuffle = tf.random.experimental.stateless_shuffle
            passes = [shuffle(rows, fold(seed, number)) for number, rows in enumerate(passes)]
        return tf.concat(passes, axis=0)[: self.rows]
