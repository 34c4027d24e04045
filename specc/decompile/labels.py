"""What tensors are called where steps refer to them: a name, or a name and a number that loops count."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from specc.decompile.columns import Column
from specc.decompile.tree import Item, Loop, Run

Row = tuple[str, ...]
"""Tensors that are the same step's, or the same source, in each round of a loop."""


@dataclass(frozen=True, slots=True)
class Name:
    """A tensor's name: where it is one of several of a `base`, with its `place` among them."""

    base: str
    place: int | None = None

    @property
    def text(self) -> str:
        return self.base if self.place is None else f"{self.base}{self.place}"


class Numbered:
    """Names that differ in their places, to be written once it is known what says those."""

    def __init__(self, base: str, column: Column) -> None:
        self.base, self.column = base, column

    def data(self) -> str:
        if self.column.is_literal():
            return f"{self.base}{self.column.plain()}"
        return f"{self.base}$({self.column.expression()})"


def tensors(run: Run) -> Iterator[str]:
    """The tensors that the steps of a run make, and those of its open loops, in the order of reading."""
    for item in run.items:
        yield from _of(item)


def _of(item: Item) -> Iterator[str]:
    if isinstance(item, Loop) and item.open:
        for rounds in item.rounds:
            yield from tensors(rounds)
    else:
        yield from item.outputs


def families(wanted: Iterable[Row], made: Iterable[Row]) -> list[set[str]]:
    """The tensors that have to share a base: those that one `from` names in the rounds of a loop.

    What one round names of its own tensors, all have to (`made`).
    """
    sets = [set(row) for row in wanted]
    rows = [set(row) for row in made]
    while True:
        known = set().union(*sets)
        taken = [row for row in rows if row & known]
        if not taken:
            return _joined(sets)
        rows = [row for row in rows if not row & known]
        sets += taken


def _joined(sets: Iterable[set[str]]) -> list[set[str]]:
    """Sets that have something in common as one."""
    done: list[set[str]] = []
    for new in sets:
        meeting = [old for old in done if old & new]
        done = [old for old in done if not old & new] + [new.union(*meeting)]
    return done


def grouped(families: Iterable[Sequence[str]], names: Mapping[str, str]) -> list[list[str]]:
    """Families whose tensors are called alike as one, where one follows the other; each in its order."""
    done: list[list[str]] = []
    stems: dict[str, list[str]] = {}
    places = {tensor: place for place, tensor in enumerate(names)}
    for family in sorted(families, key=lambda family: places[family[0]]):
        stem = _stem(family, names)
        last = stems.get(stem)
        if last is not None and places[last[-1]] < places[family[0]]:
            last += family
        else:
            stems[stem] = list(family)
            done.append(stems[stem])
    return done


def _stem(family: Iterable[str], names: Mapping[str, str]) -> str:
    """What most of the tensors are called, without a number."""
    found = Counter(re.sub(r"_?\d*$", "", names[tensor]) for tensor in family)
    return found.most_common(1)[0][0] or "tensor"


def number(family: Sequence[str], names: Mapping[str, str], taken: set[str], first: int) -> dict[str, Name]:
    """Names of one base for tensors in their order, which keep the numbers that they have, where in order.

    Otherwise they count from `first`. `names` are what they would be called, `taken` what others are.
    """
    told = [re.fullmatch(r"(.*?)(0|[1-9]\d*)", names[tensor]) for tensor in family]
    bases = {found and found[1] for found in told}
    numbers = [int(found[2]) for found in told if found]
    base = bases.pop() if len(bases) == 1 else None
    if not base or numbers != sorted(set(numbers)):
        base, numbers = _stem(family, names) + "_", list(range(first, first + len(family)))
    free, count = base, 1
    while any(f"{free}{number}" in taken for number in numbers):
        count += 1
        free = f"{base}{'abcdefghijklmnopqrstuvwxyz'[count % 26]}_"
    return {tensor: Name(free, number) for tensor, number in zip(family, numbers, strict=True)}
