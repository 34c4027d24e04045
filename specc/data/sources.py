"""Opening sources: each kind of file becomes a table, already shared out where its order matters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from specc.data.bundled import Official, open_bundled
from specc.data.csv_table import open_csv
from specc.data.errors import fail
from specc.data.paths import file, inside
from specc.data.split import share_out
from specc.data.table import Array, Indices, Part, Table
from specc.data.typed import Use
from specc.frontend.sections.data import DataSection, Source
from specc.frontend.sections.data_types import SplitName
from specc.source.suggest import did_you_mean

IN_MEMORY = 256 * 1024 * 1024
"""Files of texts up to this many bytes are read whole."""

Parts = dict[SplitName, Table]


def open_table(source: Source, root: Path, use: Use, in_memory: int = IN_MEMORY) -> tuple[Table, Official]:
    """The rows of a source, and the split it comes with (mostly none); raises SpecError."""
    first = next(iter(source.files.values()))
    if source.kind == "dataset":
        return open_bundled(first)
    if source.kind == "csv":
        return open_csv(file(root, first), first, source.csv, use, in_memory), {}
    raise AssertionError(source.kind)


def open_parts(source: Source, section: DataSection, root: Path, seed: int, use: Use) -> Parts:
    """The tables of a source's splits; raises SpecError."""
    table, official = open_table(source, root, use)
    split = section.split
    if split is None:
        return {name: Part(table, rows) for name, rows in official.items()} or {"train": table}  # type: ignore[misc]
    pool = np.arange(len(table), dtype=np.int64)
    if official and "test" not in split.parts:
        pool = official["train"]
    classes = None
    if split.stratify is not None:
        classes = _classes(section, table, pool)
    shares = share_out(split, len(pool), seed, classes)
    parts: Parts = {name: Part(table, pool[rows]) for name, rows in shares.items()}
    if official and "test" not in split.parts:
        parts["test"] = Part(table, official["test"])
    return parts


def _classes(section: DataSection, table: Table, rows: Indices) -> Array:
    """The values that a split keeps in proportion: a column's, or those of a field's column."""
    split = section.split
    assert split is not None and split.stratify is not None
    name = split.stratify.text
    if name not in table.columns and name in section.fields:
        name = section.fields[name].columns[0].text
    column = table.columns.get(name)
    if column is None:
        fail(
            "data-column",
            f"the data has no column `{name}` to stratify by",
            split.stratify.span,
            help=did_you_mean(name, table.columns),
        )
    if column.shape:
        fail("data-split", f"`{name}` has several values a row", split.stratify.span, "cannot be stratified by")
    return table.rows(rows, [name])[name]
