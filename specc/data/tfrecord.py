"""TFRecord files of `tf.train.Example`, read by record through an index of offsets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np
import tensorflow as tf
from google.protobuf.message import DecodeError  # type: ignore[import-untyped]

from specc.data.errors import fail
from specc.data.table import Array, Column, Indices, Table, ragged
from specc.frontend.sections.data import Located

_HEAD = 12  # a length of 8 bytes and its checksum of 4
_TAIL = 4

_KINDS = {"bytes_list": "bytes", "float_list": "float32", "int64_list": "int64"}


class TfRecords(Table):
    """The examples of some files. `varying` names the features whose number of values differs."""

    def __init__(
        self, paths: Sequence[Path], name: Located, varying: frozenset[str], used: frozenset[str] | None
    ) -> None:
        """Index the files, and take the columns from the first example; raises SpecError."""
        self._name, self._paths = name, list(paths)
        found = [_index(path, name) for path in paths]
        self._files = np.concatenate([np.full(len(o), i, np.int64) for i, (o, _) in enumerate(found)])
        self._offsets = np.concatenate([offsets for offsets, _ in found])
        self._lengths = np.concatenate([lengths for _, lengths in found])
        if not len(self._offsets):
            fail("data-record", f"`{name}` has no records", name.span)
        self._columns = self._first(varying, used)

    @property
    def columns(self) -> Mapping[str, Column]:
        return self._columns

    def __len__(self) -> int:
        return len(self._offsets)

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Read and parse examples."""
        examples = [self._example(row) for row in indices]
        found = {}
        for name in names:
            column = self._columns[name]
            values = [self._value(e, name, column, row) for e, row in zip(examples, indices, strict=True)]
            found[name] = np.stack(values) if column.uniform else ragged(values)
        return found

    def _first(self, varying: frozenset[str], used: frozenset[str] | None) -> dict[str, Column]:
        found = {}
        for name, feature in self._example(0).features.feature.items():
            kind = feature.WhichOneof("kind")
            if kind is None or (used is not None and name not in used):
                continue
            length = len(getattr(feature, kind).value)
            shape: tuple[int | None, ...] = () if length == 1 else (length,)
            found[name] = Column((None,) if name in varying else shape, _KINDS[kind])
        return found

    def _example(self, row: Any) -> tf.train.Example:
        with self._paths[self._files[row]].open("rb") as file:
            file.seek(int(self._offsets[row]))
            data = file.read(int(self._lengths[row]))
        try:
            return tf.train.Example.FromString(data)
        except DecodeError as error:
            fail(
                "data-record",
                f"record {row + 1} of `{self._name}` is no Example",
                self._name.span,
                notes=[str(error)],
            )

    def _value(self, example: tf.train.Example, name: str, column: Column, row: Any) -> Array:
        feature = example.features.feature.get(name)
        kind = None if feature is None else feature.WhichOneof("kind")
        if kind is None or _KINDS[kind] != column.dtype:
            fail(
                "data-record",
                f"record {row + 1} of `{self._name}` has no `{name}` of {column.dtype}",
                self._name.span,
            )
        values = getattr(feature, kind).value
        array = np.asarray(values, dtype=object if column.dtype == "bytes" else column.dtype)
        if column.uniform:
            wanted = column.shape[0] if column.shape else 1
            if len(array) != wanted:
                help = "say `shape: [null]` in the field where their number differs"
                self._fail(row, f"has {len(array)} values of `{name}`, the first has {wanted}", help=help)
            return array.reshape(column.shape)
        return array

    def _fail(self, row: Any, what: str, note: str = "", help: str = "") -> NoReturn:
        title = f"record {int(row) + 1} of `{self._name}` {what}"
        fail("data-record", title, self._name.span, notes=[note] if note else [], help=help)


def _index(path: Path, name: Located) -> tuple[Indices, Indices]:
    """Where the data of each record begins, and how long it is."""
    offsets, lengths, position = [], [], 0
    size = path.stat().st_size
    with path.open("rb") as file:
        while position < size:
            file.seek(position)
            length = int.from_bytes(file.read(8), "little")
            if position + _HEAD + length + _TAIL > size:
                fail(
                    "data-record",
                    f"`{path.name}` is no TFRecord file, or a part of one",
                    name.span,
                    help="compressed TFRecord files are not read; unpack them",
                )
            offsets.append(position + _HEAD)
            lengths.append(length)
            position += _HEAD + length + _TAIL
    return np.asarray(offsets, np.int64), np.asarray(lengths, np.int64)
