"""`$…` as Python: the same expressions over variables, so that parameters stay parameters."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.evaluate import UNKNOWN, evaluate
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.text import pieces
from specc.python.errors import CannotSayError
from specc.python.names import identifier
from specc.python.trees import call, literal, name
from specc.source.values import Scalar, Sequence, Value

_MATHS = frozenset({"log", "sqrt", "ceil", "floor"})
_BINARY: dict[str, type[ast.operator]] = {
    "+": ast.Add,
    "-": ast.Sub,
    "*": ast.Mult,
    "/": ast.Div,
    "//": ast.FloorDiv,
    "%": ast.Mod,
    "**": ast.Pow,
}
_UNARY: dict[str, type[ast.unaryop]] = {"-": ast.USub, "+": ast.UAdd, "~": ast.Invert, "not": ast.Not}
_COMPARE: dict[str, type[ast.cmpop]] = {
    "<": ast.Lt,
    "<=": ast.LtE,
    ">": ast.Gt,
    ">=": ast.GtE,
    "==": ast.Eq,
    "!=": ast.NotEq,
    "in": ast.In,
    "not in": ast.NotIn,
}


class Values:
    """Turns expressions into Python.

    `names` are the variables of values; `seen` are values they had in one expansion, which tell mappings
    from lists.
    """

    def __init__(self, names: Mapping[str, ast.expr], seen: Mapping[str, Any]) -> None:
        self.names, self.seen = dict(names), dict(seen)

    def value(self, value: Value) -> ast.expr:
        """A value with all that is in it; lists stay lists."""
        if isinstance(value, Scalar):
            return self.scalar(value) if value.dynamic else literal(value.value)
        if isinstance(value, Sequence):
            return ast.List([self.value(item) for item in value])
        if any(key.dynamic for key, _ in value.entries):
            raise CannotSayError("a mapping's keys are computed", value.span)
        pairs = [(literal(str(key.value)), self.value(item)) for key, item in value.entries]
        return ast.Dict([key for key, _ in pairs], [item for _, item in pairs])

    def scalar(self, scalar: Scalar) -> ast.expr:
        """A text that holds a `$`: one expression alone keeps its type, several are glued."""
        found = pieces(str(scalar.value))
        if len(found) == 1:
            (only,) = found
            return literal(only) if isinstance(only, str) else self.tree(only[1])
        return ast.JoinedStr([ast.Constant(p) if isinstance(p, str) else self.glued(p[1]) for p in found])

    def glued(self, expression: Expression) -> ast.expr:
        """A value within a text, in YAML's spelling where that is another than Python's."""
        found = self.seen_value(expression)
        tree = self.tree(expression)
        if isinstance(found, bool):
            tree = call(ast.Attribute(call(name("str"), tree), "lower"))
        if found is None:
            raise CannotSayError("null is part of a text")
        return ast.FormattedValue(tree, -1)

    def seen_value(self, expression: Expression) -> Any:
        """What an expression was in one expansion; UNKNOWN where it was never computed."""
        try:
            return evaluate(expression, self.seen)
        except ExpressionError:
            return UNKNOWN

    def tree(self, node: Expression) -> ast.expr:
        """An expression; raises CannotSayError."""
        return _RULES[type(node)](self, node)

    def name(self, node: n.Name) -> ast.expr:
        if node.name not in self.names:
            raise CannotSayError(f"`{node.name}` has no value")
        return self.names[node.name]

    def attribute(self, node: n.Attribute) -> ast.expr:
        return ast.Subscript(self.tree(node.base), literal(node.name))

    def call(self, node: n.Call) -> ast.expr:
        function = n.dotted(node.function) or ""
        arguments = [self.tree(argument) for argument in node.arguments]
        if function == "range":
            return call(name("list"), call(name("range"), *arguments))
        if function == "reversed":
            return call(name("list"), call(name("reversed"), *map(_bare, arguments)))
        if function == "str":
            found = self.seen_value(node.arguments[0])
            if isinstance(found, bool):
                return call(ast.Attribute(call(name("str"), *arguments), "lower"))
        if function == "round" and len(arguments) == 2:
            whole = call(name("round"), arguments[0])
            digits = node.arguments[1]
            if isinstance(digits, n.Constant):
                return call(name("round"), *arguments) if digits.value else whole
            return ast.IfExp(arguments[1], call(name("round"), *arguments), whole)
        if function in ("len", "min", "max", "sum"):
            arguments = [_bare(argument) for argument in arguments]
        return call(name(f"math.{function}" if function in _MATHS else function), *arguments)

    def subscript(self, node: n.Subscript) -> ast.expr:
        base = self.tree(node.base)
        (item,) = node.items
        if isinstance(item, n.Slice):
            bounds = (None if p is None else self.tree(p) for p in (item.lower, item.upper, item.step))
            return ast.Subscript(base, ast.Slice(*bounds))
        index = self.tree(item)
        if isinstance(self.seen_value(node.base), dict):
            index = self._key(item, index)
        return ast.Subscript(base, index)

    def _key(self, item: Expression, tree: ast.expr) -> ast.expr:
        """A mapping's keys are texts: a number finds the key that is written as it is."""
        return tree if isinstance(self.seen_value(item), str) else call(name("str"), tree)

    def unary(self, node: n.Unary) -> ast.expr:
        return ast.UnaryOp(_UNARY[node.operator](), self.tree(node.operand))

    def binary(self, node: n.Binary) -> ast.expr:
        if node.operator == "+" and isinstance(self.seen_value(node), str):
            return ast.JoinedStr([*self.pieces_of(node.left), *self.pieces_of(node.right)])
        return ast.BinOp(self.tree(node.left), _BINARY[node.operator](), self.tree(node.right))

    def pieces_of(self, node: Expression) -> list[ast.expr]:
        """A part of a sum of texts, for an f-string."""
        if isinstance(node, n.Constant):
            return [ast.Constant(node.value)]
        if isinstance(node, n.Call) and n.dotted(node.function) == "str":
            return [self.glued(node.arguments[0])]
        tree = self.tree(node)
        return tree.values if isinstance(tree, ast.JoinedStr) else [ast.FormattedValue(tree, -1)]

    def compare(self, node: n.Compare) -> ast.expr:
        left = self.tree(node.left)
        rights = [self.tree(right) for right in node.rights]
        if "in" in node.operators[0] and isinstance(self.seen_value(node.rights[0]), dict):
            left = self._key(node.left, left)
        return ast.Compare(left, [_COMPARE[sign]() for sign in node.operators], rights)

    def logical(self, node: n.Logical) -> ast.expr:
        operator = ast.Or() if node.operator == "or" else ast.And()
        return ast.BoolOp(operator, [self.tree(value) for value in node.values])

    def conditional(self, node: n.Conditional) -> ast.expr:
        return ast.IfExp(self.tree(node.test), self.tree(node.then), self.tree(node.otherwise))

    def list(self, node: n.List) -> ast.expr:
        return ast.List([self.tree(item) for item in node.items])

    def comprehension(self, node: n.Comprehension) -> ast.expr:
        iterable = _bare(self.tree(node.iterable))
        inner = self.inside(node)
        condition = [] if node.condition is None else [inner.tree(node.condition)]
        generator = ast.comprehension(inner.names[node.variable], iterable, condition, 0)
        return ast.ListComp(inner.tree(node.element), [generator])

    def inside(self, node: n.Comprehension) -> Values:
        """The values within a comprehension: its variable is there too."""
        items = self.seen_value(node.iterable)
        seen = {node.variable: items[0]} if isinstance(items, list) and items else {}
        variable = ast.Name(self.variable(node.variable))
        return Values({**self.names, node.variable: variable}, {**self.seen, **seen})

    def variable(self, wanted: str) -> str:
        """A name for a comprehension's variable that hides no other."""
        taken = {
            item.id for tree in self.names.values() for item in ast.walk(tree) if isinstance(item, ast.Name)
        }
        found = identifier(wanted)
        while found in taken:
            found += "_"
        return found

    def refuse(self, node: Expression) -> ast.expr:
        raise CannotSayError("an expression has no meaning in Python")


def _bare(tree: ast.expr) -> ast.expr:
    """`range(n)` for `list(range(n))` where an iterable is enough."""
    if isinstance(tree, ast.Call) and isinstance(tree.func, ast.Name) and tree.func.id == "list":
        inner = tree.args[0]
        if isinstance(inner, ast.Call) and isinstance(inner.func, ast.Name):
            return inner
    return tree


bare = _bare

_RULES: dict[type, Callable[[Values, Any], ast.expr]] = {
    n.Constant: lambda self, node: literal(node.value),
    n.Name: Values.name,
    n.Substitute: lambda self, node: self.tree(node.expression),
    n.Attribute: Values.attribute,
    n.Call: Values.call,
    n.Subscript: Values.subscript,
    n.Unary: Values.unary,
    n.Binary: Values.binary,
    n.Compare: Values.compare,
    n.Logical: Values.logical,
    n.Conditional: Values.conditional,
    n.List: Values.list,
    n.Comprehension: Values.comprehension,
    n.Joined: Values.refuse,
    n.Slice: Values.refuse,
}
