"""Formulas as Python: operators where a symbolic tensor understands them, functions of `keras.ops` elsewhere.

An operator between tensors that do not depend on an input would be the backend's own, which promotes
dtypes in other ways than Keras does.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression
from specc.graph.formulas import COMPARE, LOGICAL, OPERATORS
from specc.python.errors import CannotSayError
from specc.python.trees import call, literal, name


class Kind(Enum):
    """What an expression is while a model is built: no tensor, a tensor that is known, or a symbolic one."""

    PLAIN = 0
    CONSTANT = 1
    SYMBOLIC = 2


@dataclass(frozen=True)
class Part:
    """A piece of a formula as Python. `data` is its value where it is plain and known."""

    tree: ast.expr
    kind: Kind = Kind.PLAIN
    data: Any = None


_OPERATORS: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
    "@": ast.MatMult,
    "&": ast.BitAnd,
    "|": ast.BitOr,
    "^": ast.BitXor,
}
_COMPARISONS: dict[str, type[ast.cmpop]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
}

Tensors = Callable[[Expression], Part]
"""What a name, a dotted or a joined name, or a `$…` stands for."""
Dtypes = Callable[[Expression], str | None]
"""The dtype of a part of the formula; None where it is not known."""


@dataclass(frozen=True)
class Formulas:
    """Turns formulas into Python; `names` are asked for what is named and `dtypes` for what it is."""

    names: Tensors
    dtypes: Dtypes

    def tree(self, expression: Expression) -> Part:
        """A formula; raises CannotSayError."""
        return _RULES[type(expression)](self, expression)

    def constant(self, node: n.Constant) -> Part:
        return Part(literal(node.value), data=node.value)

    def call(self, node: n.Call) -> Part:
        function = n.dotted(node.function) or ""
        arguments = [self.tree(argument) for argument in node.arguments]
        keywords = {key: self.tree(value) for key, value in node.keywords}
        made = call(
            name(f"ops.{function}"),
            *(a.tree for a in arguments),
            **{key: value.tree for key, value in keywords.items()},
        )
        return Part(made, max_kind((*arguments, *keywords.values()), Kind.CONSTANT))

    def subscript(self, node: n.Subscript) -> Part:
        base = self.tree(node.base)
        items = [self._index(item) for item in node.items]
        index = items[0] if len(items) == 1 else ast.Tuple(items)
        return Part(ast.Subscript(base.tree, index), base.kind)

    def _index(self, item: Expression) -> ast.expr:
        if not isinstance(item, n.Slice):
            return self.tree(item).tree
        parts = (None if p is None else self.tree(p).tree for p in (item.lower, item.upper, item.step))
        return ast.Slice(*parts)

    def unary(self, node: n.Unary) -> Part:
        operand = self.tree(node.operand)
        if operand.kind is Kind.PLAIN:
            return Part(ast.UnaryOp(_UNARY[node.operator](), operand.tree))
        if node.operator == "+":
            return operand
        if node.operator == "-" and operand.kind is Kind.SYMBOLIC:
            return Part(ast.UnaryOp(ast.USub(), operand.tree), operand.kind)
        function = "negative"
        if node.operator == "~":
            function = "logical_not" if self.dtypes(node.operand) == "bool" else "bitwise_not"
        return Part(call(name(f"ops.{function}"), operand.tree), operand.kind)

    def binary(self, node: n.Binary) -> Part:
        left, right = self.tree(node.left), self.tree(node.right)
        if left.kind is right.kind is Kind.PLAIN:
            return Part(ast.BinOp(left.tree, _OPERATORS[node.operator](), right.tree))
        left, right = self._beside(left, right, node.right), self._beside(right, left, node.left)
        sign = node.operator
        function = OPERATORS[sign]
        if sign in (*LOGICAL, "<<", ">>"):
            if sign in LOGICAL and self._is_boolean(left, node.left) and self._is_boolean(right, node.right):
                function = LOGICAL[sign]
            left, right = self._whole(left, node.right), self._whole(right, node.left)
        elif operators_work(left, right):
            return Part(ast.BinOp(left.tree, _OPERATORS[sign](), right.tree), Kind.SYMBOLIC)
        return Part(call(name(f"ops.{function}"), left.tree, right.tree), max_kind((left, right)))

    def compare(self, node: n.Compare) -> Part:
        left = self.tree(node.left)
        (sign, *_), (right_node, *_) = node.operators, node.rights
        right = self.tree(right_node)
        if left.kind is right.kind is Kind.PLAIN:
            rights = [self.tree(item).tree for item in node.rights]
            return Part(ast.Compare(left.tree, [_COMPARISONS[s]() for s in node.operators], rights))
        left, right = self._beside(left, right, right_node), self._beside(right, left, node.left)
        if operators_work(left, right) and sign not in ("==", "!="):
            return Part(ast.Compare(left.tree, [_COMPARISONS[sign]()], [right.tree]), Kind.SYMBOLIC)
        return Part(call(name(f"ops.{COMPARE[sign]}"), left.tree, right.tree), max_kind((left, right)))

    def list(self, node: n.List) -> Part:
        items = [self.tree(item) for item in node.items]
        kind = max_kind(items)
        data = [item.data for item in items] if kind is Kind.PLAIN else None
        return Part(ast.List([item.tree for item in items]), kind, data)

    def refuse(self, node: Expression) -> Part:
        raise CannotSayError("a formula holds what no tensor takes")

    # --- lists and numbers beside a tensor ----------------------------------------------------------------
    def _beside(self, part: Part, other: Part, node: Expression) -> Part:
        """A list of numbers beside a tensor: an array of its dtype, of floats where it holds any."""
        if isinstance(part.tree, ast.List) and part.kind is not Kind.PLAIN:
            return Part(call(name("ops.stack"), part.tree), part.kind)
        if not isinstance(part.data, list):
            return part
        dtype = _array_dtype(part.data, self.dtypes(node) or "float32")
        return Part(call(name("ops.array"), part.tree, dtype=literal(dtype)), Kind.CONSTANT)

    def _is_boolean(self, part: Part, node: Expression) -> bool:
        if part.kind is Kind.PLAIN:
            return isinstance(part.data, bool)
        return self.dtypes(node) == "bool"

    def _whole(self, part: Part, node: Expression) -> Part:
        """A whole number beside a tensor as an array of its dtype: bitwise functions take no plain ones."""
        if part.kind is not Kind.PLAIN:
            return part
        dtype = literal(self.dtypes(node) or "int32")
        return Part(call(name("ops.array"), part.tree, dtype=dtype), Kind.CONSTANT)


def operators_work(left: Part, right: Part) -> bool:
    """Whether Python gives an operation to a symbolic tensor, and not to another's method."""
    return left.kind is Kind.SYMBOLIC or (left.kind is Kind.PLAIN and right.kind is Kind.SYMBOLIC)


