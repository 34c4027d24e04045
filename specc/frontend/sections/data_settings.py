"""Readers of the single values of `data:`."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from specc.catalog.signature import Catalog
from specc.frontend.expressions import ExpressionError, parse
from specc.frontend.expressions import report as report_expression
from specc.frontend.expressions.formula import bind, placed_as
from specc.frontend.expressions.parser import parse_text
from specc.frontend.sections.data_types import Formula, Located
from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, describe

MOST = 2**31 - 1
"""The largest count: what 32 bits hold."""
MOST_SEED = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Context:
    """What reading a part of `data:` needs: the catalog, values for `$` in formulas, where to report."""

    catalog: Catalog
    values: dict[str, Any]
    reporter: Reporter

    def wrong(self, name: str, value: Value, wanted: str, help: str = "") -> None:
        """Report that `name` holds something else than `wanted`."""
        title = f"`{name}` is {describe(value)}"
        self.reporter.error("data-setting", title, value.span, f"{wanted} belongs here", help=help)

    def check_keys(self, mapping: Mapping, where: str, known: Iterable[str]) -> None:
        """Report the keys of `mapping` that mean nothing there."""
        names = tuple(known)
        for name in mapping.names():
            if name not in names:
                self.reporter.error(
                    "data-key-unknown",
                    f"{where} knows no key `{name}`",
                    mapping.key(name).span,
                    "unknown key",
                    help=did_you_mean(name, names),
                )

    def text(self, mapping: Mapping, name: str) -> Located | None:
        """The text under `name`; None where it is absent or was reported."""
        value = mapping.get(name)
        return None if value is None else self.as_text(name, value)

    def as_text(self, name: str, value: Value, wanted: str = "a text") -> Located | None:
        """`value` as a text that is not empty."""
        if isinstance(value, Scalar) and isinstance(value.value, str) and value.value:
            return Located(value.value, value.span)
        self.wrong(name, value, wanted)
        return None

    def column(self, name: str, value: Value) -> Located | None:
        """A column's name; columns without names are numbers."""
        if isinstance(value, Scalar) and _is_whole(value.value, 0):
            return Located(str(value.value), value.span)
        return self.as_text(name, value, "the name of a column")

    def switch(self, mapping: Mapping, name: str, default: bool) -> bool:
        """True or false under `name`."""
        value = mapping.get(name)
        if value is None:
            return default
        if isinstance(value, Scalar) and isinstance(value.value, bool):
            return value.value
        self.wrong(name, value, "`true` or `false`")
        return default

    def count(self, mapping: Mapping, name: str, default: int, least: int = 1, most: int = MOST) -> int:
        """A whole number from `least` to `most` under `name`."""
        value = mapping.get(name)
        if value is None:
            return default
        if isinstance(value, Scalar) and _is_whole(value.value, least, most):
            assert isinstance(value.value, int)
            return value.value
        large = isinstance(value, Scalar) and _is_whole(value.value, least)
        self.wrong(name, value, f"a whole number of at {f'most {most}' if large else f'least {least}'}")
        return default

    def choice(self, mapping: Mapping, name: str, choices: tuple[str, ...], default: str) -> str:
        """One of `choices` under `name`."""
        value = mapping.get(name)
        if value is None:
            return default
        if isinstance(value, Scalar) and value.value in choices:
            return str(value.value)
        near = did_you_mean(str(value.value), choices) if isinstance(value, Scalar) else ""
        self.wrong(name, value, " or ".join(f"`{c}`" for c in choices), near)
        return default

    def texts(self, mapping: Mapping, name: str) -> tuple[str, ...] | None:
        """A list of texts (numbers are taken as written) under `name`."""
        value = mapping.get(name)
        if value is None:
            return None
        items = value.items if isinstance(value, Sequence) else (value,)
        if all(isinstance(item, Scalar) and item.value is not None for item in items):
            return tuple(str(item.value) for item in items if isinstance(item, Scalar))
        self.wrong(name, value, "a list of texts")
        return None

    def formula(self, value: Value, name: str) -> Formula | None:
        """A formula with its `$` filled in; what is wrong with it is reported at its characters."""
        if not isinstance(value, Scalar) or isinstance(value.value, bool) or value.value is None:
            self.wrong(name, value, "a formula")
            return None
        text = str(value.value)
        expression = parse(text, value.span, self.reporter)
        if expression is None:
            return None
        try:
            if value.written:
                expression = placed_as(expression, parse_text(value.written))
            return Formula(text, bind(expression, self.values), value.span, value.written)
        except ExpressionError as error:
            report_expression(error, text, value.span, self.reporter)
            return None


def _is_whole(value: Any, least: int, most: float = math.inf) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
