"""Rows through the fields and on: read from tables, transformed, padded, one split at a time."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from specc.data.cache import keep
from specc.data.failure import Failures
from specc.data.fields import Prepared
from specc.data.order import Order, plain_python
from specc.data.ports import Port, check_row
from specc.data.randomness import PlacedSeed, fold
from specc.data.stored import (
    Stored,
    can_store,
    example,
    output_spec,
    padding,
    store_plain,
    store_rows,
    store_words,
)
from specc.data.table import Array, Table
from specc.source.span import Span

AUTOTUNE = tf.data.AUTOTUNE
AHEAD = 4
"""Batches that wait for a step of training, where making one costs next to nothing."""

READ_AHEAD = 2
"""Batches that wait for a step of training, where each is read from the disk: more only take memory."""

MOST_STORED = 1 << 30
"""Bytes that one split's transformed fields may take in memory."""

Batch = dict[str, tf.Tensor]
Finish = Callable[[Batch, PlacedSeed], Any]
Change = Callable[[Batch, PlacedSeed], Batch]


class Stream:
    """The fields of one split as batches."""

    def __init__(
        self,
        fields: Sequence[Prepared],
        tables: Mapping[str, Table],
        failures: Failures,
        training: bool,
        most_stored: int = MOST_STORED,
    ) -> None:
        """`tables` are the split's, by source; `training` holds for random transforms.

        Rows of one shape are held in memory where all take no more than `most_stored` bytes.
        """
        self._most_stored = most_stored
        self.fields = tuple(fields)
        self.sources = tuple(tables)
        self.tables = dict(tables)
        self.training = training
        self._failures = failures
        self._traced = {field.field.name: output_spec(field) for field in fields}
        self.specs = {field.field.name: self._pinned(field) for field in fields}
        self._stored: dict[str, Stored] | None = None
        for field in fields:
            padding(field, self.specs[field.field.name].dtype)  # refused now where it does not fit

    def _pinned(self, field: Prepared) -> tf.TensorSpec:
        """What one example is: sizes that may vary are those declared null, others are the first row's."""
        spec, declared = self._traced[field.field.name], field.shape
        if spec.shape.is_fully_defined():
            return spec
        first = field.transform(example(field.read(self.tables[field.source], np.zeros(1, np.int64))))
        sizes = tuple(first.shape[1:])
        if declared is not None and len(declared) == len(sizes):
            sizes = tuple(None if d is None else s for d, s in zip(declared, sizes, strict=True))
        return tf.TensorSpec(sizes, first.dtype)

    @property
    def by_batch(self) -> bool:
        """Whether batches can be read and transformed whole."""
        return all(f.plain and self._traced[f.field.name].shape.is_fully_defined() for f in self.fields)

    @property
    def can_store(self) -> bool:
        """Whether all fields are the same at every pass and of a size to keep."""
        if any(field.chain.random or not can_store(self.specs[field.field.name]) for field in self.fields):
            return False
        return self.size() <= self._most_stored

    def size(self) -> int:
        """About how many bytes all rows take after their transforms."""
        return sum(self._bytes(field) * len(self.tables[field.source]) for field in self.fields)

    def _bytes(self, field: Prepared) -> int:
        spec = self.specs[field.field.name]
        if spec.shape.is_fully_defined() and spec.dtype != tf.string:
            return int(spec.shape.num_elements()) * int(spec.dtype.size)
        table = self.tables[field.source]
        seen = min(len(table), 32)
        rows = np.linspace(0, len(table) - 1, seen).astype(np.int64)
        return max(sum(self._row_bytes(field, int(row)) for row in rows) // seen, 1)

    def _row_bytes(self, field: Prepared, row: int) -> int:
        raw = field.read(self.tables[field.source], np.asarray([row]))
        value = field.transform(example(raw)).numpy()
        return sum(len(text) for text in value.flat) if value.dtype == object else int(value.nbytes)

    def kept(self, folder: Path | None, span: Span) -> Stream:
        """The same rows, transformed once and read from memory, or from files in `folder`."""
        examples = {field.field.name: self.examples(field, None) for field in self.fields}
        with self._failures.told():
            fields, tables = keep(self.fields, examples, folder, span)
        return Stream(fields, tables, self._failures, training=False, most_stored=0)

    def store(self) -> dict[str, Stored]:
        """All fields of all rows, transformed once."""
        if self._stored is None:
            self._stored = {field.field.name: self._store(field) for field in self.fields}
        return self._stored

    def _store(self, field: Prepared) -> Stored:
        table, spec = self.tables[field.source], self.specs[field.field.name]
        if field.plain and self._traced[field.field.name].shape.is_fully_defined():
            return store_plain(field, table)
        if field.plain and field.chain.ends_in_words and spec.shape.rank == 1:
            return store_words(field, table, spec, padding(field, spec.dtype))
        dataset = self.examples(field, None)
        with self._failures.told():
            rows: list[Array] = list(dataset.as_numpy_iterator())
        return store_rows([np.asarray(row) for row in rows], spec, padding(field, spec.dtype))

    def examples(self, field: Prepared, until: int | None) -> tf.data.Dataset:
        """All rows of one field in order, one by one, after `until` steps of its transforms."""
        table = self.tables[field.source]

        @plain_python
        def one(row: tf.Tensor) -> tf.Tensor:
            value = self._fetch([field], tf.reshape(row, (1, 1)), [field.source])[0]
            return field.transform(value, until=until)[0] if until is not None else self._one(field, value)

        return tf.data.Dataset.range(len(table)).map(one, num_parallel_calls=AUTOTUNE)

    def batches_for_fitting(self, field: Prepared, until: int) -> tf.data.Dataset:
        """All rows of one field in order, in batches, after `until` steps of its transforms."""
        if not field.raw.uniform or field.chain.random:
            return self.examples(field, until).batch(1)
        table = self.tables[field.source]

        @plain_python
        def batch(start: tf.Tensor) -> tf.Tensor:
            rows = tf.range(start, tf.minimum(start + 256, len(table)))
            return field.transform(self._fetch([field], rows[:, None], [field.source])[0], until=until)

        return tf.data.Dataset.range(0, len(table), 256).map(batch, num_parallel_calls=AUTOTUNE)

    @property
    def images_vary(self) -> bool:
        """Whether images may differ in size, so that a batch of them would have to be padded."""
        shapes = [spec.shape for spec in self.specs.values()]
        return any(shape.rank == 3 and not shape[:2].is_fully_defined() for shape in shapes)

    def dataset(
        self, order: Order, finish: Finish, endless: bool, change: Change | None = None
    ) -> tf.data.Dataset:
        """Batches in `order`, each handed to `finish`: one epoch, or `endless` ones.

        `change` is what happens to examples one by one, as batches of one, before they are padded.
        """
        if change is not None:
            return self._read_rows(order, finish, endless, change)
        if self.can_store:
            return self._from_store(order, finish, endless)
        if self.by_batch:
            return self._read_batches(order, finish, endless)
        return self._read_rows(order, finish, endless)

    def _from_store(self, order: Order, finish: Finish, endless: bool) -> tf.data.Dataset:
        stored = self.store()

        @plain_python
        def batch(rows: tf.Tensor, epochs: tf.Tensor, places: tf.Tensor) -> Any:
            found = {
                field.field.name: stored[field.field.name].gather(rows[:, self.sources.index(field.source)])
                for field in self.fields
            }
            return finish(found, PlacedSeed(order.seed_of(epochs, places)))

        options = tf.data.Options()  # there is nothing to tune, and tuning costs at every epoch's start
        options.autotune.enabled = False
        options.experimental_optimization.apply_default_optimizations = False
        return order.by_batch(endless).map(batch).prefetch(AHEAD).with_options(options)

    def _read_batches(self, order: Order, finish: Finish, endless: bool) -> tf.data.Dataset:
        @plain_python
        def batch(rows: tf.Tensor, epochs: tf.Tensor, places: tf.Tensor) -> Any:
            values = self._fetch(self.fields, rows, self.sources)
            found = {
                field.field.name: field.transform(value, self.training)
                for field, value in zip(self.fields, values, strict=True)
            }
            return finish(found, PlacedSeed(order.seed_of(epochs, places)))

        found = order.by_batch(endless).map(batch, num_parallel_calls=AUTOTUNE, deterministic=True)
        return found.prefetch(AUTOTUNE)

    def _read_rows(
        self, order: Order, finish: Finish, endless: bool, change: Change | None = None
    ) -> tf.data.Dataset:
        @plain_python
        def one(row: tf.Tensor, epoch: tf.Tensor, place: tf.Tensor) -> tuple[Batch, tf.Tensor]:
            values = self._fetch(self.fields, row[None], self.sources)
            seed = order.seed_of(epoch, place)
            placed = PlacedSeed(seed)
            found = {
                field.field.name: self._one(field, value, placed)
                for field, value in zip(self.fields, values, strict=True)
            }
            if change is not None:
                changed = change({name: value[None] for name, value in found.items()}, placed)
                found = {name: value[0] for name, value in changed.items()}
            return found, fold(seed, 0)

        @plain_python
        def batch(found: Batch, seeds: tf.Tensor) -> Any:
            return finish(found, PlacedSeed(seeds[0]))

        @plain_python
        def epoch(numbers: tf.data.Dataset) -> tf.data.Dataset:
            rows = numbers.map(one, num_parallel_calls=AUTOTUNE, deterministic=True)
            made, _ = rows.element_spec  # an image may have become floats
            pads = {f.field.name: padding(f, made[f.field.name].dtype) for f in self.fields}
            padding_values = (pads, tf.constant(0, tf.int64))
            padded = rows.padded_batch(order.batch_size, padding_values=padding_values)
            return padded.map(batch)

        return order.by_row(epoch, endless).prefetch(READ_AHEAD)

    def _one(self, field: Prepared, raw: tf.Tensor, seed: PlacedSeed | None = None) -> tf.Tensor:
        """One example, of the shape that all must have."""
        value = field.transform(raw, self.training, seed)[0]
        spec = self.specs[field.field.name]
        if value.shape.is_fully_defined() or not any(spec.shape):
            return tf.ensure_shape(value, spec.shape)
        wanted = Port(field.field.name, tuple(spec.shape))

        def check(shape: Array) -> Array:
            with self._failures.kept():
                check_row(tuple(int(size) for size in shape), wanted, field.field.span)
            return shape

        checked = tf.numpy_function(check, [tf.shape(value)], tf.int32)
        with tf.control_dependencies([checked]):
            return tf.ensure_shape(tf.identity(value), spec.shape)

    def _fetch(self, fields: Sequence[Prepared], rows: tf.Tensor, sources: Sequence[str]) -> list[tf.Tensor]:
        """Raw batches of fields; `rows` [batch, sources]. Where examples differ in shape, of one row."""

        def read(numbers: Array) -> list[Array]:
            with self._failures.kept():
                return [
                    _single(f.read(self.tables[f.source], numbers[:, sources.index(f.source)]), f)
                    for f in fields
                ]

        types = [field.raw_spec.dtype for field in fields]
        values = tf.numpy_function(read, [rows], types, stateful=False)
        return [
            tf.ensure_shape(value, (None, *field.raw_spec.shape))
            for value, field in zip(values, fields, strict=True)
        ]


def _single(raw: Array, field: Prepared) -> Array:
    """What a numpy function may hand over: objects [1] of an array become that array [1, …]."""
    if not field.raw.uniform:
        raw = raw[0][None]
    return raw.astype(bytes) if raw.dtype.kind == "U" else raw
