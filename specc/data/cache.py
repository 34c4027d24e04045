"""Decoded and transformed examples that are kept, in memory or in files, and read by row."""

from __future__ import annotations

import math
import shutil
import tempfile
import weakref
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from specc.data.errors import fail
from specc.data.fields import Prepared
from specc.data.table import Array, Column, Indices, Table, ragged
from specc.data.transforms import Chain
from specc.source.span import Span

LEAST_FREE = 1 << 30
"""Bytes that a cache leaves free on the disk."""


class Kept(Table):
    """Rows of transformed fields, one after another in one array a field.

    `values[name]` [numbers] lie in memory or are mapped into it; `shapes[name]` are one shape a row.
    """

    def __init__(self, parts: Mapping[str, Part]) -> None:
        self._parts = dict(parts)

    @property
    def columns(self) -> Mapping[str, Column]:
        return {name: part.column for name, part in self._parts.items()}

    def __len__(self) -> int:
        return len(next(iter(self._parts.values())).starts) - 1

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Copies of the rows."""
        return {name: self._parts[name].rows(indices) for name in names}


@dataclass(frozen=True)
class Part:
    """One field's rows: row k is `values[starts[k] : starts[k + 1]]`, of the shape `shapes[k]`."""

    column: Column
    values: Array
    starts: Indices
    shapes: Array

    def rows(self, indices: Indices) -> Array:
        """Copies of the rows: [rows, …], or objects [rows] where they differ in shape."""
        found = [
            np.array(self.values[self.starts[row] : self.starts[row + 1]]).reshape(self.shapes[row])
            for row in indices
        ]
        return np.stack(found) if self.column.uniform and found else ragged(found)


def keep(
    fields: Sequence[Prepared], examples: Mapping[str, tf.data.Dataset], folder: Path | None, span: Span
) -> tuple[list[Prepared], dict[str, Table]]:
    """All rows of fields, transformed: fields that read them, and the tables that hold them, by source.

    `examples[name]` are a field's, in order. They lie in memory, or in files of `folder`; texts always in
    memory. Raises SpecError (`data-cache`) where the disk would be full.
    """
    parts: dict[str, dict[str, Part]] = {}
    for field in fields:
        name = field.field.name
        rows = examples[name].as_numpy_iterator()
        text = examples[name].element_spec.dtype == tf.string
        path = None if folder is None or text else folder / f"{name}.bin"
        parts.setdefault(field.source, {})[name] = _part(rows, examples[name].element_spec, path, span)
    tables: dict[str, Table] = {source: Kept(found) for source, found in parts.items()}
    return [_reading(field, parts[field.source][field.field.name].column) for field in fields], tables


def _part(rows: Iterable[Any], spec: tf.TensorSpec, path: Path | None, span: Span) -> Part:
    starts, shapes, pieces = [0], [], []
    file = None if path is None else path.open("wb")
    try:
        for row in rows:
            value = np.asarray(row)
            shapes.append(value.shape)
            starts.append(starts[-1] + value.size)
            if file is None:
                pieces.append(value.reshape(-1))
            else:
                file.write(np.ascontiguousarray(value).tobytes())
    except OSError as error:
        fail("data-cache", "the cache cannot be written", span, notes=[str(error.strerror or error)])
    finally:
        if file is not None:
            file.close()
    text = spec.dtype == tf.string
    dtype = np.dtype(object) if text else np.dtype(spec.dtype.as_numpy_dtype)
    if path is None:
        values = np.concatenate(pieces) if pieces else np.empty(0, dtype)
    else:
        values = np.memmap(path, dtype, "r") if starts[-1] else np.empty(0, dtype)
    different = {tuple(shape) for shape in shapes}
    shape = next(iter(different)) if len(different) == 1 else tuple(spec.shape)
    column = Column(shape, "string" if text else spec.dtype.name)
    rank = len(spec.shape)
    return Part(column, values, np.asarray(starts, np.int64), np.asarray(shapes, np.int64).reshape(-1, rank))


def _reading(field: Prepared, column: Column) -> Prepared:
    """A field that reads what was kept of it, with nothing left to do."""
    return replace(field, columns=(field.field.name,), raw=column, chain=Chain([]), decoding="", within=None)


class CacheFolder:
    """A folder of files that are gone when nobody needs it any more."""

    def __init__(self, needed: int, span: Span) -> None:
        """Make it; raises SpecError (`data-cache`) where there is no room for `needed` bytes."""
        self._made = tempfile.TemporaryDirectory(prefix="specc-cache-")
        self.path = Path(self._made.name)
        weakref.finalize(self, self._made.cleanup)
        free = shutil.disk_usage(self.path).free
        if needed + LEAST_FREE > free:
            title = f"the cache would take {_gib(needed)} on the disk, where {_gib(free)} are free"
            fail("data-cache", title, span, notes=[f"in {self.path.parent}"], help="say `cache: false`")


def _gib(count: int) -> str:
    return f"{count / 2**30:.1f} GiB" if count >= 2**29 else f"{math.ceil(count / 2**20)} MiB"
