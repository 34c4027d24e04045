"""Opening sources: each kind of file becomes a table, already shared out where its order matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from specc.data.array_files import open_idx, open_npy, open_npz
from specc.data.bundled import Official, open_bundled
from specc.data.csv_table import open_csv
from specc.data.errors import fail
from specc.data.filtering import filtered
from specc.data.image_files import open_images
from specc.data.jsonl import open_jsonl
from specc.data.paths import file, matches
from specc.data.split import in_order, share_out
from specc.data.table import Array, Indices, Part, Table
from specc.data.text_files import TextUnits, TextWindows, open_lines
from specc.data.tfrecord import TfRecords
from specc.data.typed import Use
from specc.data.windows import Windows, window_starts
from specc.frontend.sections.data import DataSection, Field, Located, Source, Split
from specc.frontend.sections.data_types import SplitName
from specc.source.suggest import did_you_mean

IN_MEMORY = 256 * 1024 * 1024
"""Files of texts up to this many bytes are read whole."""

Parts = dict[SplitName, Table]


@dataclass(frozen=True)
class Opening:
    """What opening a source needs: the folder, what is used of it, and how large a text is read whole."""

    root: Path
    fields: Sequence[Field]
    use: Use
    in_memory: int = IN_MEMORY


def open_table(source: Source, opening: Opening) -> tuple[Table, Official]:
    """The rows of a source, and the split it comes with (mostly none); raises SpecError."""
    root, use = opening.root, opening.use
    first = next(iter(source.files.values()))
    if source.kind == "dataset":
        return open_bundled(first)
    if source.kind == "csv":
        return open_csv(file(root, first), first, source.csv, use, opening.in_memory), {}
    if source.kind == "jsonl":
        return open_jsonl(file(root, first), first, use, opening.in_memory), {}
    if source.kind == "npz":
        return open_npz(file(root, first), first, use.columns), {}
    if source.kind in ("npy", "idx"):
        paths = {column: (file(root, located), located) for column, located in source.files.items()}
        return (open_npy(paths) if source.kind == "npy" else open_idx(paths)), {}
    if source.kind == "images":
        return open_images(root, source.files), {}
    if source.kind == "text":
        return open_lines(root, source, opening.in_memory), {}
    return _open_records(first, opening), {}


def _open_records(located: Located, opening: Opening) -> Table:
    paths = [match.path for match in matches(opening.root, located)]
    varying = {c.text for f in opening.fields if f.shape and None in f.shape for c in f.columns}
    return TfRecords(paths, located, frozenset(varying), opening.use.columns)


def open_parts(source: Source, section: DataSection, seed: int, opening: Opening) -> Parts:
    """The tables of a source's splits; raises SpecError."""
    if source.window is not None:
        return _open_windows(source, section.split, opening)
    table, official = filtered(*open_table(source, opening), source)
    split = section.split
    if split is None:
        return {name: Part(table, rows) for name, rows in official.items()} or {"train": table}
    pool = np.arange(len(table), dtype=np.int64)
    if official and "test" not in split.parts:
        pool = official["train"]
    classes = None if split.by is None else _classes(section, split.by, table, pool)
    shares = share_out(split, len(pool), seed, classes)
    parts: Parts = {name: Part(table, pool[rows]) for name, rows in shares.items()}
    if official and "test" not in split.parts:
        parts["test"] = Part(table, official["test"])
    return parts


def _open_windows(source: Source, split: Split | None, opening: Opening) -> Parts:
    """Windows within stretches of the series: none crosses from one split into another."""
    window = source.window
    assert window is not None
    if split is not None and (split.by or split.seed is not None):
        title = "a series is split in order: train, validation, test"
        fail("data-split", title, split.span, help="leave `stratify`, `per` and `seed` out")
    base: TextUnits | Table
    if source.kind == "text":
        if source.filter is not None:
            title = "windows slide over the whole text, and `filter` is of rows"
            fail("data-filter", title, source.filter.span)
        (column, located), *others = source.files.items()
        if others:
            fail("data-text", "windows slide over one text", others[0][1].span)
        base = TextUnits(file(opening.root, located), located, window.unit)
    else:
        base = filtered(*open_table(source, opening), source)[0]
    everything: dict[SplitName, Indices] = {"train": np.arange(len(base), dtype=np.int64)}
    shares = everything if split is None else in_order(split, len(base))
    parts: Parts = {}
    for name, stretch in shares.items():
        span, what = (source.span, "rows") if split is None else (split.span, f"{name} rows")
        starts = window_starts(window, stretch, span, what)
        if isinstance(base, TextUnits):
            parts[name] = TextWindows(base, column or "text", starts, window)
        else:
            parts[name] = Windows(base, window, starts)
    return parts


def _classes(section: DataSection, by: Located, table: Table, rows: Indices) -> Array:
    """The values that a split goes by: a column's, or those of a field's column."""
    name = by.text
    if name not in table.columns and name in section.fields:
        name = section.fields[name].columns[0].text
    column = table.columns.get(name)
    if column is None:
        fail(
            "data-column",
            f"the data has no column `{name}` to split by",
            by.span,
            help=did_you_mean(name, table.columns),
        )
    if column.shape:
        fail("data-split", f"`{name}` has several values a row", by.span, "cannot be split by")
    values = table.rows(rows, [name])[name]
    different = len(np.unique(values))
    if 2 * different > len(values):
        title = f"`{name}` has {different} different values in {len(values)} rows"
        help = "split by a column of classes, or leave this out"
        fail("data-split", title, by.span, "too many to split by", help=help)
    return values
