"""Writing what a command was asked to write: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from specc.source.diagnostic import Diagnostic, RunError

out_option = click.option(
    "-o", "out", metavar="FILE", type=click.Path(path_type=Path), help="Write to a file, not to the terminal."
)


def write_text(path: Path, text: str) -> None:
    """Write a text file. Raises RunError where it cannot be written."""
    write(path, lambda temporary: temporary.write_text(text, encoding="utf-8"))


def write(path: Path, writer: Callable[[Path], Any]) -> None:
    """Let `writer` make a file under another name, then put it in its place.

    Raises RunError where the file cannot be written.
    """
    temporary = path.with_name(f".writing-{path.name}")  # keeps the suffix: Keras goes by it
    try:
        check_writable(path)
        try:
            writer(temporary)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        raise _unwritable(path, error.strerror or str(error)) from error


def check_writable(path: Path) -> None:
    """Raise RunError where `path` can be no file; to be called before long work."""
    if path.is_dir():
        raise _unwritable(path, "it is a folder")
    if not path.parent.is_dir():
        raise _unwritable(path, f"there is no folder `{path.parent}`")


def _unwritable(path: Path, reason: str) -> RunError:
    title = f"`{path}` cannot be written"
    return RunError([Diagnostic("unwritable-file", title, None, notes=(reason,))])
