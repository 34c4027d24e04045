"""Expressions of Python's syntax tree as text, in one line."""

from __future__ import annotations

import ast
from collections.abc import Callable
from typing import Any

_BINARY: dict[type[ast.operator], tuple[str, int]] = {
    ast.BitOr: ("|", 7),
    ast.BitXor: ("^", 8),
    ast.BitAnd: ("&", 9),
    ast.LShift: ("<<", 10),
    ast.RShift: (">>", 10),
    ast.Add: ("+", 11),
    ast.Sub: ("-", 11),
    ast.Mult: ("*", 12),
    ast.Div: ("/", 12),
    ast.FloorDiv: ("//", 12),
    ast.Mod: ("%", 12),
    ast.MatMult: ("@", 12),
    ast.Pow: ("**", 14),
}
_UNARY: dict[type[ast.unaryop], str] = {ast.USub: "-", ast.UAdd: "+", ast.Invert: "~", ast.Not: "not "}
_COMPARE: dict[type[ast.cmpop], str] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
    ast.In: "in",
    ast.NotIn: "not in",
    ast.Is: "is",
    ast.IsNot: "is not",
}
_CONDITIONAL, _OR, _AND, _NOT, _COMPARISON, _FACTOR, _POWER, _ATOM = 2, 3, 4, 5, 6, 13, 14, 16


def precedence(node: ast.expr) -> int:
    """How tightly a node's outermost operator binds."""
    if isinstance(node, ast.IfExp):
        return _CONDITIONAL
    if isinstance(node, ast.BoolOp):
        return _OR if isinstance(node.op, ast.Or) else _AND
    if isinstance(node, ast.UnaryOp):
        return _NOT if isinstance(node.op, ast.Not) else _FACTOR
    if isinstance(node, ast.Compare):
        return _COMPARISON
    if isinstance(node, ast.BinOp):
        return _BINARY[type(node.op)][1]
    return _ATOM


def operator(node: ast.BinOp) -> str:
    """The sign of an operation."""
    return _BINARY[type(node.op)][0]


def line(node: ast.expr, outer: int = 0) -> str:
    """An expression as text, in brackets where it binds less tightly than `outer`."""
    text = _RULES[type(node)](node)
    return f"({text})" if precedence(node) < outer else text


def string(text: str) -> str:
    """A literal of a text, in double quotes where they need no escape."""
    found = repr(text)
    return f'"{found[1:-1]}"' if found[0] == "'" and '"' not in text else found


def keyword(node: ast.keyword) -> str:
    """`name=value`, or `**value`."""
    return f"{node.arg}={line(node.value)}" if node.arg else f"**{line(node.value, _POWER)}"


def arguments(node: ast.Call) -> list[str]:
    """The arguments of a call, each as text."""
    return [line(item) for item in node.args] + [keyword(item) for item in node.keywords]


def entry(key: ast.expr | None, value: ast.expr) -> str:
    """An entry of a dictionary display."""
    return f"{line(key)}: {line(value)}" if key is not None else f"**{line(value, _POWER)}"


def _constant(node: ast.Constant) -> str:
    if node.value is ...:
        return "..."
    return string(node.value) if isinstance(node.value, str) else repr(node.value)


def _unary(node: ast.UnaryOp) -> str:
    return _UNARY[type(node.op)] + line(node.operand, precedence(node))


def _binary(node: ast.BinOp) -> str:
    sign, own = _BINARY[type(node.op)]
    left, right = (own + 1, _FACTOR) if sign == "**" else (own, own + 1)
    hugged = sign == "**" and _is_simple(node.left) and _is_simple(node.right)
    space = "" if hugged else " "
    return f"{line(node.left, left)}{space}{sign}{space}{line(node.right, right)}"


def _is_simple(node: ast.expr) -> bool:
    """Whether `**` stands beside an operand without spaces: a name, an attribute or a number."""
    if isinstance(node, ast.UnaryOp):
        return not isinstance(node.op, ast.Not) and _is_simple(node.operand)
    if isinstance(node, ast.Attribute):
        return _is_simple(node.value)
    if isinstance(node, ast.Constant):
        return isinstance(node.value, int | float)
    return isinstance(node, ast.Name)


def _compare(node: ast.Compare) -> str:
    text = line(node.left, _COMPARISON + 1)
    for op, right in zip(node.ops, node.comparators, strict=True):
        text += f" {_COMPARE[type(op)]} {line(right, _COMPARISON + 1)}"
    return text


