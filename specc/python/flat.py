"""A graph as a function without loops and blocks: a line for each node."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from specc.catalog.load import load
from specc.catalog.objects import KerasObject, plain
from specc.catalog.rules import NoRuleError, TensorType
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression
from specc.frontend.scope import is_generated
from specc.graph.formulas import FormulaTypeError, infer_formula
from specc.graph.infer import Types
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse, Use, Weight, Wire
from specc.python.formulas import Formulas, Kind, Part
from specc.python.names import Names
from specc.python.objects import Objects
from specc.python.parts import RAW_WEIGHT, input_call, model_call, named_dict, shape_of
from specc.python.trees import assign, call, literal, name, subscript
from specc.source.span import Span
from specc.source.values import Scalar, from_python

_NOWHERE = Span("", 1, 1, 1, 1)


def flat_body(
    graph: Graph,
    label: str,
    models: Mapping[str, str],
    outputs_of: Mapping[str, tuple[str, ...]],
    types: Types,
    imports: dict[str, set[str]],
    names: Names,
) -> list[ast.stmt]:
    """The statements that build one graph.

    `models` are the variables of the models it uses, `outputs_of` the names of their outputs.
    """
    return _Flat(graph, models, outputs_of, types, imports, names).body(label)


class _Flat:
    def __init__(
        self,
        graph: Graph,
        models: Mapping[str, str],
        outputs_of: Mapping[str, tuple[str, ...]],
        types: Types,
        imports: dict[str, set[str]],
        names: Names,
    ) -> None:
        self.graph, self.models, self.outputs_of, self.types = graph, models, outputs_of, types
        self.objects = Objects(load(), {key: name(item) for key, item in models.items()}, imports)
        self.names = names
        self.tensors: dict[str, Part] = {}
        self.layers: dict[str, str] = {}
        self.statements: list[ast.stmt] = []
        operations = (node.operation for node in graph.nodes)
        self.reused = {item.target for item in operations if isinstance(item, Reuse)}

    def body(self, label: str) -> list[ast.stmt]:
        for item in self.graph.inputs:
            self.bind(item.name, input_call(literal(item.name), shape_of(item.shape), item.dtype))
        for weight in self.graph.weights:
            self.weight(weight)
        for node in self.graph.nodes:
            _RULES[type(node.operation)](self, node)
        inputs = named_dict((item.name, self.tensors[item.name].tree) for item in self.graph.inputs)
        outputs = named_dict((key, self.tensors[ref].tree) for key, ref in self.graph.outputs)
        made = model_call(inputs, outputs, label)
        if self.graph.trainable:
            return [*self.statements, ast.Return(made)]
        model = name(self.names.new("model"))
        frozen = assign(ast.Attribute(model, "trainable"), literal(False))
        return [*self.statements, ast.Assign([model], made), frozen, ast.Return(model)]

    def bind(self, tensor: str, value: ast.expr, kind: Kind = Kind.SYMBOLIC) -> None:
        """Give a tensor a variable."""
        variable = self.names.new(tensor)
        self.tensors[tensor] = Part(name(variable), kind)
        self.statements.append(assign(variable, value))

    def weight(self, weight: Weight) -> None:
        anchor = self.tensors[self.graph.inputs[0].name].tree
        made = call(name(RAW_WEIGHT), anchor, literal(weight.shape))
        if weight.initializer is not None:
            made.keywords.append(ast.keyword("initializer", self.object(weight.initializer)))
        if not weight.trainable:
            made.keywords.append(ast.keyword("trainable", literal(False)))
        made.keywords.append(ast.keyword("name", literal(weight.name)))
        self.bind(weight.name, made)

    # --- nodes --------------------------------------------------------------------------------------------
    def layer(self, node: Node) -> None:
        assert isinstance(node.operation, Layer)
        more: dict[str, ast.expr] = {"trainable": literal(False)} if node.trainable is False else {}
        if not is_generated(node.name, node.operation.object.kind) or "." in node.name:
            more["name"] = literal(node.name)
        made = self.object(node.operation.object, **more)
        if node.name in self.reused:
            variable = self.names.new(f"{node.name}_layer")
            self.statements.append(assign(variable, made))
            made, self.layers[node.name] = name(variable), variable
        self.call(made, node)

    def reuse(self, node: Node) -> None:
        assert isinstance(node.operation, Reuse)
        self.call(name(self.layers[node.operation.target]), node)

    def call(self, layer: ast.expr, node: Node) -> None:
        (_, first), *rest = node.inputs
        made = call(layer, self.wire(first), **{key: self.wire(wire) for key, wire in rest})
        made.keywords += [ast.keyword(key, literal(item)) for key, item in node.settings.items()]
        if len(node.outputs) == 1:
            self.bind(node.outputs[0], made)
            return
        variables = [self.names.new(output) for output in node.outputs]
        self.tensors |= {
            output: Part(name(item), Kind.SYMBOLIC)
            for output, item in zip(node.outputs, variables, strict=True)
        }
        self.statements.append(ast.Assign([ast.Tuple([name(item) for item in variables])], made))

    def use(self, node: Node) -> None:
        assert isinstance(node.operation, Use)
        model = name(self.models[node.operation.model])
        if node.trainable is False:
            self.statements.append(assign(ast.Attribute(model, "trainable"), literal(False)))
        made = call(model, named_dict((key, self.wire(wire)) for key, wire in node.inputs))
        made.keywords += [ast.keyword(key, literal(item)) for key, item in node.settings.items()]
        if len(node.outputs) == 1:
            self.bind(node.outputs[0], made)
            return
        variable = self.names.new(node.name)
        self.statements.append(assign(variable, made))
        for key, output in zip(self.outputs_of[node.operation.model], node.outputs, strict=True):
            self.tensors[output] = Part(subscript(name(variable), literal(key)), Kind.SYMBOLIC)

    def formula(self, node: Node) -> None:
        assert isinstance(node.operation, Formula)
        made = Formulas(self.named, self.dtype).tree(node.operation.expression)
        self.bind(node.outputs[0], made.tree, made.kind)

    def named(self, expression: Expression) -> Part:
        return self.tensors[n.dotted(expression) or ""]

    def dtype(self, expression: Expression) -> str | None:
        try:
            found = infer_formula(expression, self.types.tensors).result
        except (FormulaTypeError, NoRuleError):
            return None
        return found.dtype if isinstance(found, TensorType) else None

    def wire(self, wire: Wire) -> ast.expr:
        if wire is None:
            return literal(None)
        if isinstance(wire, tuple):
            return ast.List([self.wire(part) for part in wire])
        return self.tensors[wire].tree

    def object(self, made: KerasObject, **more: ast.expr) -> ast.expr:
        argument = from_python(plain(made.arguments), made.span or _NOWHERE)
        if made.identifier or made.model:
            return self.objects.object(Scalar(made.kind, _NOWHERE), made.category)
        return self.objects.construct(made.kind, argument, made.category, **more)


_RULES: dict[type, Callable[[_Flat, Any], None]] = {
    Layer: _Flat.layer,
    Reuse: _Flat.reuse,
    Use: _Flat.use,
    Formula: _Flat.formula,
}
