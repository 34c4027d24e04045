"""Data that is given to a trained model: a file it has never seen, arrays, or one array."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import numpy as np

from specc.data.dataset import Dataset, Wanted
from specc.data.dataset import data_root as root_of
from specc.data.fitted import Fitted
from specc.data.image_files import IMAGE
from specc.data.images import PATHS
from specc.data.open import open_data, open_tables
from specc.data.table import MemoryTable
from specc.data.windows import AHEAD
from specc.frontend.sections.data import CsvFormat, DataSection, Located, Source, Window
from specc.frontend.sections.data_types import Kind
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.span import Span

Given = Path | str | Mapping[str, Any] | Any

KINDS: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".data": "csv",
    ".jsonl": "jsonl",
    ".npz": "npz",
    ".npy": "npy",
    ".idx": "idx",
    ".png": "images",
    ".jpg": "images",
    ".jpeg": "images",
    ".gif": "images",
    ".bmp": "images",
    ".tfrecord": "tfrecord",
    ".tfrecords": "tfrecord",
}
"""Which kind of source a file is, by its suffix (`.gz` aside)."""
HELP = {
    "data-csv": "write the file as the one that the model was trained on",
    "data-missing": "write a value into the file",
}
"""What can be done about given data."""
NAMELESS = ("npy", "idx", "images")
"""Kinds whose files hold one column and do not name it."""


def open_given(
    given: Given,
    section: DataSection,
    wanted: Wanted,
    *,
    seed: int,
    fitted: Fitted,
    base: Path | str | None = None,
) -> Dataset:
    """Open given data as the spec's fields, all rows as one split called `train`, in their order.

    A mapping holds columns of the source by name, before any transform; an array is the only column there is.
    Paths that stand in a file's columns start from `base`, the file's folder unless given. Raises SpecError
    where the data does not have what the model needs.
    """
    plain = replace(section, split=None, shuffle=False, cache="auto")
    place = Span(str(given), 1, 1, 1, 1) if isinstance(given, (str, Path)) else None
    try:
        if isinstance(given, (str, Path)):
            one = replace(plain, sources={"": _source(Path(given), section, wanted)})
            root = Path(given).resolve().parent
            base = root if base is None else root_of(root, Path(base))
            return open_data(one, wanted, root=root, seed=seed, fitted=fitted, base=base)
        columns = given if isinstance(given, Mapping) else {only_column(section, wanted): given}
        one = replace(plain, sources={"": next(iter(section.sources.values()))})
        fills = _fills(section, wanted)
        arrays = {name: _array(name, values, fills.get(name)) for name, values in columns.items()}
        _check_lengths(arrays)
        tables = {"": MemoryTable(arrays)}
        return open_tables(one, wanted, tables, root=Path.cwd(), seed=seed, fitted=fitted)
    except SpecError as error:
        raise SpecError([_about_given(found, place) for found in error.diagnostics]) from error


def names_of_files(dataset: Dataset, given: Given) -> list[str]:
    """The files that are the rows of given images, from their folder on; empty where rows are none."""
    if not isinstance(given, (str, Path)):
        return []
    table = dataset.parts["train"][""]
    column = next((name for name, kept in table.columns.items() if kept.dtype == IMAGE.dtype), None)
    if column is None:
        return []
    path = Path(given).resolve()
    folder = path if path.is_dir() else path.parent
    paths = table.rows(np.arange(len(table), dtype=np.int64), [column])[column]
    return [Path(text).relative_to(folder).as_posix() for text in paths.tolist()]


def _about_given(found: Diagnostic, place: Span | None) -> Diagnostic:
    """What is wrong with given data, told of it: the spec of a finished run is not to be changed."""
    if found.code == "run-data":
        return found
    if found.help == PATHS:
        return replace(
            found, span=place, label="", help="images lie below the file's folder, or `--data DIR`"
        )
    near = found.help if found.help.startswith(("did you mean", "known: ", "save the file")) else ""
    return replace(found, span=place, label="", related=(), help=near or HELP.get(found.code, ""))


def _fills(section: DataSection, wanted: Wanted) -> dict[str, float | int | str]:
    """What stands in for missing values, by column."""
    fields = [section.fields[name] for name in section.needed(wanted.names) if name in section.fields]
    return {c.text: f.fill for f in fields if f.fill is not None for c in f.columns}


def _array(name: str, values: Any, fill: float | int | str | None) -> np.ndarray[Any, Any]:
    """A column as an array, its None and NaN filled as an empty cell of a file is."""
    try:
        array = np.asarray(values)
    except ValueError:
        _refuse(f"the rows of the column `{name}` differ in shape", "")
    if array.ndim != 1 or array.dtype.kind not in "Of":
        return array
    lacking = [value is None or value != value for value in array.tolist()]
    if not any(lacking):
        return array
    if fill is None:
        _refuse(f"the column `{name}` has no value in row {lacking.index(True) + 1}", "")
    return np.asarray([fill if lacks else v for v, lacks in zip(array.tolist(), lacking, strict=True)])


def only_column(section: DataSection, wanted: Wanted) -> str:
    """The one column that the wanted names are made of; raises SpecError where there are several."""
    columns: dict[str, None] = {}
    for name in section.needed(wanted.names):
        field = section.fields.get(name)
        columns |= dict.fromkeys([c.text for c in field.columns] if field else [name])
    if len(columns) != 1:
        listed = ", ".join(f"`{name}`" for name in columns)
        _refuse("this data does not name its columns", f"the model needs {listed}: give them by name")
    return next(iter(columns))


def _source(path: Path, section: DataSection, wanted: Wanted) -> Source:
    """A source for a file, read as the spec's own is where that is of the same kind."""
    if not path.exists():
        _refuse(f"there is no file `{path}`", "")
    span = Span(str(path), 1, 1, 1, 1)
    kind, pattern = _kind(path, section, wanted)
    own = next((source for source in section.sources.values() if source.kind == kind), None)
    column = only_column(section, wanted) if kind in NAMELESS else ""
    files = {column: Located(pattern, span)}
    if own is not None:
        # Predictions stand in the rows' order: where one would be left out, that is an error.
        csv = replace(own.csv, drop_missing=own.csv.drop_missing and bool(wanted.targets))
        window = _window(own, section, wanted)
        return replace(own, files=files, span=span, base=None, csv=csv, window=window)
    separator = CsvFormat(separator="\t") if path.suffix == ".tsv" else CsvFormat()
    return Source(kind, files, span, csv=separator)


