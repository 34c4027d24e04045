"""Shapes and dtypes of formulas: the walk of `lower.formula`, over types in place of tensors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specc.catalog.rules import (
    NoRuleError,
    RuleError,
    TensorType,
    infer_op,
    infer_subscript,
    op_multiply_adds,
)
from specc.catalog.rules.dims import Dim
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.evaluate import evaluate
from specc.frontend.expressions.nodes import Expression, ExpressionError

OPERATORS = {
    "+": "add",
    "-": "subtract",
    "*": "multiply",
    "/": "divide",
    "//": "floor_divide",
    "%": "mod",
    "**": "power",
    "@": "matmul",
    "&": "bitwise_and",
    "|": "bitwise_or",
    "^": "bitwise_xor",
    "<<": "bitwise_left_shift",
    ">>": "bitwise_right_shift",
}
LOGICAL = {"&": "logical_and", "|": "logical_or", "^": "logical_xor"}
COMPARE = {
    "<": "less",
    "<=": "less_equal",
    ">": "greater",
    ">=": "greater_equal",
    "==": "equal",
    "!=": "not_equal",
}


class FormulaTypeError(Exception):
    """A part of a formula that Keras would refuse, with the rule's reason."""

    def __init__(self, node: Expression, function: str, reason: RuleError) -> None:
        super().__init__(str(reason))
        self.node, self.function, self.reason = node, function, reason


@dataclass
class FormulaType:
    """What a formula gives, and what it costs: multiplications with an addition, in one forward pass."""

    result: Any
    multiply_adds: Dim = 0
    kept: list[TensorType] = field(default_factory=list)


def infer_formula(expression: Expression, names: Mapping[str, TensorType]) -> FormulaType:
    """The type of a formula over typed tensors.

    Raises FormulaTypeError where Keras would refuse, NoRuleError where Keras has to be asked.
    """
    walk = FormulaWalk(names)
    try:
        result = walk.value(expression)
    except ExpressionError as error:
        reason = RuleError("argument", "values that go together", error.message)
        raise FormulaTypeError(expression, "", reason) from error
    return FormulaType(result, walk.multiply_adds, walk.kept)


class FormulaWalk:
    """The type of a formula, part by part; what it costs is noted on the way."""

    def __init__(self, names: Mapping[str, TensorType]) -> None:
        self.names = names
        self.multiply_adds: Dim = 0
        self.kept: list[TensorType] = []

    def value(self, node: Expression) -> Any:
        """What a part of the formula gives: a type, or a plain value."""
        return getattr(self, _RULES[type(node)])(node)

    def constant(self, node: n.Constant) -> Any:
        return node.value

    def apply(self, node: Expression, name: str, arguments: list[Any], keywords: dict[str, Any]) -> Any:
        try:
            result = infer_op(name, arguments, keywords)
            self.multiply_adds = self.multiply_adds + op_multiply_adds(name, arguments, keywords)
        except RuleError as reason:
            raise FormulaTypeError(node, name, reason) from reason
        for item in result if isinstance(result, tuple) else (result,):
            if isinstance(item, TensorType) and not item.constant:
                self.kept.append(item)
        return result

    def name(self, node: n.Name | n.Attribute) -> Any:
        name = n.dotted(node)
        if name is None or name not in self.names:
            raise NoRuleError(str(name))
        return self.names[name]

    def call(self, node: n.Call) -> Any:
        name = n.dotted(node.function) or ""
        arguments = [self.value(argument) for argument in node.arguments]
        keywords = {key: self.value(value) for key, value in node.keywords}
        return self.apply(node, name, arguments, keywords)

    def subscript(self, node: n.Subscript) -> Any:
        base = self.value(node.base)
        index = tuple(self.value(item) for item in node.items)
        if not isinstance(base, TensorType):
            return base[index[0]]
        try:
            return infer_subscript(base, index)
        except RuleError as reason:
            raise FormulaTypeError(node, "[…]", reason) from reason

    def slice(self, node: n.Slice) -> slice:
        return slice(*(None if p is None else self.value(p) for p in (node.lower, node.upper, node.step)))

    def unary(self, node: n.Unary) -> Any:
        operand = self.value(node.operand)
        if not isinstance(operand, TensorType):
            return evaluate(n.Unary(node.operator, n.Constant(operand)), {})
        if node.operator == "-":
            return self.apply(node, "negative", [operand], {})
        if node.operator == "~":
            return self.apply(
                node, "logical_not" if operand.dtype == "bool" else "bitwise_not", [operand], {}
            )
        return operand

    def binary(self, node: n.Binary) -> Any:
        return self.joined(node, self.value(node.left), self.value(node.right))

    def joined(self, node: n.Binary, left: Any, right: Any) -> Any:
        """What arithmetic makes of two values."""
        if not isinstance(left, TensorType) and not isinstance(right, TensorType):
            return evaluate(n.Binary(node.operator, n.Constant(left), n.Constant(right)), {})
        left, right = beside(left, right), beside(right, left)
        name = OPERATORS[node.operator]
        if node.operator in LOGICAL and _is_boolean(left) and _is_boolean(right):
            name = LOGICAL[node.operator]
        return self.apply(node, name, [left, right], {})

    def compare(self, node: n.Compare) -> Any:
        sides = [self.value(side) for side in (node.left, *node.rights)]
        if not any(isinstance(side, TensorType) for side in sides):
            rights = tuple(map(n.Constant, sides[1:]))
            return evaluate(n.Compare(n.Constant(sides[0]), node.operators, rights), {})
        if len(sides) > 2 or node.operators[0] not in COMPARE:
            raise NoRuleError(node.operators[0])
        left, right = beside(sides[0], sides[1]), beside(sides[1], sides[0])
        return self.apply(node, COMPARE[node.operators[0]], [left, right], {})

    def list(self, node: n.List) -> Any:
        return [self.value(item) for item in node.items]

    def unknown(self, node: Expression) -> Any:
        raise NoRuleError(type(node).__name__)


def beside(value: Any, other: Any) -> Any:
    """A list of numbers beside a tensor, as an array of its dtype."""
    if not isinstance(value, list):
        return value
    if any(isinstance(item, TensorType) for item in value):
        return infer_op("stack", [value])
    shape: list[int] = []
    item: Any = value
    while isinstance(item, list):
        shape.append(len(item))
        item = item[0] if item else 0.0
    dtype = other.dtype if isinstance(other, TensorType) else "float32"
    if isinstance(item, float) and "float" not in dtype:
        dtype = "float32"
    return TensorType(tuple(shape), dtype, constant=True)


def _is_boolean(value: Any) -> bool:
    return value.dtype == "bool" if isinstance(value, TensorType) else isinstance(value, bool)


_RULES: dict[type, str] = {
    n.Constant: "constant",
    n.Name: "name",
    n.Attribute: "name",
    n.Call: "call",
    n.Subscript: "subscript",
    n.Slice: "slice",
    n.Unary: "unary",
    n.Binary: "binary",
    n.Compare: "compare",
    n.List: "list",
    n.Logical: "unknown",
    n.Conditional: "unknown",
    n.Comprehension: "unknown",
    n.Substitute: "unknown",
    n.Joined: "unknown",
}
