"""`specc show`."""

from __future__ import annotations

from pathlib import Path

import click

from specc.cli.files import check_writable, tell_written, write
from specc.cli.options import placed, plugin_option
from specc.lower.quiet import load_tensorflow

ENDINGS = (".png", ".svg", ".pdf")


@click.command("show")
@click.argument("folder", metavar="RUN", type=click.Path(path_type=Path))
@click.option(
    "-o", "out", metavar="FILE", type=click.Path(path_type=Path),
    help="Where to draw: .png, .svg or .pdf.  [default: RUN/examples.png]",
)  # fmt: skip
@click.option(
    "-n", "count", type=click.IntRange(1, 64), default=8, show_default=True, help="How many examples."
)
@click.option(
    "--split", type=click.Choice(["train", "validation", "test"]), default="test", show_default=True,
    help="Which split of the run's own data.",
)  # fmt: skip
@click.option(
    "--data", "data_root", metavar="DIR", type=click.Path(path_type=Path),
    help="Where the paths in the run's `data:` start.",
)  # fmt: skip
@plugin_option
def command(folder: Path, out: Path | None, count: int, split: str, data_root: Path | None) -> None:
    """Draw what the best model of a RUN makes of some images, beside the truth.

    Masks and images that come out stand beside the image; classes are written below it, wrong ones marked.
    """
    if out is not None and out.suffix not in ENDINGS:
        raise click.BadParameter(f"the file's name ends in {', '.join(ENDINGS)}", param_hint="'-o'")
    if out is not None:
        check_writable(out)
    load_tensorflow()
    from specc.inference.run import open_run
    from specc.report.gallery import draw_examples
    from specc.training.folder import EXAMPLES_FILE

    run = open_run(folder)
    with placed(run.spec):
        examples = run.examples(split, count, data_root=data_root)
    target = out or folder / EXAMPLES_FILE
    write(target, lambda path: draw_examples(examples, path))
    tell_written(target)
