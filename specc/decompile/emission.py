"""Trees written down: steps, and blocks with the parameters in which their uses differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from specc.catalog.load import load
from specc.decompile.block_names import word
from specc.decompile.columns import Column, Field, Scaled, Take
from specc.decompile.labels import Name, Numbered, Row
from specc.decompile.leaves import local_names
from specc.decompile.rounds import Rounds, pays
from specc.decompile.said import Arguments, Text
from specc.decompile.tree import Call, Fork, Item, Leaf, Loop, Maybe, Run, Value, flowing, leaves, value_of
from specc.frontend.emit import escape
from specc.graph.ir import Formula, Layer, Reuse, Wire

COMMUTATIVE = frozenset({"Add", "Multiply", "Average", "Maximum", "Minimum"})

Flow = tuple[str | None, ...]
"""What `previous` is, row by row."""


class UnsayableError(Exception):
    """Runs are folded in a way that steps cannot say."""


class Params:
    """The parameters of a block, those with a usual value, and what each use gives, by its identity."""

    def __init__(
        self, fields: Sequence[Field], uses: Sequence[Call], usual: Callable[[Field], Value | None]
    ) -> None:
        self.fields = fields
        self.usual = {found.name: value for found in fields if (value := usual(found)) is not None}
        self.given = {
            id(use): {found.name: found.values[place] for found in fields} for place, use in enumerate(uses)
        }


class Writer:
    """Writes runs as steps. `names` are those of tensors that need one.

    Of the blocks known so far `params` are the parameters, `block_names` the names, `inputs` those of several
    inputs. `wanted` are the tensors that steps referred to, `made` those that the rounds of open loops make.
    With `swap`, summands may change places for a residual's sake; `swapped` tells whether any would.
    """

    def __init__(self, swap: bool) -> None:
        self.swap, self.swapped = swap, False
        self.params: dict[str, Params] = {}
        self.block_names: dict[str, str] = {}
        self.inputs: dict[str, list[str]] = {}
        self.in_model = False
        self.begin({})

    def begin(self, names: Mapping[str, Name]) -> None:
        """Write another scope."""
        self.names = names
        self.wanted: list[Row] = []
        self.made: list[Row] = []

    def steps(self, rows: Sequence[Run], take: Take, previous: Flow, depth: int = 0) -> list[Any]:
        """The steps of runs of one shape, each a row of `take`'s; `previous` flows into them."""
        steps: list[Any] = []
        for items in zip(*(row.items for row in rows), strict=True):
            steps += self.item(items, take, previous, depth)
            previous = _after(items, previous)
        return steps

    def item(self, rows: Sequence[Item], take: Take, previous: Flow, depth: int) -> list[Any]:
        first = rows[0]
        if isinstance(first, Leaf):
            return [self.leaf([r for r in rows if isinstance(r, Leaf)], take, previous)]
        if isinstance(first, Fork):
            forks = [r for r in rows if isinstance(r, Fork)]
            if first.merge.kind == "formula":
                return self.joined(forks, take, depth)
            return [self.fork(forks, take, previous, depth)]
        if isinstance(first, Call):
            return [self.call([r for r in rows if isinstance(r, Call)], take, previous)]
        if isinstance(first, Maybe):
            return self.maybe([r for r in rows if isinstance(r, Maybe)], take, previous, depth)
        return self.loop([r for r in rows if isinstance(r, Loop)], take, previous, depth)

    # --- names --------------------------------------------------------------------------------------------
    def flows(self, tensors: Sequence[Wire], previous: Flow) -> bool:
        """Whether these tensors, one a row, are `previous`. All uses of a block are wired as the first is."""
        return tuple(tensors) == previous if self.in_model else tensors[0] == previous[0]

    def name(self, tensors: Row, previous: Flow, take: Take) -> Any:
        """How a step refers to tensors, one a row."""
        if self.flows(tensors, previous):
            return "previous"
        self.wanted.append(tensors if self.in_model else tensors[:1])
        return self.label(tensors, take)

    def label(self, tensors: Row, take: Take) -> Any:
        """The names of tensors, one a row."""
        found = [self.names.get(t, Name(t)) for t in (tensors if self.in_model else tensors[:1])]
        if len(set(found)) == 1 or not self.names:
            return found[0].text
        if any(name.place is None or name.base != found[0].base for name in found):
            raise UnsayableError("names that differ in more than their numbers")
        places = tuple(Value(str(name.place), counts=True) for name in found)
        return Numbered(found[0].base, take("index", places))

    def given(self, step: dict[str, Any], rows: Sequence[Fork | Call], take: Take) -> dict[str, Any]:
        """A step with a name for what flows out, where one is wanted."""
        if rows[0].output in self.names:
            step["outputs"] = [self.label(tuple(row.output for row in rows), take)]
        return step

    # --- layers -------------------------------------------------------------------------------------------
    def leaf(self, rows: Sequence[Leaf], take: Take, previous: Flow) -> dict[str, Any]:
        leaf, node = rows[0], rows[0].node
        step: dict[str, Any]
        if isinstance(node.operation, Formula):
            columns = self.columns(rows, take)
            wires = list(zip(*(row.sources for row in rows), strict=True))
            names = {tensors[0]: self.name(tensors, previous, take) for tensors in wires}
            if any(isinstance(name, Numbered) for name in names.values()):
                raise UnsayableError("a formula takes no numbered name")
            local = local_names(leaf.weights)
            names |= {weight.name: name for weight, name in zip(leaf.weights, local, strict=True)}
            step = {"formula": Text(node.operation, names, columns)}
        elif isinstance(node.operation, Layer):
            step = self.layer(rows, take)
        else:
            step = {leaf.kind: node.operation.target if isinstance(node.operation, Reuse) else None}
        if (wiring := self.wiring(rows, previous, take)) is not None:
            step["from"] = wiring
        if node.settings:
            step["call"] = escape(node.settings)
        self.named(step, rows, take)
        return step if node.trainable is not False else step | {"trainable": False}

    def layer(self, rows: Sequence[Leaf], take: Take) -> dict[str, Any]:
        """A layer and its arguments."""
        names = [name for name, _ in rows[0].slots]
        given = dict(zip(names, self.columns(rows, take), strict=True))
        return {rows[0].kind: Arguments(rows[0].kind, given)}

    def weights(self, leaf: Leaf, columns: Sequence[Column]) -> dict[str, Any]:
        """The weights of a block that holds one formula; their columns follow those of its numbers."""
        found: dict[str, Any] = {}
        own = columns[len(columns) - 2 * len(leaf.weights) :]
        for place, (weight, name) in enumerate(zip(leaf.weights, local_names(leaf.weights), strict=True)):
            shape, initializer = own[2 * place : 2 * place + 2]
            body: dict[str, Any] = {"shape": shape}
            if weight.initializer is not None:
                body["initializer"] = initializer
            found[name] = body if weight.trainable else body | {"trainable": False}
        return found

    def columns(self, rows: Sequence[Leaf], take: Take) -> list[Column]:
        slots = zip(*(row.slots for row in rows), strict=True)
        progressions = dict(rows[0].progressions)
        columns: list[Column] = []
        for column in slots:
            name, values = column[0][0], tuple(value for _, value in column)
            if name in progressions:
                taken = take("position", values)
                columns.append(Scaled(name, values, same=taken, progression=progressions[name]))
            else:
                columns.append(take(name, values))
        return columns

    def named(self, step: dict[str, Any], rows: Sequence[Leaf], take: Take) -> None:
        """Add to a step the names of what it makes, where they are wanted."""
        node = rows[0].node
        if len(node.outputs) > 1:
            if isinstance(node.operation, (Layer, Reuse)):
                step["outputs"] = [self.label((tensor,), take) for tensor in node.outputs]
            step["name"] = node.name
        elif node.name in self.names:
            step["name"] = self.label(tuple(row.node.name for row in rows), take)

    def wiring(self, rows: Sequence[Leaf], previous: Flow, take: Take) -> Any:
        """What stands under `from`; None where nothing has to."""
        node = rows[0].node
        if isinstance(node.operation, Formula):
            return None
        wires = [[row.node.inputs[place][1] for row in rows] for place in range(len(node.inputs))]
        if len(wires) == 1:
            return None if self.flows(wires[0], previous) else self.wire(wires[0], previous, take)
        names = [name or self.first_argument(rows[0]) for name, _ in node.inputs]
        return {name: self.wire(wire, previous, take) for name, wire in zip(names, wires, strict=True)}

    def wire(self, wires: Sequence[Wire], previous: Flow, take: Take) -> Any:
        first = wires[0]
        if isinstance(first, tuple):
            parts = zip(*(wire for wire in wires if isinstance(wire, tuple)), strict=True)
            return [self.wire(part, previous, take) for part in parts]
        tensors = tuple(wire for wire in wires if isinstance(wire, str))
        return None if first is None else self.name(tensors, previous, take)

    def first_argument(self, leaf: Leaf) -> str:
        return load().objects["layer"][leaf.kind].tensors[0].name

    # --- forks --------------------------------------------------------------------------------------------
    def fork(self, rows: Sequence[Fork], take: Take, previous: Flow, depth: int) -> dict[str, Any]:
        first = rows[0]
        base = _base(first, previous[0])
        starts = tuple(str(row.starts[base]) for row in rows)
        bodies = self.bodies(rows, take, starts, depth)
        merge = self.layer([row.merge for row in rows], take)
        if first.merge.node.trainable is False:
            merge["trainable"] = False
        step = self.forked(first, bodies, merge)
        if not self.flows(starts, previous):
            step["from"] = self.name(starts, previous, take)
        return self.given(step, rows, take)

    def forked(self, first: Fork, bodies: list[list[Any]], merge: Any) -> dict[str, Any]:
        """A fork with these branches: a residual, where it is one."""
        if len(bodies) == 2 and (bodies[0] == [] or (bodies[1] == [] and self.may_swap(first))):
            return {"residual": bodies[0] or bodies[1]} | self.merge(merge)
        sizes = [len(list(leaves(branch))) for branch in first.branches]
        if len(bodies) == 2 and first.merge.kind == "Add" and sizes[0] <= sizes[1]:
            return {"residual": bodies[1], "shortcut": bodies[0]} | self.merge(merge)
        return {"branches": bodies, "merge": merge}

    def may_swap(self, fork: Fork) -> bool:
        """Whether a body may come second, though it is first.

        Where it starts from other tensors too, that may change the order of the weights before it.
        """
        swaps = fork.merge.kind in COMMUTATIVE and fork.starts[1] in fork.branches[0].items[0].sources
        self.swapped |= swaps and fork.source is None
        return swaps and (self.swap or fork.source is not None)

    def bodies(self, rows: Sequence[Fork], take: Take, starts: Flow, depth: int) -> list[list[Any]]:
        """The steps of each branch; `starts` flow into all of them."""
        return [
            self.steps([row.branches[place] for row in rows], take, starts, depth)
            for place in range(len(rows[0].branches))
        ]

    def merge(self, merge: Any) -> dict[str, Any]:
        """What a residual says of how it is merged."""
        return {} if merge.get("Add") and not merge["Add"].given else {"merge": merge}

    def joined(self, rows: Sequence[Fork], take: Take, depth: int) -> list[Any]:
        """A fork whose branches meet in a formula; it stands alone in a block."""
        first = rows[0]
        bodies = self.bodies(rows, take, tuple(row.starts[0] for row in rows), depth)
        if len(bodies) == 2 and [] in bodies:
            steps = bodies[0] or bodies[1]
            names = ["previous" if body else "input" for body in bodies]
        else:
            names = [f"branch_{place}" for place in range(len(bodies))]
            steps = [{"branches": bodies, "outputs": names}]
        operation = first.merge.node.operation
        assert isinstance(operation, Formula)
        columns = self.columns([row.merge for row in rows], take)
        text = Text(operation, dict(zip(first.merge.sources, names, strict=True)), columns)
        return [*steps, {"formula": text}]

    # --- blocks and loops ---------------------------------------------------------------------------------
    def call(self, rows: Sequence[Call], take: Take, previous: Flow) -> dict[str, Any]:
        block = rows[0].block
        known = self.params[block]
        given = {
            found.name: take(found.kind, tuple(known.given[id(row)][found.name] for row in rows))
            for found in known.fields
        }
        step: dict[str, Any] = {self.block_names[block]: Arguments("", given, known.usual)}
        sources = list(zip(*(row.sources for row in rows), strict=True))
        if len(sources) > 1:
            names = self.inputs[block]
            step["from"] = {n: self.name(s, previous, take) for n, s in zip(names, sources, strict=True)}
        elif not self.flows(sources[0], previous):
            step["from"] = self.name(sources[0], previous, take)
        return self.given(step, rows, take)

    def maybe(self, rows: Sequence[Maybe], take: Take, previous: Flow, depth: int) -> list[Any]:
        """A step that only some of the rows have."""
        there = [row.there for row in rows]

        def some(name: str, values: tuple[Value, ...]) -> Column:
            rest, spare = iter(values), replace(values[0], free=True)
            return take(name, tuple(next(rest) if has else spare for has in there))

        flow = tuple(before for before, has in zip(previous, there, strict=True) if has)
        steps = self.item([row.item for row in rows if row.there], some, flow, depth) if any(there) else []
        when = take(word(rows[0].item), tuple(map(value_of, there)))
        return [step | {"when": when} for step in steps]

    def unrolled(self, rows: Sequence[Loop], take: Take, previous: Flow, depth: int) -> list[Any]:
        """The rounds of loops one after another: as many in each row."""
        steps: list[Any] = []
        for rounds in zip(*(row.rounds for row in rows), strict=True):
            steps += self.steps(rounds, take, previous, depth)
            for items in zip(*(inner.items for inner in rounds), strict=True):
                previous = _after(items, previous)
        return steps

    def loop(self, rows: Sequence[Loop], take: Take, previous: Flow, depth: int) -> list[Any]:
        rounds = [inner for row in rows for inner in row.rounds]
        counts = [len(row.rounds) for row in rows]
        if not rounds:
            return []
        first = rows[0]
        starts = previous if first.open else tuple(row.start for row in rows)
        if not pays(rows):
            return self.unrolled(rows, take, previous, depth)
        frame = Rounds(counts, depth, outermost=self.in_model and not depth)
        if first.open:
            self.made += _made(rounds)
        body = self.steps(rounds, frame.take, _into_rounds(rows, starts), depth + 1)
        head: Any = frame.solve(take)
        if head is None:
            head = take("depth", tuple(value_of(count) for count in counts))
        step = {"repeat": head, "layers": body}
        if not self.flows(starts, previous):
            step["from"] = self.name(tuple(str(start) for start in starts), previous, take)
        if not first.open and first.output in self.names:
            step["name"] = self.label(tuple(row.output for row in rows), take)
        return [step]


def _after(items: Sequence[Item], previous: Flow) -> Flow:
    """What flows after the items of each row."""
    return tuple(flowing(item, before) for item, before in zip(items, previous, strict=True))


def _into_rounds(rows: Sequence[Loop], starts: Flow) -> Flow:
    """What flows into each round of each loop."""
    found: list[str | None] = []
    for row, previous in zip(rows, starts, strict=True):
        for inner in row.rounds:
            found.append(previous)
            for item in inner.items:
                previous = flowing(item, previous)
    return tuple(found)


def _made(rounds: Sequence[Run]) -> list[Row]:
    """What the items of each round make; what open loops within make is told by those."""
    items = zip(*(inner.items for inner in rounds), strict=True)
    return [
        row
        for same in items
        if not (isinstance(same[0], Loop) and same[0].open)
        for row in zip(*(item.outputs for item in same if item.outputs), strict=True)
    ]


def _base(fork: Fork, previous: str | None) -> int:
    """Whose start the other branches are said to leave from: the empty one's, or what flows, or the first."""
    empty = [place for place, branch in enumerate(fork.branches) if not branch.items]
    known = [place for place, start in enumerate(fork.starts) if start is not None]
    return [*empty, *(place for place in known if fork.starts[place] == previous), *known][0]
