"""Writing what a command was asked to write: whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import click

from specc.source.diagnostic import Diagnostic, RunError, SpecError
from specc.source.span import COMMAND_LINE

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


def check_apart(out: Path | None, inputs: Iterable[str | Path]) -> None:
    """Raise SpecError where writing `out` would overwrite one of a command's own inputs."""
    if out is None or not out.exists():
        return
    for given in inputs:
        path = Path(given)
        if given != COMMAND_LINE and path.exists() and path.samefile(out):
            title = f"`{out}` would overwrite its own input"
            help = "give `-o` the name of another file"
            raise SpecError([Diagnostic("overwrites-input", title, None, help=help)])


def tell_written(path: Path) -> None:
    """Say on stderr what a command wrote that prints nothing else."""
    click.echo(f"{path} is written", err=True)


def _unwritable(path: Path, reason: str) -> RunError:
    title = f"`{path}` cannot be written"
    return RunError([Diagnostic("unwritable-file", title, None, notes=(reason,))])
