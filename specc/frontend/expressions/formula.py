"""Formulas: `$` filled in, written back as text, and what they refer to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.evaluate import evaluate, to_text
from specc.frontend.expressions.nodes import Expression, ExpressionError


def bind(expression: Expression, values: Mapping[str, Any]) -> Expression:
    """The formula with every `$…` replaced by its value; raises ExpressionError."""
    if isinstance(expression, n.Substitute):
        value = evaluate(expression.expression, values)
        if isinstance(value, dict):
            raise ExpressionError("a mapping has no meaning in a formula", expression.start, expression.end)
        return _constant(value, expression)
    if isinstance(expression, n.Joined):
        return _join(expression, values)
    return n.map_children(expression, lambda child: bind(child, values))


def placed_as(filled: Expression, written: Expression) -> Expression:
    """A formula whose `$` were filled in, each part at the place that it has in what was written."""
    inner = n.children(written)
    if type(filled) is not type(written) or len(inner) != len(n.children(filled)):
        inside = n.map_children(filled, lambda child: placed_as(child, written))  # what stands for a `$`
    else:
        left = iter(inner)
        inside = n.map_children(filled, lambda child: placed_as(child, next(left)))
    return replace(inside, start=written.start, end=written.end)


def _constant(value: Any, place: Expression) -> Expression:
    if isinstance(value, list):
        return n.List(tuple(_constant(item, place) for item in value), start=place.start, end=place.end)
    return n.Constant(value, start=place.start, end=place.end)


def _join(node: n.Joined, values: Mapping[str, Any]) -> Expression:
    base = None if isinstance(node.parts[0], str) else node.parts[0]
    parts = node.parts if base is None else node.parts[2:]
    text = "".join(p if isinstance(p, str) else to_text(evaluate(p.expression, values)) for p in parts)
    if not text.isidentifier():
        raise ExpressionError(f"`{text}` is no name", node.start, node.end)
    if base is None:
        return n.Name(text, start=node.start, end=node.end)
    return n.Attribute(bind(base, values), text, start=node.start, end=node.end)


def tensor_names(expression: Expression) -> list[n.Name | n.Attribute]:
    """The references to tensors: names, or dotted names (`enc.memory`), that are not called."""
    found: list[n.Name | n.Attribute] = []
    _collect(expression, found)
    return found


def _collect(node: Expression, found: list[n.Name | n.Attribute]) -> None:
    if isinstance(node, (n.Name, n.Attribute)) and n.dotted(node) is not None:
        found.append(node)
    elif isinstance(node, n.Call):
        for argument in (*node.arguments, *(value for _, value in node.keywords)):
            _collect(argument, found)
    elif isinstance(node, n.Comprehension):
        inner: list[n.Name | n.Attribute] = []
        for child in n.children(node):
            _collect(child, inner)
        found += [name for name in inner if n.dotted(name) != node.variable]
    else:
        for child in n.children(node):
            _collect(child, found)


def calls(expression: Expression) -> list[n.Call]:
    """All calls within a formula, outermost first."""
    own = [expression] if isinstance(expression, n.Call) else []
    return own + [call for child in n.children(expression) for call in calls(child)]


def rename(expression: Expression, names: Mapping[str, str]) -> Expression:
    """The formula with its tensors (dotted names too) renamed."""
    if isinstance(expression, (n.Name, n.Attribute)):
        name = n.dotted(expression)
        if name is not None:
            return _name(names.get(name, name), expression)
    if isinstance(expression, n.Call):
        arguments = tuple(rename(a, names) for a in expression.arguments)
        keywords = tuple((key, rename(value, names)) for key, value in expression.keywords)
        return n.Call(expression.function, arguments, keywords, start=expression.start, end=expression.end)
    return n.map_children(expression, lambda child: rename(child, names))


def _name(dotted: str, place: Expression) -> Expression:
    first, *rest = dotted.split(".")
    node: Expression = n.Name(first, start=place.start, end=place.end)
    for part in rest:
        node = n.Attribute(node, part, start=place.start, end=place.end)
    return node


_PRECEDENCE = {
    "if": 1,
    "or": 2,
    "and": 3,
    "not": 4,
    "compare": 5,
    "|": 6,
    "^": 7,
    "&": 8,
    "<<": 9,
    ">>": 9,
    "+": 10,
    "-": 10,
    "*": 11,
    "/": 11,
    "//": 11,
    "%": 11,
    "@": 11,
    "unary": 12,
    "**": 13,
    "postfix": 14,
}


def unparse(node: Expression) -> str:
    """The formula as text that parses back to an equal tree."""
    return _text(node, 0)


def _text(node: Expression, outer: int) -> str:
    text, precedence = _render(node)
    return f"({text})" if precedence < outer else text


def _render(node: Expression) -> tuple[str, int]:
    postfix = _PRECEDENCE["postfix"]
    if isinstance(node, n.Constant):
        return _constant_text(node.value), _PRECEDENCE["unary"] if _negative(node.value) else postfix
    if isinstance(node, n.Name):
        return node.name, postfix
    if isinstance(node, n.Substitute):
        return f"$({_text(node.expression, 0)})", postfix
    if isinstance(node, n.Joined):
        return "".join(p if isinstance(p, str) else _text(p, postfix) for p in node.parts), postfix
    if isinstance(node, n.Attribute):
        base = _text(node.base, postfix)
        return f"({base}).{node.name}" if base[-1:].isdigit() and base[
            0
        ].isdigit() else f"{base}.{node.name}", postfix
    if isinstance(node, n.Call):
        arguments = [_text(a, 0) for a in node.arguments]
        arguments += [f"{name}={_text(given, 0)}" for name, given in node.keywords]
        return f"{_text(node.function, postfix)}({', '.join(arguments)})", postfix
    if isinstance(node, n.Subscript):
        return f"{_text(node.base, postfix)}[{', '.join(_text(i, 0) for i in node.items)}]", postfix
    if isinstance(node, n.Slice):
        lower, upper, step = (None if p is None else _text(p, 0) for p in (node.lower, node.upper, node.step))
        return f"{lower or ''}:{upper or ''}" + (f":{step}" if step else ""), 0
    if isinstance(node, n.List):
        return f"[{', '.join(_text(i, 0) for i in node.items)}]", postfix
    return _render_operator(node)


def _render_operator(node: Expression) -> tuple[str, int]:
    if isinstance(node, n.Unary):
        own = _PRECEDENCE["not" if node.operator == "not" else "unary"]
        space = " " if node.operator == "not" else ""
        return f"{node.operator}{space}{_text(node.operand, own)}", own
    if isinstance(node, n.Binary):
        own = _PRECEDENCE[node.operator]
        left, right = (own + 1, own - 1) if node.operator == "**" else (own, own + 1)
        return f"{_text(node.left, left)} {node.operator} {_text(node.right, right)}", own
    if isinstance(node, n.Compare):
        own = _PRECEDENCE["compare"]
        text = _text(node.left, own + 1)
        for operator, other in zip(node.operators, node.rights, strict=True):
            text += f" {operator} {_text(other, own + 1)}"
        return text, own
    if isinstance(node, n.Logical):
        own = _PRECEDENCE[node.operator]
        return f" {node.operator} ".join(_text(v, own + 1) for v in node.values), own
    if isinstance(node, n.Conditional):
        own = _PRECEDENCE["if"]
        parts = _text(node.then, own + 1), _text(node.test, own + 1), _text(node.otherwise, own)
        return f"{parts[0]} if {parts[1]} else {parts[2]}", own
    if isinstance(node, n.Comprehension):
        text = f"[{_text(node.element, 0)} for {node.variable} in {_text(node.iterable, 2)}"
        return text + (f" if {_text(node.condition, 2)}]" if node.condition else "]"), _PRECEDENCE["postfix"]
    raise AssertionError(f"no text for {type(node).__name__}")


def _negative(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and str(value).startswith("-")


def _constant_text(value: Any) -> str:
    if value is ...:
        return "..."
    if isinstance(value, float) and value in (float("inf"), float("-inf")):
        return "1e999" if value > 0 else "-1e999"
    if isinstance(value, str):
        escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("\n", "\\n").replace("\t", "\\t")
        return f"'{escaped}'"
    return repr(value)
