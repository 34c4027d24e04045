"""Plain text: one example a line, or stretches of characters, words or lines."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from specc.data.array_files import MOST_UNPACKED
from specc.data.errors import fail
from specc.data.paths import Match, matches
from specc.data.records import RecordIndex
from specc.data.table import Array, Column, Indices, MemoryTable, Table
from specc.frontend.sections.data import Located, Source, Window


def open_lines(root: Path, source: Source, in_memory: int) -> Table:
    """A column of lines per file, `text` where there is one only; placeholders of its path are columns.

    Several files of one pattern follow each other. Raises SpecError.
    """
    found = {column or "text": matches(root, located) for column, located in source.files.items()}
    first = next(iter(source.files.values()))
    if len(found) == 1:
        (column, (match, *others)), *_ = found.items()
        bare = not others and not match.values and match.path.suffix != ".gz"
        if bare and match.path.stat().st_size > in_memory:
            return LinesOnDisk(match.path, column)
    columns = {
        column: [(line, match) for match in files for line in _lines(match, first)]
        for column, files in found.items()
    }
    lengths = {column: len(lines) for column, lines in columns.items()}
    if len(set(lengths.values())) > 1:
        said = ", ".join(f"`{column}` {length}" for column, length in lengths.items())
        fail("data-text", f"files of different lengths, in lines: {said}", source.span)
    if not next(iter(lengths.values())):
        fail("data-text", f"`{first}` has no lines", first.span)
    arrays = {column: texts([line for line, _ in lines]) for column, lines in columns.items()}
    for lines in columns.values():
        for position, (name, _) in enumerate(lines[0][1].values):
            if name not in arrays:
                arrays[name] = texts([match.values[position][1] for _, match in lines])
    return MemoryTable(arrays)


def _lines(match: Match, located: Located) -> list[str]:
    return read_text(match.path, located).splitlines()


def read_text(path: Path, located: Located) -> str:
    """A UTF-8 file, gzipped or not, whole; raises SpecError."""
    try:
        if path.suffix == ".gz":
            with gzip.open(path) as file:
                data = file.read(MOST_UNPACKED + 1)
            if len(data) > MOST_UNPACKED:
                fail("data-text", f"`{path.name}` unpacks to too much", located.span)
        else:
            data = path.read_bytes()
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail("data-text", f"`{path.name}` is not UTF-8", located.span, notes=[str(error)])
    except (OSError, EOFError) as error:
        fail("data-text", f"`{path.name}` cannot be read", located.span, notes=[str(error)])


def texts(values: Sequence[str]) -> Array:
    """Texts as an array of objects."""
    found = np.empty(len(values), dtype=object)
    found[:] = values
    return found


class LinesOnDisk(Table):
    """The lines of a large file, blank ones left out."""

    def __init__(self, path: Path, column: str) -> None:
        self._column = column
        self._records = RecordIndex(path)

    @property
    def columns(self) -> Mapping[str, Column]:
        return {self._column: Column((), "string")}

    def __len__(self) -> int:
        return len(self._records)

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Read lines."""
        lines = [line.decode().rstrip("\r\n") for line in self._records.read(indices)]
        return {name: texts(lines) for name in names}


class TextUnits:
    """A text cut into characters, words or lines: what windows slide over."""

    def __init__(self, path: Path, located: Located, unit: str) -> None:
        text = read_text(path, located)
        self._joint = {"character": "", "word": " ", "line": "\n"}[unit]
        self._units: Sequence[str] = text
        if unit != "character":
            self._units = text.split() if unit == "word" else text.splitlines()

    def __len__(self) -> int:
        return len(self._units)

    def stretch(self, start: int, length: int) -> str:
        """The text of `length` units."""
        return self._joint.join(self._units[start : start + length])


class TextWindows(Table):
    """Stretches of a text as a column."""

    def __init__(self, units: TextUnits, column: str, starts: Indices, window: Window) -> None:
        self._units, self._column, self._starts, self._window = units, column, starts, window

    @property
    def columns(self) -> Mapping[str, Column]:
        return {self._column: Column((), "string")}

    def __len__(self) -> int:
        return len(self._starts)

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Cut stretches."""
        found = [self._units.stretch(int(s), self._window.length) for s in self._starts[indices]]
        return {name: texts(found) for name in names}
