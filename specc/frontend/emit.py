"""A spec written back flat: what `specc resolve` prints. Reading it again gives the same graphs."""

from __future__ import annotations

from typing import Any

from specc.catalog.objects import plain
from specc.frontend.expressions.formula import unparse
from specc.frontend.project import ENTRY, Reference
from specc.frontend.spec import Spec
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse, Use, Wire
from specc.source.dump import dump
from specc.source.values import to_python


def emit(spec: Spec) -> str:
    """The resolved spec as YAML: no parameters, blocks, loops or expressions are left."""
    return dump(document(spec))


def document(spec: Spec) -> dict[str, Any]:
    """The resolved spec as plain data."""
    data: dict[str, Any] = {"specc": 1, "name": escape(spec.name), "seed": spec.seed}
    others = {name: _model(model) for name, model in spec.models.items() if name != ENTRY}
    if others:
        data["models"] = others
    if ENTRY in spec.models:
        data["model"] = _model(spec.models[ENTRY])
    return data | {name: escape(to_python(section)) for name, section in spec.sections.items()}


def _model(model: Graph | Reference) -> dict[str, Any]:
    if isinstance(model, Reference):
        return {name: escape(value) for name, value in model.settings.items()}
    data: dict[str, Any] = {"inputs": {i.name: _input(i.shape, i.dtype) for i in model.inputs}}
    if model.weights:
        data["weights"] = {w.name: _weight(w) for w in model.weights}
    data["layers"] = _Steps(model).steps()
    data["outputs"] = _outputs(model)
    if not model.trainable:
        data["trainable"] = False
    return data


def _input(shape: tuple[int | None, ...], dtype: str) -> Any:
    return list(shape) if dtype == "float32" else {"shape": list(shape), "dtype": dtype}


def _weight(weight: Any) -> dict[str, Any]:
    data: dict[str, Any] = {"shape": list(weight.shape)}
    if weight.initializer is not None:
        data["initializer"] = escape(plain(weight.initializer))
    if not weight.trainable:
        data["trainable"] = False
    return data


def _outputs(graph: Graph) -> Any:
    names = [name for name, _ in graph.outputs]
    if all(name == tensor for name, tensor in graph.outputs):
        return names[0] if len(names) == 1 else names
    return dict(graph.outputs)


class _Steps:
    """The nodes of a graph as steps; `from` is left out where it is `previous`."""

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.previous = graph.inputs[0].name if len(graph.inputs) == 1 else None

    def steps(self) -> list[Any]:
        return [self.step(node) for node in self.graph.nodes]

    def step(self, node: Node) -> Any:
        kind, argument = self.kind(node)
        step: dict[str, Any] = {kind: argument}
        if not isinstance(node.operation, Formula):
            wiring = self.wiring(node)
            if wiring != self.previous or self.previous is None:
                step["from"] = wiring
        if node.settings:
            step["call"] = escape(node.settings)
        own = node.outputs != (node.name,)
        if own and not isinstance(node.operation, Use):
            step["outputs"] = list(node.outputs)
        step["name"] = node.name
        if node.trainable is False:
            step["trainable"] = False
        if len(node.outputs) > 1:
            self.previous = None
        elif node.flows:
            self.previous = node.outputs[0]
        return step

    def kind(self, node: Node) -> tuple[str, Any]:
        operation = node.operation
        if isinstance(operation, Layer):
            return operation.object.kind, escape(plain(operation.object.arguments)) or None
        if isinstance(operation, Reuse):
            return "reuse", operation.target
        if isinstance(operation, Use):
            return operation.model, None
        return "formula", unparse(operation.expression)

    def wiring(self, node: Node) -> Any:
        if isinstance(node.operation, Use):
            named = {name: _wire(wire) for name, wire in node.inputs}
            return named if len(named) > 1 else next(iter(named.values()))
        if len(node.inputs) == 1:
            return _wire(node.inputs[0][1])
        return {self.argument(node, name): _wire(wire) for name, wire in node.inputs}

    def argument(self, node: Node, name: str) -> str:
        if name:
            return name
        return _first_argument(self.layer_kind(node))

    def layer_kind(self, node: Node) -> str:
        operation = node.operation
        if isinstance(operation, Reuse):
            target = next(n for n in self.graph.nodes if n.name == operation.target)
            return self.layer_kind(target)
        assert isinstance(operation, Layer)
        return operation.object.kind


def _first_argument(kind: str) -> str:
    from specc.catalog.load import load

    return load().objects["layer"][kind].tensors[0].name


def _wire(wire: Wire) -> Any:
    return [_wire(part) for part in wire] if isinstance(wire, tuple) else wire


def escape(data: Any) -> Any:
    """Plain data whose dollars are doubled: it is read as a spec again."""
    if isinstance(data, str):
        return data.replace("$", "$$")
    if isinstance(data, dict):
        return {escape(name): escape(item) for name, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [escape(item) for item in data]
    return data
