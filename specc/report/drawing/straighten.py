"""The third step of a layered layout: where along its row each vertex stands.

Vertices joined by segments that should be straight become one rigid *column* (the alignment of Brandes and
Köpf, 2002, but by priority, so that the main way is never bent for a side way). Columns are then pulled
towards what they are linked with, as far as their neighbours allow.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Sequence
from itertools import pairwise

from specc.report.drawing.levels import LOOSE, MAIN, Rows, Segment

ROUNDS = 40


def place_across(rows: Rows, order: Sequence[Sequence[int]], gap: float) -> list[float]:
    """The axis of every vertex; cells of a row lie at least `gap` apart (waypoints half of it)."""
    columns = _Columns(rows, order)
    separations = _separations(rows, order, columns, gap)
    axis = _relax(columns, separations, _pulls(rows, columns))
    return [axis[columns.column[vertex]] + columns.offset[vertex] for vertex in range(len(rows.row))]


class _Columns:
    """Which column each vertex is in, and its offset from the column's axis."""

    def __init__(self, rows: Rows, order: Sequence[Sequence[int]]) -> None:
        self.rows = rows
        self.place = {vertex: index for row in order for index, vertex in enumerate(row)}
        size = len(rows.row)
        self.down: list[Segment | None] = [None] * size
        self.up: list[Segment | None] = [None] * size
        self._align()
        self.column = [-1] * size
        self.offset = [0.0] * size
        self.count = 0
        for row in order:
            for vertex in row:
                if self.up[vertex] is None:
                    self._collect(vertex)

    def _align(self) -> None:
        """Take segments as straight, the important ones first, so that no two of them cross."""
        taken: list[list[tuple[int, int]]] = [[] for _ in range(self.rows.count)]
        ranked = sorted(
            (segment for segment in self.rows.segments if segment.priority > LOOSE),
            key=lambda segment: -segment.priority,
        )
        for segment in ranked:
            if self.down[segment.upper] is not None or self.up[segment.lower] is not None:
                continue
            pair = (self.place[segment.upper], self.place[segment.lower])
            near = taken[self.rows.row[segment.upper]]
            index = bisect_left(near, pair)
            if index and near[index - 1][1] > pair[1]:
                continue
            if index < len(near) and near[index][1] < pair[1]:
                continue
            insort(near, pair)
            self.down[segment.upper] = self.up[segment.lower] = segment

    def _collect(self, vertex: int) -> None:
        offset = 0.0
        while True:
            self.column[vertex], self.offset[vertex] = self.count, offset
            segment = self.down[vertex]
            if segment is None:
                break
            offset += segment.out - segment.into
            vertex = segment.lower
        self.count += 1


def _separations(
    rows: Rows, order: Sequence[Sequence[int]], columns: _Columns, gap: float
) -> list[dict[int, float]]:
    """Per column, the columns right of it and how far away their axes have to be."""
    found: list[dict[int, float]] = [{} for _ in range(columns.count)]
    real = rows.cells
    for row in order:
        for left, right in pairwise(row):
            waypoints = (real[left].height == 0) + (real[right].height == 0)
            space = real[left].right + real[right].left + gap * (1 - waypoints / 4)
            distance = space + columns.offset[left] - columns.offset[right]
            first, second = columns.column[left], columns.column[right]
            found[first][second] = max(distance, found[first].get(second, distance))
    return found


Pull = tuple[int, float, float]
"""A column, the distance it should be at, and how strongly."""


def _pulls(rows: Rows, columns: _Columns) -> list[list[Pull]]:
    found: list[list[Pull]] = [[] for _ in range(columns.count)]
    for segment in rows.segments:
        upper, lower = columns.column[segment.upper], columns.column[segment.lower]
        if upper == lower:
            continue
        shift = (columns.offset[segment.upper] + segment.out) - (columns.offset[segment.lower] + segment.into)
        weight = 4.0 if segment.priority == MAIN else 1.0
        found[lower].append((upper, shift, weight))
        found[upper].append((lower, -shift, weight))
    return found


def _relax(
    columns: _Columns, separations: Sequence[dict[int, float]], pulls: Sequence[Sequence[Pull]]
) -> list[float]:
    """Axes of the columns: packed to the left at first, then pulled, then kept apart, again and again.

    Pushing everything right where it is too close, and pushing everything left, are both allowed places;
    so is their mean, which treats the two sides alike.
    """
    order = _left_to_right(separations)
    axis = _pushed_right([0.0] * columns.count, order, separations)
    rounds = max(8, min(ROUNDS, 400_000 // (columns.count + 1)))
    for _ in range(rounds):
        wanted = list(axis)
        for column in order:
            if pulls[column]:
                strength = sum(weight for _, _, weight in pulls[column])
                mean = sum((wanted[other] + shift) * weight for other, shift, weight in pulls[column])
                wanted[column] = mean / strength
        right = _pushed_right(wanted, order, separations)
        left = _pushed_left(wanted, order, separations)
        axis = [(a + b) / 2 for a, b in zip(left, right, strict=True)]
    return axis


def _pushed_right(
    wanted: Sequence[float], order: Sequence[int], separations: Sequence[dict[int, float]]
) -> list[float]:
    axis = list(wanted)
    for column in order:
        for other, distance in separations[column].items():
            axis[other] = max(axis[other], axis[column] + distance)
    return axis


def _pushed_left(
    wanted: Sequence[float], order: Sequence[int], separations: Sequence[dict[int, float]]
) -> list[float]:
    axis = list(wanted)
    for column in reversed(order):
        for other, distance in separations[column].items():
            axis[column] = min(axis[column], axis[other] - distance)
    return axis


def _left_to_right(separations: Sequence[dict[int, float]]) -> list[int]:
    """The columns with each before those right of it; straight ways that do not cross form no cycle."""
    waiting = [0] * len(separations)
    for near in separations:
        for other in near:
            waiting[other] += 1
    ready = [column for column, count in enumerate(waiting) if not count]
    found: list[int] = []
    while ready:
        column = ready.pop()
        found.append(column)
        for other in separations[column]:
            waiting[other] -= 1
            if not waiting[other]:
                ready.append(other)
    assert len(found) == len(separations)
    return found
