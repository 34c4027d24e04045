"""What steps say once all values are known."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from specc.catalog.load import load
from specc.decompile.columns import Column
from specc.decompile.labels import Numbered
from specc.decompile.leaves import numbers_apart, numbers_back, settled
from specc.decompile.tree import Value, value_of
from specc.frontend.expressions.formula import rename, unparse
from specc.graph.ir import Formula


class Text:
    """A formula to be written once its numbers are known."""

    def __init__(self, operation: Formula, names: Mapping[str, str], columns: Sequence[Column]) -> None:
        self.operation, self.names, self.columns = operation, names, columns

    def data(self) -> str:
        pattern, _ = numbers_apart(rename(self.operation.expression, dict(self.names)))
        return unparse(numbers_back(pattern, [column.formula() for column in self.columns]))


class Arguments:
    """A layer's or a block's arguments, to be written once they are known; without those that go unsaid."""

    def __init__(self, kind: str, given: dict[str, Column], usual: Mapping[str, Value] | None = None) -> None:
        self.kind, self.given, self.usual = kind, given, usual or {}

    def data(self) -> Any:
        if not self.kind:
            return self.block()
        signature = load().objects["layer"][self.kind]
        defaults = settled(self.kind, {})
        said = {}
        for name, column in self.given.items():
            known = signature.by_name.get(name)
            unsaid = known is not None and not known.required and column.is_literal()
            if not unsaid or value_of(column.plain()) != defaults.get(name):
                said[name] = column.data()
        first = signature.arguments[0].name if signature.arguments else ""
        if list(said) == [first] and not isinstance(said[first], dict) and said[first] is not None:
            return said[first]
        return said or None

    def block(self) -> Any:
        """A block's: those of its parameters whose value is not the usual one."""
        said = {}
        for name, column in self.given.items():
            if not (column.is_literal() and name in self.usual and self.usual[name].data == column.plain()):
                said[name] = column.data()
        first, *_ = [*self.given, ""]
        if list(said) == [first] and not isinstance(said[first], dict):
            return said[first]
        return said or None


def written(data: Any) -> Any:
    """Steps as plain data, now that all values are known."""
    if isinstance(data, (Arguments, Text, Column, Numbered)):
        return written(data.data())
    if isinstance(data, dict):
        whole = {name: written(item) for name, item in data.items()}
        return whole | {"merge": _bare(whole["merge"])} if "merge" in whole else whole
    if isinstance(data, list):
        return [_bare(written(item)) for item in data]
    return data


def _bare(step: Any) -> Any:
    """`- Flatten` for a step without arguments."""
    if isinstance(step, dict) and len(step) == 1 and next(iter(step.values())) is None:
        return next(iter(step))
    return step
