"""JSON lines: one object a line, whose keys are the columns; lists are arrays, of any length."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from specc.data.errors import fail
from specc.data.records import RecordIndex
from specc.data.table import Array, Column, Indices, MemoryTable, Table, ragged
from specc.data.typed import Use
from specc.frontend.sections.data import Located

CHUNK = 4096


def open_jsonl(path: Path, name: Located, use: Use, in_memory: int) -> Table:
    """The table of a file; one of more than `in_memory` bytes stays on the disk. Raises SpecError."""
    table = JsonLines(path, name, use)
    if path.stat().st_size > in_memory:
        return table
    everything = table.rows(np.arange(len(table), dtype=np.int64), tuple(table.columns))
    return MemoryTable(everything, table.columns, table.names, len(table))


class JsonLines(Table):
    """A file of JSON lines, read by record."""

    def __init__(self, path: Path, name: Located, use: Use) -> None:
        """Read all of it once, for the columns' types and shapes."""
        self._name, self._use = name, use
        self._records = RecordIndex(path)
        if not len(self._records):
            fail("data-json", f"`{name}` has no rows", name.span)
        self._names = tuple(self._parse(np.zeros(1, np.int64))[0])
        self._columns = self._infer()

    @property
    def columns(self) -> Mapping[str, Column]:
        return self._columns

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    def __len__(self) -> int:
        return len(self._records)

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Read and convert the records."""
        objects = self._parse(indices)
        found = {}
        for name in names:
            values = [self._value(line, name, row) for line, row in zip(objects, indices, strict=True)]
            found[name] = _column(values, self._columns[name])
        return found

    def _parse(self, indices: Indices) -> list[dict[str, Any]]:
        found = []
        for line, row in zip(self._records.read(indices), indices, strict=True):
            try:
                value = json.loads(line)
            except UnicodeDecodeError:
                self._fail(row, "is not UTF-8")
            except (ValueError, RecursionError) as error:
                self._fail(row, "is no JSON", str(error))
            if not isinstance(value, dict):
                self._fail(row, "holds no object")
            found.append(value)
        return found

    def _fail(self, row: Any, what: str, note: str = "") -> NoReturn:
        title = f"row {int(row) + 1} of `{self._name}` {what}"
        fail("data-json", title, self._name.span, notes=[note] if note else [])

    def _value(self, line: Mapping[str, Any], name: str, row: Any) -> Any:
        value = line.get(name)
        if value is not None:
            return value
        if name in self._use.fills:
            return self._use.fills[name]
        return fail(
            "data-missing",
            f"row {int(row) + 1} of `{self._name}` has no value `{name}`",
            self._name.span,
            help="say `fill: …` in the field",
        )

    def _infer(self) -> dict[str, Column]:
        found: dict[str, Column] = {}
        for start in range(0, len(self._records), CHUNK):
            rows = np.arange(start, min(start + CHUNK, len(self._records)), dtype=np.int64)
            for line, row in zip(self._parse(rows), rows, strict=True):
                for name in line if start == 0 and row == 0 else found:
                    if self._use.columns is not None and name not in self._use.columns:
                        continue
                    seen = self._described(self._value(line, name, row), name, row)
                    found[name] = self._joined(found.get(name, seen), seen, name, row)
        return found

    def _described(self, value: Any, name: str, row: Any) -> Column:
        try:
            array = np.asarray(value)
        except ValueError:
            self._fail(row, f"holds a list of lists of different lengths under `{name}`")
        if array.size == 0:
            return Column(array.shape, "")
        if array.dtype.kind not in "biufU":
            self._fail(row, f"holds neither number, text nor a list of them under `{name}`")
        dtype = {"b": "bool", "i": "int64", "u": "int64", "f": "float64", "U": "string"}[array.dtype.kind]
        return Column(array.shape, dtype)

    def _joined(self, one: Column, other: Column, name: str, row: Any) -> Column:
        """The column that holds both; an empty list is one of anything."""
        one, other = _as_empty_of(one, other), _as_empty_of(other, one)
        if len(one.shape) != len(other.shape):
            axes = f"{len(other.shape)} axes, where others have {len(one.shape)}"
            self._fail(row, f"holds `{name}` with {axes}")
        shape = tuple(a if a == b else None for a, b in zip(one.shape, other.shape, strict=True))
        dtypes = {one.dtype, other.dtype} - {""}
        if len(dtypes) <= 1:
            return Column(shape, next(iter(dtypes), ""))
        if dtypes == {"int64", "float64"}:
            return Column(shape, "float64")
        return self._fail(row, f"holds {other.dtype} under `{name}`, where others hold {one.dtype}")


def _as_empty_of(column: Column, other: Column) -> Column:
    """A column that was seen as an empty list, as none of what another holds several of."""
    if column.shape == (0,) and len(other.shape) > 1:
        return Column((0, *other.shape[1:]), column.dtype)
    return column


def _column(values: Sequence[Any], column: Column) -> Array:
    dtype = object if column.dtype == "string" else np.dtype(column.dtype or "float64")
    arrays = [np.asarray(value, dtype=dtype) for value in values]
    if not column.uniform:
        empty = (0, *(size or 0 for size in column.shape[1:]))
        return ragged([array if array.size else array.reshape(empty) for array in arrays])
    return np.stack(arrays) if arrays else np.empty((0, *column.shape), dtype)
