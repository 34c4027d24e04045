"""Whether two graphs are the same function of the same weights in the same order, whatever their names."""

from __future__ import annotations

import json
from collections.abc import Hashable, Iterator, Mapping, Sequence

from specc.catalog.objects import plain
from specc.decompile.leaves import settled
from specc.frontend.expressions.formula import rename, unparse
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse, Use, Weight, Wire, wires

COMMUTATIVE = frozenset({"Add", "Multiply", "Average", "Maximum", "Minimum"})
"""Layers that give bit-equal results when their two inputs change places."""


def same_up_to_names(left: Graph, right: Graph) -> bool:
    """Whether two graphs compute the same with the same weights, in equal order in Keras's models.

    Names of nodes do not matter, nor does their order, nor which of two summands comes first; `Identity`
    layers are looked through. Inputs and outputs have to have the same names.
    """
    first, second = _Side(left), _Side(right)
    if first.interface() != second.interface() or len(first.nodes) != len(second.nodes):
        return False
    matching = _Matching(first, second)
    pairs = zip(left.outputs, right.outputs, strict=True)
    if not matching.tensors([(a, b) for (_, a), (_, b) in pairs]):
        return False
    if len(matching.nodes) != len(first.nodes):
        return False
    return [matching.nodes[name] for name in first.order()] == second.order()


class _Side:
    """A graph with its `Identity` layers looked through."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.weights = {weight.name: weight for weight in graph.weights}
        self.nodes: dict[str, Node] = {}
        self.makers: dict[str, tuple[Node, int]] = {}
        self.aliases: dict[str, str] = {}
        for node in graph.nodes:
            if _is_identity(node):
                self.aliases[node.outputs[0]] = self.real(next(wires(node.inputs[0][1])))
                continue
            self.nodes[node.name] = node
            self.makers |= {output: (node, place) for place, output in enumerate(node.outputs)}

    def real(self, tensor: str) -> str:
        return self.aliases.get(tensor, tensor)

    def interface(self) -> Hashable:
        graph = self.graph
        inputs = tuple((i.name, i.shape, i.dtype) for i in graph.inputs)
        return inputs, graph.output_names, graph.trainable, len(graph.weights)

    def sources(self, node: Node) -> list[str]:
        return [self.real(tensor) for _, wire in node.inputs for tensor in wires(wire)]

    # --- order --------------------------------------------------------------------------------------------
    def order(self) -> list[str]:
        """The nodes in the order of Keras's models: deepest first, then as met from the outputs on."""
        depths = self.depths()
        met = {name: place for place, name in enumerate(self.walk())}
        return sorted(met, key=lambda name: (-depths[name], met[name]))

    def depths(self) -> dict[str, int]:
        """How many calls lie between each node and the outputs, at most."""
        makers = {output: node.name for node in self.graph.nodes for output in node.outputs}
        depths: dict[str, int] = {}
        for node in reversed(self.graph.nodes):
            depth = depths.setdefault(node.name, 0)
            for tensor in (tensor for _, wire in node.inputs for tensor in wires(wire)):
                if tensor in makers:
                    depths[makers[tensor]] = max(depths.get(makers[tensor], 0), depth + 1)
        return depths

    def walk(self) -> Iterator[str]:
        """The nodes as a search from the outputs meets them."""
        seen: set[str] = set()
        stack = [self.real(tensor) for _, tensor in reversed(self.graph.outputs)]
        while stack:
            node, _ = self.makers.get(stack.pop(), (None, 0))
            if node is None or node.name in seen:
                continue
            seen.add(node.name)
            yield node.name
            stack += reversed(self.sources(node))

    # --- nodes --------------------------------------------------------------------------------------------
    def key(self, node: Node) -> Hashable:
        """What a node is, but for what flows in."""
        places = {tensor: f"_{place}" for place, tensor in enumerate(dict.fromkeys(self.sources(node)))}
        pattern = tuple((name, self.wired(wire, places)) for name, wire in node.inputs)
        rest = pattern, json.dumps(node.settings, sort_keys=True), node.trainable, len(node.outputs)
        return self.operation(node, places), rest

    def wired(self, wire: Wire, places: Mapping[str, str]) -> Hashable:
        if isinstance(wire, tuple):
            return tuple(self.wired(part, places) for part in wire)
        return None if wire is None else places[self.real(wire)]

    def operation(self, node: Node, places: Mapping[str, str]) -> Hashable:
        operation = node.operation
        if isinstance(operation, Layer):
            made = operation.object
            given = settled(made.kind, plain(made.arguments))
            return made.kind, tuple(sorted(item for item in given.items() if not item[1].free))
        if isinstance(operation, Formula):
            names = {old: places[new] for old, new in self.aliases.items() if new in places} | dict(places)
            return "formula", unparse(rename(operation.expression, names))
        return ("use", operation.model) if isinstance(operation, Use) else ("reuse",)


