"""`specc schema`."""

from __future__ import annotations

from pathlib import Path

import click

from specc.cli.files import out_option, tell_written, write_text
from specc.cli.options import plugin_option


@click.command("schema")
@out_option
@plugin_option
def command(out: Path | None) -> None:
    """Print the JSON Schema of the language, for completion and checks in editors.

    With plugins, what they register is in it.
    """
    from specc.frontend.schema import text

    if out is None:
        click.echo(text(), nl=False)
    else:
        write_text(out, text())
        tell_written(out)
