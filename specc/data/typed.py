"""Texts to numbers: the type of a column is the narrowest that holds all of it: integer, float, text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np

from specc.data.table import Array

Kind = Literal["int64", "float64", "string"]


class TextError(Exception):
    """A column that looked like numbers holds a text; it must be read again as text."""

    def __init__(self, column: str) -> None:
        self.column = column
        super().__init__(column)


class MissingError(Exception):
    """A value lacks: in which row of the chunk, and in which column."""

    def __init__(self, row: int, column: str) -> None:
        self.row, self.column = row, column
        super().__init__(f"{column} in row {row}")


@dataclass(frozen=True)
class Use:
    """What is asked of a table of texts.

    Only `columns` are converted (None: all). `texts` are left texts though they look like numbers; `fills`
    stand in for `missing`. Of `numbers` numbers are made: few texts among them are mistakes.
    """

    columns: frozenset[str] | None = None
    texts: frozenset[str] = frozenset()
    fills: Mapping[str, float | int | str] = field(default_factory=dict)
    missing: frozenset[str] = frozenset([""])
    decimal: str = "."
    numbers: frozenset[str] = frozenset()

    def with_text(self, column: str) -> Use:
        """The same, with one more column left text."""
        texts = self.texts | {column}
        return replace(self, texts=texts)


def is_number(text: str, use: Use) -> bool:
    """Whether a cell holds a number."""
    try:
        float(text.replace(use.decimal, "."))
    except ValueError:
        return False
    return "_" not in text


def lacks(text: str, use: Use) -> bool:
    """Whether a cell holds no value, or NaN."""
    return text in use.missing or (is_number(text, use) and text.strip().lower().lstrip("+-") == "nan")


def number_wanted(name: str, texts: Sequence[str], use: Use) -> bool:
    """Whether a text in a column is a mistake: numbers are made of it, and most of its cells are some."""
    if name not in use.numbers:
        return False
    given = [text for text in texts if text not in use.missing]
    return 2 * sum(is_number(text, use) for text in given) > len(given)


def convert(name: str, texts: Sequence[str], kind: Kind, use: Use) -> tuple[Array, Kind]:
    """A chunk of a column whose earlier chunks were of `kind`; and the kind they now have together.

    Raises TextError, MissingError.
    """
    lacking = [row for row, text in enumerate(texts) if text in use.missing]
    if lacking and name not in use.fills:
        raise MissingError(lacking[0], name)
    if lacking:
        filled = list(texts)
        for row in lacking:
            filled[row] = str(use.fills[name])
        texts = filled
    if name in use.texts:
        found = np.empty(len(texts), dtype=object)
        found[:] = texts
        return found, "string"
    return _numbers(name, texts, kind, use)


def _numbers(name: str, texts: Sequence[str], kind: Kind, use: Use) -> tuple[Array, Kind]:
    if use.decimal != ".":
        texts = [text.replace(use.decimal, ".") for text in texts]
    if any("_" in text for text in texts):  # Python's own spelling of numbers, not a file's
        raise TextError(name)
    if kind == "int64":
        try:
            return np.array(texts, dtype=np.int64), "int64"
        except (ValueError, OverflowError):
            pass
    try:
        numbers = np.array(texts, dtype=np.float64)
    except ValueError:
        raise TextError(name) from None
    absent = np.flatnonzero(np.isnan(numbers))
    if len(absent) and name not in use.fills:
        raise MissingError(int(absent[0]), name)
    if len(absent):
        if not is_number(str(use.fills[name]), use):
            raise TextError(name)
        numbers[absent] = float(use.fills[name])
    return numbers, "float64"
