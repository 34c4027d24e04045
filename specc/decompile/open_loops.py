"""Rounds that come one after another and use what others made before: a `repeat` that numbers its names."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from specc.decompile.fold_blocks import Pattern, tandems
from specc.decompile.tree import Forge, Fork, Item, Leaf, Loop, Maybe, Run, steady, values
from specc.decompile.wired import Wired

HEAD = 2
"""The lines of a loop besides its rounds'."""
MOST_LEFT_OUT = 2
"""How many items the last round may lack."""
LEAST_SEVERAL = 3
"""How many tensors, made one after the other before a loop, its rounds take one by one at least."""
LEAST = 4
"""How many lines a loop over differing rounds saves at least."""


@dataclass(frozen=True, slots=True)
class Chain:
    """Rounds of `size` items from a place on, and a last one of `tail`; `form` is how they are wired."""

    place: int
    size: int
    count: int
    tail: int = 0
    form: Hashable = ()

    @property
    def end(self) -> int:
        return self.item(self.count, self.tail)

    def turns(self, position: int) -> range:
        """The rounds that have an item."""
        return range(self.count + (position < self.tail))

    def item(self, turn: int, position: int) -> int:
        """Where an item of one of the rounds stands."""
        return self.place + turn * self.size + position


class OpenLoops:
    """Looks for such loops in one run; `kept` are the tensors that are used outside of it."""

    def __init__(self, run: Run, kept: Iterable[str], forge: Forge) -> None:
        self.run, self.items, self.forge = run, run.items, forge
        self.wired = Wired(run.items, kept)

    def best(self) -> list[Chain]:
        """The chains of the pattern whose loops save most lines, those of equal rounds before others."""
        best: tuple[bool, float, list[Chain]] = (False, 0.0, [])
        for pattern in dict.fromkeys(tandems(self.run)):
            chains = [chain for chain in self.chains(pattern) if self.saved(chain) > 0]
            found = all(map(self.even, chains)), sum(map(self.saved, chains)), chains
            if chains and found[:2] > best[:2]:
                best = found
        return best[2]

    def even(self, chain: Chain) -> bool:
        """Whether the rounds have equal values."""
        return all(map(steady, zip(*map(values, self.rounds(chain)), strict=True)))

    def saved(self, chain: Chain) -> float:
        """The lines that a loop saves."""
        lines = self.wired.lines(range(chain.place, chain.place + chain.size))
        even = self.even(chain)
        saved = (chain.count - 1) * lines - HEAD - (0 if even else chain.count)
        if chain.tail:
            saved += self.wired.lines(range(chain.end - chain.tail, chain.end))
            saved -= 1 + chain.size - chain.tail
        return saved if even or saved >= LEAST else 0.0

    def rounds(self, chain: Chain) -> list[Run]:
        starts = range(chain.place, chain.place + chain.count * chain.size, chain.size)
        rounds = [self.items[start : start + chain.size] for start in starts]
        if chain.tail:
            left = rounds[0][chain.tail :]
            rounds = [(*r[: chain.tail], *self.maybe(r[chain.tail :], True, r[0])) for r in rounds]
            last = self.items[chain.end - chain.tail : chain.end]
            rounds.append((*last, *self.maybe(left, False, last[-1])))
        return [self.forge.run(tuple(items)) for items in rounds]

    def maybe(self, items: Sequence[Item], there: bool, before: Item) -> list[Item]:
        return [self.forge.maybe(item, there, before.output) for item in items]

    # --- chains -------------------------------------------------------------------------------------------
    def chains(self, pattern: Pattern) -> Iterator[Chain]:
        """Where a pattern follows itself, wired alike each time; from left to right."""
        size, place = len(pattern), 0
        while place + 2 * size <= len(self.items):
            chain = self.longest(pattern, place)
            if chain is None:
                place += 1
            else:
                yield chain
                place = chain.end

    def longest(self, pattern: Pattern, place: int) -> Chain | None:
        """As many rounds from a place on as are wired alike."""
        size, count, best = len(pattern), 2, None
        while self.run.shape[place : place + count * size] == pattern * count:
            chain = self.formed(Chain(place, size, count))
            if chain is None:
                break
            best, count = chain, count + 1
        best = best and self.with_tail(best, pattern)
        return best if best is not None and self.reads_well(best) else None

    def reads_well(self, chain: Chain) -> bool:
        """Whether the tensors that rounds take one by one are several, and were made one after the other."""
        for column in self.columns(chain):
            if self.kind(chain, column) == "several":
                makers = [self.wired.makers[tensor][0] for tensor in column]
                if len(column) < LEAST_SEVERAL or makers not in (sorted(makers), sorted(makers)[::-1]):
                    return False
        return True

    def columns(self, chain: Chain) -> Iterator[tuple[str, ...]]:
        """What each source of a round is, in all of them."""
        for position in range(chain.size):
            items = [self.items[chain.item(turn, position)] for turn in chain.turns(position)]
            yield from zip(*(item.sources for item in items), strict=True)

    def with_tail(self, chain: Chain, pattern: Pattern) -> Chain:
        """A chain with what follows, where that is another round but for its last items."""
        for tail in range(chain.size - 1, max(0, chain.size - 1 - MOST_LEFT_OUT), -1):
            left_out = self.items[chain.place + tail : chain.place + chain.size]
            if any(isinstance(item, Loop) for item in left_out):
                break
            if self.run.shape[chain.end : chain.end + tail] == pattern[:tail]:
                return self.formed(replace(chain, tail=tail)) or chain
        return chain

    def formed(self, chain: Chain) -> Chain | None:
        """A chain with its form; None where its rounds are not wired alike."""
        found = []
        for position in range(chain.size):
            items = [self.items[chain.item(turn, position)] for turn in chain.turns(position)]
            for column in zip(*(item.sources for item in items), strict=True):
                kind = self.kind(chain, column)
                if kind is None or not self.can_say(chain, position, kind, column[0]):
                    return None
                found.append(kind)
        return replace(chain, form=tuple(found))

    def kind(self, chain: Chain, column: Sequence[str]) -> Hashable:
        """What one source is in all rounds: of that round, of one before, the same, or several; else None."""
        if len(set(column)) == 1:
            return "same"
        made = [self.within(chain, turn, tensor) for turn, tensor in enumerate(column)]
        last = made[-1]
        if last is not None:
            before = last[0]
            like = all(m == last for m in made[before:])
            return last if like and all(self.outside(chain, tensor) for tensor in column[:before]) else None
        apart = len(set(column)) == len(column) and all(self.outside(chain, tensor) for tensor in column)
        return "several" if apart else None

    def within(self, chain: Chain, turn: int, tensor: str) -> tuple[int, int, int] | None:
        """How many rounds before a tensor is made, by which item, and which of its outputs it is."""
        maker, output = self.wired.makers.get(tensor, (-1, 0))
        made, position = divmod(maker - chain.place, chain.size)
        return (turn - made, position, output) if 0 <= made <= turn else None

    def outside(self, chain: Chain, tensor: str) -> bool:
        """Whether a tensor is made by a step before the loop, and can have any name."""
        return tensor in self.wired.makers and self.wired.makers[tensor][0] < chain.place

    def can_say(self, chain: Chain, position: int, kind: Hashable, first: str) -> bool:
        """Whether a source has a name that an item can say: formulas take no numbered ones.

        What flows in they need not name; `first` is the source in the first round.
        """
        item = self.items[chain.item(0, position)]
        if kind == "same" or not names_in_formula(item):
            return True
        if not isinstance(item, Leaf) or not isinstance(kind, tuple):
            return False
        maker = self.items[chain.item(0, (position or chain.size) - 1)]
        last = maker.outputs.index(maker.output)
        if position:
            return bool(kind == (0, position - 1, last))
        before = self.items[chain.place - 1].output if chain.place else ""
        return bool(kind == (1, chain.size - 1, last) and first == before)

    # --- loops --------------------------------------------------------------------------------------------
    def looped(self, chains: Sequence[Chain]) -> list[Item]:
        """The items with a loop for each chain."""
        done: list[Item] = []
        place = 0
        for chain in chains:
            done += [*self.items[place : chain.place], self.loop(chain)]
            place = chain.end
        return done + list(self.items[place:])

    def loop(self, chain: Chain) -> Loop:
        rounds = self.rounds(chain)
        shape = self.forge.shape(("open loop", rounds[0].shape, chain.count, chain.tail, chain.form))
        outputs = [tensor for inner in rounds for item in inner.items for tensor in item.outputs]
        sources = [tensor for inner in rounds for item in inner.items for tensor in item.sources]
        lines = HEAD + round(self.wired.lines(range(chain.place, chain.place + chain.size)))
        return Loop(
            shape=shape,
            lines=lines,
            pattern=rounds[0],
            rounds=tuple(rounds),
            start=None,
            output=outputs[-1],
            sources=tuple(tensor for tensor in sources if tensor not in set(outputs)),
            outputs=tuple(outputs),
            open=True,
        )


def names_in_formula(item: Item) -> bool:
    """Whether an item is a formula, or something in it that can name a tensor."""
    if isinstance(item, Fork):
        return any(names_in_formula(branch.items[0]) for branch in item.branches if branch.items)
    if isinstance(item, Loop) and item.open:
        return any(names_in_formula(inner) for inner in item.pattern.items)
    if isinstance(item, Maybe):
        return names_in_formula(item.item)
    return isinstance(item, Leaf) and item.kind == "formula"
