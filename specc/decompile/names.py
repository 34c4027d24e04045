"""Keras's names to names of a spec, the same ones in every process.

Keras counts the unnamed layers of a process (`conv2d_37`); here each graph counts its own, as specc does.
Names that somebody gave stay, spelt as a spec spells names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.frontend.expressions.formula import rename
from specc.frontend.parameters import RESERVED
from specc.frontend.project import ENTRY
from specc.frontend.scope import is_generated, snake_case
from specc.frontend.steps import HELPERS, STRUCTURAL, WIRING
from specc.graph.ir import Formula, Graph, Layer, Node, Operation, Reuse, Use, Wire

_UNNAMED_MODEL = re.compile(r"(functional|sequential|model)(_\d+)?")
_DOTTED = re.compile(r"[a-z_]\w*(\.[a-z_]\w*)*", re.ASCII)
_UNNAMED_INPUT = re.compile(r"input(_layer)?(_\d+)?")
_PARTS: dict[int, tuple[str, ...]] = {
    2: ("output", "state"),
    3: ("output", "h", "c"),
    5: ("output", "h", "c", "back_h", "back_c"),
}
"""What the outputs of a layer are called by their number: recurrent layers', mostly."""


def valid_name(name: str) -> str:
    """`name` in the letters of a spec's names: lower case, digits and `_`, dots between parts."""
    lower = name.lower()
    if not _DOTTED.fullmatch(lower):
        lower = re.sub(r"\W+", "_", re.sub(r"^\W+|\W+$", "", lower, flags=re.ASCII), flags=re.ASCII)
    if not lower or lower[0].isdigit():
        lower = f"_{lower}"
    return f"{lower}_" if lower in RESERVED else lower


def unique(name: str, taken: set[str]) -> str:
    """`name`, or the first of `name_1`, `name_2`, … that is free; it is taken from then on."""
    found, count = name, 0
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    taken.add(found)
    return found


def rename_models(models: Mapping[str, Graph]) -> dict[str, Graph]:
    """The same graphs under names that a spec can hold; their order, and that of their nodes, stays."""
    taken = {ENTRY, *load().ops, *RESERVED, *STRUCTURAL, *WIRING, *HELPERS}
    names = {ENTRY: ENTRY}
    for name in models:
        if name != ENTRY:
            names[name] = unique(model_name(name), taken)
    done: dict[str, Graph] = {}
    for name, graph in models.items():
        done[names[name]] = _Renaming(graph, names, done).graph()
    return done


def is_unnamed(name: str) -> bool:
    """Whether a model's name is one that Keras counts out."""
    return _UNNAMED_MODEL.fullmatch(name) is not None


def model_name(name: str) -> str:
    """What a model is called; without the number of one that nobody named."""
    unnamed = _UNNAMED_MODEL.fullmatch(name)
    return unnamed[1] if unnamed else valid_name(name).replace(".", "_")