def _logical(node: ast.BoolOp) -> str:
    word = " or " if isinstance(node.op, ast.Or) else " and "
    return word.join(line(value, precedence(node) + 1) for value in node.values)


def _conditional(node: ast.IfExp) -> str:
    parts = line(node.body, _OR), line(node.test, _OR), line(node.orelse, _CONDITIONAL)
    return f"{parts[0]} if {parts[1]} else {parts[2]}"


def _attribute(node: ast.Attribute) -> str:
    base = line(node.value, _ATOM)
    return f"({base}).{node.attr}" if base.isdigit() else f"{base}.{node.attr}"


def _call(node: ast.Call) -> str:
    return f"{line(node.func, _ATOM)}({', '.join(arguments(node))})"


def _subscript(node: ast.Subscript) -> str:
    index = node.slice
    if isinstance(index, ast.Tuple) and index.elts:
        text = ", ".join(line(item) for item in index.elts) + ("," if len(index.elts) == 1 else "")
    else:
        text = line(index)
    return f"{line(node.value, _ATOM)}[{text}]"


def _slice(node: ast.Slice) -> str:
    bounds = [part for part in (node.lower, node.upper, node.step) if part is not None]
    space = "" if all(map(_is_simple, bounds)) else " "
    lower, upper, step = ("" if p is None else line(p) for p in (node.lower, node.upper, node.step))
    text = f"{lower}{space if lower else ''}:{space if upper else ''}{upper}"
    if node.step is None:
        return text
    return f"{text}{space if upper else ''}:{space}{step}"


def _tuple(node: ast.Tuple) -> str:
    inner = ", ".join(line(item) for item in node.elts)
    return f"({inner},)" if len(node.elts) == 1 else f"({inner})"


def _comprehension(node: ast.ListComp | ast.DictComp) -> str:
    (generator,) = node.generators
    text = f"for {line(generator.target)} in {line(generator.iter, _OR)}"
    text += "".join(f" if {line(test, _OR)}" for test in generator.ifs)
    if isinstance(node, ast.DictComp):
        return f"{{{line(node.key)}: {line(node.value)} {text}}}"
    return f"[{line(node.elt)} {text}]"


def _joined(node: ast.JoinedStr) -> str:
    """An f-string, or a sum of texts where Python 3.11 could not read one."""
    parts = [_piece(part) for part in node.values]
    texts = [part for part in parts if isinstance(part, str)]
    simple = all(t.isprintable() and not set(t) & set("\"'\\{}") for t in texts)
    if simple and not any(_holds_quotes(part) for part in parts if isinstance(part, ast.expr)):
        inner = (p if isinstance(p, str) else f"{{{line(p)}}}".replace('"', "'") for p in parts)
        return f'f"{"".join(inner)}"'
    pieces = [string(p) if isinstance(p, str) else f"str({line(p)})" for p in parts]
    return f"({' + '.join(pieces)})"


def _piece(part: ast.expr) -> str | ast.expr:
    if isinstance(part, ast.FormattedValue):
        return part.value
    assert isinstance(part, ast.Constant)
    return str(part.value)


def _holds_quotes(part: ast.expr) -> bool:
    """Whether an expression holds what no f-string of Python 3.11 may: other texts than plain words."""
    inner = list(ast.walk(part))
    texts = [n.value for n in inner if isinstance(n, ast.Constant) and isinstance(n.value, str)]
    nested = any(isinstance(n, ast.JoinedStr | ast.Dict | ast.DictComp) for n in inner)
    return nested or any(not t.isprintable() or set(t) & set("\"'\\{}") for t in texts)


_RULES: dict[type[ast.expr], Callable[[Any], str]] = {
    ast.Constant: _constant,
    ast.Name: lambda node: str(node.id),
    ast.Attribute: _attribute,
    ast.Call: _call,
    ast.Subscript: _subscript,
    ast.Slice: _slice,
    ast.UnaryOp: _unary,
    ast.BinOp: _binary,
    ast.Compare: _compare,
    ast.BoolOp: _logical,
    ast.IfExp: _conditional,
    ast.List: lambda node: f"[{', '.join(line(item) for item in node.elts)}]",
    ast.Tuple: _tuple,
    ast.Dict: lambda n: f"{{{', '.join(entry(k, v) for k, v in zip(n.keys, n.values, strict=True))}}}",
    ast.ListComp: _comprehension,
    ast.DictComp: _comprehension,
    ast.JoinedStr: _joined,
    ast.Starred: lambda node: f"*{line(node.value, _POWER)}",
}
