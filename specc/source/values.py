"""Parsed YAML: immutable values that know where they stand.

Everything a spec says is one of three kinds of value, and each keeps its span through composition,
resolution and expansion, so that an error found late still points at the text that caused it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from specc.source.span import Span

Plain = None | bool | int | float | str


@dataclass(frozen=True, slots=True, eq=False)
class Scalar:
    """A YAML 1.2 scalar. `quoted` tells `"12"` (text) from `12`; `dynamic` that it holds a `$`.

    `written` is a formula's text in the file, where its `$` were filled in since.
    """

    value: Plain
    span: Span
    quoted: bool = False
    written: str = ""
    dynamic: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dynamic", isinstance(self.value, str) and "$" in self.value)


@dataclass(frozen=True, slots=True, eq=False)
class Sequence:
    """A YAML list."""

    items: tuple[Value, ...]
    span: Span
    dynamic: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "dynamic", any(item.dynamic for item in self.items))

    def __iter__(self) -> Iterator[Value]:
        return iter(self.items)

    def __len__(self) -> int:
        return len(self.items)


@dataclass(frozen=True, slots=True, eq=False)
class Mapping:
    """A YAML mapping; keys are scalars whose value has become a string, unique within it."""

    entries: tuple[tuple[Scalar, Value], ...]
    span: Span
    dynamic: bool = field(init=False)
    _index: dict[str, int] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        index = {str(key.value): position for position, (key, _) in enumerate(self.entries)}
        object.__setattr__(self, "_index", index)
        dynamic = any(key.dynamic or value.dynamic for key, value in self.entries)
        object.__setattr__(self, "dynamic", dynamic)

    def __contains__(self, name: str) -> bool:
        return name in self._index

    def __iter__(self) -> Iterator[tuple[str, Value]]:
        return ((str(key.value), value) for key, value in self.entries)

    def __len__(self) -> int:
        return len(self.entries)

    def get(self, name: str) -> Value | None:
        """The value under `name`, or None."""
        position = self._index.get(name)
        return None if position is None else self.entries[position][1]

    def key(self, name: str) -> Scalar:
        """The key `name` as it is written; raises KeyError."""
        return self.entries[self._index[name]][0]

    def names(self) -> tuple[str, ...]:
        """The keys in order."""
        return tuple(self._index)

    def replaced(self, name: str, value: Value, key: Scalar | None = None) -> Mapping:
        """A copy in which `name` holds `value`, put last where it is new."""
        entries = list(self.entries)
        if name in self._index:
            position = self._index[name]
            entries[position] = (entries[position][0], value)
        else:
            entries.append((key or Scalar(name, value.span), value))
        return Mapping(tuple(entries), self.span)

    def without(self, *names: str) -> Mapping:
        """A copy that lacks `names`."""
        return Mapping(tuple(e for e in self.entries if e[0].value not in names), self.span)


Value = Scalar | Sequence | Mapping


def to_python(value: Value) -> Any:
    """The value as plain None, bool, int, float, str, list and dict."""
    if isinstance(value, Scalar):
        return value.value
    if isinstance(value, Sequence):
        return [to_python(item) for item in value.items]
    return {name: to_python(item) for name, item in value}


def from_python(data: Any, span: Span) -> Value:
    """Plain data as a value that stands at `span` throughout."""
    if isinstance(data, dict):
        entries = tuple((Scalar(str(k), span), from_python(v, span)) for k, v in data.items())
        return Mapping(entries, span)
    if isinstance(data, (list, tuple)):
        return Sequence(tuple(from_python(item, span) for item in data), span)
    return Scalar(data, span, quoted=isinstance(data, str))


def describe(value: Value) -> str:
    """What kind of thing a value is, in a spec's own words: «a list», «the number 3», «the text 'a'»."""
    if isinstance(value, Mapping):
        return "a mapping"
    if isinstance(value, Sequence):
        return "a list"
    return describe_python(value.value)


def describe_python(data: Any) -> str:
    """`describe` for plain data."""
    if data is None:
        return "null"
    if isinstance(data, bool):
        return "true" if data else "false"
    if isinstance(data, (int, float)):
        return f"the number {data}"
    if isinstance(data, str):
        return f"the text '{data if len(data) <= 40 else data[:37] + '…'}'"
    if isinstance(data, (list, tuple)):
        return "a list"
    return "a mapping"
