"""CSV files: read whole where they are small, by record through an index of offsets where they are not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import NoReturn

import numpy as np

from specc.data.errors import fail
from specc.data.records import RecordIndex
from specc.data.table import Array, Column, Indices, MemoryTable, Table
from specc.data.typed import Kind, MissingError, TextError, Use, convert, is_number, lacks, number_wanted
from specc.frontend.sections.data import CsvFormat, Located

CHUNK = 20_000
MOST_SHOWN = 40
"""Characters of a cell that are shown."""
Row = list[str]


def open_csv(path: Path, name: Located, form: CsvFormat, use: Use, in_memory: int) -> Table:
    """The table of a file; one of more than `in_memory` bytes stays on the disk. Raises SpecError."""
    reader = _Reader(path, name, form)
    keep = path.stat().st_size <= in_memory
    while True:
        try:
            kinds, chunks, kept_rows = reader.scan(use, keep)
        except TextError as error:
            use = use.with_text(error.column)
            continue
        break
    if keep:
        arrays = {n: _joined(parts, kinds[n]) for n, parts in chunks.items()}
        return MemoryTable(arrays, names=reader.names, length=len(kept_rows))
    return CsvOnDisk(reader, kinds, use, kept_rows)


def _joined(parts: list[Array], kind: Kind) -> Array:
    dtype = object if kind == "string" else np.dtype(kind)
    return np.concatenate(parts).astype(dtype, copy=False)


_WORDS = {
    "unexpected end of data": "a quote is opened, and never closed",
    "line contains NUL": "it holds a zero byte",
    "field larger than field limit": "a cell has more than 131072 characters: is a quote left open?",
}
"""What Python's reader says, in words about the file."""


def separator_within(names: Sequence[str]) -> str:
    """What separates the cells of a file that seems to have one column, as a spec writes it; else nothing."""
    found = [mark for mark in (";", "\t", "|") if len(names) == 1 and mark in names[0]]
    return found[0].replace("\t", "\\t") if found else ""


