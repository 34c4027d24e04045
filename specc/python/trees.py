"""Small parts of Python's syntax tree. Whatever a spec says enters the tree as a literal, never as text."""

from __future__ import annotations

import ast
import math
from collections.abc import Iterable
from typing import Any


def name(text: str) -> ast.expr:
    """A name, or attributes of one: `keras.layers`."""
    first, *rest = text.split(".")
    found: ast.expr = ast.Name(first)
    for part in rest:
        found = ast.Attribute(found, part)
    return found


def call(function: ast.expr, *arguments: ast.expr, **keywords: ast.expr) -> ast.Call:
    """A call; keywords in the order given."""
    return ast.Call(function, list(arguments), [ast.keyword(key, value) for key, value in keywords.items()])


def literal(data: Any) -> ast.expr:
    """Plain data as literals; a tuple stays one, `...` too. Negative numbers are a minus and a number."""
    if isinstance(data, bool) or data is None or data is ... or isinstance(data, str):
        return ast.Constant(data)
    if isinstance(data, int | float):
        return _number(data)
    if isinstance(data, list):
        return ast.List([literal(item) for item in data])
    if isinstance(data, tuple):
        return ast.Tuple([literal(item) for item in data])
    if isinstance(data, dict):
        return dictionary((literal(key), literal(value)) for key, value in data.items())
    raise TypeError(f"no literal for {type(data).__name__}")


def _number(data: int | float) -> ast.expr:
    if math.isinf(data) or math.isnan(data):
        return call(name("float"), ast.Constant(str(data)))
    return ast.UnaryOp(ast.USub(), ast.Constant(-data)) if str(data).startswith("-") else ast.Constant(data)


def dictionary(pairs: Iterable[tuple[ast.expr | None, ast.expr]]) -> ast.Dict:
    """A dictionary display; a None key unpacks its value."""
    entries = list(pairs)
    return ast.Dict([key for key, _ in entries], [value for _, value in entries])


def assign(target: str | ast.expr, value: ast.expr) -> ast.stmt:
    """`target = value`."""
    place = name(target) if isinstance(target, str) else target
    return ast.Assign([place], value)


def subscript(base: ast.expr, index: ast.expr) -> ast.expr:
    """`base[index]`."""
    return ast.Subscript(base, index)


def as_tuple(tree: ast.expr) -> ast.expr:
    """A list display as a tuple's."""
    return ast.Tuple(tree.elts) if isinstance(tree, ast.List) else tree
