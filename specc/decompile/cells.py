"""Parts of a graph that come again, whatever flows into them: blocks of several inputs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from specc.decompile.tree import Forge, Item, Loop, Run
from specc.decompile.wired import Wired

LONGEST = 60
"""How many items a block may hold."""
MOST_TRIES = 40
"""How many ways to grow from one kind of end are looked at."""
HEAD = 4
"""The lines of a block besides its steps."""

Cell = tuple[int, ...]
"""The items of one occurrence, the end first; those of all occurrences are in the same order."""


@dataclass(frozen=True, slots=True)
class Found:
    """Cells of one form in the order of reading, what flows into each, and the lines that a block saves."""

    saved: float
    cells: tuple[Cell, ...]
    sources: tuple[tuple[str, ...], ...]


class Cells:
    """Looks for cells in one run; `kept` are the tensors that are used outside of it.

    A cell is an end and what leads to nothing else. So nothing within is used elsewhere, and as one step it
    can stand where its end stood.
    """

    def __init__(self, run: Run, kept: Iterable[str]) -> None:
        self.items = run.items
        self.wired = Wired(run.items, kept)

    def best(self) -> Found | None:
        """The cells that as a block save most lines."""
        ends: dict[int, list[Cell]] = {}
        for place, item in enumerate(self.items):
            if not isinstance(item, Loop):
                ends.setdefault(item.shape, []).append((place,))
        best: Found | None = None
        for same in ends.values():
            for cells in self.grown(tuple(same)) if len(same) > 1 else ():
                found = self.found(cells)
                if found is not None and found.saved > (best.saved if best else 0):
                    best = found
        return best

    # --- growing ------------------------------------------------------------------------------------------
    def grown(self, start: tuple[Cell, ...]) -> Iterator[tuple[Cell, ...]]:
        """Cells of one form, as large as all of these ends allow; then larger ones, of fewer of them."""
        waiting, seen = [start], {start}
        for _ in range(MOST_TRIES):
            if not waiting:
                return
            cells = self.full(waiting.pop(0))
            yield cells
            for slot in self.open_slots(cells):
                more = [part for part in self.larger(cells, *slot) if part not in seen]
                seen.update(more)
                waiting += more

    def full(self, cells: tuple[Cell, ...]) -> tuple[Cell, ...]:
        """Take in what leads to all of the cells alike, until nothing more does."""
        while len(cells[0]) < LONGEST:
            ways = (self.larger(cells, *slot) for slot in self.open_slots(cells))
            found = next((way[0] for way in ways if way and len(way[0]) == len(cells)), None)
            if found is None:
                return cells
            cells = found
        return cells

    def open_slots(self, cells: tuple[Cell, ...]) -> Iterator[tuple[int, int]]:
        """The sources that other items make in some of the cells: whose they are, and which of its own."""
        for place in range(len(cells[0])):
            for slot in range(len(self.items[cells[0][place]].sources)):
                if any(self.is_open(cell, place, slot) for cell in cells):
                    yield place, slot

    def is_open(self, cell: Cell, place: int, slot: int) -> bool:
        tensor = self.items[cell[place]].sources[slot]
        return tensor in self.wired.makers and self.wired.makers[tensor][0] not in cell

    def larger(self, cells: tuple[Cell, ...], place: int, slot: int) -> list[tuple[Cell, ...]]:
        """The cells with the item that one of their sources comes from, those of one form together."""
        ways: dict[Hashable, list[Cell]] = {}
        for cell in cells:
            found = self.leading(cell, place, slot)
            if found is not None:
                ways.setdefault(found[0], []).append((*cell, found[1]))
        return [tuple(way) for way in ways.values() if len(way) > 1 and apart(way)]

    def leading(self, cell: Cell, place: int, slot: int) -> tuple[Hashable, int] | None:
        """The item that a source comes from, and its form; None where it leads elsewhere too."""
        found = self.wired.makers.get(self.items[cell[place]].sources[slot])
        if found is None:
            return None
        maker, output = found
        if (loop := self.items[maker]) and isinstance(loop, Loop) and loop.open:
            return None
        inside = {item: position for position, item in enumerate(cell)}
        leads = []
        for number, tensor in enumerate(self.items[maker].outputs):
            users = self.wired.users.get(tensor, [])
            if tensor in self.wired.kept or any(user not in inside for user, _ in users):
                return None
            leads += [(number, inside[user], source) for user, source in users]
        return (self.items[maker].shape, output, tuple(sorted(leads))), maker

    # --- what is found ------------------------------------------------------------------------------------
    def found(self, cells: tuple[Cell, ...]) -> Found | None:
        """What a block for these cells would be; None where it would be none."""
        if len(cells[0]) == 1:
            return None
        order = self.order(cells[0])
        cells = tuple(tuple(cell[place] for place in order) for cell in cells)
        sources = self.sources(cells)
        if not any(given and len(set(given)) == len(given) for given in sources):
            return None
        lines = Wired([self.items[place] for place in cells[0]], self.end(cells[0])).lines(range(len(order)))
        several = len(sources[0]) > 1
        saved = len(cells) * (lines - 1 - several) - (lines + HEAD + several)
        return Found(saved, cells, sources)

    def end(self, cell: Cell) -> set[str]:
        return set(self.items[cell[-1]].outputs)

    def order(self, cell: Cell) -> list[int]:
        """The positions of a cell's items in the order of reading: each after those that lead to it."""
        places = sorted(range(len(cell)), key=lambda position: cell[position])
        inner = Wired([self.items[cell[position]] for position in places], self.items[cell[0]].outputs)
        return [places[position] for position in inner.reading_order()]

    def sources(self, cells: tuple[Cell, ...]) -> tuple[tuple[str, ...], ...]:
        """What flows into each cell. One input stands for sources that are the same in all of them."""
        rows = []
        for cell in cells:
            made = {tensor for item in cell for tensor in self.items[item].outputs}
            rows.append([None if t in made else t for item in cell for t in self.items[item].sources])
        columns = dict.fromkeys(column for column in zip(*rows, strict=True) if None not in column)
        return tuple(zip(*columns, strict=True)) or ((),) * len(cells)


def apart(cells: Sequence[Cell]) -> bool:
    """Whether no item is part of two cells, or twice of one."""
    return max(Counter(item for cell in cells for item in cell).values()) == 1


def called(items: Sequence[Item], found: Found, name: str, forge: Forge) -> list[Item]:
    """Items with a use of a block for each cell, where its end stood."""
    calls = {
        cell[-1]: forge.call(name, forge.run(tuple(items[place] for place in cell)), sources)
        for cell, sources in zip(found.cells, found.sources, strict=True)
    }
    gone = {place for cell in found.cells for place in cell}
    return [calls.get(place, item) for place, item in enumerate(items) if place in calls or place not in gone]
