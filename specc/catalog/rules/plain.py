"""Checks that the plain arguments of a function are of the kind its rule is annotated with.

A formula may put anything anywhere; so a rule need not look for a text where a number belongs.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from inspect import BoundArguments, Parameter, Signature, signature
from typing import Any

from specc.catalog.rules.dims import Symbolic
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


@cache
def _signature(rule: Callable[..., Any]) -> Signature:
    return signature(rule)


def check_plain(rule: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Checks the arguments of a call of a function's rule.

    Raises:
        RuleError: for an argument too many, too few, unknown, or of the wrong kind.
        NoRuleError: for a tensor where a plain value is wanted.
    """
    try:
        bound = _signature(rule).bind(*args, **kwargs)
    except TypeError as error:
        names = ", ".join(_signature(rule).parameters)
        raise RuleError("argument", f"the arguments {names}", str(error)) from error
    for parameter in _signature(rule).parameters.values():
        if parameter.name in bound.arguments:
            _check(parameter, bound)


def _check(parameter: Parameter, bound: BoundArguments) -> None:
    value = bound.arguments[parameter.name]
    wanted, fits = _KINDS.get(str(parameter.annotation).removesuffix(" | None"), ("", None))
    if fits is None or (value is None and parameter.default is None) or fits(value):
        return
    if isinstance(value, TensorType):
        raise NoRuleError(f"a tensor as `{parameter.name}`")
    raise RuleError("argument", wanted, f"`{parameter.name}: {value}`", (parameter.name,))


def whole(value: Any) -> bool:
    """Whether it is a whole number (and not a truth value)."""
    return isinstance(value, int) and not isinstance(value, bool)


def _number(value: Any) -> bool:
    return isinstance(value, (int, float))


def _size(value: Any) -> bool:
    return whole(value) or isinstance(value, Symbolic)


def _all(value: Any, fits: Callable[[Any], bool]) -> bool:
    return isinstance(value, (list, tuple)) and all(map(fits, value))


def _sizes(value: Any) -> bool:
    return _size(value) or _all(value, _size)


def _axis(value: Any) -> bool:
    return value is None or whole(value) or _all(value, whole)


def _widths(value: Any) -> bool:
    return whole(value) or (
        _all(value, lambda pair: whole(pair) or (_all(pair, whole) and bool(pair))) and bool(value)
    )


def _axes_of_two(value: Any) -> bool:
    return whole(value) or (_all(value, _axis) and len(value) == 2 and None not in value)


_KINDS: dict[str, tuple[str, Callable[[Any], bool]]] = {
    "int": ("a whole number", whole),
    "float": ("a number", _number),
    "bool": ("true or false", lambda value: isinstance(value, bool)),
    "str": ("a text", lambda value: isinstance(value, str)),
    "Axis": ("an axis, or a list of them", _axis),
    "Numbers": ("a size, or a list of sizes", _sizes),
    "Widths": ("a number, a pair, or a list of pairs", _widths),
    "TwoAxes": ("a number of axes, or a pair of lists of axes", _axes_of_two),
    "Scalar": ("a number", lambda value: _number(value) or isinstance(value, Symbolic)),
}
