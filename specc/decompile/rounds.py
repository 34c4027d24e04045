"""What differs between the rounds of loops: a variable that holds it, or counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from specc.decompile.columns import Column, Counted, Take, fields_for, settle
from specc.decompile.tree import Loop, Value, constant, counting, value_of

VARIABLES = ("stage", "unit", "part", "piece")
COUNTERS = ("i", "j", "k", "l")
"""Loop variables that hold a round's values, or count, by how many loops are around."""


class Rounds:
    """The columns of a loop's body: a row for each round of each of the rows around it."""

    def __init__(self, counts: Sequence[int], depth: int, outermost: bool) -> None:
        self.counts, self.outermost = counts, outermost
        place = min(depth, len(VARIABLES) - 1)
        self.variable, self.counter = VARIABLES[place], COUNTERS[place]
        self.columns: list[Column] = []

    def take(self, name: str, values: tuple[Value, ...]) -> Column:
        self.columns.append(Column(name, values))
        return self.columns[-1]

    def solve(self, outer: Take) -> Any:
        """Say what the columns are; the loop's variable and its values, None where only the count matters."""
        varying, counted = [], []
        for column in settle(self.columns):
            parts = self.split(column.values)
            if all(map(constant, parts)):
                column.same = self.starts(column, outer)
            elif all(map(counting, parts)):
                counted.append(column)
            else:
                varying.append(column)
        if not varying:
            return self.count(counted, outer)
        varying += counted
        fields = fields_for(varying, f"{self.variable}.")
        if self.outermost and len(fields) == 1:
            (only,) = fields_for(varying, "")
            listed = [[value.data for value in part] for part in self.split(only.values)]
            return {only.name: outer("rounds", tuple(map(value_of, listed)))}
        values = [self.split(found.values) for found in fields]
        rows = [
            [{f.name: v[row][i].data for f, v in zip(fields, values, strict=True)} for i in range(count)]
            for row, count in enumerate(self.counts)
        ]
        return {self.variable: outer("rounds", tuple(map(value_of, rows)))}

    def starts(self, column: Column, outer: Take) -> Column:
        """A column's first values in each of the rows around."""
        spare = replace(column.values[0], free=True)
        return outer(column.name, tuple(p[0] if p else spare for p in self.split(column.values)))

    def count(self, counted: Sequence[Column], outer: Take) -> Any:
        """Let the loop count some columns; None where there are none."""
        if not counted:
            return None
        for column in counted:
            column.same = Counted(column.name, (), same=self.starts(column, outer), variable=self.counter)
        return {self.counter: outer("depth", tuple(map(value_of, self.counts)))}

    def split(self, values: tuple[Value, ...]) -> list[tuple[Value, ...]]:
        """Values of all rounds by the rows around."""
        parts, start = [], 0
        for count in self.counts:
            parts.append(values[start : start + count])
            start += count
        return parts


def pays(rows: Sequence[Loop]) -> bool:
    """Whether a loop is shorter than its rounds one after another."""
    if rows[0].open:
        return True
    counts = {len(row.rounds) for row in rows}
    if len(counts) > 1:
        return True
    (count,) = counts
    return count * rows[0].pattern.lines > 2 + rows[0].pattern.lines
