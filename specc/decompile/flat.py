"""Graphs as a document without blocks and loops: one step a call, in the graph's order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.frontend.emit import escape
from specc.frontend.expressions.formula import rename, unparse
from specc.frontend.project import ENTRY
from specc.frontend.scope import is_generated
from specc.graph.ir import Formula, Graph, Input, Layer, Node, Reuse, Use, Weight, Wire, wires


def flat(models: Mapping[str, Graph]) -> dict[str, Any]:
    """The plain data of a spec document: `models` where there are others than the entry, and `model`."""
    data: dict[str, Any] = {}
    others = {name: flat_model(graph) for name, graph in models.items() if name != ENTRY}
    if others:
        data["models"] = others
    if ENTRY in models:
        data["model"] = flat_model(models[ENTRY])
    return data


def flat_model(graph: Graph) -> dict[str, Any]:
    """One model. Steps have a name where somebody gave one, or something refers to it."""
    data: dict[str, Any] = {"inputs": {i.name: _input(i) for i in graph.inputs}}
    if graph.weights:
        data["weights"] = {w.name: _weight(w) for w in graph.weights}
    steps = _Steps(graph)
    data["layers"] = list(map(steps.step, graph.nodes, steps.flowing))
    if not steps.ends_with_output():
        data["outputs"] = _outputs(graph)
    if not graph.trainable:
        data["trainable"] = False
    return data


def _input(given: Input) -> Any:
    shape = list(given.shape)
    return shape if given.dtype == "float32" else {"shape": shape, "dtype": given.dtype}


def _weight(weight: Weight) -> dict[str, Any]:
    data: dict[str, Any] = {"shape": list(weight.shape)}
    if weight.initializer is not None:
        data["initializer"] = _argument(weight.initializer)
    return data if weight.trainable else data | {"trainable": False}


def _outputs(graph: Graph) -> Any:
    """One name, a list of names, or names for tensors."""
    if any(name != tensor for name, tensor in graph.outputs):
        return dict(graph.outputs)
    names = list(graph.output_names)
    return names[0] if len(names) == 1 else names


class _Steps:
    """The nodes of a graph as steps. `from` is left out, and a formula says `previous`, where that flows."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.flowing = list(self._flow())
        self.kinds = {n.name: n.operation.object.kind for n in graph.nodes if isinstance(n.operation, Layer)}
        self.referred = set(self._referred())

    def _flow(self) -> Iterator[str | None]:
        """What `previous` is before each node, and after the last."""
        previous = self.graph.inputs[0].name if len(self.graph.inputs) == 1 else None
        for node in self.graph.nodes:
            yield previous
            if len(node.outputs) > 1:
                previous = None
            elif node.flows:
                previous = node.outputs[0]
        yield previous

    def _referred(self) -> Iterator[str]:
        """The tensors, and the layers, that a step or the outputs have to name."""
        for node, previous in zip(self.graph.nodes, self.flowing, strict=False):
            if isinstance(node.operation, Reuse):
                yield node.operation.target
            used = {tensor for _, wire in node.inputs for tensor in wires(wire)}
            yield from used if self.wiring(node, previous) is not None else used - {previous}
        if not self.ends_with_output():
            yield from (tensor for _, tensor in self.graph.outputs)

    def ends_with_output(self) -> bool:
        """Whether the only output is the last step's, under its own name."""
        last = self.flowing[-1]
        return self.graph.outputs == ((last, last),) and any(last in n.outputs for n in self.graph.nodes)

    def step(self, node: Node, previous: str | None) -> Any:
        """A node as a step; `previous` is what flows before it."""
        kind, argument = self.kind(node, previous)
        step: dict[str, Any] = {kind: argument}
        if (wiring := self.wiring(node, previous)) is not None:
            step["from"] = wiring
        if node.settings:
            step["call"] = escape(node.settings)
        if len(node.outputs) > 1 and not isinstance(node.operation, Use):
            step["outputs"] = list(node.outputs)
        if self.is_named(node, kind):
            step["name"] = node.name
        if node.trainable is False:
            step["trainable"] = False
        return kind if step == {kind: None} else step

    def is_named(self, node: Node, kind: str) -> bool:
        if isinstance(node.operation, Use) and len(node.outputs) > 1:
            return True
        return node.name in self.referred or not is_generated(node.name, kind)

    def kind(self, node: Node, previous: str | None) -> tuple[str, Any]:
        operation = node.operation
        if isinstance(operation, Layer):
            return operation.object.kind, arguments(operation.object)
        if isinstance(operation, Reuse):
            return "reuse", operation.target
        if isinstance(operation, Use):
            return operation.model, None
        names = {previous: "previous"} if previous is not None else {}
        return "formula", escape(unparse(rename(operation.expression, names)))

    def wiring(self, node: Node, previous: str | None) -> Any:
        """What stands under `from`; None where nothing has to."""
        if isinstance(node.operation, Formula):
            return None
        (argument, wire), *more = node.inputs
        if not more and (not argument or isinstance(node.operation, Use)):
            return None if wire == previous else _wire(wire)
        return {name or self.first_argument(node): _wire(given) for name, given in node.inputs}

    def first_argument(self, node: Node) -> str:
        name = node.operation.target if isinstance(node.operation, Reuse) else node.name
        return load().objects["layer"][self.kinds[name]].tensors[0].name


def arguments(made: KerasObject) -> Any:
    """The arguments of a Keras object as a spec writes them; the first alone where it stands for itself."""
    given = {name: _argument(value) for name, value in made.arguments.items()}
    if not given:
        return None
    (name, value), *more = given.items()
    signature = load().objects[made.category][made.kind]
    first = signature.arguments[0].name if signature.arguments else ""
    alone = not more and name == first and value is not None and not isinstance(value, dict)
    return value if alone else given


def _argument(value: Any) -> Any:
    if isinstance(value, KerasObject):
        inner = None if value.model or value.identifier else arguments(value)
        return value.kind if inner is None else {value.kind: inner}
    if isinstance(value, dict):
        return {name: _argument(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [_argument(item) for item in value]
    return escape(value)


def _wire(wire: Wire) -> Any:
    return [_wire(part) for part in wire] if isinstance(wire, tuple) else wire
