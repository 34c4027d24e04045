"""Shapes, dtypes, masks, weights and costs of whole graphs, without Keras."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from specc.catalog.load import load
from specc.catalog.rules import LayerType, NoRuleError, RuleError, TensorType, infer_layer
from specc.catalog.rules.dims import Dim, render, symbol
from specc.catalog.rules.types import Weight as WeightType
from specc.frontend.expressions.formula import tensor_names
from specc.frontend.expressions.nodes import dotted
from specc.frontend.project import Reference
from specc.graph.formulas import FormulaTypeError, infer_formula
from specc.graph.ir import Formula, Graph, Input, Layer, Node, Reuse, Use, Weight, Wire, wires

BATCH = "batch"
"""The name of the batch size among the symbols."""


@dataclass(frozen=True)
class Problem:
    """A step that Keras would refuse."""

    node: Node
    reason: RuleError
    formula: FormulaTypeError | None = None


@dataclass
class Types:
    """What is known of a graph: types of its tensors, and what each node gives and costs.

    `unknown` are the nodes for which Keras has to be asked, with the reason; what depends on them has no
    type either. `weights` belong to the graph itself; those of the models it uses are theirs.
    """

    graph: Graph
    tensors: dict[str, TensorType] = field(default_factory=dict)
    calls: dict[str, LayerType] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)

    @cached_property
    def producers(self) -> dict[str, Node]:
        """The node that gives each tensor."""
        return {output: node for node in self.graph.nodes for output in node.outputs}

    @property
    def outputs(self) -> tuple[TensorType | None, ...]:
        """The types of the outputs, in order."""
        return tuple(self.tensors.get(tensor) for _, tensor in self.graph.outputs)


def infer_models(models: Mapping[str, Graph | Reference]) -> dict[str, Types]:
    """Types of every graph among a spec's models, in order, and of those that follow one (`average_of`)."""
    found: dict[str, Types] = {}
    called: Called = {}
    for name, model in models.items():
        if isinstance(model, Graph):
            found[name] = _Inference(model, models, "float32", called).run({})
        elif model.form == "average_of" and model.settings["average_of"] in found:
            found[name] = _following(found[model.settings["average_of"]], name)
    return found


def _following(types: Types, name: str) -> Types:
    """A model with the same steps and weights of its own, which no optimizer trains."""
    return replace(types, graph=replace(types.graph, name=name, trainable=False), problems=[])


def infer_graph(
    graph: Graph,
    models: Mapping[str, Graph | Reference],
    inputs: Mapping[str, TensorType] | None = None,
    policy: str = "float32",
) -> Types:
    """Types of one graph among a spec's models; `inputs` replaces what its inputs declare."""
    return _Inference(graph, models, policy, {}).run(inputs or {})


def input_type(spec: Input) -> TensorType:
    """The type of a model's input: the batch, and a symbol for each size that is not known."""
    sizes: list[Dim] = [
        symbol(f"{spec.name}.{axis}") if size is None else size
        for axis, size in enumerate(spec.shape, start=1)
    ]
    return TensorType((symbol(BATCH), *sizes), spec.dtype)


Called = dict[tuple[str, tuple[tuple[str, TensorType], ...]], Types]
"""Models called on types, by name and given types."""


