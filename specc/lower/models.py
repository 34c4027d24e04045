"""Graphs to Keras: every model of a spec as a plain functional `keras.Model`."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

import keras

from specc.catalog.objects import KerasObject
from specc.frontend.expressions.nodes import ExpressionError
from specc.frontend.project import ENTRY, Reference
from specc.frontend.scope import snake_case
from specc.frontend.spec import Spec
from specc.graph.ir import Formula, Graph, Input, Layer, Node, Origin, Reuse, Use, Weight, Wire
from specc.lower.errors import KERAS_ERRORS, keras_error
from specc.lower.formula import compute, is_tensor
from specc.lower.layers import freeze
from specc.lower.objects import make
from specc.lower.references import build_reference
from specc.source.collection import no_collection


def build_models(spec: Spec) -> dict[str, keras.Model]:
    """All models of a spec, by name, in an order in which each comes after those it uses.

    The same spec gives the same initial weights, by its seed. Raises SpecError where Keras refuses a step.
    """
    models: dict[str, keras.Model] = {}
    with _seeded(spec.seed), no_collection():
        for name, model in spec.models.items():
            if isinstance(model, Reference):
                models[name] = build_reference(model, models, spec)
            else:
                models[name] = build_graph(model, models, spec.name if name == ENTRY else name)
    return models


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """Within, Python's random numbers are the seed's: Keras seeds each initializer and each Dropout by them.

    Seeding TensorFlow too (`keras.utils.set_random_seed`) would throw away all that it has made ready to run.
    """
    before = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(before)


def build_graph(graph: Graph, models: Mapping[str, keras.Model], name: str) -> keras.Model:
    """One graph as a functional model. Several inputs or outputs are dictionaries by name."""
    return _Builder(graph, models).build(name)


class _Builder:
    def __init__(self, graph: Graph, models: Mapping[str, keras.Model]) -> None:
        self.graph, self.models = graph, dict(models)
        self.tensors: dict[str, Any] = {}
        self.layers: dict[str, keras.layers.Layer] = {}

    def build(self, name: str) -> keras.Model:
        inputs = {i.name: self.guarded(Origin(i.span), partial(_input, i)) for i in self.graph.inputs}
        self.tensors.update(inputs)
        for weight in self.graph.weights:
            self.tensors[weight.name] = self.guarded(weight.origin, partial(self.weight, weight))
        for node in self.graph.nodes:
            self.node(node)
        outputs = {name: self.tensors[tensor] for name, tensor in self.graph.outputs}
        origin = Origin(self.graph.span)
        model = self.guarded(origin, lambda: keras.Model(_alone(inputs), _alone(outputs), name=name))
        if not self.graph.trainable:
            freeze(model)
        return model

    def guarded(self, origin: Origin, action: Callable[[], Any]) -> Any:
        """What `action` gives; Keras's errors become diagnostics at the step."""
        try:
            return action()
        except KERAS_ERRORS as error:
            raise keras_error(error, origin) from error

    # --- nodes --------------------------------------------------------------------------------------------
    def node(self, node: Node) -> None:
        result = self.guarded(node.origin, lambda: _RULES[type(node.operation)](self, node))
        outputs = _flat(result)
        if len(outputs) != len(node.outputs):
            given = f"this gives {len(outputs)} outputs, and {len(node.outputs)} are named"
            raise keras_error(ValueError(given), node.origin, code="wrong-output-count", title=given)
        self.tensors.update(zip(node.outputs, outputs, strict=True))

    def layer(self, node: Node) -> Any:
        assert isinstance(node.operation, Layer)
        made = node.operation.object
        layer = make(_named(made, node.name), self.models)
        if node.trainable is False:
            layer.trainable = False
        self.layers[node.name] = layer
        return self.call(layer, node)

    def reuse(self, node: Node) -> Any:
        assert isinstance(node.operation, Reuse)
        return self.call(self.layers[node.operation.target], node)

    def call(self, layer: keras.layers.Layer, node: Node) -> Any:
        (_, first), *rest = node.inputs
        named = {name: self.wire(wire) for name, wire in rest}
        result = layer(self.wire(first), **named, **node.settings)
        for tensor in _flat(result):
            mask = getattr(tensor, "_keras_mask", None)
            if isinstance(mask, keras.KerasTensor):
                name_operations(mask, f"{node.name}.mask", self.tensors.values())
        return result

    def use(self, node: Node) -> Any:
        assert isinstance(node.operation, Use)
        model = self.models[node.operation.model]
        if node.trainable is False:
            freeze(model)
        tensors = {name: self.wire(wire) for name, wire in node.inputs}
        result = model(_alone(tensors), **node.settings)
        return list(result.values()) if isinstance(result, dict) else result

    def formula(self, node: Node) -> Any:
        assert isinstance(node.operation, Formula)
        names = {tensor: self.tensors[tensor] for _, wire in node.inputs for tensor in _names(wire)}
        result = compute(node.operation.expression, names)
        if isinstance(result, keras.KerasTensor):
            name_operations(result, node.name, names.values())
            return result
        if isinstance(result, (list, tuple)) and any(isinstance(r, keras.KerasTensor) for r in result):
            raise ExpressionError(
                "this formula gives several tensors", 0, 0, "index one, or `concatenate` them"
            )
        return keras.ops.convert_to_numpy(result) if is_tensor(result) else result

    def wire(self, wire: Wire) -> Any:
        if wire is None:
            return None
        if isinstance(wire, tuple):
            return [self.wire(part) for part in wire]
        return self.tensors[wire]

    def weight(self, weight: Weight) -> Any:
        """A trainable tensor as plain Keras: the table of an Embedding that is looked up whole.

        A variable that a graph merely mentions is lost by Keras (its model has no such parameter), and an
        Embedding of constants too; so its indices depend, by nothing, on an input.
        """
        columns = weight.shape[-1] if weight.shape else 1
        rows = math.prod(weight.shape) // columns
        arguments: dict[str, Any] = {"input_dim": rows, "output_dim": columns, "name": weight.name}
        if weight.initializer is not None:
            arguments["embeddings_initializer"] = weight.initializer
        layer = make(KerasObject("layer", "Embedding", arguments))
        layer.trainable = weight.trainable
        self.layers[weight.name] = layer
        anchor = self.tensors[self.graph.inputs[0].name]
        indices = keras.ops.arange(rows) + _nothing(anchor)
        name_operations(indices, f"{weight.name}.indices", [anchor])
        table = keras.ops.reshape(layer(indices), weight.shape)
        name_operations(table, f"{weight.name}.table", [anchor])
        return table


