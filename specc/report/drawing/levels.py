"""The first step of a layered layout: which row each cell is in, and waypoints for links that skip rows.

The method is that of Sugiyama, Tagawa and Toda (1981): rows, order within rows, coordinates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal

WAYPOINT_REACH = 4.0


@dataclass(frozen=True, slots=True)
class Cell:
    """Something to be placed, in pixels.

    `left` and `right` tell how far it reaches from its axis, its labels included; `tail` is room kept free
    below it; `pin` holds it in the first or the last row.
    """

    left: float
    right: float
    height: float
    tail: float = 0.0
    pin: Literal["", "first", "last"] = ""


@dataclass(frozen=True, slots=True)
class Wire:
    """A link from one cell to a later one. `out` and `into` are offsets of its ends from the cells' axes.

    Wires of the same source and `port` carry the same thing and share their way.
    """

    source: int
    target: int
    out: float = 0.0
    into: float = 0.0
    port: int = 0


@dataclass(frozen=True, slots=True)
class Segment:
    """A piece of a wire from one row to the next, between vertices (cells, then waypoints)."""

    upper: int
    lower: int
    out: float
    into: float
    priority: int


@dataclass
class Rows:
    """Cells and waypoints in rows, and the segments between them; `ways` lists each wire's vertices."""

    cells: list[Cell]
    row: list[int]
    segments: list[Segment] = field(default_factory=list)
    ways: list[list[int]] = field(default_factory=list)

    @property
    def count(self) -> int:
        """The number of rows."""
        return max(self.row, default=-1) + 1


def assign_rows(cells: Sequence[Cell], wires: Sequence[Wire]) -> Rows:
    """Rows for every cell, so that all wires go down, with a waypoint wherever a wire passes a row.

    Raises ValueError where the wires form a cycle.
    """
    order = topological(len(cells), wires)
    row = _longest_paths(len(cells), wires, order)
    _pull_down(cells, wires, order, row)
    _pin(cells, row)
    rows = Rows(list(cells), row)
    _Splitter(rows, wires, order).split()
    return rows


def topological(count: int, wires: Sequence[Wire]) -> list[int]:
    """The cells with every source before its targets; cells that are free come in the order given."""
    below: list[list[int]] = [[] for _ in range(count)]
    waiting = [0] * count
    for wire in wires:
        below[wire.source].append(wire.target)
        waiting[wire.target] += 1
    ready = [cell for cell in range(count - 1, -1, -1) if not waiting[cell]]
    found: list[int] = []
    while ready:
        cell = ready.pop()
        found.append(cell)
        for target in reversed(below[cell]):
            waiting[target] -= 1
            if not waiting[target]:
                ready.append(target)
    if len(found) < count:
        raise ValueError("the wires form a cycle")
    return found


def _longest_paths(count: int, wires: Sequence[Wire], order: Sequence[int]) -> list[int]:
    below: list[list[int]] = [[] for _ in range(count)]
    for wire in wires:
        below[wire.source].append(wire.target)
    row = [0] * count
    for cell in order:
        for target in below[cell]:
            row[target] = max(row[target], row[cell] + 1)
    return row


def _pull_down(cells: Sequence[Cell], wires: Sequence[Wire], order: Sequence[int], row: list[int]) -> None:
    """Move cells down where that makes the links shorter, such as an input that is used late."""
    targets: list[list[int]] = [[] for _ in cells]
    ports: list[set[int]] = [set() for _ in cells]
    sources: list[set[tuple[int, int]]] = [set() for _ in cells]
    for wire in wires:
        targets[wire.source].append(wire.target)
        ports[wire.source].add(wire.port)
        sources[wire.target].add((wire.source, wire.port))
    for cell in reversed(order):
        if targets[cell] and len(ports[cell]) > len(sources[cell]):
            row[cell] = max(row[cell], min(row[target] for target in targets[cell]) - 1)


