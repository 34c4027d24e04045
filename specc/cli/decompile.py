"""`specc decompile`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from specc.cli.files import check_apart, check_writable, tell_written, write, write_text
from specc.cli.options import plugin_option
from specc.cli.reports import plural
from specc.lower.quiet import load_tensorflow

if TYPE_CHECKING:
    from specc.decompile.model import Decompiled

_WEIGHTS = ".weights.h5"


@click.command("decompile")
@click.argument("path", metavar="MODEL.keras", type=click.Path(path_type=Path))
@click.option(
    "-o", "out", metavar="SPEC.yaml", type=click.Path(path_type=Path, allow_dash=True),
    help="Write to a file, not to the terminal.",
)  # fmt: skip
@click.option(
    "--weights", metavar=f"FILE{_WEIGHTS}", type=click.Path(path_type=Path),
    help="Also write the model's weights, as the spec's model loads them.",
)  # fmt: skip
@click.option("--flat", is_flag=True, help="One step a layer, without blocks and loops.")
@plugin_option
def command(path: Path, out: Path | None, weights: Path | None, flat: bool) -> None:
    """Write the spec that builds the same model as MODEL.keras, a Functional or Sequential one.

    Repeated structure becomes blocks and repeats. What a spec cannot say is refused by name.
    """
    out = None if out == Path("-") else out
    for target in (out, weights):
        check_apart(target, (path,))
        if target is not None:
            check_writable(target)
    if weights is not None and not weights.name.endswith(_WEIGHTS):
        raise click.BadParameter(f"the file's name ends in {_WEIGHTS}", param_hint="'--weights'")
    load_tensorflow()
    from specc.decompile.model import decompile_model
    from specc.lower.model_file import open_model_file

    opened = open_model_file(path)
    made = decompile_model(opened.model, source=path.name, training=opened.training, flat=flat)
    if out is None:
        click.echo(made.text, nl=False)
    else:
        write_text(out, made.text)
    if weights is not None:
        _write_weights(made, weights)
    lines, parameters = made.text.count("\n"), opened.model.count_params()
    found = [plural(lines, "line"), plural(made.blocks, "block"), plural(parameters, "parameter")]
    click.echo(f"{out or path}: {', '.join(found)}", err=True)
    if weights is not None:
        tell_written(weights)


def _write_weights(made: Decompiled, path: Path) -> None:
    """Write the weights from the model that the spec gives, whose layers may have other names."""
    from specc.decompile.checked import read_back
    from specc.graph.ir import Graph
    from specc.lower.copy_weights import copy_weights
    from specc.lower.models import build_models

    spec = read_back(made.text)
    models = build_models(spec)
    graphs = {name: graph for name, graph in spec.models.items() if isinstance(graph, Graph)}
    copy_weights(made.read, graphs, models)
    write(path, models["model"].save_weights)