class _Matching:
    """Pairs the nodes of two graphs, from their outputs on."""

    def __init__(self, left: _Side, right: _Side) -> None:
        self.left, self.right = left, right
        self.numbers: dict[Hashable, int] = {}
        self.codes = self.coded(left), self.coded(right)
        self.nodes: dict[str, str] = {}
        self.known: dict[str, str] = {}

    def coded(self, side: _Side) -> dict[str, int]:
        """A number for each tensor: equal for equal computations, on both sides."""
        codes = {given.name: self.number(("input", given.name)) for given in side.graph.inputs}
        codes |= {weight.name: self.number(_weight_key(weight)) for weight in side.graph.weights}
        for node in side.nodes.values():
            found = [codes[tensor] for tensor in side.sources(node)]
            whole = side.key(node), tuple(sorted(found) if _may_swap(node) else found)
            for place, output in enumerate(node.outputs):
                codes[output] = self.number((whole, place))
        return codes

    def number(self, key: Hashable) -> int:
        return self.numbers.setdefault(key, len(self.numbers))

    def tensors(self, pairs: Sequence[tuple[str, str]]) -> bool:
        """Whether tensors of the left are those of the right; then so is all that leads to them."""
        stack = list(pairs)
        while stack:
            left, right = stack.pop()
            left, right = self.left.real(left), self.right.real(right)
            if self.codes[0][left] != self.codes[1][right]:
                return False
            if left in self.left.makers:
                (one, _), (other, _) = self.left.makers[left], self.right.makers[right]
                if one.name in self.nodes:
                    if self.nodes[one.name] != other.name:
                        return False
                    continue
                self.nodes[one.name] = other.name
                stack += self.inputs(one, other)
                stack += self.reused(one, other)
            elif self.known.setdefault(left, right) != right:
                return False
        return len(set(self.nodes.values())) == len(self.nodes)

    def inputs(self, one: Node, other: Node) -> list[tuple[str, str]]:
        """What flows into two nodes, pair by pair."""
        left, right = self.left.sources(one), self.right.sources(other)
        if _may_swap(one) and self.codes[0][left[0]] != self.codes[1][right[0]]:
            right.reverse()
        return list(zip(left, right, strict=True))

    def reused(self, one: Node, other: Node) -> list[tuple[str, str]]:
        """Two layers that are called again, by what their first calls give."""
        if not isinstance(one.operation, Reuse) or not isinstance(other.operation, Reuse):
            return []
        first, second = self.left.nodes[one.operation.target], self.right.nodes[other.operation.target]
        return [(first.outputs[0], second.outputs[0])]


def _may_swap(node: Node) -> bool:
    operation = node.operation
    return isinstance(operation, Layer) and operation.object.kind in COMMUTATIVE and _pair(node.inputs)


def _pair(inputs: tuple[tuple[str, Wire], ...]) -> bool:
    return len(inputs) == 1 and isinstance(inputs[0][1], tuple) and len(inputs[0][1]) == 2


def _is_identity(node: Node) -> bool:
    operation = node.operation
    return isinstance(operation, Layer) and operation.object.kind == "Identity" and len(node.outputs) == 1


def _weight_key(weight: Weight) -> Hashable:
    return weight.shape, json.dumps(plain(weight.initializer), sort_keys=True), weight.trainable
