"""The second step of a layered layout: the order within each row, with few crossings."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from itertools import pairwise

from specc.report.drawing.levels import Rows

SWEEPS = 12
WORK = 400_000
"""Sweeps times segments: very large graphs get fewer sweeps."""


def order_rows(rows: Rows) -> list[list[int]]:
    """The vertices of each row from left to right (barycentre sweeps; the best order found is kept)."""
    ordering = _Ordering(rows)
    sweeps = max(2, min(SWEEPS, WORK // (len(rows.segments) + 1)))
    best, least = ordering.improved(ordering.initial(down=True, mirrored=False), sweeps)
    for down, mirrored in ((False, False), (True, True), (False, True)):
        if least == 0 or sweeps < SWEEPS:
            break
        other, count = ordering.improved(ordering.initial(down, mirrored), sweeps)
        if count < least:
            best, least = other, count
    turned = [row[::-1] for row in best]
    if ordering.disorder(turned) < ordering.disorder(best) and ordering.crossings(turned) <= least:
        return turned
    return best


class _Ordering:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        size = len(rows.row)
        self.above: list[list[tuple[int, float]]] = [[] for _ in range(size)]
        self.below: list[list[tuple[int, float]]] = [[] for _ in range(size)]
        for segment in rows.segments:
            self.below[segment.upper].append((segment.lower, _share(segment.into)))
            self.above[segment.lower].append((segment.upper, _share(segment.out)))
        self.ranks: list[float] = [0.0] * size

    def improved(self, order: list[list[int]], sweeps: int) -> tuple[list[list[int]], int]:
        """The best order found from this one on, and its crossings."""
        best, least = [list(row) for row in order], self.crossings(order)
        for sweep in range(sweeps):
            if least == 0:
                break
            self.sweep(order, down=sweep % 2 == 0)
            self.exchange(order)
            count = self.crossings(order)
            if count < least:
                best, least = [list(row) for row in order], count
        return best, least

    def initial(self, down: bool, mirrored: bool) -> list[list[int]]:
        """Depth first from the sources or from the ends, so that what belongs together starts together."""
        order: list[list[int]] = [[] for _ in range(self.rows.count)]
        seen = [False] * len(self.rows.row)
        above, below = (self.above, self.below) if down else (self.below, self.above)
        starts = [vertex for vertex in range(len(seen)) if not above[vertex]]
        starts = starts[::-1] if mirrored else starts
        for start in starts:
            stack = [start]
            while stack:
                vertex = stack.pop()
                if seen[vertex]:
                    continue
                seen[vertex] = True
                order[self.rows.row[vertex]].append(vertex)
                near = [other for other, _ in below[vertex]]
                stack += near if mirrored else near[::-1]
        return order

    def disorder(self, order: Sequence[Sequence[int]]) -> int:
        """How many neighbouring sources stand in another order than they were given in."""
        found = 0
        for row in order:
            sources = [vertex for vertex in row if not self.above[vertex]]
            found += sum(left > right for left, right in pairwise(sources))
        return found

    def sweep(self, order: list[list[int]], down: bool) -> None:
        """Sort each row by the mean place of its neighbours in the row before."""
        for row in order:
            for place, vertex in enumerate(row):
                self.ranks[vertex] = place
        near = self.above if down else self.below
        for row in order if down else reversed(order):
            middle = {vertex: self.middle(vertex, near) for vertex in row}
            row.sort(key=middle.__getitem__)
            for place, vertex in enumerate(row):
                self.ranks[vertex] = place

    def middle(self, vertex: int, near: list[list[tuple[int, float]]]) -> float:
        if not near[vertex]:
            return self.ranks[vertex]
        return sum(self.ranks[other] + share for other, share in near[vertex]) / len(near[vertex])

    def exchange(self, order: list[list[int]]) -> None:
        """Swap neighbours in a row where that takes crossings away."""
        for row in order:
            for place, vertex in enumerate(row):
                self.ranks[vertex] = place
        for row in order:
            for place in range(len(row) - 1):
                left, right = row[place], row[place + 1]
                if self.between(right, left) < self.between(left, right):
                    row[place], row[place + 1] = right, left
                    self.ranks[left], self.ranks[right] = place + 1, place

    def between(self, left: int, right: int) -> int:
        """Crossings among the links of two neighbours."""
        count = 0
        for near in (self.above, self.below):
            ends = sorted(self.ranks[other] + share for other, share in near[right])
            count += sum(bisect_left(ends, self.ranks[other] + share) for other, share in near[left])
        return count

    def crossings(self, order: Sequence[Sequence[int]]) -> int:
        place = {vertex: index for row in order for index, vertex in enumerate(row)}
        count = 0
        for row in order:
            seen: list[float] = []
            for vertex in row:
                ends = sorted(place[other] + share for other, share in self.below[vertex])
                count += sum(len(seen) - bisect_right(seen, end) for end in ends)
                for end in ends:
                    insort(seen, end)
        return count


def _share(offset: float) -> float:
    """An offset within a cell as a small part of a place in the row."""
    return max(-0.4, min(0.4, offset / 1000))
