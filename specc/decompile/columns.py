"""Values that differ between rounds or uses: which are parameters, and which follow from others."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from specc.decompile.leaves import SIZES
from specc.decompile.tree import Progression, Value, constant, value_of
from specc.frontend.emit import escape

CHANNELS = frozenset({"filters", "units", "groups", "target_shape", "shape", "key_dim"})
"""Arguments whose numbers are often one number, or multiples of one."""


@dataclass(eq=False)
class Column:
    """An argument's values in all rows, and what stands for them.

    That is the literal; or the expression `text`; or a list of `parts`; or the `same` as another column.
    Of the `given` values some are free, of the `values` none.
    """

    name: str
    values: tuple[Value, ...]
    text: str = ""
    literal: Any = None
    parts: list[Column] = field(default_factory=list)
    same: Column | None = None
    given: tuple[Value, ...] = ()

    def is_literal(self) -> bool:
        """Whether a value stands for it."""
        if self.same is not None:
            return self.same.is_literal()
        return not self.text and not self.parts

    def plain(self) -> Any:
        """The value, where it is a literal."""
        return self.literal if self.same is None else self.same.plain()

    def expression(self) -> str:
        """It within an expression; no list is."""
        if self.is_literal():
            return repr(self.plain())
        return self.text if self.same is None else self.same.expression()

    def data(self) -> Any:
        """What a spec says here."""
        if self.is_literal():
            return escape(self.plain())
        if self.same is not None:
            return self.same.data()
        if self.parts:
            return [part.data() for part in self.parts]
        return dollar(self.expression())

    def formula(self) -> str:
        """It within a formula."""
        return repr(self.plain()) if self.is_literal() else str(self.data())


@dataclass(eq=False)
class Scaled(Column):
    """The numbers of a progression, where the `same` column holds the positions."""

    progression: Progression = field(default_factory=lambda: Progression(1.0, 1))

    def plain(self) -> Any:
        return self.progression.at(super().plain())

    def expression(self) -> str:
        assert self.same is not None
        inner = self.same.expression()
        inner = inner if is_path(inner) else f"({inner})"
        return f"{self.progression.factor} * {inner} / {self.progression.parts}"

    def data(self) -> Any:
        return self.plain() if self.is_literal() else dollar(self.expression())


@dataclass(eq=False)
class Counted(Column):
    """A position that a loop counts on from the `same` column."""

    variable: str = ""

    def is_literal(self) -> bool:
        return False

    def expression(self) -> str:
        assert self.same is not None
        start = self.same.expression()
        return self.variable if start == "0" else f"{start} + {self.variable}"

    def data(self) -> Any:
        return dollar(self.expression())


def dollar(expression: str) -> str:
    """An expression as a value of a spec."""
    return f"${expression}" if is_path(expression) else f"$({expression})"


def is_path(text: str) -> bool:
    """Whether an expression is a name, or a field of one."""
    return all(part.isidentifier() for part in text.split("."))


Take = Callable[[str, tuple[Value, ...]], Column]
"""Asks for what stands for an argument with these values, one a row."""


def settle(columns: Iterable[Column]) -> list[Column]:
    """Write the constant ones as such; those that are left."""
    left = []
    for column in columns:
        column.given, column.values = column.given or column.values, _filled(column)
        if constant(column.values):
            column.literal = column.values[0].data if column.values else None
        else:
            left.append(column)
    return left


def _filled(column: Column) -> tuple[Value, ...]:
    """Free values take the one that most of the others have; where there are no others, the usual one."""
    values = column.values
    fixed = Counter(value for value in values if not value.free)
    if not fixed:
        usual = value_of("valid") if column.name == "padding" else values[0] if values else value_of(None)
        return (usual,) * len(values)
    ((usual, _),) = fixed.most_common(1)
    return tuple(usual if value.free else value for value in values)


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter of a block, or a field of a loop's variable: its values in all rows."""

    name: str
    text: str
    kind: str
    values: tuple[Value, ...]


def fields_for(columns: Iterable[Column], prefix: str) -> list[Field]:
    """As few fields as give all of the columns, which refer to them from then on.

    A field's expression is `prefix` and its name. The columns differ between rows.
    """
    scalars: list[Column] = []
    for column in columns:
        column.parts = _parts(column)
        scalars += column.parts or [column]
    scalars = settle(scalars)
    chosen: list[Field] = []
    for column in sorted(scalars, key=_first):
        column.text = _derived(column, chosen)
        if not column.text:
            name = _free_name(column, chosen)
            column.text = prefix + name
            kind = "filters" if column.name in CHANNELS else column.name
            chosen.append(Field(name, column.text, kind, _alike(column)))
    order = [column.text for column in scalars]
    return sorted(chosen, key=lambda found: (found.kind not in CHANNELS, order.index(found.text)))


def _alike(column: Column) -> tuple[Value, ...]:
    """Sizes all as lists where some are: a parameter has one type."""
    data = [value.data for value in column.values]
    lengths = {len(item) for item in data if isinstance(item, list)}
    if column.name not in SIZES or len(lengths) != 1 or not all(isinstance(d, (int, list)) for d in data):
        return column.values
    length = lengths.pop()
    return tuple(value_of(item if isinstance(item, list) else [item] * length) for item in data)


def _parts(column: Column) -> list[Column]:
    """Lists of as many numbers of channels, number by number."""
    data = [value.data for value in column.values]
    if column.name not in CHANNELS or not all(
        isinstance(item, list) and len(item) == len(data[0]) for item in data
    ):
        return []
    rows = zip(*data, strict=True)
    return [Column("filters", tuple(map(value_of, numbers))) for numbers in rows]


def _first(column: Column) -> float:
    """Small numbers of channels come first: others are multiples of them."""
    return sum(_integers(column.values)) if column.name in CHANNELS else 0


def _integers(values: tuple[Value, ...]) -> list[int]:
    data = [value.data for value in values]
    return data if all(type(item) is int for item in data) else []


def _derived(column: Column, chosen: list[Field]) -> str:
    """The column as an expression of fields; empty where it is none."""
    related = [f for f in chosen if f.kind == column.name or {f.kind, column.name} <= CHANNELS]
    fixed = [place for place, value in enumerate(column.given) if not value.free]
    values = tuple(column.values[place] for place in fixed)
    for other in related:
        if tuple(other.values[place] for place in fixed) == values:
            return other.text
    for other in related:
        found, others = _integers(values), _integers(tuple(other.values[place] for place in fixed))
        if column.name == "index" and (distance := _distance(found, others)):
            return f"{other.text} {'+' if distance > 0 else '-'} {abs(distance)}"
        if column.name in CHANNELS and (factor := _factor(found, others)):
            return f"{factor} * {other.text}"
    return ""


def _free_name(column: Column, chosen: list[Field]) -> str:
    base = "filters" if column.name in ("target_shape", "shape") else column.name
    taken = {found.name for found in chosen}
    name, count = base, 1
    while name in taken:
        count += 1
        name = f"{base}_{count}"
    return name


def _distance(left: list[int], right: list[int]) -> int:
    """Which number is added to all on the right to give the left; 0 where none is."""
    distances = {a - b for a, b in zip(left, right, strict=True)}
    return distances.pop() if len(distances) == 1 else 0


def _factor(left: list[int], right: list[int]) -> int:
    """By which number all on the right are multiplied to give the left; 0 where by none."""
    if not left or not right or not all(right):
        return 0
    factor = left[0] // right[0]
    return factor if factor > 1 and all(a == factor * b for a, b in zip(left, right, strict=True)) else 0