def _undecodable(path: Path) -> int:
    """The first line that is not UTF-8."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return number
    return 1


class _Reader:
    """Records of one file as lists of texts, checked for their length."""

    def __init__(self, path: Path, name: Located, form: CsvFormat) -> None:
        self.path, self.name, self.form = path, name, form
        self.names = self._names()
        self.records = 0

    def _names(self) -> tuple[str, ...]:
        with self.path.open(newline="", encoding="utf-8-sig") as file:
            first = next(self._parse(file), None)
        if first is None:
            fail("data-csv", f"`{self.name}` is empty", self.name.span)
        columns = self.form.columns
        if columns is not None and len(columns) != len(first):
            title = f"`{self.name}` has {len(first)} columns, `columns` names {len(columns)}"
            fail("data-csv", title, self.name.span)
        if columns is None and not self.form.header:
            return tuple(str(number) for number in range(len(first)))
        found = columns or tuple(text.strip() for text in first)
        twice = [column for column in found if found.count(column) > 1]
        if twice:
            fail(
                "data-csv",
                f"the header of `{self.name}` names `{twice[0]}` twice",
                self.name.span,
                help="name the columns: `columns: [..]` with `header: true`, or `header: false`",
            )
        return found

    def _parse(self, lines: Iterator[str] | io.TextIOBase) -> Iterator[Row]:
        """Records, blank lines left out."""
        reader = csv.reader(lines, delimiter=self.form.separator, strict=True)
        try:
            yield from (row for row in reader if row)
        except csv.Error as error:
            fail(
                "data-csv",
                f"`{self.name}` is no CSV: line {reader.line_num}",
                self.name.span,
                notes=[_WORDS.get(str(error).split(" (")[0], str(error))],
            )
        except UnicodeDecodeError:
            title = f"`{self.name}` line {_undecodable(self.path)} is not UTF-8"
            fail("data-csv", title, self.name.span, help="save the file as UTF-8")

    def rows(self) -> Iterator[Row]:
        """All records of the file, without the header."""
        with self.path.open(newline="", encoding="utf-8-sig") as file:
            yield from islice(self._parse(file), int(self.form.header), None)

    def parse_records(self, records: Sequence[bytes]) -> list[Row]:
        """Records as they stand in the file."""
        return list(self._parse(iter([record.decode() for record in records])))

    def scan(self, use: Use, keep: bool) -> tuple[dict[str, Kind], dict[str, list[Array]], Indices]:
        """All columns' kinds, their chunks (where kept), and the numbers of the records that stay."""
        wanted = [n for n in self.names if use.columns is None or n in use.columns]
        kinds: dict[str, Kind] = dict.fromkeys(wanted, "int64")
        chunks: dict[str, list[Array]] = {name: [] for name in wanted}
        stay: list[Indices] = []
        rows, start = self.rows(), 0
        while chunk := list(islice(rows, CHUNK)):
            self._check_lengths(chunk, start)
            kept = self._complete(chunk, wanted, use)
            stay.append(np.asarray(kept, np.int64) + start)
            kept_rows = [chunk[i] for i in kept]
            for name, array, kind in self.converted(kept_rows, kinds, use, stay[-1]):
                kinds[name] = kind
                if keep:
                    chunks[name].append(array)
            start += len(chunk)
        self.records = start
        rows_kept = np.concatenate(stay) if stay else np.empty(0, np.int64)
        if not len(rows_kept):
            fail("data-csv", f"`{self.name}` has no rows", self.name.span)
        return kinds, chunks, rows_kept

    def converted(
        self, rows: Sequence[Row], kinds: Mapping[str, Kind], use: Use, numbers: Indices | None = None
    ) -> Iterator[tuple[str, Array, Kind]]:
        """The wanted columns of some rows; raises TextError, and SpecError where a value lacks or is wrong.

        `numbers` are the records' own, which tell the lines of what is wrong.
        """
        for name, kind in kinds.items():
            column = self.names.index(name)
            texts = [row[column] for row in rows]
            try:
                array, now = convert(name, texts, kind, use)
            except MissingError as error:
                record = error.row if numbers is None else int(numbers[error.row])
                self._report_missing(record, name)
            except TextError:
                if numbers is not None and number_wanted(name, texts, use):
                    self._report_text(name, texts, use, numbers)
                raise
            yield name, array, now

    def _report_missing(self, record: int, column: str) -> NoReturn:
        fail(
            "data-missing",
            f"`{self.name}` line {self._line(record)}, column `{column}`: there is no value",
            self.name.span,
            help="say `drop_missing: true` beside the path to leave such rows out, or `fill: …` in the field",
        )

    def _report_text(self, column: str, texts: Sequence[str], use: Use, numbers: Indices) -> NoReturn:
        """Tell the first cell that is no number."""
        cells = (use.fills.get(column, text) if lacks(text, use) else text for text in texts)
        position = next(i for i, cell in enumerate(cells) if not is_number(str(cell), use))
        text = texts[position]
        where = f"`{self.name}` line {self._line(int(numbers[position]))}, column `{column}`"
        if lacks(text, use):
            title = f"{where}: there is no value, and `fill: {use.fills[column]}` is no number"
        else:
            title = f"{where}: '{text[:MOST_SHOWN]}{'…' * (len(text) > MOST_SHOWN)}' is no number"
        fail("data-csv", title, self.name.span)

    def _line(self, record: int) -> int:
        """The line of the file where a record begins, the header counted."""
        with self.path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.reader(file, delimiter=self.form.separator, strict=True)
            line, left = 1, record + int(self.form.header)
            for row in reader:
                if row and not left:
                    break
                left -= bool(row)
                line = reader.line_num + 1
        return line

    def _check_lengths(self, chunk: Sequence[Row], start: int) -> None:
        for position, row in enumerate(chunk):
            if len(row) != len(self.names):
                self._report_length(row, start + position)

    def _report_length(self, row: Row, record: int) -> NoReturn:
        """Tell how many cells there are, and what else separates them where it is plain to see."""
        cells = "1 cell" if len(row) == 1 else f"{len(row)} cells"
        other = separator_within(self.names)
        help = f'say `separator: "{other}"` beside the path' if other else ""
        if not help and len(row) > len(self.names):
            help = "a cell that holds the separator stands in quotes"
        fail(
            "data-csv",
            f"`{self.name}` line {self._line(record)} has {cells}, where {len(self.names)} are expected",
            self.name.span,
            help=help,
        )

    def _complete(self, chunk: Sequence[Row], wanted: Sequence[str], use: Use) -> list[int]:
        """The rows that stay: all, unless those that lack a value are dropped."""
        if not self.form.drop_missing:
            return list(range(len(chunk)))
        columns = [self.names.index(name) for name in wanted if name not in use.fills]
        return [i for i, row in enumerate(chunk) if not any(row[c] in use.missing for c in columns)]


class CsvOnDisk(Table):
    """A CSV file that is read by record."""

    def __init__(self, reader: _Reader, kinds: Mapping[str, Kind], use: Use, rows: Indices) -> None:
        self._reader, self._kinds, self._use = reader, dict(kinds), use
        index = RecordIndex(reader.path, quoted=True)
        if len(index) != reader.records + int(reader.form.header):
            fail(
                "data-csv",
                f"`{reader.name}` is too large to be read whole, and its records cannot be told apart",
                reader.name.span,
                help="end records with line breaks, and quote the values that hold a quote",
            )
        self._records = index.part(rows + int(reader.form.header))

    @property
    def columns(self) -> Mapping[str, Column]:
        return {name: Column((), kind) for name, kind in self._kinds.items()}

    @property
    def names(self) -> tuple[str, ...]:
        return self._reader.names

    def __len__(self) -> int:
        return len(self._records)

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Read and convert the records."""
        rows = self._reader.parse_records(self._records.read(indices))
        kinds = {name: self._kinds[name] for name in names}
        dtypes = {n: object if kind == "string" else np.dtype(kind) for n, kind in kinds.items()}
        found = self._reader.converted(rows, kinds, self._use)
        return {name: array.astype(dtypes[name], copy=False) for name, array, _ in found}
