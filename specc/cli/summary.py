"""`specc summary`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click

from specc.cli.options import Changes, format_option, placed, spec_argument, spec_options
from specc.frontend.project import ENTRY
from specc.lower.quiet import load_tensorflow

if TYPE_CHECKING:
    from specc.lower.summary import LayerSummary, ModelSummary


@click.command("summary")
@spec_argument
@format_option
@spec_options
def command(path: Path, as_json: bool, changes: Changes) -> None:
    """Print the layers, output shapes and parameters of a spec's models."""
    spec = changes.load(path)
    load_tensorflow()
    from specc.lower.models import build_models
    from specc.lower.summary import summarize

    with placed(spec):
        models = build_models(spec)
    summaries = [summarize(name, model) for name, model in models.items()]
    if as_json:
        click.echo(json.dumps([asdict(summary) for summary in summaries], indent=2))
    else:
        titles = [f"{s.name}, the entry" if s.name == ENTRY else s.name for s in summaries]
        click.echo("\n\n".join(map(table, titles, summaries)))


def table(title: str, summary: ModelSummary) -> str:
    """A model as a table with a title; what flows in is told where it is not simply the line before."""
    heads = ("layer", "kind", "output", "parameters", "from")
    rows = [heads, *_rows(summary.layers)]
    if not any(row[4] for row in rows[1:]):
        rows = [row[:4] for row in rows]
    widths = [max(len(row[i]) for row in rows) for i in range(len(rows[0]))]
    lines = [_line(row, widths) for row in rows]
    lines.insert(1, "─" * sum(widths, 2 * (len(widths) - 1)))
    return "\n".join([f"model {title}", *lines, lines[1], _totals(summary)])


def _totals(summary: ModelSummary) -> str:
    frozen = summary.parameters - summary.trainable
    more = f", {frozen:,} of them not trainable" if frozen else ""
    return f"{summary.parameters:,} parameters{more}"


def _rows(layers: Sequence[LayerSummary]) -> Iterator[tuple[str, ...]]:
    before = ""
    for layer in layers:
        straight = layer.sources in ((), (before,))
        shapes = ", ".join(_shape(shape) for shape in layer.outputs)
        parameters = f"{layer.parameters:,}" if layer.parameters else ""
        yield layer.name, layer.kind, shapes, parameters, "" if straight else ", ".join(layer.sources)
        before = layer.name


def _shape(shape: Sequence[int | None]) -> str:
    return "[" + ", ".join("batch" if i == 0 else str(d or "?") for i, d in enumerate(shape)) + "]"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    cells = [f"{c:>{w}}" if i == 3 else f"{c:<{w}}" for i, (c, w) in enumerate(zip(row, widths, strict=True))]
    return "  ".join(cells).rstrip()
