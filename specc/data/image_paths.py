"""Images that are not there, or damaged: all of them are told at once."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from threading import Lock
from typing import TYPE_CHECKING, Any

import numpy as np

from specc.data.images import PATHS
from specc.data.table import Array, Table
from specc.frontend.sections.data_types import SplitName
from specc.source.diagnostic import Diagnostic, SpecError

if TYPE_CHECKING:
    from specc.data.fields import Prepared

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


MOST_READ = 5_000
MOST_BYTES = 2**32
MOST_NAMED = 20


class Damage:
    """What is wrong with the images of a field: where one cannot be used, the others are looked at, once.

    No more than `MOST_READ` of them, and of `MOST_BYTES` pixels, which takes some seconds.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._found: SpecError | None = None

    def all(self, error: SpecError, values: Iterable[Any], decode: Callable[[Any], Array]) -> SpecError:
        """The error of one image with the names of the others that cannot be used."""
        with self._lock:  # images are read in several threads
            if self._found is None:
                self._found = _with_others(error, values, decode)
            return self._found


def _with_others(error: SpecError, values: Iterable[Any], decode: Callable[[Any], Array]) -> SpecError:
    looked, size, bad = 0, 0, []
    for value in values:
        if looked == MOST_READ or size > MOST_BYTES:
            break
        looked += 1
        try:
            size += decode(value).nbytes
        except SpecError:
            bad.append(f"`{value}`")
    if len(bad) < 2:
        return error
    first, *others = error.diagnostics
    listed = ", ".join(bad[:MOST_NAMED]) + ", …" * (len(bad) > MOST_NAMED)
    note = f"of {looked} images that were looked at, {len(bad)} cannot be used: {listed}"
    if len(bad) == looked:
        note = f"none of {looked} images that were looked at can be used"
    return SpecError([replace(first, notes=(*first.notes, note)), *others])