def _window(own: Source, section: DataSection, wanted: Wanted) -> Window | None:
    """The spec's window; where nothing that follows is asked for, the last rows have one too."""
    fields = (section.fields.get(name) for name in section.needed(wanted.names))
    columns = {c.text for field in fields if field for c in field.columns} | set(wanted.names)
    if own.window is None or any(column.endswith(AHEAD) for column in columns):
        return own.window
    return replace(own.window, ahead=0)


def _kind(path: Path, section: DataSection, wanted: Wanted) -> tuple[Kind, str]:
    """What kind of source a path is, and the pattern that finds it from its folder."""
    if path.is_dir():
        if not any(port.shape is not None and len(port.shape) > 1 for port in wanted.inputs):
            _refuse(f"`{path}` is a folder", "give a file: only images may be all those of a folder")
        return "images", f"{path.resolve().name}/**/*"
    name = path.name.removesuffix(".gz")
    kind = KINDS.get(Path(name).suffix.lower())
    if kind is None and "-ubyte" in name:
        kind = "idx"
    own = {source.kind for source in section.sources.values()}
    if kind is None and len(own) == 1 and "dataset" not in own:
        kind = next(iter(own))
    if kind is None:
        known = ", ".join(sorted(KINDS))
        _refuse(f"`{path.name}` does not tell what kind of file it is", f"known are {known}")
    return kind, path.name


def _check_lengths(arrays: Mapping[str, np.ndarray[Any, Any]]) -> None:
    lengths = {name: len(values) for name, values in arrays.items() if values.ndim}
    if len(lengths) < len(arrays):
        scalar = next(name for name in arrays if name not in lengths)
        _refuse(f"`{scalar}` is one number", "give rows: a list or an array")
    if len(set(lengths.values())) > 1:
        listed = ", ".join(f"`{name}` {length}" for name, length in lengths.items())
        _refuse("the columns have different numbers of rows", listed)
    if not lengths or not next(iter(lengths.values())):
        _refuse("there are no rows", "")


def _refuse(title: str, help: str) -> NoReturn:
    raise SpecError([Diagnostic("run-data", title, None, help=help)])
