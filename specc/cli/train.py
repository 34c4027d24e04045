"""`specc train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from specc.cli.options import Changes, placed, spec_argument, spec_options
from specc.cli.reports import metrics, plural, show
from specc.lower.quiet import load_tensorflow
from specc.source.diagnostic import Reporter

if TYPE_CHECKING:
    from specc.training.folder import RunFolder


@click.command("train")
@spec_argument
@click.option(
    "--run-dir", metavar="DIR", type=click.Path(path_type=Path),
    help="The folder of the run.  [default: runs/NAME-TIME]",
)  # fmt: skip
@click.option("--overwrite", is_flag=True, help="Replace the run that is in that folder.")
@click.option(
    "--data", "data_root", metavar="DIR", type=click.Path(path_type=Path),
    help="Where the paths in `data:` start.  [default: the spec's folder]",
)  # fmt: skip
@click.option(
    "--initial-weights", "initial_weights", metavar="PATH", type=click.Path(path_type=Path),
    help="Start with the weights of a run, a .keras or a .weights.h5 file, layer by layer.",
)  # fmt: skip
@click.option("--epochs", type=click.IntRange(min=1), help="Epochs of each stage, instead of the spec's.")
@click.option(
    "--strategy", type=click.Choice(["auto", "one_device", "mirrored"]), default="auto", show_default=True,
    help="Train on one device, or mirrored over several.",
)  # fmt: skip
@click.option("--devices", default="", metavar="A,B", help="Which devices: gpu:0,gpu:1, say.")
@click.option("-q", "--quiet", is_flag=True, help="Print no progress.")
@spec_options
def command(
    path: Path,
    run_dir: Path | None,
    overwrite: bool,
    data_root: Path | None,
    initial_weights: Path | None,
    epochs: int | None,
    strategy: str,
    devices: str,
    quiet: bool,
    changes: Changes,
) -> None:
    """Train the model of a spec into the folder of a run.

    The folder holds the best and the last model, the metrics of each epoch, and all that evaluate and
    predict need. Ctrl-C ends training; what was reached until then is kept.
    """
    spec = changes.load(path)
    load_tensorflow()
    from specc.report.curves import draw_curves
    from specc.report.gallery import draw_after
    from specc.report.samples import draw_samples
    from specc.training.train import train

    reporter = Reporter()
    with placed(spec):
        run = train(
            spec,
            run_dir=run_dir,
            data_root=data_root,
            strategy=strategy,
            devices=[device.strip() for device in devices.split(",") if device.strip()],
            epochs=epochs,
            overwrite=overwrite,
            verbose="silent" if quiet else None,
            log=click.echo,
            reporter=reporter,
            initial_weights=initial_weights,
            after=draw_after,
            draw=draw_samples,
        )
        draw_curves(run)
    show(reporter.sorted(), spec.texts)
    _tell(run)


def _tell(run: RunFolder) -> None:
    record = run.record
    told = f"{run.path}: {plural(record.epochs, 'epoch')}"
    if record.best_epoch is not None and record.best_epoch != record.epochs:
        told += f", the best is epoch {record.best_epoch}"
    click.echo(told)
    if record.best:
        click.echo(f"best  {metrics(record.best)}")
    if record.test:
        click.echo(f"test  {metrics(record.test)}")
    if record.status == "interrupted":
        click.echo("interrupted; what was reached is kept", err=True)
        raise click.exceptions.Exit(130)
