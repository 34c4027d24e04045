"""CSV files: read whole where they are small, by record through an index of offsets where they are not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import numpy as np

from specc.data.errors import fail
from specc.data.records import RecordIndex
from specc.data.table import Array, Column, Indices, MemoryTable, Table
from specc.data.typed import Kind, MissingError, TextError, Use, convert
from specc.frontend.sections.data import CsvFormat, Located

CHUNK = 20_000
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
                notes=[str(error)],
            )
        except UnicodeDecodeError as error:
            fail("data-csv", f"`{self.name}` is not UTF-8", self.name.span, notes=[str(error)])

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
            for name, array, kind in self.converted([chunk[i] for i in kept], kinds, use, start):
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
        self, rows: Sequence[Row], kinds: Mapping[str, Kind], use: Use, start: int = 0
    ) -> Iterator[tuple[str, Array, Kind]]:
        """The wanted columns of some rows; raises TextError, and SpecError where a value lacks."""
        for name, kind in kinds.items():
            column = self.names.index(name)
            try:
                array, now = convert(name, [row[column] for row in rows], kind, use)
            except MissingError as error:
                self._report_missing(error, start)
            yield name, array, now

    def _report_missing(self, error: MissingError, start: int) -> None:
        fail(
            "data-missing",
            f"`{self.name}` has no value in column `{error.column}`, row {start + error.row + 1}",
            self.name.span,
            help="say `drop_missing: true` beside the path to leave such rows out, or `fill: …` in the field",
        )

    def _check_lengths(self, chunk: Sequence[Row], start: int) -> None:
        for position, row in enumerate(chunk):
            if len(row) != len(self.names):
                fail(
                    "data-csv",
                    f"`{self.name}` has {len(row)} values in row {start + position + 1}, where its first has "
                    f"{len(self.names)}",
                    self.name.span,
                    help="say `separator: …` where it is no comma",
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
