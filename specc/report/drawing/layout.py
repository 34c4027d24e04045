"""A layered layout of boxes of any size: rows from top to bottom, ways between them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from specc.report.drawing.crossings import order_rows
from specc.report.drawing.levels import Cell, Rows, Wire, assign_rows
from specc.report.drawing.straighten import place_across

Point = tuple[float, float]

GAP = 22.0
"""Between neighbours in a row."""
TAIL, BEND, ARROW = 8.0, 10.0, 9.0
"""Between rows: straight out of a cell, the bend, straight into the next."""
STEEPEST = 0.13
MOST_BEND = 90.0


@dataclass(frozen=True, slots=True)
class Placement:
    """Where everything lies, in pixels from the upper left corner.

    `tops` and `axes` are per cell. `ways` are per wire: points to be joined by straight lines where they
    share an x, and by curves that start and end vertically where they do not.
    """

    width: float
    height: float
    axes: tuple[float, ...]
    tops: tuple[float, ...]
    ways: tuple[tuple[Point, ...], ...]


def lay_out(cells: Sequence[Cell], wires: Sequence[Wire]) -> Placement:
    """Place cells so that every wire goes down and no two cells overlap.

    The same cells and wires give the same placement. Raises ValueError where the wires form a cycle.
    """
    if not cells:
        return Placement(0.0, 0.0, (), (), ())
    rows = assign_rows(cells, wires)
    order = order_rows(rows)
    axes = place_across(rows, order, GAP)
    leftmost = min(axis - cell.left for axis, cell in zip(axes, rows.cells, strict=True))
    axes = [axis - leftmost for axis in axes]
    bands, tails, height = _bands(rows, order, axes)
    count = len(cells)
    tops = tuple(_top(bands[rows.row[i]], rows.cells[i].height) for i in range(count))
    ways = tuple(
        _way(rows, wire, way, axes, tops, bands, tails) for wire, way in zip(wires, rows.ways, strict=True)
    )
    width = max(axis + cell.right for axis, cell in zip(axes, rows.cells, strict=True))
    return Placement(width, height, tuple(axes[:count]), tops, ways)


def _top(band: Point, height: float) -> float:
    return (band[0] + band[1] - height) / 2


def _bands(
    rows: Rows, order: Sequence[Sequence[int]], axes: Sequence[float]
) -> tuple[list[Point], list[float], float]:
    """The upper and lower edge of every row, where its tail ends, and the height of all."""
    widest = [0.0] * (rows.count + 1)
    for segment in rows.segments:
        shift = abs(axes[segment.upper] + segment.out - axes[segment.lower] - segment.into)
        row = rows.row[segment.upper]
        widest[row] = max(widest[row], shift)
    bands: list[Point] = []
    tails: list[float] = []
    y = 0.0
    for row, vertices in enumerate(order):
        height = max(rows.cells[vertex].height for vertex in vertices)
        tail = max(rows.cells[vertex].tail for vertex in vertices)
        bands.append((y, y + height))
        tails.append(y + height + max(tail, TAIL if row + 1 < rows.count else 0.0))
        bend = 0.0 if widest[row] < 0.01 else BEND + min(MOST_BEND, STEEPEST * widest[row])
        y = tails[-1] + bend + ARROW
    return bands, tails, tails[-1]


def _way(
    rows: Rows,
    wire: Wire,
    way: Sequence[int],
    axes: Sequence[float],
    tops: Sequence[float],
    bands: Sequence[Point],
    tails: Sequence[float],
) -> tuple[Point, ...]:
    source, target = way[0], way[-1]
    x = axes[source] + wire.out
    points = [(x, tops[source] + rows.cells[source].height), (x, tails[rows.row[source]])]
    for vertex in way[1:-1]:
        row = rows.row[vertex]
        points += [(axes[vertex], bands[row][0] - ARROW), (axes[vertex], tails[row])]
    x = axes[target] + wire.into
    points += [(x, bands[rows.row[target]][0] - ARROW), (x, tops[target])]
    return _simplified(points)


def _simplified(points: Sequence[Point]) -> tuple[Point, ...]:
    """Without the points in the middle of a straight line."""
    kept: list[Point] = []
    for point in points:
        same = len(kept) > 1 and abs(kept[-1][0] - kept[-2][0]) < 0.01 and abs(kept[-1][0] - point[0]) < 0.01
        if same:
            kept[-1] = point
        else:
            kept.append(point)
    return tuple(kept)
