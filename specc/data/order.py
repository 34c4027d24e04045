"""In which order rows are drawn: a function of the seed and the epoch alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar, cast

import numpy as np
import tensorflow as tf

from specc.data.randomness import fold, root_seed

Function = TypeVar("Function", bound=Callable[..., Any])


def plain_python(function: Function) -> Function:
    """Keep TensorFlow from rewriting a mapped function, which would disguise the errors it raises."""
    return cast(Function, tf.autograph.experimental.do_not_convert(function))


class Passes:
    """Numbers the passes over a pipeline that is iterated again and again."""

    def __init__(self, first: int) -> None:
        self.next = first

    def begin(self) -> np.int64:
        """The number of the pass that begins."""
        number, self.next = self.next, self.next + 1
        return np.int64(number)


@dataclass(frozen=True)
class Order:
    """How rows are dealt out: `lengths` are those of the sources; the longest makes the epoch.

    Shorter sources start again, shuffled anew. A `fixed` order is that of epoch `first` at every pass.
    """

    lengths: tuple[int, ...]
    batch_size: int
    shuffle: bool
    seed: int
    drop_remainder: bool = False
    first: int = 0
    fixed: bool = False
    _passes: Passes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_passes", Passes(self.first))

    @property
    def rows(self) -> int:
        """Rows in an epoch."""
        longest = max(self.lengths)
        return longest // self.batch_size * self.batch_size if self.drop_remainder else longest

    @property
    def batches(self) -> int:
        """Batches in an epoch."""
        return -(-self.rows // self.batch_size)

    def by_batch(self, endless: bool) -> tf.data.Dataset:
        """Row numbers [batch, sources] with epochs and places [batch]: of one epoch, or of all in turn."""
        found = self._epochs(endless).flat_map(self._batches)
        return found if endless else self._counted(found)

    def by_row(self, batched: Callable[[tf.data.Dataset], tf.data.Dataset], endless: bool) -> tf.data.Dataset:
        """`batched` over row numbers [sources], epoch and place, row by row; no batch spans two epochs."""
        if not endless:
            return self._counted(batched(self._epochs(endless).flat_map(self._rows)))

        @plain_python
        def epoch(number: tf.Tensor) -> tf.data.Dataset:
            return batched(self._rows(number))

        return self._epochs(endless).flat_map(epoch)

    def _counted(self, dataset: tf.data.Dataset) -> tf.data.Dataset:
        return dataset.apply(tf.data.experimental.assert_cardinality(self.batches))

    def seed_of(self, epochs: tf.Tensor, places: tf.Tensor) -> tf.Tensor:
        """The seed of a batch, or row, from what the numbers come with."""
        return fold(root_seed(self.seed), tf.reshape(epochs, [-1])[0], tf.reshape(places, [-1])[0])

    def _epochs(self, endless: bool) -> tf.data.Dataset:
        if endless:
            return tf.data.Dataset.range(self.first, tf.int64.max)  # a counter would stay in memory
        if self.fixed:
            return tf.data.Dataset.from_tensors(np.int64(self.first))

        @plain_python
        def begin(_: tf.Tensor) -> tf.Tensor:
            return tf.ensure_shape(tf.numpy_function(self._passes.begin, [], tf.int64), ())

        return tf.data.Dataset.range(1).map(begin)

    @plain_python
    def _batches(self, epoch: tf.Tensor) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensors(self._draw(epoch)).rebatch(self.batch_size)

    @plain_python
    def _rows(self, epoch: tf.Tensor) -> tf.data.Dataset:
        return tf.data.Dataset.from_tensor_slices(self._draw(epoch))

    def _draw(self, epoch: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """Row numbers [rows, sources], and beside each its epoch and its place in it."""
        seed = fold(root_seed(self.seed), epoch)
        columns = [self._column(length, fold(seed, source)) for source, length in enumerate(self.lengths)]
        places = tf.range(self.rows, dtype=tf.int64)
        return tf.stack(columns, axis=-1), tf.fill([self.rows], epoch), places

    def _column(self, length: int, seed: tf.Tensor) -> tf.Tensor:
        rounds = -(-self.rows // length)
        passes: Sequence[tf.Tensor] = [tf.range(length, dtype=tf.int64) for _ in range(rounds)]
        if self.shuffle:
            shuffle = tf.random.experimental.stateless_shuffle
            passes = [shuffle(rows, fold(seed, number)) for number, rows in enumerate(passes)]
        return tf.concat(passes, axis=0)[: self.rows]
