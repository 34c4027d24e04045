"""`specc compile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from specc.cli.files import check_apart, check_writable, write, write_text
from specc.cli.options import Changes, placed, spec_argument, spec_options
from specc.lower.quiet import load_tensorflow

if TYPE_CHECKING:
    from specc.frontend.spec import Spec


@click.command("compile")
@spec_argument
@click.option(
    "-o",
    "out",
    metavar="FILE",
    required=True,
    type=click.Path(path_type=Path),
    help="Where to save it: FILE.keras, or FILE.py for its source.",
)
@click.option("--model", metavar="NAME", help="Which model, where the spec has several.")
@spec_options
def command(path: Path, out: Path, model: str | None, changes: Changes) -> None:
    """Build a model and save it as a .keras file, or write its source.

    A .keras file holds a plain Keras model with fresh weights, compiled where the spec says how it is
    trained: `keras.models.load_model` reads it where specc is not installed. A .py file holds Python
    source that builds all models of the spec with nothing but Keras.
    """
    if out.suffix not in (".keras", ".py"):
        raise click.BadParameter("the file's name ends in .keras or .py", param_hint="'-o'")
    if out.suffix == ".py" and model is not None:
        raise click.UsageError("a .py file holds all models of the spec: leave --model out")
    check_writable(out)
    spec = changes.load(path)
    check_apart(out, (path, *spec.texts, *loaded(spec)))
    if out.suffix == ".py":
        write_source(spec, out)
        return
    if model is None and spec.entry is None:
        listed = ", ".join(f"`{name}`" for name in spec.models)
        raise click.UsageError(f"none of the spec's models is called `model`: say --model, one of {listed}")
    load_tensorflow()
    from specc.training.train import build_compiled

    with placed(spec):
        built = build_compiled(spec, model)
    write(out, built.save)
    click.echo(f"{out}: model {built.name}, {built.count_params():,} parameters")


def write_source(spec: Spec, out: Path) -> None:
    """Write a spec's models as Python source."""
    from specc.python.module import to_source

    with placed(spec):
        source = to_source(spec)
    write_text(out, source)
    click.echo(f"{out}: {len(source.splitlines())} lines of Python")


def loaded(spec: Spec) -> list[Path]:
    """The files and runs that models of a spec are loaded from."""
    from specc.frontend.project import Reference

    models = (model for model in spec.models.values() if isinstance(model, Reference))
    return [spec.root / str(model.settings["load"]) for model in models if model.form == "load"]
