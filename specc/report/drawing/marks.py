"""A finished drawing: marks at places, with the names of their colors; `svg` and `png` write them down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

Point = tuple[float, float]

TAIL = 0.9
"""How large the tail of a text is, against the text."""
TAIL_GAP = 8.0


@dataclass(frozen=True, slots=True)
class Rect:
    """A rectangle with round corners; `fill` and `line` name colors of `theme`."""

    x: float
    y: float
    width: float
    height: float
    radius: float
    fill: str
    line: str
    tooltip: str = ""


@dataclass(frozen=True, slots=True)
class Text:
    """A line of text; `y` is its baseline. `tail` follows it, lighter, and a little smaller."""

    x: float
    y: float
    text: str
    size: float
    color: str
    bold: bool = False
    anchor: str = "start"
    italic: bool = False
    tail: str = ""
    tail_color: str = "ink"


@dataclass(frozen=True, slots=True)
class Curve:
    """A way: straight between points, or with Bézier pieces (two controls and an end)."""

    start: Point
    pieces: tuple[tuple[Point, ...], ...]
    color: str
    arrow: Point | None = None
    """The direction of a head at the end, as a unit vector."""


@dataclass(frozen=True, slots=True)
class Drawing:
    """All marks, from the back to the front, within `width` × `height` pixels."""

    width: float
    height: float
    marks: tuple[Rect | Text | Curve, ...]
    title: str = ""


Mark = Rect | Text | Curve


def moved(mark: Mark, dx: float, dy: float) -> Mark:
    """A mark at another place."""
    if isinstance(mark, Rect):
        return replace(mark, x=mark.x + dx, y=mark.y + dy)
    if isinstance(mark, Text):
        return replace(mark, x=mark.x + dx, y=mark.y + dy)
    start = (mark.start[0] + dx, mark.start[1] + dy)
    pieces = tuple(tuple((x + dx, y + dy) for x, y in piece) for piece in mark.pieces)
    return Curve(start, pieces, mark.color, mark.arrow)


def curve(points: Sequence[Point], color: str, across: bool, arrow: bool) -> Curve:
    """A way through points: straight where two lie on one axis, else an S; `across`: to the right."""
    pieces: list[tuple[Point, ...]] = []
    for (x, y), (u, v) in pairwise(points):
        straight = abs(y - v) < 0.01 if across else abs(x - u) < 0.01
        if straight:
            pieces.append(((u, v),))
        elif across:
            middle = (x + u) / 2
            pieces.append(((middle, y), (middle, v), (u, v)))
        else:
            middle = (y + v) / 2
            pieces.append(((x, middle), (u, middle), (u, v)))
    head = ((1.0, 0.0) if across else (0.0, 1.0)) if arrow else None
    return Curve(points[0], tuple(pieces), color, head)