def _pin(cells: Sequence[Cell], row: list[int]) -> None:
    """Hold pinned cells in rows of their own, above or below all others."""
    if any(cell.pin == "first" for cell in cells):
        for index, cell in enumerate(cells):
            row[index] = 0 if cell.pin == "first" else row[index] + 1
    used = {row[index] for index, cell in enumerate(cells) if cell.pin != "last"}
    if any(cell.pin == "last" for cell in cells):
        last = max(used, default=-1) + 1
        for index, cell in enumerate(cells):
            if cell.pin == "last":
                row[index] = last
        used.add(last)
    places = {old: new for new, old in enumerate(sorted(used))}
    row[:] = [places[old] for old in row]


MAIN, INNER, LONE, LOOSE = 3, 2, 1, 0
"""How much a segment wants to be straight: on the main way, between waypoints, an only link, not at all."""


class _Splitter:
    def __init__(self, rows: Rows, wires: Sequence[Wire], order: Sequence[int]) -> None:
        self.rows, self.wires = rows, wires
        self.waypoints: dict[tuple[int, int, int], int] = {}
        self.made: set[tuple[int, int, float, float]] = set()
        self.below: list[set[int]] = [set() for _ in rows.cells]
        self.above: list[set[int]] = [set() for _ in rows.cells]
        for wire in wires:
            self.below[wire.source].add(wire.target)
            self.above[wire.target].add(wire.source)
        self.depth = [0] * len(order)
        self.height = [0] * len(order)
        for cell in order:
            self.depth[cell] = max((self.depth[s] + 1 for s in self.above[cell]), default=0)
        for cell in reversed(order):
            self.height[cell] = max((self.height[t] + 1 for t in self.below[cell]), default=0)

    def split(self) -> None:
        for wire in self.wires:
            self.rows.ways.append(self.way(wire))

    def way(self, wire: Wire) -> list[int]:
        """The vertices a wire goes through; its segments are added."""
        way = [wire.source]
        top, bottom = self.rows.row[wire.source], self.rows.row[wire.target]
        main = self.is_main(wire)
        lone_out = len(self.below[wire.source]) == 1
        lone_in = len(self.above[wire.target]) == 1
        for row in range(top + 1, bottom):
            vertex = self.waypoint(wire, row)
            first = len(way) == 1
            priority = (LONE if lone_out else LOOSE) if first else INNER
            self.add(Segment(way[-1], vertex, wire.out if first else 0.0, 0.0, MAIN if main else priority))
            way.append(vertex)
        direct = len(way) == 1
        lone = lone_in and (lone_out or not direct)
        priority = MAIN if main else LONE if lone else LOOSE
        self.add(Segment(way[-1], wire.target, wire.out if direct else 0.0, wire.into, priority))
        return [*way, wire.target]

    def waypoint(self, wire: Wire, row: int) -> int:
        key = (wire.source, wire.port, row)
        if key not in self.waypoints:
            self.waypoints[key] = len(self.rows.row)
            self.rows.row.append(row)
            self.rows.cells.append(Cell(WAYPOINT_REACH, WAYPOINT_REACH, 0.0))
        return self.waypoints[key]

    def add(self, segment: Segment) -> None:
        key = (segment.upper, segment.lower, segment.out, segment.into)
        if key not in self.made:
            self.made.add(key)
            self.rows.segments.append(segment)

    def is_main(self, wire: Wire) -> bool:
        """Whether a wire is the one way on from its source and the one way to its target that matters."""
        onward = _best(self.below[wire.source], self.height)
        back = _best(self.above[wire.target], self.depth)
        if back is None and all(self.rows.cells[cell].pin for cell in self.above[wire.target]):
            back = min(self.above[wire.target])
        return onward == wire.target and back == wire.source


def _best(cells: set[int], measure: Sequence[int]) -> int | None:
    """The cell of the greatest measure, or None where several have it."""
    greatest = max(measure[cell] for cell in cells)
    best = [cell for cell in cells if measure[cell] == greatest]
    return best[0] if len(best) == 1 else None
