"""Readers of the single values of `train:`: counts, switches, choices, texts."""

from __future__ import annotations

from typing import Literal, TypeGuard, TypeVar, get_args

from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Value, describe

Precision = Literal["float32", "mixed_float16", "mixed_bfloat16"]
PRECISIONS: tuple[Precision, ...] = get_args(Precision)

MOST_COUNT = 2**31 - 1
"""The largest count: TensorFlow and Keras hold some of them in 32 bits."""

Text = TypeVar("Text", bound=str)


def wrong(name: str, value: Value, wanted: str, reporter: Reporter, help: str = "") -> None:
    """Report that the setting `name` holds something else than `wanted`."""
    title = f"`{name}` is {describe(value)}"
    reporter.error("training-setting", title, value.span, f"{wanted} belongs here", help=help)


def is_number(value: Value | None) -> TypeGuard[Scalar]:
    """Whether a value is a finite number."""
    if not isinstance(value, Scalar) or isinstance(value.value, bool):
        return False
    return isinstance(value.value, (int, float)) and abs(value.value) < float("inf")


def number(value: Scalar) -> float:
    """The number that `is_number` found."""
    assert isinstance(value.value, (int, float))
    return float(value.value)


def read_count(section: Mapping, name: str, reporter: Reporter, *, or_auto: bool = False) -> int | None:
    """A whole number from 1 to `MOST_COUNT`; None where it is absent, null or, with `or_auto`, `auto`."""
    value = section.get(name)
    if value is None or (isinstance(value, Scalar) and value.value is None):
        return None
    if isinstance(value, Scalar):
        if or_auto and value.value == "auto":
            return None
        count = value.value
        if isinstance(count, int) and not isinstance(count, bool) and 1 <= count <= MOST_COUNT:
            return count
        if isinstance(count, int) and count > MOST_COUNT:
            wrong(name, value, f"a whole number of at most {MOST_COUNT}", reporter)
            return None
    wrong(name, value, "a whole number of at least 1" + (" or `auto`" if or_auto else ""), reporter)
    return None


def read_switch(section: Mapping, name: str, reporter: Reporter) -> bool | None:
    """True or false; None where it is absent or `auto`."""
    value = section.get(name)
    if value is None:
        return None
    if isinstance(value, Scalar):
        if isinstance(value.value, bool):
            return value.value
        if value.value == "auto":
            return None
    wrong(name, value, "`auto`, `true` or `false`", reporter)
    return None


def read_choice(
    section: Mapping, name: str, choices: tuple[Text, ...], default: Text, reporter: Reporter
) -> Text:
    """One of `choices`."""
    value = section.get(name)
    if value is None:
        return default
    if isinstance(value, Scalar):
        for choice in choices:
            if value.value == choice:
                return choice
    near = did_you_mean(str(value.value), choices) if isinstance(value, Scalar) else ""
    wrong(name, value, " or ".join(f"`{c}`" for c in choices), reporter, near)
    return default


def read_text(section: Mapping, name: str, reporter: Reporter) -> str | None:
    """A text; None where it is absent."""
    value = section.get(name)
    if value is None:
        return None
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return value.value
    wrong(name, value, "a name", reporter)
    return None
