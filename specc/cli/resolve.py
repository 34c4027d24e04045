"""`specc resolve`."""

from __future__ import annotations

from pathlib import Path

import click

from specc.cli.files import check_apart, out_option, tell_written, write_text
from specc.cli.options import Changes, spec_argument, spec_options


@click.command("resolve")
@spec_argument
@out_option
@spec_options
def command(path: Path, out: Path | None, changes: Changes) -> None:
    """Print a spec flat: no parameters, blocks, loops or expressions are left.

    What is printed is a spec again and gives the same models.
    """
    from specc.frontend.emit import emit

    spec = changes.load(path)
    check_apart(out, (path, *spec.texts))
    text = emit(spec)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text(out, text)
        tell_written(out)
