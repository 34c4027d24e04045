"""Named columns of equally many rows: what every source is, whether it lies in memory or not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

Array = np.ndarray[Any, Any]
Indices = np.ndarray[Any, np.dtype[np.int64]]


@dataclass(frozen=True, slots=True)
class Column:
    """One row's `shape` (None where rows differ) and the `dtype`: numpy's name, or `string`."""

    shape: tuple[int | None, ...]
    dtype: str

    @property
    def uniform(self) -> bool:
        """Whether all rows have one shape."""
        return None not in self.shape


class Table(Protocol):
    """Rows by number, read when they are asked for."""

    @property
    def columns(self) -> Mapping[str, Column]:
        """What it holds, by name: the columns that are used."""
        ...

    @property
    def names(self) -> tuple[str, ...]:
        """The names of all columns there are, used or not."""
        return tuple(self.columns)

    def __len__(self) -> int: ...

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """The columns `names` of some rows, in the order of `indices`.

        A uniform column is an array [rows, …]; another is an object array [rows] of arrays. Texts are
        objects.
        """
        ...


class MemoryTable(Table):
    """Columns that lie in memory (or are mapped into it)."""

    def __init__(
        self,
        arrays: Mapping[str, Array],
        columns: Mapping[str, Column] | None = None,
        names: Sequence[str] = (),
        length: int | None = None,
    ) -> None:
        """Take arrays [rows, …].

        `columns` is wanted only where some are object arrays of arrays; `length` where there may be none.
        """
        self.arrays = dict(arrays)
        given = columns or {}
        self._columns = {name: given.get(name) or describe(array) for name, array in arrays.items()}
        self._length = len(next(iter(self.arrays.values()))) if self.arrays else length or 0
        self._names = tuple(names) or tuple(self.arrays)

    @property
    def columns(self) -> Mapping[str, Column]:
        return self._columns

    @property
    def names(self) -> tuple[str, ...]:
        return self._names

    def __len__(self) -> int:
        return self._length

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Copies of the rows."""
        return {name: np.asarray(self.arrays[name][indices]) for name in names}


class Part(Table):
    """Some rows of another table."""

    def __init__(self, table: Table, indices: Indices) -> None:
        self.table = table
        self.indices = indices

    @property
    def columns(self) -> Mapping[str, Column]:
        return self.table.columns

    @property
    def names(self) -> tuple[str, ...]:
        return self.table.names

    def __len__(self) -> int:
        return len(self.indices)

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Rows by their number within the part."""
        return self.table.rows(self.indices[indices], names)


def describe(array: Array) -> Column:
    """The column that an array makes."""
    dtype = "string" if array.dtype.kind in "OSU" else array.dtype.name
    return Column(tuple(array.shape[1:]), dtype)


def ragged(values: Sequence[Array]) -> Array:
    """Arrays of different shapes as one object array [rows]."""
    found = np.empty(len(values), dtype=object)
    for position, value in enumerate(values):
        found[position] = value
    return found