class _Renaming:
    """Renames one graph; `models` are the names of all, `done` those that it may call, renamed."""

    def __init__(self, graph: Graph, models: Mapping[str, str], done: Mapping[str, Graph]) -> None:
        self.old, self.models, self.done = graph, models, done
        self.taken = {*models.values()} - {ENTRY}
        self.tensors: dict[str, str] = {}
        self.nodes: dict[str, str] = {}
        self.by_name = {node.name: node for node in graph.nodes}

    def graph(self) -> Graph:
        old = self.old
        for given in old.inputs:
            self.tensors[given.name] = self.input(given.name)
        for weight in old.weights:
            self.tensors[weight.name] = unique(valid_name(weight.name).replace(".", "_"), self.taken)
        self.name_nodes()
        nodes = tuple(map(self.node, old.nodes))
        return replace(
            old,
            name=self.models[old.name],
            inputs=tuple(replace(i, name=self.tensors[i.name]) for i in old.inputs),
            weights=tuple(replace(w, name=self.tensors[w.name]) for w in old.weights),
            nodes=nodes,
            outputs=tuple(self.outputs()),
        )

    def input(self, name: str) -> str:
        base = "input_layer" if _UNNAMED_INPUT.fullmatch(name) else valid_name(name).replace(".", "_")
        return unique(base, self.taken)

    def name_nodes(self) -> None:
        """Given names first: those that are counted give way."""
        counted = []
        for node in self.old.nodes:
            base = self.base(node)
            prefix, _, last = node.name.rpartition(".")
            if isinstance(node.operation, Use):
                counted.append((node.name, base))
            elif isinstance(node.operation, Formula) or is_generated(last, base):
                counted.append((node.name, valid_name(prefix) + "." + base if prefix else base))
            else:
                self.nodes[node.name] = unique(valid_name(node.name), self.taken)
        for name, base in counted:
            self.nodes[name] = self.free(base)

    def free(self, base: str) -> str:
        """A counted name; a model's own name may name its use, so it is no longer taken by the model."""
        if base in self.models.values() and base not in self.nodes.values():
            return base
        return unique(base, self.taken)

    def base(self, node: Node) -> str:
        """What an unnamed step of this kind is called."""
        operation = node.operation
        if isinstance(operation, Layer):
            return snake_case(operation.object.kind)
        if isinstance(operation, Use):
            return self.models[operation.model]
        return "formula" if isinstance(operation, Formula) else "reuse"

    # --- parts of a node ----------------------------------------------------------------------------------
    def node(self, node: Node) -> Node:
        arguments = [argument for argument, _ in node.inputs]
        if isinstance(node.operation, Use):  # reading a model pairs all inputs of the other, in their order
            arguments = [given.name for given in self.done[self.models[node.operation.model]].inputs]
        wires = [self.wire(wire) for _, wire in node.inputs]
        name = self.nodes[node.name]
        outputs = tuple(self.node_outputs(node, name))
        self.tensors |= dict(zip(node.outputs, outputs, strict=True))
        return replace(
            node,
            name=name,
            operation=self.operation(node.operation),
            inputs=tuple(zip(arguments, wires, strict=True)),
            outputs=outputs,
        )

    def node_outputs(self, node: Node, name: str) -> Iterator[str]:
        if len(node.outputs) == 1:
            yield name
        elif isinstance(node.operation, Use):
            inner = self.done[self.models[node.operation.model]]
            yield from (f"{name}.{output}" for output in inner.output_names)
        else:
            parts = _PARTS.get(len(node.outputs), tuple(map(str, range(len(node.outputs)))))
            yield from (unique(f"{name}_{part}", self.taken) for part in parts)

    def operation(self, operation: Operation) -> Operation:
        if isinstance(operation, Layer):
            return Layer(_with_models(operation.object, self.models))
        if isinstance(operation, Use):
            return Use(self.models[operation.model])
        if isinstance(operation, Reuse):
            return Reuse(self.nodes[operation.target])
        return replace(operation, expression=rename(operation.expression, self.tensors))

    def wire(self, wire: Wire) -> Wire:
        if isinstance(wire, tuple):
            return tuple(map(self.wire, wire))
        return None if wire is None else self.tensors[wire]

    def outputs(self) -> Iterator[tuple[str, str]]:
        """The names of targets; a tensor's own where nobody named the output."""
        taken: set[str] = set()
        for name, tensor in self.old.outputs:
            own = re.fullmatch(rf"{re.escape(tensor)}(_\d+)?", name)  # numbered where it comes out twice
            base = self.tensors[tensor].rpartition(".")[2] if own else valid_name(name)
            yield unique(base, taken), self.tensors[tensor]


def _with_models(data: Any, names: Mapping[str, str]) -> Any:
    """A layer whose arguments may name models, renamed."""
    if isinstance(data, KerasObject):
        if data.model:
            return replace(data, kind=names[data.model], model=names[data.model])
        return replace(data, arguments=_with_models(data.arguments, names))
    if isinstance(data, dict):
        return {key: _with_models(item, names) for key, item in data.items()}
    if isinstance(data, list):
        return [_with_models(item, names) for item in data]
    return data
