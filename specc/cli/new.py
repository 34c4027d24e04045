"""`specc new`."""

from __future__ import annotations

import re
from pathlib import Path

import click

from specc.cli.files import write_text
from specc.source.diagnostic import Diagnostic, SpecError

_FOLDER = Path(__file__).parent / "templates"
TEMPLATES = tuple(sorted(path.stem for path in _FOLDER.glob("*.yaml")))


@click.command("new")
@click.argument("name", default="digits")
@click.option(
    "--template", type=click.Choice(TEMPLATES), default="cnn", show_default=True, help="What kind of network."
)
def command(name: str, template: str) -> None:
    """Write NAME.yaml, a commented spec that trains at once on scikit-learn's digits.

    A file that is there is never overwritten.
    """
    path = Path(name) if name.endswith(".yaml") else Path(f"{name}.yaml")
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]*", path.stem):
        raise click.BadParameter("letters, digits, `_` and `-`, a letter first", param_hint="'NAME'")
    if path.exists():
        title = f"`{path}` is there already"
        raise SpecError([Diagnostic("file-taken", title, None, help="give another name, or remove it first")])
    text = (_FOLDER / f"{template}.yaml").read_text(encoding="utf-8")
    write_text(path, text.replace("NAME.yaml", str(path)).replace("NAME", path.stem))
    click.echo(f"{path} is written; next: specc train {path}")
