"""Keras models back to graphs: the first half of `specc decompile`.

Names stay Keras's own wherever a spec could refer to them. Calls of functions (`ops.add`, `x[:, 1:]`) become
formulas, models within models stay models, layers that are called again are reuses.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras
from keras import tree

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import tensor_names
from specc.frontend.expressions.nodes import Expression, dotted
from specc.frontend.project import ENTRY
from specc.graph.ir import Formula, Graph, Input, Layer, Node, Operation, Origin, Reuse, Use, Wire
from specc.graph.verify import verify
from specc.lower.read_calls import (
    by_input,
    call_arguments,
    has_tensor,
    is_default,
    is_implicit,
    model_settings,
    ordered,
    plain_setting,
)
from specc.lower.read_kind import functional, help_for_input, is_frozen, why_no_input
from specc.lower.read_layer import UnreadableError, is_scaled_sum, read_layer
from specc.lower.read_op import named, read_operation
from specc.source.diagnostic import Reporter
from specc.source.span import Span


@dataclass(frozen=True)
class ReadModel:
    """A model as graphs, those it calls before it; and the layers that each graph's `Layer` nodes stand for,
    in the order of those nodes."""

    graphs: dict[str, Graph]
    layers: dict[str, list[keras.layers.Layer]]


def read_model(model: keras.Model) -> ReadModel:
    """The graphs of a model and of those it calls, and their layers; the last graph is `model`.

    Raises SpecError (`inexpressible`) naming everything that a spec cannot say.
    """
    return _read(model, _Reading())


def read_models(model: keras.Model) -> dict[str, Graph]:
    """The graphs of a model and of those it calls, each before those that use it; the last is `model`.

    Raises SpecError (`inexpressible`) naming everything that a spec cannot say.
    """
    return read_model(model).graphs


def read_graph(model: keras.Model) -> Graph:
    """One flat graph of a model: models within are taken apart, and a second call of one reuses its layers.

    Raises SpecError (`inexpressible`) naming everything that a spec cannot say.
    """
    return _read(model, _Reading(flat=True)).graphs[ENTRY]


def _read(model: keras.Model, reading: _Reading) -> ReadModel:
    try:
        reading.model(model, ENTRY)
    except UnreadableError as error:
        reading.refuse(f"the model `{model.name}`", str(error))
    reading.reporter.stop_if_failed()
    for graph in reading.graphs.values():
        verify(graph)
    return ReadModel(reading.graphs, reading.layers)


class _Reading:
    """What is shared between the models that are read: graphs, and whose layer is whose."""

    def __init__(self, flat: bool = False) -> None:
        self.flat = flat
        self.reporter = Reporter()
        self.graphs: dict[str, Graph] = {}
        self.names: dict[int, str] = {}
        self.owners: dict[int, tuple[keras.layers.Layer, str]] = {}
        self.layers: dict[str, list[keras.layers.Layer]] = {}

    def model(self, model: keras.Model, name: str) -> None:
        """Read a model and, before it, those it calls; raises UnreadableError where it tells no graph."""
        graph = _Model(self, functional(model), name).read()
        if graph is not None:
            self.graphs[name] = graph

    def model_name(self, model: keras.Model) -> str:
        """The name in the spec of a model within; it is read at its first use."""
        if id(model) not in self.names:
            taken = {*self.names.values(), ENTRY}
            name = _unique(_valid(model.name).replace(".", "_").lower(), taken)
            self.names[id(model)] = name
            self.model(model, name)
        return self.names[id(model)]

    def refuse(self, what: str, why: str, help: str = "") -> None:
        title = f"{what} cannot be written in a spec"
        self.reporter.error("inexpressible", title, None, notes=[why], help=help)


class _Model:
    """Reads one functional model; `prefix` comes before names of what is taken apart."""

    def __init__(self, reading: _Reading, model: keras.Model, name: str) -> None:
        self.reading, self.model, self.graph_name = reading, model, name
        self.span = Span(f"<{model.name}>", 1, 1, 1, 1)
        self.nodes: list[Node] = []
        self.inputs: list[Input] = []
        self.tensors: dict[int, str] = {}
        self.taken: set[str] = set()
        self.layers: dict[int, str] = {}
        reading.layers[name] = []

    def read(self) -> Graph | None:
        for tensor in self.model.inputs:
            self.input(tensor)
        self.body(self.model, "")
        outputs = tuple(self.outputs())
        if self.reading.reporter.failed:
            return None
        return Graph(
            self.graph_name,
            tuple(self.inputs),
            (),
            tuple(self.nodes),
            outputs,
            self.span,
            bool(self.model.trainable),
        )

    def input(self, tensor: keras.KerasTensor) -> None:
        layer = tensor._keras_history.operation
        name = self.name(layer.name)
        if (why := why_no_input(layer, tensor)) is not None:
            self.reading.refuse(f"the input `{layer.name}`", why, help_for_input(why))
        self.inputs.append(Input(name, tuple(tensor.shape[1:]), str(tensor.dtype), self.span))
        self.tensors[id(tensor)] = name

    def outputs(self) -> Iterator[tuple[str, str]]:
        structure = self.model._outputs_struct
        if isinstance(structure, dict):
            if any(not isinstance(tensor, keras.KerasTensor) for tensor in structure.values()):
                self.reading.refuse(f"the model `{self.model.name}`", "its outputs are nested in one another")
                return
            for key, tensor in structure.items():
                yield _valid(str(key)), self.tensors[id(tensor)]
            return
        taken: set[str] = set()
        for tensor in self.model.outputs:
            name = _unique(self.tensors[id(tensor)], taken)
            taken.add(name)
            yield name, self.tensors[id(tensor)]

    # --- nodes --------------------------------------------------------------------------------------------
    def body(self, model: keras.Model, prefix: str) -> None:
        """The nodes of a model whose inputs are known."""
        for node in ordered(model, set(self.tensors)):
            self.node(node, prefix)

    def node(self, node: Any, prefix: str) -> None:
        operation = node.operation
        try:
            if isinstance(operation, keras.Model):
                self.use(node, prefix)
            elif isinstance(operation, keras.layers.Layer):
                self.layer(node, prefix)
            else:
                self.operation(node, prefix)
        except UnreadableError as error:
            what = f"the {_word(operation)} `{operation.name}` of `{self.model.name}`"
            self.reading.refuse(what, str(error), error.help)
            for tensor in node.outputs:
                self.tensors[id(tensor)] = self.name(prefix + operation.name)

    def layer(self, node: Any, prefix: str) -> None:
        layer = node.operation
        if is_scaled_sum(layer):
            self.scaled_sum(node, prefix)
            return
        name = self.name(prefix + layer.name)
        operation: Operation
        if id(layer) in self.layers:
            operation = Reuse(self.layers[id(layer)])
        else:
            operation = Layer(read_layer(layer, self.reading.model_name))
            self.own(layer)
            self.layers[id(layer)] = name
            self.reading.layers[self.graph_name].append(layer)
        inputs, settings = self.arguments(node)
        frozen = isinstance(operation, Layer) and self.model.trainable and is_frozen(layer)
        self.add(node, name, operation, inputs, settings, False if frozen else None)

    def own(self, layer: keras.layers.Layer) -> None:
        """A layer's weights belong to one model of a spec."""
        _, owner = self.reading.owners.setdefault(id(layer), (layer, self.graph_name))
        if owner != self.graph_name and layer.variables:
            raise UnreadableError(
                f"its weights are shared by the models `{owner}` and `{self.graph_name}`, "
                "of which neither calls the other for it"
            )

    def scaled_sum(self, node: Any, prefix: str) -> None:
        """The scale layer of keras.applications' InceptionResNetV2, as a formula."""
        left, right = map(self.named, node.input_tensors)
        scaled = n.Binary("*", right, n.Constant(node.operation.scale))
        self.append(self.name(prefix + node.operation.name), n.Binary("+", left, scaled), node.outputs[0])

    def operation(self, node: Any, prefix: str) -> None:
        made = read_operation(node.operation, node.arguments, self.reference)
        name = self.name(prefix + node.operation.name)
        if len(node.outputs) == 1:
            self.append(name, made, node.outputs[0])
            return
        for position, tensor in enumerate(node.outputs):  # a formula gives one tensor
            part = n.Subscript(made, (n.Constant(position),))
            self.append(self.name(f"{name}_{position}"), part, tensor)

    def append(self, name: str, made: Expression, tensor: keras.KerasTensor) -> None:
        used = dict.fromkeys(dotted(found) or "" for found in tensor_names(made))
        wires = tuple(("", used_name) for used_name in used)
        self.nodes.append(Node(name, Formula(made), wires, (name,), Origin(self.span)))
        self.tensors[id(tensor)] = name

    def add(
        self,
        node: Any,
        name: str,
        operation: Operation,
        inputs: list[tuple[str, Wire]],
        settings: dict[str, Any],
        trainable: bool | None,
    ) -> None:
        outputs: tuple[str, ...] = (name,)
        if len(node.outputs) > 1:
            outputs = tuple(self.name(f"{name}.{position}") for position in range(len(node.outputs)))
        self.nodes.append(
            Node(name, operation, tuple(inputs), outputs, Origin(self.span), settings, trainable)
        )
        for output, tensor in zip(outputs, node.outputs, strict=True):
            self.tensors[id(tensor)] = output

    # --- models within ------------------------------------------------------------------------------------
    def use(self, node: Any, prefix: str) -> None:
        inner = functional(node.operation)
        given = dict(by_input(inner, node))
        settings = model_settings(node, skip=1)
        if self.reading.flat:
            return self.inline(node, inner, given, settings, prefix)
        used = self.reading.model_name(node.operation)
        graph = self.reading.graphs.get(used)
        if graph is None:  # reported already
            for tensor in node.outputs:
                self.tensors[id(tensor)] = self.name(node.operation.name)
            return None
        name = self.name(node.operation.name if self.graph_name == ENTRY else prefix + node.operation.name)
        inputs = [
            (spec.name, self.wire(given[id(tensor)]))
            for spec, tensor in zip(graph.inputs, inner.inputs, strict=True)
        ]
        outputs = tuple(f"{name}.{output}" for output, _ in graph.outputs)
        outputs = outputs if len(outputs) > 1 else (name,)
        made = Node(name, Use(used), tuple(inputs), outputs, Origin(self.span), settings)
        self.nodes.append(made)
        by_tensor = dict(zip((tensor for _, tensor in graph.outputs), outputs, strict=True))
        for tensor, own in zip(node.outputs, _inner_outputs(inner, graph), strict=True):
            self.tensors[id(tensor)] = by_tensor[own]
        return None

    def inline(
        self, node: Any, inner: keras.Model, given: Mapping[int, Any], settings: dict[str, Any], prefix: str
    ) -> None:
        if settings:
            raise UnreadableError(f"it is called with {settings}, which its layers would have to be")
        before = dict(self.tensors)
        for tensor in inner.inputs:
            self.tensors[id(tensor)] = before[id(given[id(tensor)])]
        self.body(inner, f"{prefix}{node.operation.name}.")
        results = [self.tensors[id(tensor)] for tensor in tree.flatten(inner._outputs_struct)]
        self.tensors = before
        self.tensors |= {id(t): result for t, result in zip(node.outputs, results, strict=True)}

    # --- arguments ----------------------------------------------------------------------------------------
    def arguments(self, node: Any) -> tuple[list[tuple[str, Wire]], dict[str, Any]]:
        """The tensors of a layer's call by argument, the first without a name; and its settings."""
        layer = node.operation
        bound = call_arguments(node)
        inputs: list[tuple[str, Wire]] = []
        settings: dict[str, Any] = {}
        first = next(iter(bound))
        for name, value in bound.items():
            if name == first:
                inputs.append(("", self.wire(value)))
            elif has_tensor(value):
                if not is_implicit(name, value, bound):
                    inputs.append((name, self.wire(value)))
            elif not is_default(layer, name, value):
                settings[name] = plain_setting(name, value)
        return inputs, settings

    def wire(self, value: Any) -> Wire:
        if value is None:
            return None
        if isinstance(value, (list, tuple)):
            return tuple(self.wire(item) for item in value)
        if not isinstance(value, keras.KerasTensor):
            raise UnreadableError("it is called on an array, not on a tensor of the model")
        return self.reference(value)

    def reference(self, tensor: keras.KerasTensor) -> str:
        return self.tensors[id(tensor)]

    def named(self, tensor: keras.KerasTensor) -> Expression:
        return named(self.reference(tensor))

    def name(self, wanted: str) -> str:
        found = _unique(_valid(wanted), self.taken)
        self.taken.add(found)
        return found


def _inner_outputs(inner: keras.Model, graph: Graph) -> Iterator[str]:
    """For each tensor that a model gives, flat, its name within the model's graph."""
    structure = inner._outputs_struct
    if isinstance(structure, dict):
        by_key = {key: tensor for (_, tensor), key in zip(graph.outputs, structure, strict=True)}
        yield from (by_key[key] for key in sorted(structure))
        return
    yield from (tensor for _, tensor in graph.outputs)


def _word(operation: Any) -> str:
    if isinstance(operation, keras.Model):
        return "model"
    return "layer" if isinstance(operation, keras.layers.Layer) else "function"


def _valid(name: str) -> str:
    """A name that a formula can hold: letters, digits and underscores, dots between."""
    parts = [re.sub(r"\W", "_", part, flags=re.ASCII) for part in name.split(".") if part]
    return ".".join(part if not part[0].isdigit() else f"_{part}" for part in parts) or "unnamed"


def _unique(name: str, taken: set[str]) -> str:
    found, count = name, 1
    while found in taken:
        found, count = f"{name}_{count}", count + 1
    return found


__all__ = ["ReadModel", "read_graph", "read_model", "read_models"]
