"""Whether a value is what an argument takes: types, choices and ranges, in words."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from specc.catalog.signature import Argument
from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, describe, to_python

FAILED: Any = type("Failed", (), {"__repr__": lambda self: "FAILED"})()
"""Stands for a value that was reported."""

_DTYPES = re.compile(
    r"bool|string|u?int(4|8|16|32|64)|b?float(16|32|64)|complex(64|128)|float8_\w+|mixed_b?float16|\w+_from_\w+"
)
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?")
_TERM = r"(?:[A-Za-z_][\w.]*|\d+(?:\.\d*)?(?:[eE][-+]?\d+)?)"
_ARITHMETIC = re.compile(rf"{_TERM}( *(\*\*|//|[-+*/%]) *{_TERM})+")
_ARTICLE: dict[str, str] = {
    "activation": "an activation",
    "any": "anything",
    "boolean": "true or false",
    "dtype": "a dtype",
    "initializer": "an initializer",
    "integer": "an integer",
    "integers": "a list of integers",
    "list": "a list",
    "mapping": "a mapping",
    "number": "a number",
    "numbers": "a list of numbers",
    "optimizer": "an optimizer",
    "shape": "a list of integers and nulls",
    "string": "a text",
    "strings": "a list of texts",
}


def in_words(argument: Argument) -> str:
    """What an argument takes: «an integer or a list of integers»."""
    words = [_ARTICLE.get(kind, f"a {kind}") for kind in argument.types]
    if argument.choices:
        named = [f"`{choice}`" for choice in argument.choices]
        words[argument.types.index("string")] = (
            ", ".join(named[:-1]) + f" or {named[-1]}" if named[1:] else named[0]
        )
    if argument.nullable:
        words.append("null")
    return " or ".join(words)


def plain_value(argument: Argument, value: Value, reporter: Reporter) -> Any:
    """The value as plain data, or FAILED once it is reported that it is of the wrong type, choice or size."""
    if argument.nullable and isinstance(value, Scalar) and value.value is None:
        return None
    if not any(_IS[kind](value) for kind in argument.types if kind in _IS):
        wrong_type(argument, value, reporter)
        return FAILED
    if not _within_bounds(argument, value, reporter):
        return FAILED
    if argument.choices and isinstance(value, Scalar) and isinstance(value.value, str):
        return _choice(argument, value, reporter)
    return to_python(value)


def is_plain(argument: Argument, value: Value) -> bool:
    """Whether one of the plain types of an argument (no Keras object) fits."""
    return any(_IS[kind](value) for kind in argument.types if kind in _IS)


def wrong_type(argument: Argument, value: Value, reporter: Reporter) -> None:
    """Report what was expected and what was found, at the element of a list where that is the cause."""
    element = _culprit(argument, value)
    expected = in_words(argument)
    reporter.error(
        "wrong-type",
        f"`{argument.name}` takes {expected}, not {describe(element)}"
        + (" in a list" if element is not value else ""),
        element.span,
        f"{expected} was expected",
        help=_mend(argument, value),
    )


def _culprit(argument: Argument, value: Value) -> Value:
    for kind in argument.types:
        if isinstance(value, Sequence) and kind in _ELEMENT:
            return next((item for item in value if not _ELEMENT[kind](item)), value)
    return value


def _mend(argument: Argument, value: Value) -> str:
    found = value.value if isinstance(value, Scalar) else None
    if isinstance(found, float) and found.is_integer() and "integer" in argument.types:
        return f"write `{int(found)}`"
    if not isinstance(found, str):
        return ""
    if "boolean" in argument.types and found.lower() in ("yes", "no", "on", "off", "true", "false"):
        return f"write `{'true' if found.lower() in ('yes', 'on', 'true') else 'false'}`"
    if {"integer", "number"} & set(argument.types) and _NUMBER.fullmatch(found):
        return f"write `{found}` without quotes"
    if {"integer", "number"} & set(argument.types) and _ARITHMETIC.fullmatch(found):
        return f"an expression is written `$({found})`"
    return ""


def _choice(argument: Argument, value: Scalar, reporter: Reporter) -> Any:
    found = str(value.value)
    for choice in argument.choices:
        if choice.lower() == found.lower():
            return choice
    reporter.error(
        "wrong-choice",
        f"`{argument.name}` takes {in_words(argument)}, not '{found}'",
        value.span,
        "no such choice",
        help=did_you_mean(found, argument.choices),
    )
    return FAILED


def _within_bounds(argument: Argument, value: Value, reporter: Reporter) -> bool:
    low, high = argument.minimum, argument.maximum
    for item in value if isinstance(value, Sequence) else (value,):
        number = item.value if isinstance(item, Scalar) else None
        if isinstance(number, bool) or not isinstance(number, (int, float)):
            continue
        if low is not None and number < low:
            bound, label = f"at least {low:g}", f"less than {low:g}"
        elif high is not None and number > high:
            bound, label = f"at most {high:g}", f"more than {high:g}"
        else:
            continue
        reporter.error("out-of-range", f"`{argument.name}` is {bound}, not {number}", item.span, label)
        return False
    return True


def _scalar(*classes: type) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, Scalar) and type(value.value) in classes


def _list_of(element: Callable[[Value], bool]) -> Callable[[Value], bool]:
    return lambda value: isinstance(value, Sequence) and all(element(item) for item in value)


def _is_dtype(value: Value) -> bool:
    return isinstance(value, Scalar) and isinstance(value.value, str) and bool(_DTYPES.fullmatch(value.value))


_ELEMENT: dict[str, Callable[[Value], bool]] = {
    "integers": _scalar(int),
    "shape": _scalar(int, type(None)),
    "numbers": _scalar(int, float),
    "strings": _scalar(str),
}
_IS: dict[str, Callable[[Value], bool]] = {
    "any": lambda value: True,
    "boolean": _scalar(bool),
    "dtype": _is_dtype,
    "integer": _scalar(int),
    "list": lambda value: isinstance(value, Sequence),
    "mapping": lambda value: isinstance(value, Mapping),
    "number": _scalar(int, float),
    "string": _scalar(str),
    **{kind: _list_of(element) for kind, element in _ELEMENT.items()},
}
