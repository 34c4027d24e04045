"""A drawing as pixels, by matplotlib."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specc.report.drawing.marks import TAIL, TAIL_GAP, Curve, Drawing, Mark, Rect, Text
from specc.report.drawing.svg import head
from specc.report.drawing.theme import colors, text_width
from specc.source.diagnostic import Diagnostic, SpecError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHARP, LEAST = 2.0, 0.6
"""Pixels of the file per pixel of the drawing: as wanted, and what can just be read."""
LONGEST, MOST = 30_000, 80_000_000
"""Pixels along a side, and in all."""
DPI = 100


def save_png(drawing: Drawing, path: Path) -> None:
    """Write a drawing as a PNG on white. Raises SpecError where it is too large to be read in pixels."""
    scale = _scale(drawing)
    from matplotlib.figure import Figure  # here, for it takes a second to import

    figure = Figure(figsize=(drawing.width * scale / DPI, drawing.height * scale / DPI), dpi=DPI)
    figure.patch.set_facecolor(colors(dark=False)["paper"])
    axes = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    axes.set_xlim(0, drawing.width)
    axes.set_ylim(drawing.height, 0)
    axes.set_axis_off()
    table = colors(dark=False)
    for order, mark in enumerate(drawing.marks):
        _paint(axes, mark, table, scale, order)
    figure.savefig(path, dpi=DPI)


def _scale(drawing: Drawing) -> float:
    longest = max(drawing.width, drawing.height)
    scale = min(SHARP, LONGEST / longest, math.sqrt(MOST / (drawing.width * drawing.height)))
    if scale < LEAST:
        size = f"{drawing.width:,.0f} × {drawing.height:,.0f}"
        title = f"this drawing of {size} is too large for a PNG that can be read"
        help = "write an `.svg`, or fold blocks with a smaller `--depth`"
        raise SpecError([Diagnostic("drawing-too-large", title, None, help=help)])
    return scale


def _paint(axes: Axes, mark: Mark, table: dict[str, str], scale: float, order: int) -> None:
    from matplotlib.patches import FancyBboxPatch, PathPatch, Polygon

    points = scale * 72 / DPI
    if isinstance(mark, Text):
        _write(axes, mark, table, points, order)
    elif isinstance(mark, Rect):
        radius = min(mark.radius, mark.height / 2, mark.width / 2)
        style = f"round,pad=0,rounding_size={radius}"
        fill, line = table[mark.fill], table[mark.line]
        corner = (mark.x, mark.y)
        axes.add_patch(
            FancyBboxPatch(corner, mark.width, mark.height, boxstyle=style, facecolor=fill, edgecolor=line,
                           linewidth=points, mutation_aspect=1.0, zorder=order)
        )  # fmt: skip
    else:
        axes.add_patch(
            PathPatch(_path(mark), facecolor="none", edgecolor=table[mark.color], linewidth=1.4 * points,
                      zorder=order)
        )  # fmt: skip
        if mark.arrow:
            axes.add_patch(Polygon(head(mark), closed=True, color=table[mark.color], zorder=order))


def _write(axes: Axes, mark: Text, table: dict[str, str], points: float, order: int) -> None:
    place = {"start": "left", "middle": "center", "end": "right"}[mark.anchor]
    common: dict[str, Any] = {"va": "baseline", "zorder": order, "parse_math": False, "family": "DejaVu Sans"}
    axes.text(
        mark.x, mark.y, mark.text, fontsize=mark.size * points, color=table[mark.color], ha=place,
        weight="bold" if mark.bold else "normal", style="italic" if mark.italic else "normal", **common,
    )  # fmt: skip
    if mark.tail:
        x = mark.x + text_width(mark.text, mark.size, mark.bold) + TAIL_GAP
        axes.text(
            x, mark.y, mark.tail, fontsize=mark.size * TAIL * points, color=table[mark.tail_color], **common
        )


def _path(mark: Curve) -> Any:
    from matplotlib.path import Path as Outline

    corners, codes = [mark.start], [Outline.MOVETO]
    for piece in mark.pieces:
        corners += piece
        codes += [Outline.LINETO] if len(piece) == 1 else [Outline.CURVE4] * 3
    return Outline(corners, codes)
