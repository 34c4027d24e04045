"""A graph as a tree: leaves (layers, formulas, calls, weights), within blocks and rounds of repeats."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from specc.catalog.objects import plain
from specc.frontend.expressions.formula import rename, unparse
from specc.graph.infer import Types
from specc.graph.ir import Formula, Graph, Layer, Node, Origin, Reuse, Use, Weight, Wire, wires
from specc.source.span import Span


@dataclass(frozen=True, slots=True)
class Leaf:
    """One node or weight. `takes` and `gives` are tensors; `sense` is equal for leaves that do the same."""

    key: str
    node: Node | Weight
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    sense: Any
    parameters: int = 0
    title: str = ""
    names: tuple[str, ...] = ()


@dataclass
class Branch:
    """The root, a use of a block, or one round of a repeat; `count` rounds like it follow each other."""

    kind: str
    title: str
    prefix: str
    span: Span | None = None
    children: list[Branch | Leaf] = field(default_factory=list)
    count: int = 1
    mark: Any = None

    def leaves(self) -> Iterator[Leaf]:
        """All leaves within, in order."""
        for child in self.children:
            if isinstance(child, Leaf):
                yield child
            else:
                yield from child.leaves()


def grow(types: Types) -> tuple[Branch, dict[str, str]]:
    """The tree of a model, and which tensors are but other names of tensors in it."""
    grower = _Grower(types)
    for node in types.graph.nodes:
        grower.take(node)
    return grower.root, grower.alias


class _Grower:
    def __init__(self, types: Types) -> None:
        self.types = types
        self.root = Branch("root", types.graph.name, "")
        self.alias: dict[str, str] = {}
        self.weights = {weight.name: weight for weight in types.graph.weights}
        self.names = _identities(types.graph)
        self.taken: set[str] = set()
        self.prefixes = Counter(node.name.rpartition(".")[0] for node in types.graph.nodes)

    def take(self, node: Node) -> None:
        if node.name in self.names:
            source = next(wires(node.inputs[0][1]))
            self.alias[node.outputs[0]] = self.alias.get(source, source)
            return
        for _, wire in node.inputs:
            for tensor in wires(wire):
                if tensor in self.weights and tensor not in self.taken:
                    self.taken.add(tensor)
                    self.weight(self.weights[tensor])
        call = self.types.calls.get(node.name)
        takes = tuple(self.resolved(t) for _, wire in node.inputs for t in wires(wire))
        names = tuple(name for name, target in self.names.items() if target == node.name)
        leaf = Leaf(
            node.name,
            node,
            takes,
            node.outputs,
            (_sense(node), tuple(str(t) for t in call.flat) if call else ()),
            call.parameters if call else 0,
            names=names,
        )
        self.branch(node.origin, self.place(node)).children.append(leaf)

    def place(self, node: Node) -> str:
        """A node's name as a place in the tree: a named formula `x.formula` is the formula of `x` alone."""
        name = node.name.removesuffix(".formula")
        blocks = sum(not label.startswith("`repeat`") for _, label in node.origin.uses)
        own = self.names.get(name) == node.name and self.prefixes[name] == 1
        return name if own and name.count(".") >= blocks else node.name

    def weight(self, weight: Weight) -> None:
        size = 1
        for axis in weight.shape:
            size *= axis
        leaf = Leaf(weight.name, weight, (), (weight.name,), ("weight", weight.shape), size)
        self.branch(weight.origin, weight.name).children.append(leaf)

    def resolved(self, tensor: str) -> str:
        return self.alias.get(tensor, tensor)

    def branch(self, origin: Origin, name: str) -> Branch:
        """The branch that a node grows on; a new one unless the last one is the same use."""
        branch = self.root
        parts = name.split(".")
        for span, label in origin.uses:
            block = not label.startswith("`repeat`")
            prefix = f"{branch.prefix}{parts.pop(0)}." if block and len(parts) > 1 else branch.prefix
            title = label.removeprefix("block `").rstrip("`") if block else label
            branch = _child(branch, "block" if block else "round", title, prefix, span, (label, prefix))
        while len(parts) > 1:
            part = parts.pop(0)
            title = re.sub(r"_\d+\Z", "", part)  # as `specc resolve` numbers the uses of a block
            branch = _child(branch, "block", title, f"{branch.prefix}{part}.", None, part)
        return branch


def _child(branch: Branch, kind: str, title: str, prefix: str, span: Span | None, mark: Any) -> Branch:
    last = branch.children[-1] if branch.children else None
    if isinstance(last, Branch) and (last.kind, last.span, last.mark) == (kind, span, mark):
        return last
    new = Branch(kind, title, prefix, span, mark=mark)
    branch.children.append(new)
    return new


def _identities(graph: Graph) -> dict[str, str]:
    """`Identity` layers that only give a name to what another node gives, and that node."""
    makers = {tensor: node.name for node in graph.nodes for tensor in node.outputs}
    found: dict[str, str] = {}
    for node in graph.nodes:
        operation = node.operation
        if not isinstance(operation, Layer) or operation.object.kind != "Identity" or node.settings:
            continue
        sources = [tensor for _, wire in node.inputs for tensor in wires(wire)]
        if len(sources) == 1 and sources[0] in makers:
            maker = makers[sources[0]]
            found[node.name] = found.get(maker, maker)
    return found


def _sense(node: Node) -> Any:
    operation = node.operation
    slots = tuple((argument, _form(wire)) for argument, wire in node.inputs)
    what: Any = ()
    if isinstance(operation, Layer):
        what = (operation.object.kind, repr(plain(operation.object.arguments)))
    elif isinstance(operation, Reuse):
        what = ("reuse", operation.target)
    elif isinstance(operation, Use):
        what = ("use", operation.model)
    elif isinstance(operation, Formula):
        tensors = list(dict.fromkeys(t for _, wire in node.inputs for t in wires(wire)))
        names = {tensor: f"t{number}" for number, tensor in enumerate(tensors)}
        what = ("formula", unparse(rename(operation.expression, names)))
    return type(operation).__name__, what, slots, repr(node.settings), node.trainable


def _form(wire: Wire) -> Any:
    """A wire without its names."""
    if isinstance(wire, tuple):
        return tuple(_form(part) for part in wire)
    return wire is not None


__all__ = ["Branch", "Leaf", "grow"]
