"""Runs that come again: loops where one follows the other, blocks where they stand apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

from specc.decompile.tree import (
    Call,
    Forge,
    Fork,
    Item,
    Loop,
    Maybe,
    Run,
    all_runs,
    steady,
    values,
    written_runs,
)
from specc.decompile.wired import shared_tensors

LONGEST = 40
"""How many items one block or one round may hold."""

Pattern = tuple[int, ...]


@dataclass
class Folding:
    """Runs that are folded together, and of each the tensors that are used outside of it."""

    forge: Forge
    runs: list[Run]
    kept: list[set[str]]
    named: set[str] = field(init=False)
    count: int = 0
    _written: list[Run] | None = None
    _all: list[Run] | None = None

    def __post_init__(self) -> None:
        self.changed()

    def changed(self) -> None:
        """Look again at what the runs are."""
        self._written = self._all = None
        self.named = set().union(*map(shared_tensors, self.runs, self.kept))

    def replace(self, place: int, items: Sequence[Item]) -> None:
        """Put other items in place of a run's."""
        self.runs[place] = self.forge.run(tuple(items))
        self.changed()

    def rewrite(self, change: Callable[[Sequence[Item]], list[Item]]) -> None:
        """Apply `change` to the items of every run, inner ones first."""
        self.runs = [self._run(run, change) for run in self.runs]
        self._written = self._all = None

    def _run(self, run: Run, change: Callable[[Sequence[Item]], list[Item]]) -> Run:
        return self.forge.run(tuple(change([self._item(item, change) for item in run.items])))

    def _item(self, item: Item, change: Callable[[Sequence[Item]], list[Item]]) -> Item:
        if isinstance(item, Fork):
            return self.forge.fork(
                tuple(self._run(b, change) for b in item.branches), item.merge, item.starts
            )
        if isinstance(item, Loop):
            pattern = self._run(item.pattern, change)
            rounds = tuple(self._run(r, change) for r in item.rounds)
            if item.start is None:
                return replace(item, rounds=rounds, pattern=pattern)
            return self.forge.loop(rounds, pattern, item.start)
        if isinstance(item, Maybe):
            return replace(item, item=self._item(item.item, change))
        if isinstance(item, Call):
            return self.forge.call(item.block, self._run(item.body, change), item.sources)
        return item

    def written(self) -> list[Run]:
        """All runs as they are written down."""
        if self._written is None:
            seen: set[str] = set()
            self._written = [inner for run in self.runs for inner in written_runs(run, seen)]
        return self._written

    def all(self) -> list[Run]:
        """All runs, each round and each use by itself."""
        if self._all is None:
            self._all = [inner for run in self.runs for inner in all_runs(run)]
        return self._all

    # --- windows ------------------------------------------------------------------------------------------
    def closed(self, items: Sequence[Item]) -> bool:
        """Whether items are a chain of which nothing but the last is used elsewhere."""
        if items[0].source is None:
            return False
        return all(b.source == a.output and a.output not in self.named for a, b in pairwise(items))

    def places(self, items: Sequence[Item], shape: Sequence[int], pattern: Pattern) -> list[int]:
        """Where a pattern stands, without overlap, from left to right."""
        found, place = [], 0
        while place + len(pattern) <= len(items):
            end = place + len(pattern)
            if tuple(shape[place:end]) == pattern and self.closed(items[place:end]):
                found.append(place)
                place = end
            else:
                place += 1
        return found

    # --- loops --------------------------------------------------------------------------------------------
    def fold(self, singles: bool) -> None:
        """Fold as long as it saves lines: loops with equal rounds first, then whatever saves most."""
        while True:
            loops = self.best_loops()
            if True in loops:
                self.make_loops(loops[True][1], 1 if singles else 2)
                continue
            block = self.best_block()
            if False in loops and (block is None or loops[False][0] >= block[0]):
                self.make_loops(loops[False][1], 2)
            elif block is not None:
                self.make_block(block[1])
            else:
                return

    def make_loops(self, pattern: Pattern, least: int) -> None:
        self.rewrite(lambda items: self.looped(items, pattern, least))

    def make_block(self, pattern: Pattern) -> None:
        self.count += 1
        name = f"block {self.count}"
        self.rewrite(lambda items: self.called(items, pattern, name))

    def looped(self, items: Sequence[Item], pattern: Pattern, least: int) -> list[Item]:
        """Items with a loop for every chain of at least so many rounds."""
        shape = [item.shape for item in items]
        done: list[Item] = []
        place = 0
        while place < len(items):
            rounds = self.rounds(items, shape, pattern, place)
            if rounds < least:
                done.append(items[place])
                place += 1
                continue
            size = len(pattern)
            runs = tuple(
                self.forge.run(tuple(items[place + k * size : place + (k + 1) * size])) for k in range(rounds)
            )
            source = items[place].source
            assert source is not None
            done.append(self.forge.loop(runs, runs[0], source))
            place += rounds * size
        return done

    def rounds(self, items: Sequence[Item], shape: Sequence[int], pattern: Pattern, place: int) -> int:
        """How often a pattern follows itself from a place on."""
        size, count = len(pattern), 0
        while tuple(shape[place + count * size : place + (count + 1) * size]) == pattern:
            if not self.closed(items[place : place + (count + 1) * size]):
                break
            count += 1
        return count

    def best_loops(self) -> dict[bool, tuple[float, Pattern]]:
        """The patterns whose loops save most lines: of those with equal rounds (True), and of the others."""
        best: dict[bool, tuple[float, Pattern]] = {}
        seen: set[Pattern] = set()
        for run in self.written():
            for pattern in tandems(run):
                if pattern in seen or self.is_body(pattern):
                    continue
                seen.add(pattern)
                found = self.worth(pattern)
                if found is not None and (found[0] not in best or found[1] > best[found[0]][0]):
                    best[found[0]] = found[1], pattern
        return best

    def is_body(self, pattern: Pattern) -> bool:
        """Whether loops over this are there already."""
        return self.forge.shape(("loop", pattern)) in {i.shape for run in self.written() for i in run.items}

    def worth(self, pattern: Pattern) -> tuple[bool, float] | None:
        """Whether the rounds of all a pattern's loops are equal, and the lines saved; None: not worth it."""
        even, saved, chains, rows = True, 0.0, 0, 0
        for run in self.all():
            for rounds in self.loops_of(run, pattern):
                chains += 1
                even = even and all(map(steady, zip(*map(values, rounds), strict=True)))
                rows += len(rounds)
        for run in self.written():
            for rounds in self.loops_of(run, pattern):
                saved += (len(rounds) - 1) * rounds[0].lines - 2
        if not chains:
            return None
        starts = min(self.rank(run, pattern) for run in self.written())
        saved -= starts + (0 if even else rows)
        return None if not even and saved < 4 else (even, saved)

    def rank(self, run: Run, pattern: Pattern) -> float:
        """How oddly a pattern begins: nobody's block begins with an activation."""
        for place in self.places(run.items, run.shape, pattern)[:1]:
            kind = getattr(run.items[place], "kind", "")
            return 0.5 if kind in LATE else 0.0
        return 1.0

    def loops_of(self, run: Run, pattern: Pattern) -> Iterable[list[Run]]:
        """The chains of at least two rounds within a run."""
        place = 0
        while place < len(run.items):
            count = self.rounds(run.items, run.shape, pattern, place)
            if count < 2:
                place += 1
                continue
            size = len(pattern)
            yield [self.forge.run(run.items[place + k * size : place + (k + 1) * size]) for k in range(count)]
            place += count * size

    # --- blocks -------------------------------------------------------------------------------------------
    def called(self, items: Sequence[Item], pattern: Pattern, name: str) -> list[Item]:
        """Items with a use of a block at every place of a pattern."""
        done: list[Item] = []
        last = 0
        for place in self.places(items, [item.shape for item in items], pattern):
            done += items[last:place]
            last = place + len(pattern)
            done.append(self.forge.call(name, self.forge.run(tuple(items[place:last]))))
        return done + list(items[last:])

    def best_block(self) -> tuple[float, Pattern] | None:
        """The pattern that as a block saves most lines, and how many."""
        windows: dict[Pattern, list[tuple[Run, int]]] = {}
        for run in self.written():
            for start in range(len(run.items)):
                for end in range(start + 1, min(start + LONGEST, len(run.items)) + 1):
                    windows.setdefault(run.shape[start:end], []).append((run, start))
        best: tuple[float, Pattern] | None = None
        for pattern, places in windows.items():
            saved = self.saved(len(pattern), places) if len(places) > 1 else 0.0
            if saved > 0 and (best is None or saved > best[0]):
                best = saved, pattern
        return best

    def saved(self, size: int, places: Sequence[tuple[Run, int]]) -> float:
        """The lines that a block of so many items saves in these places, as far as they do not overlap."""
        first = places[0][0].items[places[0][1] : places[0][1] + size]
        if size == 1 and isinstance(first[0], Loop):
            return 0.0
        lines, uses = sum(item.lines for item in first), 0
        if len(places) * (lines - 1) <= lines + 4:
            return 0.0
        last: tuple[Run | None, int] = (None, 0)
        for run, start in places:
            if (run is not last[0] or start >= last[1]) and self.closed(run.items[start : start + size]):
                uses, last = uses + 1, (run, start + size)
        odd = 0.5 if getattr(first[0], "kind", "") in LATE else 0.0
        return uses * (lines - 1 - odd) - (lines + 4)


LATE = frozenset({"Activation", "ReLU", "LeakyReLU", "Dropout", "BatchNormalization", "Add"})
"""Layers that belong to what comes before them."""


def tandems(run: Run) -> Iterable[Pattern]:
    """Patterns that follow themselves at least once."""
    shape = run.shape
    for size in range(1, min(len(shape) // 2, LONGEST) + 1):
        same = 0
        for place in range(len(shape) - size):
            same = same + 1 if shape[place] == shape[place + size] else 0
            if same >= size:
                yield shape[place - size + 1 : place + 1]
