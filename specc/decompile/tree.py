"""What a graph is folded into: sequences of layers, forks with branches, loops, and uses of blocks.

Everything stays expanded: a loop holds each of its rounds, a use its own copy of the block's body. What has
the same `shape` differs in the values of arguments alone; which of those become parameters is decided when
the tree is written down.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Any

from specc.graph.ir import Node, Weight


@dataclass(frozen=True, slots=True)
class Value:
    """An argument's plain data, compared as JSON (`1`, `1.0` and `true` differ).

    `free` where any other value of the same argument would do as well; `counts` where it is a position in
    a progression, which a loop may count.
    """

    key: str
    free: bool = False
    counts: bool = False

    @property
    def data(self) -> Any:
        return json.loads(self.key)


def value_of(data: Any, free: bool = False) -> Value:
    """Plain data as a Value."""
    return Value(json.dumps(data), free)


@dataclass(frozen=True, slots=True)
class Progression:
    """Numbers that are `factor * position / parts`."""

    factor: float
    parts: int

    def at(self, position: int) -> float:
        return self.factor * position / self.parts


@dataclass(frozen=True, slots=True, eq=False)
class Leaf:
    """One node. `sources` are the tensors that flow in, each once; `weights` the model's own that it uses.

    The slots named under `progressions` hold positions.
    """

    shape: int
    node: Node
    kind: str
    slots: tuple[tuple[str, Value], ...]
    sources: tuple[str, ...]
    weights: tuple[Weight, ...] = ()
    progressions: tuple[tuple[str, Progression], ...] = ()

    @property
    def lines(self) -> int:
        return 1

    @property
    def output(self) -> str:
        return self.node.outputs[0]

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.node.outputs

    @property
    def source(self) -> str | None:
        """The only tensor that flows in, and None where there are several."""
        return self.sources[0] if len(self.sources) == 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class Fork:
    """Branches in the order in which `merge` takes them; an empty one is the identity.

    `starts` are the tensors that flow into them, mostly one; None where a branch begins with several.
    """

    shape: int
    lines: int
    branches: tuple[Run, ...]
    merge: Leaf
    starts: tuple[str | None, ...]
    sources: tuple[str, ...]

    @property
    def output(self) -> str:
        return self.merge.output

    @property
    def outputs(self) -> tuple[str, ...]:
        return (self.output,)

    @property
    def source(self) -> str | None:
        return self.sources[0] if len(self.sources) == 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Rounds of one shape, one after another; `pattern` shows it where there are none.

    `start` flows into the first round. An `open` loop's rounds use other tensors too, and others use theirs:
    `sources` and `outputs`, round by round.
    """

    shape: int
    lines: int
    pattern: Run
    rounds: tuple[Run, ...]
    start: str | None
    output: str
    sources: tuple[str, ...]
    outputs: tuple[str, ...]
    open: bool = False

    @property
    def source(self) -> str | None:
        return None if self.open else self.start


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One use of a block: of its inputs, in order, the `sources`. A tensor may be several of them."""

    shape: int
    block: str
    body: Run
    sources: tuple[str, ...]

    @property
    def lines(self) -> int:
        return 1

    @property
    def source(self) -> str | None:
        return self.sources[0] if len(self.sources) == 1 else None

    @property
    def output(self) -> str:
        return self.body.items[-1].output

    @property
    def outputs(self) -> tuple[str, ...]:
        return (self.output,)


@dataclass(frozen=True, slots=True, eq=False)
class Maybe:
    """An item that some rounds have. Others have not: then it is another round's, and `through` flows on."""

    shape: int
    item: Item
    there: bool
    through: str

    @property
    def lines(self) -> int:
        return self.item.lines + 1

    @property
    def sources(self) -> tuple[str, ...]:
        return self.item.sources if self.there else ()

    @property
    def outputs(self) -> tuple[str, ...]:
        return self.item.outputs if self.there else ()

    @property
    def source(self) -> str | None:
        return self.item.source if self.there else self.through

    @property
    def output(self) -> str:
        return self.item.output if self.there else self.through


