"""Trees written down: steps, and blocks with the parameters in which their uses differ."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from specc.catalog.load import load
from specc.decompile.columns import Column, Counted, Field, Scaled, Take, fields_for, settle
from specc.decompile.leaves import local_names, numbers_apart, numbers_back, settled
from specc.decompile.tree import (
    Call,
    Fork,
    Item,
    Leaf,
    Loop,
    Run,
    Value,
    constant,
    counting,
    flowing,
    leaves,
    value_of,
)
from specc.frontend.emit import escape
from specc.frontend.expressions.formula import rename, unparse
from specc.graph.ir import Formula, Layer, Reuse, Wire

COMMUTATIVE = frozenset({"Add", "Multiply", "Average", "Maximum", "Minimum"})
VARIABLES = ("stage", "unit", "part", "piece")
COUNTERS = ("i", "j", "k", "l")
"""Loop variables that hold a round's values, or count, by how many loops are around."""


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
    """Writes runs as steps. `params` are the blocks known so far, `names` those of tensors that need one."""

    def __init__(self, params: Mapping[str, Params], block_names: Mapping[str, str]) -> None:
        self.params, self.block_names = params, block_names
        self.names: Mapping[str, str] = {}
        self.in_model = False

    def steps(
        self, rows: Sequence[Run], take: Take, previous: str | None = None, depth: int = 0
    ) -> list[Any]:
        """The steps of runs of one shape, each a row of `take`'s; `previous` flows into them."""
        steps: list[Any] = []
        for items in zip(*(row.items for row in rows), strict=True):
            steps += self.item(items, take, previous, depth)
            previous = flowing(items[0], previous)
        return steps

    def item(self, rows: Sequence[Item], take: Take, previous: str | None, depth: int) -> list[Any]:
        first = rows[0]
        if isinstance(first, Leaf):
            return [self.leaf([r for r in rows if isinstance(r, Leaf)], take, previous)]
        if isinstance(first, Fork):
            forks = [r for r in rows if isinstance(r, Fork)]
            if first.merge.kind == "formula":
                return self.joined(forks, take, depth)
            return [self.wired(self.fork(forks, take, depth), first, previous)]
        if isinstance(first, Call):
            return [self.wired(self.call([r for r in rows if isinstance(r, Call)], take), first, previous)]
        return self.loop([r for r in rows if isinstance(r, Loop)], take, previous, depth)

    def wired(self, step: dict[str, Any], item: Fork | Call | Loop, previous: str | None) -> dict[str, Any]:
        """A step with what flows in, and with a name for what flows out where one is wanted."""
        if item.source != previous and item.source is not None:
            step["from"] = self.name(item.source, previous)
        if item.output in self.names:
            if isinstance(item, Loop):
                step["name"] = self.names[item.output]
            else:
                step["outputs"] = [self.names[item.output]]
        return step

    def name(self, tensor: str, previous: str | None) -> str:
        return "previous" if tensor == previous else self.names.get(tensor, tensor)

    # --- layers -------------------------------------------------------------------------------------------
    def leaf(self, rows: Sequence[Leaf], take: Take, previous: str | None) -> dict[str, Any]:
        leaf, node = rows[0], rows[0].node
        columns = self.columns(rows, take)
        step: dict[str, Any] = {}
        if isinstance(node.operation, Formula):
            names = {tensor: self.name(tensor, previous) for tensor in leaf.sources}
            local = local_names(leaf.weights)
            names |= {weight.name: name for weight, name in zip(leaf.weights, local, strict=True)}
            step["formula"] = Text(node.operation, names, columns)
        elif isinstance(node.operation, Layer):
            step[leaf.kind] = Arguments(
                leaf.kind, dict(zip((n for n, _ in leaf.slots), columns, strict=True))
            )
        else:
            step[leaf.kind] = node.operation.target if isinstance(node.operation, Reuse) else None
        if (wiring := self.wiring(leaf, previous)) is not None:
            step["from"] = wiring
        if node.settings:
            step["call"] = escape(node.settings)
        return self.named(step, leaf)

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

    def named(self, step: dict[str, Any], leaf: Leaf) -> dict[str, Any]:
        node = leaf.node
        if len(node.outputs) > 1:
            if isinstance(node.operation, (Layer, Reuse)):
                step["outputs"] = list(node.outputs)
            step["name"] = node.name
        elif node.name in self.names:
            step["name"] = self.names[node.name]
        if node.trainable is False:
            step["trainable"] = False
        return step

    def wiring(self, leaf: Leaf, previous: str | None) -> Any:
        """What stands under `from`; None where nothing has to."""
        node = leaf.node
        if isinstance(node.operation, Formula):
            return None
        if len(node.inputs) == 1:
            wire = node.inputs[0][1]
            return None if wire == previous else self.wire(wire, previous)
        return {name or self.first_argument(leaf): self.wire(wire, previous) for name, wire in node.inputs}

    def wire(self, wire: Wire, previous: str | None) -> Any:
        if isinstance(wire, tuple):
            return [self.wire(part, previous) for part in wire]
        return None if wire is None else self.name(wire, previous)

    def first_argument(self, leaf: Leaf) -> str:
        return load().objects["layer"][leaf.kind].tensors[0].name

    # --- forks --------------------------------------------------------------------------------------------
    def fork(self, rows: Sequence[Fork], take: Take, depth: int) -> dict[str, Any]:
        first = rows[0]
        bodies = [
            self.steps([row.branches[place] for row in rows], take, first.source, depth)
            for place in range(len(first.branches))
        ]
        merge: Any = self.leaf([row.merge for row in rows], take, None)
        merge = {kind: item for kind, item in merge.items() if kind not in ("from", "name")}
        if len(bodies) == 2 and (bodies[0] == [] or (bodies[1] == [] and first.merge.kind in COMMUTATIVE)):
            return {"residual": bodies[0] or bodies[1]} | self.merge(merge)
        sizes = [len(list(leaves(branch))) for branch in first.branches]
        if len(bodies) == 2 and first.merge.kind == "Add" and sizes[0] <= sizes[1]:
            return {"residual": bodies[1], "shortcut": bodies[0]} | self.merge(merge)
        return {"branches": bodies, "merge": merge}

    def merge(self, merge: Any) -> dict[str, Any]:
        """What a residual says of how it is merged."""
        return {} if merge.get("Add") and not merge["Add"].given else {"merge": merge}

    def joined(self, rows: Sequence[Fork], take: Take, depth: int) -> list[Any]:
        """A fork whose branches meet in a formula; it stands alone in a block."""
        first = rows[0]
        bodies = [
            self.steps([row.branches[place] for row in rows], take, first.source, depth)
            for place in range(len(first.branches))
        ]
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
    def call(self, rows: Sequence[Call], take: Take) -> dict[str, Any]:
        known = self.params[rows[0].block]
        given = {
            found.name: take(found.kind, tuple(known.given[id(row)][found.name] for row in rows))
            for found in known.fields
        }
        return {self.block_names[rows[0].block]: Arguments("", given, known.usual)}

    def unrolled(self, rows: Sequence[Loop], take: Take, previous: str | None, depth: int) -> list[Any]:
        """The rounds of loops one after another: as many in each row."""
        steps: list[Any] = []
        for rounds in zip(*(row.rounds for row in rows), strict=True):
            steps += self.steps(rounds, take, previous, depth)
            previous = rounds[0].items[-1].output
        return steps

    def loop(self, rows: Sequence[Loop], take: Take, previous: str | None, depth: int) -> list[Any]:
        rounds = [inner for row in rows for inner in row.rounds]
        counts = [len(row.rounds) for row in rows]
        if not rounds:
            return []
        if not pays(rows):
            return self.unrolled(rows, take, previous, depth)
        frame = Rounds(counts, depth, outermost=self.in_model and not depth)
        body = self.steps(rounds, frame.take, rows[0].source, depth + 1)
        head: Any = frame.solve(take)
        if head is None:
            head = take("depth", tuple(value_of(count) for count in counts))
        return [self.wired({"repeat": head, "layers": body}, rows[0], previous)]