class _Inference:
    def __init__(
        self,
        graph: Graph,
        models: Mapping[str, Graph | Reference],
        policy: str,
        called: Called,
    ) -> None:
        self.types = Types(graph)
        self.models, self.policy, self.called = models, policy, called
        self.layers = {node.name: node for node in graph.nodes if isinstance(node.operation, Layer)}

    def run(self, inputs: Mapping[str, TensorType]) -> Types:
        tensors = self.types.tensors
        for spec in self.types.graph.inputs:
            tensors[spec.name] = inputs.get(spec.name) or input_type(spec)
        for weight in self.types.graph.weights:
            tensors[weight.name] = _table(weight)
        for node in self.types.graph.nodes:
            self.node(node)
        return self.types

    def node(self, node: Node) -> None:
        needed = [tensor for _, wire in node.inputs for tensor in wires(wire)]
        if any(tensor not in self.types.tensors for tensor in needed):
            return
        try:
            call = self.call(node)
        except FormulaTypeError as error:
            self.types.problems.append(Problem(node, error.reason, error))
        except RuleError as reason:
            self.types.problems.append(Problem(node, reason))
        except NoRuleError as missing:
            self.types.unknown[node.name] = str(missing)
        else:
            self.types.calls[node.name] = call
            for name, tensor in zip(node.outputs, call.flat, strict=False):
                self.types.tensors[name] = tensor

    def call(self, node: Node) -> LayerType:
        operation = node.operation
        if isinstance(operation, Layer):
            return self.layer(node, operation)
        if isinstance(operation, Reuse):
            original = self.layers[operation.target].operation
            assert isinstance(original, Layer)
            return _without_weights(self.layer(node, original))
        if isinstance(operation, Use):
            return self.use(node, operation)
        return self.formula(node, operation)

    def layer(self, node: Node, operation: Layer) -> LayerType:
        made = operation.object
        first = load().objects["layer"][made.kind].tensors[0].name
        inputs = {name or first: self.wire(wire) for name, wire in node.inputs if wire is not None}
        return infer_layer(
            made.kind, made.arguments, inputs, node.settings, self.policy, node.name, self.as_layers
        )

    @cached_property
    def as_layers(self) -> dict[str, Any]:
        """The models of the spec, for wrappers that take one as their layer."""
        return {name: self.as_layer(name) for name in self.models}

    def as_layer(self, name: str) -> Any:
        """A model as a wrapper's layer: what a call on one tensor gives."""

        def call(tensor: TensorType) -> LayerType:
            graph = self.models[name]
            if not isinstance(graph, Graph):
                raise NoRuleError(name)
            return self.inner(graph, {graph.inputs[0].name: tensor})

        return call

    def wire(self, wire: Wire) -> Any:
        if isinstance(wire, tuple):
            return [None if part is None else self.wire(part) for part in wire]
        assert isinstance(wire, str)
        return self.types.tensors[wire]

    def use(self, node: Node, operation: Use) -> LayerType:
        model = self.models.get(operation.model)
        if isinstance(model, Reference) and model.form == "average_of":
            model = self.models.get(str(model.settings["average_of"]))
        if not isinstance(model, Graph):
            raise NoRuleError(operation.model)
        given = {name: self.wire(wire) for name, wire in node.inputs}
        for spec in model.inputs:
            _check_input(spec, given[spec.name])
        return self.inner(model, given)

    def inner(self, model: Graph, given: Mapping[str, TensorType]) -> LayerType:
        """A model called on these tensors. Its weights are its own, so none are told here.

        The same call is worked out once: models within models would take exponential time otherwise.
        """
        key = (model.name, tuple(sorted(given.items(), key=lambda item: item[0])))
        if key not in self.called:
            self.called[key] = _Inference(model, self.models, self.policy, self.called).run(given)
        inner = self.called[key]
        if inner.problems:
            raise inner.problems[0].reason
        if any(output is None for output in inner.outputs):
            raise NoRuleError(model.name)
        outputs = tuple(output for output in inner.outputs if output is not None)
        work: Dim = 0
        sizes: dict[str, Dim] = {}
        for call in inner.calls.values():
            work = work + call.multiply_adds
            for tensor in (*call.flat, *call.kept):
                sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.size
        kept = tuple(TensorType((size,), dtype) for dtype, size in sizes.items())
        return LayerType(outputs if len(outputs) > 1 else outputs[0], (), work, kept)

    def formula(self, node: Node, operation: Formula) -> LayerType:
        names = {dotted(name) or "" for name in tensor_names(operation.expression)}
        found = infer_formula(operation.expression, {name: self.types.tensors[name] for name in names})
        result = found.result
        if isinstance(result, (int, float, bool)):
            result = TensorType((), "float32", constant=True)
        if not isinstance(result, TensorType):
            raise NoRuleError("a formula with several results")
        return LayerType(result, (), found.multiply_adds, tuple(found.kept[:-1]))


def _table(weight: Weight) -> TensorType:
    return TensorType(tuple(weight.shape), "float32")


def own_weights(weight: Weight) -> WeightType:
    """A weight of the graph's own as a layer's weight."""
    return WeightType(weight.name, weight.shape, "float32", weight.trainable)


def _without_weights(call: LayerType) -> LayerType:
    return LayerType(call.outputs, (), call.multiply_adds, call.kept, call.mask)


def _check_input(spec: Input, given: TensorType) -> None:
    """Raise RuleError where a tensor does not fit a model's input."""
    wanted = input_type(spec)
    fits = given.rank == wanted.rank
    clashes = [
        axis
        for axis, (size, found) in enumerate(zip(wanted.shape, given.shape, strict=False))
        if isinstance(size, int) and isinstance(found, int) and size != found
    ]
    if fits and not clashes:
        return
    raise RuleError(
        "size" if fits else "rank",
        f"`{spec.name}` to be {render(wanted.shape)}",
        render(given.shape),
        inputs=(spec.name,),
        axes=tuple(clashes) if fits else (),
        shapes=(given.shape,) if len(clashes) == 1 else (),
    )
