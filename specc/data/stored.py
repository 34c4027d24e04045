"""Transformed fields held in memory, dense or ragged, so that an epoch costs a gather."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import tensorflow as tf

from specc.data.errors import fail
from specc.data.fields import Prepared
from specc.data.order import plain_python
from specc.data.ports import Port, check_row
from specc.data.table import Array, Table

CHUNK = 1024


@dataclass(frozen=True)
class Dense:
    """All rows of a field: a tensor [rows, …]."""

    values: tf.Tensor

    def gather(self, rows: tf.Tensor) -> tf.Tensor:
        """Rows [batch] as a batch."""
        return tf.gather(self.values, rows)


@dataclass(frozen=True)
class Ragged:
    """All rows of a field whose first axis varies; batches are padded to their longest with `pad`."""

    values: tf.RaggedTensor
    pad: Any
    shape: tuple[int | None, ...]

    def gather(self, rows: tf.Tensor) -> tf.Tensor:
        """Rows [batch] as a padded batch."""
        found = tf.gather(self.values, rows).to_tensor(default_value=self.pad)
        return tf.ensure_shape(found, (None, *self.shape))


Stored = Dense | Ragged


def output_spec(field: Prepared) -> tf.TensorSpec:
    """One example of a field after its transforms; None in its shape where examples differ."""

    @plain_python
    def run(value: tf.Tensor) -> tf.Tensor:
        return field.transform(value, training=True, seed=None)

    spec = field.raw_spec
    if not field.chain.steps and field.raw.uniform:
        result = run(tf.zeros((1, *spec.shape), spec.dtype))
        return tf.TensorSpec(result.shape[1:], result.dtype)
    traced = tf.function(run, autograph=False).get_concrete_function(
        tf.TensorSpec((None, *spec.shape), spec.dtype)
    )
    result = traced.structured_outputs
    return tf.TensorSpec(result.shape[1:], result.dtype)


def as_tensor(raw: Array) -> tf.Tensor:
    """A raw batch as a tensor; texts are objects."""
    return tf.constant(raw.tolist() if raw.dtype.kind == "U" else raw)


def example(raw: Array) -> tf.Tensor:
    """A raw batch of one row as a tensor [1, …], also where rows differ in shape."""
    return as_tensor(raw[0][None] if raw.dtype == object and isinstance(raw[0], np.ndarray) else raw)


def store_plain(field: Prepared, table: Table) -> Dense:
    """All rows of a field whose examples have one shape, transformed batch by batch."""
    parts = []
    for start in range(0, len(table), CHUNK):
        rows = np.arange(start, min(start + CHUNK, len(table)), dtype=np.int64)
        parts.append(field.transform(as_tensor(field.read(table, rows))))
    return Dense(tf.concat(parts, axis=0) if len(parts) > 1 else parts[0])


def store_words(field: Prepared, table: Table, spec: tf.TensorSpec, pad: Any) -> Stored:
    """All rows of a field that ends with TextVectorization, batch by batch.

    The layer pads a batch with 0, which no word has, so that a row ends with its last other number.
    """
    rows: list[Array] = []
    for start in range(0, len(table), CHUNK):
        numbers = np.arange(start, min(start + CHUNK, len(table)), dtype=np.int64)
        words = field.transform(as_tensor(field.read(table, numbers))).numpy()
        lengths = words.shape[1] - np.argmax(words[:, ::-1] != 0, axis=1)
        lengths[~words.any(axis=1)] = 0
        rows += [row[:length] for row, length in zip(words, lengths, strict=True)]
    declared = Port(field.field.name, tuple(spec.shape))
    for row in rows:
        check_row(row.shape, declared, field.field.span)
    return store_rows(rows, spec, pad)


def store_rows(rows: list[Array], spec: tf.TensorSpec, pad: Any) -> Stored:
    """Examples of a field one by one, already transformed."""
    shape = tuple(spec.shape)
    if all(size is not None for size in shape):
        return Dense(tf.constant(np.stack(rows)))
    lengths = [len(row) for row in rows]
    values = tf.constant(np.concatenate(rows), dtype=spec.dtype)
    found = tf.RaggedTensor.from_row_lengths(values, np.asarray(lengths, np.int64))
    return Ragged(found, pad, shape)


def can_store(spec: tf.TensorSpec) -> bool:
    """Whether examples vary in their first axis at most."""
    return spec.shape.rank is not None and all(size is not None for size in spec.shape[1:])


def padding(field: Prepared, dtype: tf.DType) -> Any:
    """What fills up the shorter examples of a batch; raises SpecError where `dtype` does not hold it."""
    pad = field.field.pad
    if dtype == tf.string:
        return tf.constant("" if pad is None else str(pad))
    if pad is not None and not _holds(dtype, pad):
        fail("data-setting", f"`pad: {pad}` is no {dtype.name}", field.field.span, f"`{dtype.name}` here")
    return tf.cast(0 if pad is None else pad, dtype)


def _holds(dtype: tf.DType, number: float | str) -> bool:
    """Whether a number can stand among others of a dtype."""
    if isinstance(number, str):
        return False
    return not dtype.is_integer or (dtype.min <= number <= dtype.max and float(number).is_integer())
