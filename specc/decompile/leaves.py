"""Nodes of a graph as leaves of a tree: what they are, and the values in which two of a kind may differ."""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from specc.catalog.load import load
from specc.catalog.objects import plain
from specc.decompile.tree import Forge, Leaf, Progression, Value, value_of
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import rename, unparse
from specc.frontend.expressions.nodes import Expression
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse, Weight, Wire, wires

SIZES = frozenset({"kernel_size", "pool_size", "strides", "dilation_rate", "size", "padding", "cropping"})
"""Arguments for which one number stands for the same number along every axis."""
FEWEST = 4
"""How many numbers make a progression."""
MOST_PARTS = 200
HOLE = "_"
"""What stands for a number in a formula whose numbers may differ."""


class Leaves:
    """Makes leaves of the nodes of some graphs. Arguments that some layer of a kind has, all of it have."""

    def __init__(self, graphs: Iterable[Graph], forge: Forge) -> None:
        self.forge = forge
        self.names: dict[str, dict[str, None]] = defaultdict(dict)
        nodes = [node for graph in graphs for node in graph.nodes]
        numbers: dict[tuple[str, str], set[float]] = defaultdict(set)
        for made in [node.operation.object for node in nodes if isinstance(node.operation, Layer)]:
            self.names[made.kind] |= dict.fromkeys(made.arguments)
            for name, data in made.arguments.items():
                if isinstance(data, float):
                    numbers[made.kind, name].add(data)
        self.progressions = {key: found for key in numbers if (found := progression(numbers[key]))}

    def leaf(self, node: Node, weights: Mapping[str, Weight], unique: bool) -> Leaf:
        """A node as a leaf; a `unique` one is like no other."""
        given = dict.fromkeys(tensor for _, wire in node.inputs for tensor in wires(wire))
        sources = tuple(tensor for tensor in given if tensor not in weights)
        own = tuple(weights[tensor] for tensor in given if tensor in weights)
        places = {tensor: f"{HOLE}{place}" for place, tensor in enumerate((*sources, *(w.name for w in own)))}
        pattern = tuple((argument, _wired(wire, places)) for argument, wire in node.inputs)
        kind, key, slots = self._operation(node, places)
        for weight in own:
            slots += (("shape", value_of(list(weight.shape))),)
            slots += (("initializer", value_of(plain(weight.initializer))),)
        frozen = tuple(
            (len(w.shape), w.trainable, name) for w, name in zip(own, local_names(own), strict=True)
        )
        slots, progressions = self._positions(kind, slots)
        call = json.dumps(node.settings), node.trainable, node.flows
        whole: Hashable = (kind, key, progressions, pattern, call, frozen)
        if unique or len(node.outputs) > 1:
            whole = (whole, node.name)
        return Leaf(self.forge.shape(whole), node, kind, slots, sources, own, progressions)

    def _positions(
        self, kind: str, slots: tuple[tuple[str, Value], ...]
    ) -> tuple[tuple[tuple[str, Value], ...], tuple[tuple[str, Progression], ...]]:
        """Slots whose numbers are those of a progression, as positions in it."""
        found = {name: p for name, _ in slots if (p := self.progressions.get((kind, name)))}
        positions = {
            name: round(value.data * found[name].parts / found[name].factor)
            for name, value in slots
            if name in found and isinstance(value.data, float)
        }
        held = {n: place for n, place in positions.items() if found[n].at(place) == dict(slots)[n].data}
        changed = tuple((n, Value(str(held[n]), counts=True) if n in held else value) for n, value in slots)
        return changed, tuple((name, found[name]) for name in held)

    def _operation(
        self, node: Node, places: Mapping[str, str]
    ) -> tuple[str, Hashable, tuple[tuple[str, Value], ...]]:
        operation = node.operation
        if isinstance(operation, Layer):
            kind = operation.object.kind
            return kind, (), tuple(self._arguments(kind, plain(operation.object.arguments)))
        if isinstance(operation, Formula):
            pattern, numbers = numbers_apart(operation.expression)
            return "formula", unparse(rename(pattern, places)), tuple(("scale", value_of(x)) for x in numbers)
        if isinstance(operation, Reuse):
            return "reuse", operation.target, ()
        return operation.model, (), ()

    def _arguments(self, kind: str, given: Mapping[str, Any]) -> Iterable[tuple[str, Value]]:
        found = settled(kind, given)
        return ((name, value) for name, value in found.items() if name in self.names[kind])


def progression(numbers: Iterable[float]) -> Progression | None:
    """The progression that most of these numbers are part of: `0.2 * 3 / 16`, say, for rates of dropout."""
    known = sorted(number for number in numbers if 0 < number < 1)
    if len(known) < FEWEST:
        return None
    best: tuple[int, Progression | None] = (0, None)
    for parts in range(FEWEST, MOST_PARTS):
        for tenth in range(1, 10):
            found = Progression(tenth / 10, parts)
            places = [place for x in known if found.at(place := round(x * parts / found.factor)) == x]
            if len(places) >= len(known) - 1 and (best[1] is None or sum(places) < best[0]):
                best = sum(places), found
    return best[1]


def local_names(weights: Sequence[Weight]) -> list[str]:
    """What weights are called in a block of their own: the last word of their names."""
    words = [re.sub(r"(_\d+)*$", "", weight.name).rpartition(".")[2].rpartition("_")[2] for weight in weights]
    plain = len(set(words)) == len(words) and all(word.isidentifier() for word in words)
    return words if plain else [f"weight_{place}" for place in range(len(words))]


def settled(kind: str, given: Mapping[str, Any]) -> dict[str, Value]:
    """All arguments of a layer, with Keras's defaults, and one number for the same along every axis."""
    known = load().objects["layer"][kind]
    values = {a.name: a.default for a in known.arguments if not a.required or a.name in given}
    found = {}
    for name, data in {**values, **given}.items():
        free = name == "padding" and data in ("same", "valid") and reaches_one(given)
        found[name] = value_of(_size(name, data), free)
    return found


def reaches_one(arguments: Mapping[str, Any]) -> bool:
    """Whether a convolution's kernel covers one position, so that `same` and `valid` padding are one."""
    return bool(_size("kernel_size", arguments.get("kernel_size")) == 1)


def _size(name: str, data: Any) -> Any:
    if isinstance(data, (list, tuple)):
        if name in SIZES and len(data) and all(type(item) is int and item == data[0] for item in data):
            return data[0]
        return [_size("", item) for item in data]
    return data


def _wired(wire: Wire, places: Mapping[str, str]) -> Hashable:
    return tuple(_wired(part, places) for part in wire) if isinstance(wire, tuple) else places.get(wire or "")


def numbers_apart(expression: Expression) -> tuple[Expression, list[float]]:
    """A formula with holes where an operator takes a number; and those numbers."""
    numbers: list[float] = []

    def change(node: Expression) -> Expression:
        if isinstance(node, n.Binary):
            return replace(node, left=operand(node.left), right=operand(node.right))
        return n.map_children(node, change)

    def operand(node: Expression) -> Expression:
        if isinstance(node, n.Constant) and isinstance(node.value, (int, float)):
            numbers.append(node.value)
            return n.Name(HOLE)
        return change(node)

    return change(expression), numbers


def numbers_back(pattern: Expression, texts: Iterable[str]) -> Expression:
    """A formula with its holes filled, by texts of numbers or of `$` expressions."""
    left = iter(texts)

    def change(node: Expression) -> Expression:
        if isinstance(node, n.Name) and node.name == HOLE:
            return n.Name(next(left))
        return n.map_children(node, change)

    return change(pattern)
