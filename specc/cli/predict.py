"""`specc predict`."""

from __future__ import annotations

from pathlib import Path

import click

from specc.cli.files import check_apart, check_writable
from specc.cli.options import placed, plugin_option
from specc.cli.reports import plural
from specc.lower.quiet import load_tensorflow


@click.command("predict")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.argument("given", metavar="DATA", type=click.Path(path_type=Path))
@click.option(
    "-o", "out", metavar="OUT.csv", required=True, type=click.Path(path_type=Path),
    help="Where to write: .csv (classes and probabilities, numbers, boxes), .jsonl or .npz (raw).",
)  # fmt: skip
@click.option("--batch-size", type=click.IntRange(min=1), help="Rows at a time; the run's unless given.")
@click.option(
    "--data", "data_root", metavar="DIR", type=click.Path(path_type=Path),
    help="Where the images lie that columns of DATA name; its own folder unless given.",
)  # fmt: skip
@plugin_option
def command(folder: Path, given: Path, out: Path, batch_size: int | None, data_root: Path | None) -> None:
    """Apply the best model of a RUN to the file DATA: one line of OUT.csv for each row, or each box found.

    DATA has the columns of the run's source (targets may lack), or is an image or a folder
    of images, with folders in it: then each line begins with its file.
    """
    if out.suffix not in (".csv", ".jsonl", ".npz"):
        raise click.BadParameter("the file's name ends in .csv, .jsonl or .npz", param_hint="'-o'")
    check_writable(out)
    check_apart(out, (given,))
    load_tensorflow()
    from specc.inference.run import open_run

    run = open_run(folder)
    with placed(run.spec):
        rows = run.predict_file(given, out, batch_size=batch_size, data_root=data_root)
    click.echo(f"{out}: {plural(rows, 'row')}")
