"""Short chains from several tensors that meet in one layer: branches of which some say where they start."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain

from specc.decompile.regions import may_join
from specc.decompile.tree import Call, Forge, Fork, Item, Leaf, Loop, Maybe, Run, all_runs
from specc.decompile.wired import Wired

LONGEST = 3
"""How many items such a branch may hold."""


@dataclass(frozen=True, slots=True)
class Join:
    """A layer, and the chains that lead to it, by their places in a run."""

    merge: int
    branches: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """What is joined in a run, and the order in which its items are then read."""

    joins: tuple[Join, ...]
    order: tuple[int, ...]


class Joins:
    """Joins branches in models, and in blocks: alike in all uses of one."""

    def __init__(self, runs: Iterable[Run], forge: Forge) -> None:
        self.forge = forge
        self.plans: dict[str, Plan] = {}
        calls = [item for run in runs for inner in all_runs(run) for item in inner.items]
        for call in (item for item in calls if isinstance(item, Call)):
            if call.block not in self.plans and len(set(call.sources)) == len(call.sources):
                self.plans[call.block] = self.plan(call.body, call.outputs)

    def model(self, run: Run, kept: Iterable[str]) -> Run:
        """A model's run, all that is within it included."""
        inner = self.inner(run)
        return self.apply(inner, self.plan(inner, kept))

    def inner(self, run: Run) -> Run:
        """A run with the blocks that it uses changed."""
        return self.forge.run(tuple(map(self.item, run.items)))

    def item(self, item: Item) -> Item:
        if isinstance(item, Call):
            body = self.apply(self.inner(item.body), self.plans[item.block])
            return self.forge.call(item.block, body, item.sources)
        if isinstance(item, Fork):
            return self.forge.fork(tuple(map(self.inner, item.branches)), item.merge, item.starts)
        if isinstance(item, Loop) and item.start is not None:
            rounds = tuple(map(self.inner, item.rounds))
            return self.forge.loop(rounds, self.inner(item.pattern), item.start)
        return replace(item, item=self.item(item.item)) if isinstance(item, Maybe) else item

    # --- plans --------------------------------------------------------------------------------------------
    def plan(self, run: Run, kept: Iterable[str]) -> Plan:
        """What can be joined in a run; `kept` are the tensors that are used outside of it."""
        wired = Wired(run.items, kept)
        joins = []
        for place, item in enumerate(run.items):
            if isinstance(item, Leaf) and item.kind != "formula" and len(item.sources) > 1 and may_join(item):
                branches = self.branches(wired, item)
                if sum(not branch for branch in branches) <= 1 and self.has_start(wired, item, branches):
                    joins.append(Join(place, branches))
        return Plan(tuple(joins), tuple(Wired(self.joined(run.items, joins), kept).reading_order()))

    def branches(self, wired: Wired, merge: Leaf) -> tuple[tuple[int, ...], ...]:
        """The chains that lead to a layer.

        Of two, one begins with an item that takes several tensors only where the other is one of those.
        """
        found = tuple(tuple(leading(wired, tensor, True)) for tensor in merge.sources)
        begin = {tensor for branch in found if branch for tensor in wired.items[branch[0]].sources}
        if len(found) > 2 or any(not b and t in begin for b, t in zip(found, merge.sources, strict=True)):
            return found
        return tuple(tuple(leading(wired, tensor, False)) for tensor in merge.sources)

    def has_start(self, wired: Wired, merge: Leaf, branches: Sequence[tuple[int, ...]]) -> bool:
        """Whether something flows into a fork of these branches: one tensor at least, and others than it."""
        given = zip(branches, merge.sources, strict=True)
        into = [wired.items[branch[0]].sources if branch else (tensor,) for branch, tensor in given]
        return len({*chain.from_iterable(into)}) > 1 and any(len(sources) == 1 for sources in into)

    def apply(self, run: Run, plan: Plan) -> Run:
        items = self.joined(run.items, plan.joins)
        return self.forge.run(tuple(items[place] for place in plan.order))

    def joined(self, items: Sequence[Item], joins: Iterable[Join]) -> list[Item]:
        """Items with a fork in place of each join's merge."""
        done = list(items)
        for join in joins:
            done[join.merge] = self.fork(done, join)
        gone = {place for join in joins for branch in join.branches for place in branch}
        return [item for place, item in enumerate(done) if place not in gone]

    def fork(self, items: Sequence[Item], join: Join) -> Fork:
        merge = items[join.merge]
        assert isinstance(merge, Leaf)
        runs = tuple(self.forge.run(tuple(items[place] for place in branch)) for branch in join.branches)
        given = zip(runs, merge.sources, strict=True)
        starts = tuple(run.items[0].source if run.items else tensor for run, tensor in given)
        return self.forge.fork(runs, merge, starts)


def leading(wired: Wired, tensor: str, several: bool) -> list[int]:
    """The items of a short chain that leads to a tensor, from one that is used elsewhere too; empty without.

    With `several`, the first item may take several tensors.
    """
    found: list[int] = []
    while len(wired.users[tensor]) == 1 and tensor in wired.makers and tensor not in wired.kept:
        place, _ = wired.makers[tensor]
        item = wired.items[place]
        if len(item.outputs) > 1 or len(found) == LONGEST or (item.source is None and not several):
            return []
        found.insert(0, place)
        if item.source is None:
            break
        tensor = item.source
    return found
