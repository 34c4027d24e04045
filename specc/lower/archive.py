"""Whether a `.keras` file may be opened: nothing is unpacked that would fill the memory."""

from __future__ import annotations

import zlib
from pathlib import Path
from zipfile import BadZipFile, ZipFile

MOST_UNPACKED = 8 << 30
"""Bytes that all members of a file may take together."""

MOST_CONFIG = 64 << 20
"""Bytes of `config.json`, which is read whole."""


DAMAGED = (BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError)
"""What reading a member raises: where it is damaged, encrypted, or packed as Python does not know."""


def check_archive(path: Path) -> None:
    """Raise ValueError, with the reason, where a `.keras` file is damaged or unpacks to too much.

    Only the table of contents is read. Raises OSError where the file cannot be read.
    """
    try:
        with ZipFile(path) as archive:
            members = archive.infolist()
    except BadZipFile as error:
        raise ValueError(f"`{path.name}` is damaged: it is no zip archive") from error
    sizes = {member.filename: member.file_size for member in members}
    if sizes.get("config.json", 0) > MOST_CONFIG:
        raise ValueError(f"the `config.json` in `{path.name}` is larger than {MOST_CONFIG >> 20} MiB")
    if sum(member.file_size for member in members) > MOST_UNPACKED:
        raise ValueError(f"`{path.name}` unpacks to more than {MOST_UNPACKED >> 30} GiB")


def read_member(path: Path, name: str) -> bytes:
    """A member of a `.keras` file; raises ValueError, with the reason, or OSError."""
    try:
        with ZipFile(path) as archive:
            if name not in archive.namelist():
                raise ValueError(f"there is no `{name}` in it")
            return archive.read(name)
    except DAMAGED as error:
        raise ValueError(f"the `{name}` in `{path.name}` is damaged: {error}") from error
