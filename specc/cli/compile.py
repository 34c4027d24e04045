"""`specc compile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from specc.cli.files import check_writable, write
from specc.cli.options import Changes, placed, spec_argument, spec_options
from specc.lower.quiet import load_tensorflow
from specc.source.suggest import did_you_mean

if TYPE_CHECKING:
    from specc.frontend.spec import Spec


@click.command("compile")
@spec_argument
@click.option(
    "-o",
    "out",
    metavar="FILE.keras",
    required=True,
    type=click.Path(path_type=Path),
    help="Where to save it.",
)
@click.option("--model", metavar="NAME", help="Which model, where the spec has several.")
@spec_options
def command(path: Path, out: Path, model: str | None, changes: Changes) -> None:
    """Build a model and save it as a .keras file.

    The file holds a plain Keras model with fresh weights: `keras.models.load_model` reads it where specc is
    not installed.
    """
    if out.suffix != ".keras":
        raise click.BadParameter("the file's name ends in .keras", param_hint="'-o'")
    check_writable(out)
    spec = changes.load(path)
    name = chosen(spec, model)
    load_tensorflow()
    from specc.lower.models import build_models

    with placed(spec):
        built = build_models(spec)[name]
    write(out, built.save)
    click.echo(f"{out}: model {built.name}, {built.count_params():,} parameters")


def chosen(spec: Spec, model: str | None) -> str:
    """The name of the model that is meant: the given one, or the entry. Raises UsageError where unclear."""
    if model is not None and model not in spec.models:
        raise click.BadParameter(
            f"there is no model `{model}`: {did_you_mean(model, spec.models)}", param_hint="'--model'"
        )
    if model is None and spec.entry is None:
        listed = ", ".join(f"`{name}`" for name in spec.models)
        raise click.UsageError(
            f"the spec has several models and none is called `model`: say --model, {listed}"
        )
    if model is not None:
        return model
    return next(name for name, made in spec.models.items() if made is spec.entry)
