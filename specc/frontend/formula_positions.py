"""Sections of a spec with every `$` filled in; at the places of formulas, as values and not as text."""

from __future__ import annotations

from collections.abc import Mapping as Values
from typing import Any

from specc.frontend.expressions import report
from specc.frontend.expressions.formula import bind, unparse
from specc.frontend.expressions.nodes import ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.frontend.fill import fill_value
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Scalar, Sequence, Value

Path = tuple[str, ...]

_POSITIONS: tuple[Path, ...] = (
    ("data", "derive", "*"),
    ("data", "source", "filter"),
    ("data", "sources", "*", "filter"),
    ("train", "derive", "*"),
    ("train", "metrics", "*"),
    ("train", "update", "*", "loss", "*"),
    ("train", "state", "*", "update"),
    ("train", "stages", "*", "derive", "*"),
    ("train", "stages", "*", "metrics", "*"),
    ("train", "stages", "*", "update", "*", "loss", "*"),
    ("generate", "derive", "*"),
    ("generate", "step", "*"),
    ("generate", "outputs", "*"),
    ("generate", "decode", "start"),
    ("generate", "*", "derive", "*"),
    ("generate", "*", "step", "*"),
    ("generate", "*", "outputs", "*"),
    ("generate", "*", "decode", "start"),
)


def fill_section(name: str, value: Value, values: Values[str, Any], reporter: Reporter) -> Value | None:
    """The section called `name` without any `$`; None where an expression is wrong (and reported)."""
    return _fill((name,), value, values, reporter)


def is_formula(path: Path) -> bool:
    """Whether a text at this path (list positions as `*`) is a formula."""
    if path[-1] == "formula":
        return True
    return any(
        len(pattern) == len(path) and all(p in ("*", q) for p, q in zip(pattern, path, strict=True))
        for pattern in _POSITIONS
    )


def _fill(path: Path, value: Value, values: Values[str, Any], reporter: Reporter) -> Value | None:
    if not value.dynamic:
        return value
    if isinstance(value, Scalar):
        if is_formula(path):
            return _formula(value, values, reporter)
        return fill_value(value, values, reporter)
    if isinstance(value, Sequence):
        items = [_fill((*path, "*"), item, values, reporter) for item in value]
        return None if None in items else Sequence(tuple(i for i in items if i is not None), value.span)
    return _mapping(path, value, values, reporter)


def _mapping(path: Path, value: Mapping, values: Values[str, Any], reporter: Reporter) -> Value | None:
    filled = [(key, _fill((*path, str(key.value)), item, values, reporter)) for key, item in value.entries]
    if any(item is None for _, item in filled):
        return None
    entries = tuple((key, item) for key, item in filled if item is not None)
    keyed = Mapping(entries, value.span)
    return fill_value(keyed, values, reporter) if any(key.dynamic for key, _ in entries) else keyed


def _formula(scalar: Scalar, values: Values[str, Any], reporter: Reporter) -> Value | None:
    text = str(scalar.value)
    try:
        filled = unparse(bind(parse_text(text), values))
    except ExpressionError as error:
        report(error, text, scalar.span, reporter, scalar.quoted)
        return None
    return Scalar(filled, scalar.span, quoted=True, written=text)
