"""Formulas on tensors: every operator and function becomes a call of `keras.ops`.

The same walk serves symbolic tensors (while a model is built), tensors of a `tf.data` pipeline and eager
ones. Operators go through `keras.ops` too, so that dtypes are promoted as Keras does, not as the backend.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import keras
import numpy as np

from specc.catalog.load import load
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.evaluate import evaluate
from specc.frontend.expressions.formula import unparse
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.graph.formulas import COMPARE, LOGICAL, OPERATORS
from specc.source.suggest import did_you_mean


def compute(expression: Expression, names: Mapping[str, Any]) -> Any:
    """The value of a formula over named tensors.

    `names` holds tensors, dotted names of tensors (`enc.memory`), and callables (models). Raises
    ExpressionError where a name is unknown or Python's logic is asked of tensors; Keras's own errors pass.
    """
    return _Formula(names).value(expression)


def is_tensor(value: Any) -> bool:
    """Whether a value is a tensor, symbolic or not (numpy arrays among them)."""
    return isinstance(value, (keras.KerasTensor, np.ndarray)) or keras.ops.is_tensor(value)


_BITWISE = {*LOGICAL, "<<", ">>"}


class _Formula:
    def __init__(self, names: Mapping[str, Any]) -> None:
        self.names = names

    def value(self, node: Expression) -> Any:
        return _RULES[type(node)](self, node)

    def name(self, node: n.Name | n.Attribute) -> Any:
        name = n.dotted(node)
        if name is not None and name in self.names:
            return self.names[name]
        if isinstance(node, n.Attribute):
            base = self.value(node.base)
            if isinstance(base, Mapping) and node.name in base:
                return base[node.name]
        known = did_you_mean(name or "", self.names)
        raise ExpressionError(f"there is no tensor `{unparse(node)}` here", node.start, node.end, known)

    def call(self, node: n.Call) -> Any:
        name = n.dotted(node.function) or ""
        function = self.names.get(name)
        if function is not None and is_tensor(function):  # a tensor may bear a function's name: mean(mean)
            function = None
        arguments = [self.value(argument) for argument in node.arguments]
        keywords = {key: self.value(value) for key, value in node.keywords}
        if function is None:
            function = op(name)
        if function is None:
            known = did_you_mean(name, load().ops)
            raise ExpressionError(f"there is no function `{name}`", node.start, node.end, known)
        return function(*arguments, **keywords)

    def subscript(self, node: n.Subscript) -> Any:
        base = self.value(node.base)
        index = tuple(self.value(item) for item in node.items)
        return base[index if len(index) > 1 else index[0]]

    def slice(self, node: n.Slice) -> slice:
        return slice(*(None if p is None else self.value(p) for p in (node.lower, node.upper, node.step)))

    def unary(self, node: n.Unary) -> Any:
        operand = self.value(node.operand)
        if not is_tensor(operand):
            return _plain(node, operand)
        if node.operator == "-":
            return keras.ops.negative(operand)
        if node.operator == "~":
            boolean = keras.backend.standardize_dtype(operand.dtype) == "bool"
            return keras.ops.logical_not(operand) if boolean else keras.ops.bitwise_not(operand)
        if node.operator == "not":
            raise ExpressionError("`not` is for values", node.start, node.end, "write `logical_not(…)`")
        return operand

    def binary(self, node: n.Binary) -> Any:
        left, right = self.value(node.left), self.value(node.right)
        if not is_tensor(left) and not is_tensor(right):
            return _plain(node, left, right)
        left, right = _beside(left, right), _beside(right, left)
        if node.operator in _BITWISE:
            left, right = _whole(left, right), _whole(right, left)
        function = OPERATORS[node.operator]
        if node.operator in LOGICAL and _is_boolean(left) and _is_boolean(right):
            function = LOGICAL[node.operator]
        return getattr(keras.ops, function)(left, right)

    def compare(self, node: n.Compare) -> Any:
        sides = [self.value(side) for side in (node.left, *node.rights)]
        if not any(is_tensor(side) for side in sides):
            return evaluate(
                n.Compare(n.Constant(sides[0]), node.operators, tuple(map(n.Constant, sides[1:]))), {}
            )
        if len(sides) > 2:
            raise ExpressionError(
                "tensors take no chained comparison",
                node.start,
                node.end,
                "write `logical_and(a < b, b < c)`",
            )
        if node.operators[0] not in COMPARE:
            raise ExpressionError(f"tensors take no `{node.operators[0]}`", node.start, node.end)
        left, right = _beside(sides[0], sides[1]), _beside(sides[1], sides[0])
        return getattr(keras.ops, COMPARE[node.operators[0]])(left, right)

    def logical(self, node: n.Logical) -> Any:
        help = f"write `logical_{node.operator}(…, …)`"
        raise ExpressionError(f"tensors take no `{node.operator}`", node.start, node.end, help)

    def conditional(self, node: n.Conditional) -> Any:
        raise ExpressionError("tensors take no `if`", node.start, node.end, "write `where(test, a, b)`")

    def list(self, node: n.List) -> Any:
        return [self.value(item) for item in node.items]

    def comprehension(self, node: n.Comprehension) -> Any:
        help = "loop when the spec is compiled: `$([… for … in …])`"
        raise ExpressionError("a formula takes no `for`", node.start, node.end, help)

    def refuse(self, node: Expression) -> Any:
        raise ExpressionError("a `$` that was not filled in", node.start, node.end)


def op(name: str) -> Callable[..., Any] | None:
    """The function of `keras.ops` or `keras.random` a formula means by `name`; None where there is none."""
    if name not in load().ops or load().ops[name].refused:
        return None
    found: Any = keras if name.startswith("random.") else keras.ops
    for part in name.split("."):
        found = getattr(found, part)
    return found  # type: ignore[no-any-return]


def _is_boolean(value: Any) -> bool:
    if is_tensor(value):
        return bool(keras.backend.standardize_dtype(value.dtype) == "bool")
    return isinstance(value, bool)


def _whole(value: Any, other: Any) -> Any:
    """A whole number beside a tensor as an array of its dtype: bitwise ops take no plain numbers."""
    if isinstance(value, int) and is_tensor(other):
        return np.asarray(value, dtype=keras.backend.standardize_dtype(other.dtype))
    return value


def _beside(value: Any, other: Any) -> Any:
    """A list of numbers beside a tensor becomes an array of its dtype (of floats, where it has any)."""
    if not isinstance(value, list):
        return value
    if any(is_tensor(item) for item in value):
        return keras.ops.stack(value)
    array = np.asarray(value)
    dtype = keras.backend.standardize_dtype(other.dtype) if is_tensor(other) else keras.config.floatx()
    if array.dtype.kind == "f" and "float" not in dtype:
        dtype = keras.config.floatx()
    if dtype == "bool":
        dtype = "int32" if array.dtype.kind in "iu" else "bool"
    return array.astype(dtype)  # by numpy: within `tf.data` Keras's cast would give a symbol


def _plain(node: n.Unary | n.Binary, *operands: Any) -> Any:
    """Arithmetic without any tensor is Python's own."""
    constants = tuple(map(n.Constant, operands))
    if isinstance(node, n.Unary):
        return evaluate(n.Unary(node.operator, constants[0], start=node.start, end=node.end), {})
    return evaluate(n.Binary(node.operator, *constants, start=node.start, end=node.end), {})


_RULES: dict[type, Callable[[_Formula, Any], Any]] = {
    n.Constant: lambda self, node: node.value,
    n.Name: _Formula.name,
    n.Attribute: _Formula.name,
    n.Call: _Formula.call,
    n.Subscript: _Formula.subscript,
    n.Slice: _Formula.slice,
    n.Unary: _Formula.unary,
    n.Binary: _Formula.binary,
    n.Compare: _Formula.compare,
    n.Logical: _Formula.logical,
    n.Conditional: _Formula.conditional,
    n.List: _Formula.list,
    n.Comprehension: _Formula.comprehension,
    n.Substitute: _Formula.refuse,
    n.Joined: _Formula.refuse,
}