def pays(rows: Sequence[Loop]) -> bool:
    """Whether a loop is shorter than its rounds one after another."""
    counts = {len(row.rounds) for row in rows}
    if len(counts) > 1:
        return True
    (count,) = counts
    return count * rows[0].pattern.lines > 2 + rows[0].pattern.lines


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


class Text:
    """A formula to be written once its numbers are known."""

    def __init__(self, operation: Formula, names: Mapping[str, str], columns: Sequence[Column]) -> None:
        self.operation, self.names, self.columns = operation, names, columns

    def data(self) -> str:
        pattern, _ = numbers_apart(rename(self.operation.expression, dict(self.names)))
        return unparse(numbers_back(pattern, [column.formula() for column in self.columns]))


class Arguments:
    """A layer's or a block's arguments, to be written once they are known; without those that go unsaid."""

    def __init__(self, kind: str, given: dict[str, Column], usual: Mapping[str, Value] | None = None) -> None:
        self.kind, self.given, self.usual = kind, given, usual or {}

    def data(self) -> Any:
        if not self.kind:
            return self.block()
        signature = load().objects["layer"][self.kind]
        defaults = settled(self.kind, {})
        said = {}
        for name, column in self.given.items():
            known = signature.by_name.get(name)
            unsaid = known is not None and not known.required and column.is_literal()
            if not unsaid or value_of(column.plain()) != defaults.get(name):
                said[name] = column.data()
        first = signature.arguments[0].name if signature.arguments else ""
        if list(said) == [first] and not isinstance(said[first], dict) and said[first] is not None:
            return said[first]
        return said or None

    def block(self) -> Any:
        """A block's: those of its parameters whose value is not the usual one."""
        said = {}
        for name, column in self.given.items():
            if not (column.is_literal() and name in self.usual and self.usual[name].data == column.plain()):
                said[name] = column.data()
        first, *_ = [*self.given, ""]
        if list(said) == [first] and not isinstance(said[first], dict):
            return said[first]
        return said or None


def written(data: Any) -> Any:
    """Steps as plain data, now that all values are known."""
    if isinstance(data, (Arguments, Text, Column)):
        return written(data.data())
    if isinstance(data, dict):
        whole = {name: written(item) for name, item in data.items()}
        return whole | {"merge": _bare(whole["merge"])} if "merge" in whole else whole
    if isinstance(data, list):
        return [_bare(written(item)) for item in data]
    return data


def _bare(step: Any) -> Any:
    """`- Flatten` for a step without arguments."""
    if isinstance(step, dict) and len(step) == 1 and next(iter(step.values())) is None:
        return next(iter(step))
    return step