def max_kind(parts: Sequence[Part], least: Kind = Kind.PLAIN) -> Kind:
    """The kind of what is made of several parts."""
    return max((least, *(part.kind for part in parts)), key=lambda kind: kind.value)


def _array_dtype(data: Any, dtype: str) -> str:
    kinds = {type(item) for item in _flat(data)}
    if float in kinds and "float" not in dtype:
        return "float32"
    if dtype == "bool" and int in kinds:
        return "int32"
    return dtype


def _flat(data: Any) -> list[Any]:
    return [inner for item in data for inner in _flat(item)] if isinstance(data, list) else [data]


_UNARY: dict[str, type[ast.unaryop]] = {"-": ast.USub, "+": ast.UAdd, "~": ast.Invert, "not": ast.Not}

_RULES: dict[type, Callable[[Formulas, Any], Part]] = {
    n.Constant: Formulas.constant,
    n.Name: lambda self, node: self.names(node),
    n.Attribute: lambda self, node: self.names(node),
    n.Joined: lambda self, node: self.names(node),
    n.Substitute: lambda self, node: self.names(node),
    n.Call: Formulas.call,
    n.Subscript: Formulas.subscript,
    n.Unary: Formulas.unary,
    n.Binary: Formulas.binary,
    n.Compare: Formulas.compare,
    n.List: Formulas.list,
    n.Logical: Formulas.refuse,
    n.Conditional: Formulas.refuse,
    n.Comprehension: Formulas.refuse,
    n.Slice: Formulas.refuse,
}
