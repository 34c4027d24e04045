"""`$` out of values: every expression within a value computed, its span kept."""

from __future__ import annotations

from collections.abc import Mapping as Values
from typing import Any

from specc.frontend.expressions import report
from specc.frontend.expressions.nodes import ExpressionError
from specc.frontend.expressions.text import fill
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Scalar, Sequence, Value, from_python


def fill_value(value: Value, values: Values[str, Any], reporter: Reporter) -> Value | None:
    """The value without any `$`, or None where an expression within it is wrong (and reported)."""
    if not value.dynamic:
        return value
    if isinstance(value, Scalar):
        return _scalar(value, values, reporter)
    if isinstance(value, Sequence):
        items = [fill_value(item, values, reporter) for item in value]
        return None if None in items else Sequence(tuple(i for i in items if i is not None), value.span)
    return _mapping(value, values, reporter)


def _scalar(scalar: Scalar, values: Values[str, Any], reporter: Reporter) -> Value | None:
    text = str(scalar.value)
    try:
        return from_python(fill(text, values), scalar.span)
    except ExpressionError as error:
        report(error, text, scalar.span, reporter, scalar.quoted)
        return None


def _mapping(mapping: Mapping, values: Values[str, Any], reporter: Reporter) -> Value | None:
    """A key that is one expression with a list value makes one entry for each of its names."""
    entries: dict[str, tuple[Scalar, Value]] = {}
    wrong = False
    for key, value in mapping.entries:
        filled_key = fill_value(key, values, reporter)
        filled = fill_value(value, values, reporter)
        if filled is None or filled_key is None:
            wrong = True
            continue
        keys = filled_key.items if isinstance(filled_key, Sequence) else (filled_key,)
        for one in keys:
            if not isinstance(one, Scalar) or one.value is None:
                reporter.error("bad-key", "a key must become a text, or a list of texts", key.span)
                wrong = True
            elif str(one.value) in entries:
                reporter.error("duplicate-key", f"the key `{one.value}` is there twice", key.span)
                wrong = True
            else:
                entries[str(one.value)] = (Scalar(str(one.value), key.span), filled)
    return None if wrong else Mapping(tuple(entries.values()), mapping.span)