def _named(made: KerasObject, name: str) -> KerasObject:
    """A layer with a name of its own, and with stable names for the layers it wraps."""
    arguments = {key: _named_within(value) for key, value in made.arguments.items()}
    return replace(made, arguments={**arguments, "name": name})


def _named_within(value: Any, suffix: str = "") -> Any:
    if isinstance(value, list):
        return [_named_within(item, f"_{number}" if number else "") for number, item in enumerate(value)]
    if isinstance(value, KerasObject) and value.category == "layer" and not value.model:
        return _named(value, snake_case(value.kind) + suffix)
    return value


def _input(spec: Input) -> keras.KerasTensor:
    return keras.Input(shape=spec.shape, dtype=spec.dtype, name=spec.name)


def _nothing(tensor: keras.KerasTensor) -> Any:
    """An integer 0 that depends on a tensor (on none of its numbers: the slice is empty)."""
    if len(tensor.shape) == 1:
        tensor = keras.ops.expand_dims(tensor, -1)
    return keras.ops.sum(keras.ops.cast(tensor[..., :0], "int32"))


def name_operations(tensor: keras.KerasTensor, prefix: str, known: Any) -> None:
    """Name the operations between `known` tensors and `tensor`: `prefix.add`, `prefix.add_1`, …

    Keras counts the operations of a process; a model's own names must not depend on what was built before.
    """
    stop = {id(t) for t in known}
    found: list[Any] = []
    seen: set[int] = set()
    stack = [tensor]
    while stack:
        current = stack.pop()
        operation = current._keras_history.operation
        named = "." in operation.name or isinstance(operation, keras.layers.Layer)
        if id(current) in stop or id(operation) in seen or named:
            continue
        seen.add(id(operation))
        found.append(operation)
        stack += [t for node in operation._inbound_nodes for t in node.input_tensors]
    counts: dict[str, int] = {}
    for operation in reversed(found):
        base = snake_case(type(operation).__name__)
        count = counts.get(base, 0)
        counts[base] = count + 1
        operation.name = f"{prefix}.{base}" + (f"_{count}" if count else "")


def _names(wire: Wire) -> list[str]:
    if isinstance(wire, tuple):
        return [name for part in wire for name in _names(part)]
    return [] if wire is None else [wire]


def _flat(result: Any) -> list[Any]:
    if isinstance(result, (list, tuple)):
        return [item for part in result for item in _flat(part)]
    return [result]


def _alone(named: dict[str, Any]) -> Any:
    """The only value of a dictionary, or the dictionary where there are several."""
    return next(iter(named.values())) if len(named) == 1 else named


_RULES: dict[type, Callable[[_Builder, Node], Any]] = {
    Layer: _Builder.layer,
    Reuse: _Builder.reuse,
    Use: _Builder.use,
    Formula: _Builder.formula,
}
