"""`specc draw`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from specc.cli.files import check_apart, check_writable, tell_written, write, write_text
from specc.cli.options import Changes, spec_argument, spec_options
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.suggest import did_you_mean

if TYPE_CHECKING:
    from specc.frontend.spec import Spec
    from specc.report.drawing.picture import Picture

FORMATS = {".svg": "SVG", ".png": "PNG", ".dot": "Graphviz", ".mmd": "Mermaid"}


@click.command("draw")
@spec_argument
@click.option(
    "-o", "out", required=True, metavar="FILE", type=click.Path(path_type=Path),
    help="The file to write: .svg, .png, .dot (Graphviz) or .mmd (Mermaid).",
)  # fmt: skip
@click.option("--model", "names", multiple=True, help="Draw this model only; may be repeated.")
@click.option("--depth", type=click.IntRange(0), help="Open this many levels of blocks; 0 folds them all.")
@click.option("--unroll", is_flag=True, help="Draw every round of a repeat, not equal rounds once.")
@click.option(
    "--direction", type=click.Choice(["down", "right"]), default="down", show_default=True,
    help="Where the links lead.",
)  # fmt: skip
@click.option("--no-shapes", is_flag=True, help="Leave out the shapes beside the links.")
@spec_options
def command(
    path: Path,
    out: Path,
    names: tuple[str, ...],
    depth: int | None,
    unroll: bool,
    direction: str,
    no_shapes: bool,
    changes: Changes,
) -> None:
    """Draw the models of a spec, without TensorFlow.

    Without --depth, as many levels of blocks are opened as make a picture of some boxes, yet not of many.
    """
    _check_format(out)
    check_writable(out)
    spec = changes.load(path)
    check_apart(out, (path, *spec.texts))
    pictures = _pictures(spec, names, depth, not no_shapes, unroll)
    _write(out, spec.name, pictures, direction == "right")
    tell_written(out)


def _check_format(out: Path) -> None:
    if out.suffix.lower() not in FORMATS:
        title = f"`{out.name}` is no format that a drawing is written in"
        listed = ", ".join(f"`{suffix}` ({name})" for suffix, name in FORMATS.items())
        raise SpecError(
            [Diagnostic("drawing-format", title, None, help=f"end the name with one of {listed}")]
        )


def _pictures(
    spec: Spec, names: tuple[str, ...], depth: int | None, shapes: bool, unroll: bool
) -> list[Picture]:
    """The pictures asked for: the entry model first, for it shows how the others are used."""
    from specc.graph.infer import infer_models
    from specc.report.drawing.fold import draw_model

    types = infer_models(spec.models)
    unknown = [name for name in names if name not in types]
    if unknown or not types:
        wanted = f"no model `{unknown[0]}`" if unknown else "no model"
        title = f"there is {wanted} written as layers in this spec"
        help = did_you_mean(unknown[0], types) if unknown else ""
        raise SpecError([Diagnostic("unknown-model", title, None, help=help)])
    entry = [spec.entry.name] if spec.entry is not None and spec.entry.name in types else []
    order = names or tuple(dict.fromkeys((*entry, *types)))
    return [draw_model(types[name], types, depth, shapes, unroll) for name in order]


def _write(out: Path, title: str, pictures: list[Picture], across: bool) -> None:
    from specc.report.drawing.png import save_png
    from specc.report.drawing.sheet import draw_sheet
    from specc.report.drawing.svg import to_svg
    from specc.report.drawing.text import to_dot, to_mermaid

    form = FORMATS[out.suffix.lower()]
    if form == "Graphviz":
        write_text(out, to_dot(title, pictures, across))
    elif form == "Mermaid":
        write_text(out, to_mermaid(title, pictures, across))
    else:
        drawing = draw_sheet(title, pictures, across)
        if form == "SVG":
            write_text(out, to_svg(drawing))
        else:
            write(out, lambda path: save_png(drawing, path))
