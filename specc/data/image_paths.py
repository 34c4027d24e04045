"""Paths of images that stand in a column: whether they lead to files, all of them, before training."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping

import numpy as np

from specc.data.fields import Prepared
from specc.data.images import PATHS
from specc.data.table import Table
from specc.frontend.sections.data_types import SplitName
from specc.source.diagnostic import Diagnostic

MOST_ASKED = 1_000_000
"""Of a larger table the paths are asked for when their rows are read."""
MOST_TOLD = 5


def missing_images(field: Prepared, parts: Mapping[SplitName, Mapping[str, Table]]) -> Diagnostic | None:
    """A diagnostic that names the first images of a field that are not there, and counts them."""
    tables = [tables[field.source] for tables in parts.values()]
    count = sum(map(len, tables))
    if (
        field.decoding != "path"
        or tables[0].columns[field.columns[0]].dtype != "string"
        or count > MOST_ASKED
    ):
        return None
    missing = [name for table in tables for name in _missing(field, table)]
    if not missing:
        return None
    more = [f"`{name}`" for name in missing[1:MOST_TOLD]] + ["…"] * (len(missing) > MOST_TOLD)
    notes = [f"{len(missing)} of {count} images are not there: also {', '.join(more)}"] if more else []
    title = f"there is no image `{missing[0]}`"
    place = f"looked in {field.base}"
    return Diagnostic("data-image", title, field.field.span, notes=(*notes, place), help=PATHS)


def _missing(field: Prepared, table: Table) -> Iterator[str]:
    paths = table.rows(np.arange(len(table), dtype=np.int64), field.columns)[field.columns[0]]
    names = map(str, paths.tolist())  # among them may be some that `Path.exists` raises for
    return (name for name in names if not os.path.exists(field.base / name))  # noqa: PTH110