Item = Leaf | Fork | Loop | Call | Maybe


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Items one after another. Within forks, closed loops and blocks of chains each flows into the next."""

    items: tuple[Item, ...]
    shape: tuple[int, ...]
    lines: int


class Forge:
    """Makes the parts of trees; equal shapes get equal numbers."""

    def __init__(self) -> None:
        self._shapes: dict[Hashable, int] = {}

    def shape(self, key: Hashable) -> int:
        return self._shapes.setdefault(key, len(self._shapes))

    def run(self, items: tuple[Item, ...]) -> Run:
        return Run(items, tuple(i.shape for i in items), sum(i.lines for i in items))

    def fork(self, branches: tuple[Run, ...], merge: Leaf, starts: tuple[str | None, ...]) -> Fork:
        into = [
            run.items[0].sources if run.items else (start or "",)
            for run, start in zip(branches, starts, strict=True)
        ]
        sources = tuple(dict.fromkeys(tensor for given in into for tensor in given))
        places = tuple(tuple(map(sources.index, given)) for given in into)
        shape = self.shape(("fork", tuple(b.shape for b in branches), merge.shape, places))
        lines = 2 + sum(max(1, b.lines) for b in branches)
        if len(branches) == 2 and not all(b.items for b in branches):
            lines = 2 - (merge.kind == "Add") + sum(b.lines for b in branches)
        return Fork(shape, lines, branches, merge, starts, sources)

    def loop(self, rounds: tuple[Run, ...], pattern: Run, source: str) -> Loop:
        """A closed loop: nothing but `source` flows in, and nothing but the last round's output out."""
        shape = self.shape(("loop", pattern.shape))
        output = rounds[-1].items[-1].output if rounds else source
        return Loop(shape, 2 + pattern.lines, pattern, rounds, source, output, (source,), (output,))

    def call(self, block: str, body: Run, sources: tuple[str, ...] = ()) -> Call:
        """A use of a block; a chain's only source is its first item's."""
        return Call(self.shape(("call", block)), block, body, sources or body.items[0].sources)

    def maybe(self, item: Item, there: bool, through: str) -> Maybe:
        return Maybe(self.shape(("maybe", item.shape)), item, there, through)


def flowing(item: Item, previous: str | None) -> str | None:
    """What is `previous` after an item: nothing after several outputs, and constants do not flow."""
    if isinstance(item, Leaf):
        return previous if not item.node.flows else None if len(item.node.outputs) > 1 else item.output
    if isinstance(item, Maybe):
        return flowing(item.item, previous) if item.there else previous
    return item.output


def inner_runs(item: Item) -> tuple[Run, ...]:
    """The runs directly within an item."""
    if isinstance(item, Fork):
        return item.branches
    if isinstance(item, Loop):
        return item.rounds or (item.pattern,)
    if isinstance(item, Maybe):
        return (Run((item.item,), (item.item.shape,), item.item.lines),) if item.there else ()
    return (item.body,) if isinstance(item, Call) else ()


def all_runs(run: Run) -> Iterator[Run]:
    """A run and those within it, rounds and uses of blocks each by itself."""
    yield run
    for item in run.items:
        for inner in inner_runs(item):
            yield from all_runs(inner)


def written_runs(run: Run, seen: set[str]) -> Iterator[Run]:
    """A run and those within it as they are written down: one round of a loop, a block's body once."""
    yield run
    for item in run.items:
        inner = inner_runs(item)
        if isinstance(item, Loop):
            inner = inner[:1]
        if isinstance(item, Call):
            if item.block in seen:
                continue
            seen.add(item.block)
        for part in inner:
            yield from written_runs(part, seen)


def leaves(run: Run) -> Iterator[Leaf]:
    """The leaves of a run and of those within it."""
    for inner in all_runs(run):
        yield from (item for item in inner.items if isinstance(item, Leaf))


def values(run: Run) -> list[Value]:
    """The values of all arguments within, in order; as many for any two runs of one shape."""
    return [value for item in run.items for value in _values(item)]


def _values(item: Item) -> list[Value]:
    if isinstance(item, Leaf):
        return [value for _, value in item.slots]
    if isinstance(item, Fork):
        return [v for b in item.branches for v in values(b)] + _values(item.merge)
    if isinstance(item, Call):
        return values(item.body)
    if isinstance(item, Maybe):
        inner = _values(item.item)
        return [value_of(item.there), *(inner if item.there else [replace(v, free=True) for v in inner])]
    columns = zip(*map(values, item.rounds), strict=True) if item.rounds else ()
    found = [_together(column) for column in columns] or [Value("null", free=True)] * len(
        values(item.pattern)
    )
    return [value_of(len(item.rounds)), *found]


def _together(column: tuple[Value, ...]) -> Value:
    """The values of one argument in all rounds as one: itself where it stays the same."""
    if steady(column):
        return next((v for v in column if not v.free), column[0])
    return Value(json.dumps([json.loads(v.key) for v in column]))


def constant(column: tuple[Value, ...]) -> bool:
    """Whether one value does for all."""
    return len({v.key for v in column if not v.free}) <= 1


def steady(column: tuple[Value, ...]) -> bool:
    """Whether one value does for all, or they are positions one after another."""
    return constant(column) or counting(column)


def counting(column: tuple[Value, ...]) -> bool:
    """Whether these are positions one after another."""
    return all(v.counts and not v.free for v in column) and all(
        right.data == left.data + 1 for left, right in pairwise(column)
    )
