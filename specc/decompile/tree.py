"""What a graph is folded into: sequences of layers, forks with branches, loops, and uses of blocks.

Everything stays expanded: a loop holds each of its rounds, a use its own copy of the block's body. What has
the same `shape` differs in the values of arguments alone; which of those become parameters is decided when
the tree is written down.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator
from dataclasses import dataclass
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
    def source(self) -> str | None:
        """The only tensor that flows in, and None where there are several."""
        return self.sources[0] if len(self.sources) == 1 else None


@dataclass(frozen=True, slots=True, eq=False)
class Fork:
    """Branches from one tensor, in the order in which `merge` takes them; an empty one is the identity."""

    shape: int
    lines: int
    branches: tuple[Run, ...]
    merge: Leaf
    source: str

    @property
    def output(self) -> str:
        return self.merge.output


@dataclass(frozen=True, slots=True, eq=False)
class Loop:
    """Rounds of one shape, one after another; `pattern` shows it where there are none."""

    shape: int
    lines: int
    pattern: Run
    rounds: tuple[Run, ...]
    source: str
    output: str


@dataclass(frozen=True, slots=True, eq=False)
class Call:
    """One use of a block."""

    shape: int
    block: str
    body: Run

    @property
    def lines(self) -> int:
        return 1

    @property
    def source(self) -> str | None:
        return self.body.items[0].source

    @property
    def output(self) -> str:
        return self.body.items[-1].output


Item = Leaf | Fork | Loop | Call


@dataclass(frozen=True, slots=True, eq=False)
class Run:
    """Items one after another. Within forks, loops and blocks each flows into the next."""

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

    def fork(self, branches: tuple[Run, ...], merge: Leaf, source: str) -> Fork:
        shape = self.shape(("fork", tuple(b.shape for b in branches), merge.shape))
        lines = 2 + sum(max(1, b.lines) for b in branches)
        if len(branches) == 2 and not all(b.items for b in branches):
            lines = 2 - (merge.kind == "Add") + sum(b.lines for b in branches)
        return Fork(shape, lines, branches, merge, source)

    def loop(self, rounds: tuple[Run, ...], pattern: Run, source: str) -> Loop:
        shape = self.shape(("loop", pattern.shape))
        output = rounds[-1].items[-1].output if rounds else source
        return Loop(shape, 2 + pattern.lines, pattern, rounds, source, output)

    def call(self, block: str, body: Run) -> Call:
        return Call(self.shape(("call", block)), block, body)


def flowing(item: Item, previous: str | None) -> str | None:
    """What is `previous` after an item: nothing after several outputs, and constants do not flow."""
    if isinstance(item, Leaf):
        return previous if not item.node.flows else None if len(item.node.outputs) > 1 else item.output
    return item.output


def inner_runs(item: Item) -> tuple[Run, ...]:
    """The runs directly within an item."""
    if isinstance(item, Fork):
        return item.branches
    if isinstance(item, Loop):
        return item.rounds or (item.pattern,)
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
