"""The ways in which graphs are folded; the shortest that gives them again is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from specc.decompile.cells import Cells, called
from specc.decompile.document import Document
from specc.decompile.emission import UnsayableError
from specc.decompile.fold_blocks import Folding
from specc.decompile.joins import Joins
from specc.decompile.leaves import Leaves
from specc.decompile.open_loops import OpenLoops, names_in_formula
from specc.decompile.regions import Regions, without_skips
from specc.decompile.tree import Call, Forge, Item, Run
from specc.decompile.wired import is_open, kept_tensors
from specc.graph.ir import Graph

Found = Iterator[dict[str, Any]]


class Ways:
    """Documents of some models, each folded in its own way.

    With `swaps`, there are also those in which summands change places, which may change the order of weights.
    """

    def __init__(self, models: Mapping[str, Graph], swaps: bool) -> None:
        self.models, self.swaps, self.forge = models, swaps, Forge()
        leaves = Leaves(models.values(), self.forge)
        self.runs = [Regions(graph, leaves, self.forge).run() for graph in models.values()]
        self.kept = [kept_tensors(graph) for graph in models.values()]
        self.folded: list[Folding] = []

    def chains(self) -> Found:
        """With blocks and loops of chains only."""
        for singles in (True, False):
            folding = self.folding(self.runs)
            folding.fold(singles)
            self.folded.append(folding)
            yield Document(self.models).data(folding.runs)

    def others(self) -> Found:
        """With cells of several inputs, and loops that number names: after the chains, or before them."""
        if any(map(is_open, self.runs, self.kept)):
            for folding in self.folded:
                finish(folding)
                yield from self.documents(folding)
            yield from self.documents(self.loops_first(self.runs))
        flat = [self.forge.run(tuple(without_skips(run.items))) for run in self.runs]
        if [run.shape for run in flat] != [run.shape for run in self.runs]:
            folding = self.folding(flat)
            folding.fold(True)
            finish(folding)
            yield from self.documents(folding)
            yield from self.documents(self.loops_first(flat))

    def folding(self, runs: Sequence[Run]) -> Folding:
        return Folding(self.forge, list(runs), self.kept)

    def documents(self, folding: Folding) -> Found:
        """The document, and another where one may do with summands in their order."""
        for swap in (True, False) if self.swaps else (False,):
            document = Document(self.models, swap)
            try:
                yield document.data(folding.runs)
            except UnsayableError:
                return
            if not document.writer.swapped:
                return

    def loops_first(self, runs: Sequence[Run]) -> Folding:
        """What follows itself becomes loops before there are blocks."""
        folding = self.folding(runs)
        join(folding)
        loop(folding)
        folding.fold(True)
        finish(folding)
        return folding


def finish(folding: Folding) -> None:
    """Make blocks of cells, and of what then comes again; then loops that number names."""
    while cells(folding):
        folding.fold(True)
    written_once(folding)
    join(folding)
    loop(folding)
    written_once(folding)


def cells(folding: Folding) -> int:
    """Make blocks of cells as long as that saves lines; how many."""
    count = 0
    while cell(folding):
        count += 1
    return count


def cell(folding: Folding) -> bool:
    """Make a block of the cells that save most lines; whether there were any."""
    found = [Cells(run, kept).best() for run, kept in zip(folding.runs, folding.kept, strict=True)]
    place = max(range(len(found)), key=lambda place: best.saved if (best := found[place]) else 0)
    if (best := found[place]) is None:
        return False
    folding.count += 1
    folding.replace(place, called(folding.runs[place].items, best, f"cell {folding.count}", folding.forge))
    return True


def join(folding: Folding) -> None:
    """Join short branches, and put the items in the order of reading."""
    joins = Joins(folding.runs, folding.forge)
    for place, kept in enumerate(folding.kept):
        folding.replace(place, joins.model(folding.runs[place], kept).items)


def loop(folding: Folding) -> None:
    """Make loops that number names."""
    for place, kept in enumerate(folding.kept):
        while chains := (loops := OpenLoops(folding.runs[place], kept, folding.forge)).best():
            folding.replace(place, loops.looped(chains))


def written_once(folding: Folding) -> None:
    """Write blocks that are used in one place there, where nothing within needs a name."""
    uses = Counter(item.block for run in folding.written() for item in run.items if isinstance(item, Call))

    def change(items: Sequence[Item]) -> list[Item]:
        done: list[Item] = []
        for item in items:
            inner = isinstance(item, Call) and uses[item.block] == 1 and _open_body(item)
            done += inner or [item]
        return done

    folding.rewrite(change)


def _open_body(call: Call) -> tuple[Item, ...]:
    """The items of a block that needs no scope of its own; empty where it does.

    Each of them takes what the one before makes, or what flows into the block. What formulas name can have a
    number outside, which they cannot say.
    """
    several = len(call.sources) > 1
    if call.block.startswith("closed") or (several and any(map(names_in_formula, call.body.items))):
        return ()
    made = [item.output for item in call.body.items]
    allowed = [{*call.sources, *made[max(0, place - 1) : place]} for place in range(len(made))]
    plain = all({*item.sources} <= known for item, known in zip(call.body.items, allowed, strict=True))
    return call.body.items if plain else ()
