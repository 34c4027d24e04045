"""Files of arrays: NPZ, NPY (mapped into memory) and IDX, MNIST's format; never a pickle."""

from __future__ import annotations

import gzip
import math
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from specc.data.errors import fail
from specc.data.table import Array, MemoryTable
from specc.frontend.sections.data import Located

MOST_UNPACKED = 16 << 30
"""Bytes that a compressed file may become."""


def open_npz(path: Path, name: Located, columns: frozenset[str] | None) -> MemoryTable:
    """The arrays of an NPZ file that are used; raises SpecError."""
    try:
        with zipfile.ZipFile(path) as archive:
            size = sum(entry.file_size for entry in archive.infolist())
        if size > MOST_UNPACKED:
            fail("data-array", f"`{name}` would unpack to {size} bytes", name.span)
        with np.load(path, allow_pickle=False) as loaded:
            wanted = [n for n in loaded.files if columns is None or n in columns]
            arrays = {n: loaded[n] for n in wanted}
            names = tuple(loaded.files)
            length = len(loaded[names[0]]) if names and not arrays else None
    except (OSError, TypeError, ValueError, MemoryError, EOFError, zipfile.BadZipFile, zlib.error) as error:
        fail("data-array", f"`{name}` is no NPZ file of plain arrays", name.span, notes=[str(error)])
    if not arrays:  # what was asked for is told where it is asked for
        return MemoryTable({}, names=names, length=length)
    return _table(arrays, dict.fromkeys(arrays, name), names)


def open_npy(paths: Mapping[str, tuple[Path, Located]]) -> MemoryTable:
    """Columns of NPY files, mapped into memory; raises SpecError."""
    arrays: dict[str, Array] = {}
    for column, (path, name) in paths.items():
        try:
            arrays[column] = np.load(path, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError, EOFError) as error:
            fail("data-array", f"`{name}` is no NPY file of a plain array", name.span, notes=[str(error)])
    return _table(arrays, {column: name for column, (_, name) in paths.items()})


def open_idx(paths: Mapping[str, tuple[Path, Located]]) -> MemoryTable:
    """Columns of IDX files, gzipped or not; raises SpecError."""
    arrays = {column: _read_idx(path, name) for column, (path, name) in paths.items()}
    return _table(arrays, {column: name for column, (_, name) in paths.items()})


def _table(
    arrays: Mapping[str, Array], names: Mapping[str, Located], known: tuple[str, ...] = ()
) -> MemoryTable:
    """A table of arrays whose first axes agree and whose values are numbers or texts."""
    first: str | None = None
    for column, array in arrays.items():
        name = names[column]
        if array.ndim == 0 or array.dtype.kind not in "biufSU":
            what = "one value" if array.ndim == 0 else f"values of type {array.dtype}"
            fail("data-array", f"`{column}` of `{name}` holds {what}", name.span)
        first = first or column
        if len(array) != len(arrays[first]):
            fail(
                "data-array",
                f"`{first}` has {len(arrays[first])} rows, `{column}` {len(array)}",
                name.span,
                related=[] if names[first] is name else [(names[first].span, f"{len(arrays[first])} rows")],
            )
    if first is not None and not len(arrays[first]):
        fail("data-array", f"`{names[first]}` has no rows", names[first].span)
    return MemoryTable(arrays, names=known)


_IDX_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def _read_idx(path: Path, name: Located) -> Array:
    """An IDX file: two zeros, a type, the number of axes, their sizes, the values, all big-endian."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
    try:
        with gzip.open(path) if packed else path.open("rb") as file:
            return _parse_idx(file, name)
    except (OSError, EOFError, zlib.error) as error:
        fail("data-array", f"`{name}` is a damaged file", name.span, notes=[str(error)])


def _parse_idx(file: BinaryIO | gzip.GzipFile, name: Located) -> Array:
    head = file.read(4)
    if len(head) < 4 or head[:2] != b"\0\0" or head[2] not in _IDX_TYPES or not head[3]:
        fail("data-array", f"`{name}` is no IDX file", name.span)
    sizes = file.read(4 * head[3])
    shape = tuple(int.from_bytes(sizes[at : at + 4], "big") for at in range(0, len(sizes), 4))
    dtype = np.dtype(_IDX_TYPES[head[2]])
    wanted = math.prod(shape) * dtype.itemsize
    if wanted > MOST_UNPACKED:
        fail("data-array", f"`{name}` would unpack to {wanted} bytes", name.span)
    data = file.read(wanted)
    if len(data) < wanted or file.read(1):
        more = "more" if len(data) == wanted else "fewer"
        fail("data-array", f"`{name}` holds {more} bytes than its head says: {wanted}", name.span)
    return np.frombuffer(data, dtype).astype(dtype.newbyteorder("=")).reshape(shape)
