"""`specc evaluate`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from specc.cli.options import format_option, placed, plugin_option
from specc.cli.reports import metrics
from specc.lower.quiet import load_tensorflow


@click.command("evaluate")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("given", metavar="[DATA]", required=False, type=click.Path(path_type=Path))
@click.option(
    "--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True,
    help="Which split of the run's own data.",
)  # fmt: skip
@click.option(
    "--data", "data_root", metavar="DIR", type=click.Path(path_type=Path),
    help="Where the paths in the run's `data:` start, or those of images in columns of DATA.",
)  # fmt: skip
@format_option
@plugin_option
def command(folder: Path, given: Path | None, split: str, data_root: Path | None, as_json: bool) -> None:
    """Compute the loss and the metrics of the best model of a RUN.

    On a split of the run's own data, or on the file DATA, which has the same columns.
    """
    source = click.get_current_context().get_parameter_source("split")
    if given is not None and source == click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--split is of the run's own data: leave it out, or leave out DATA")
    load_tensorflow()
    from specc.inference.run import open_run

    run = open_run(folder)
    with placed(run.spec):
        found = run.evaluate(split, given, data_root=data_root)
    if as_json:
        click.echo(json.dumps(found, indent=2))
    else:
        click.echo(f"{split if given is None else given}  {metrics(found)}")
