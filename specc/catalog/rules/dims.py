"""Dimensions: whole numbers, or expressions over sizes that only a batch of data will tell.

A `Dim` is an `int` wherever the size is known, so that known shapes cost nothing; otherwise a `Symbolic`:
a polynomial with whole coefficients over *atoms*. An atom is a named size (`batch`, `time`), a floor
division that cannot be carried out (`time // 2`), or a maximum. Expressions are kept in one normal form,
so that equal expressions compare equal and `((time // 2) // 2)` is seen to be `time // 4`.
All named sizes are taken to be at least 0.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

Monomial: TypeAlias = "tuple[Atom, ...]"
"""Atoms multiplied, sorted by their text; () is the constant term."""


@dataclass(frozen=True, slots=True)
class Name:
    """A size known only by its name."""

    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Floor:
    """`above // below`, rounded down, where it could not be carried out."""

    above: Dim
    below: Dim

    def __str__(self) -> str:
        return f"{_factor(self.above)} // {_factor(self.below)}"


@dataclass(frozen=True, slots=True)
class Greatest:
    """The larger of two sizes of which neither is known to be the larger."""

    left: Dim
    right: Dim

    def __str__(self) -> str:
        return f"max({self.left}, {self.right})"


Atom: TypeAlias = Name | Floor | Greatest


class Symbolic:
    """A size that is not a known number. Immutable; do arithmetic on it as on an int."""

    __slots__ = ("_hash", "terms")

    def __init__(self, terms: dict[Monomial, int]) -> None:
        self.terms = terms
        self._hash = hash(frozenset(terms.items()))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Symbolic) and self._hash == other._hash and self.terms == other.terms

    def __hash__(self) -> int:
        return self._hash

    def __repr__(self) -> str:
        return f"<{self}>"

    def __str__(self) -> str:
        parts: list[str] = []
        for monomial, number in sorted(self.terms.items(), key=_order):
            text = _term(monomial, abs(number))
            if parts:
                parts.append(f"- {text}" if number < 0 else f"+ {text}")
            else:
                parts.append(f"-{text}" if number < 0 else text)
        return " ".join(parts)

    def __add__(self, other: Dim) -> Dim:
        terms = dict(self.terms)
        for monomial, number in _terms(other).items():
            terms[monomial] = terms.get(monomial, 0) + number
        return _made(terms)

    def __mul__(self, other: Dim) -> Dim:
        terms: dict[Monomial, int] = {}
        for monomial, number in _terms(other).items():
            for mine, count in self.terms.items():
                key = tuple(sorted((*mine, *monomial), key=str))
                terms[key] = terms.get(key, 0) + count * number
        return _made(terms)

    __radd__ = __add__
    __rmul__ = __mul__

    def __neg__(self) -> Dim:
        return Symbolic({monomial: -number for monomial, number in self.terms.items()})

    def __sub__(self, other: Dim) -> Dim:
        return self + -other

    def __rsub__(self, other: int) -> Dim:
        return -self + other

    def __floordiv__(self, other: Dim) -> Dim:
        return _divide(self, other)

    def __rfloordiv__(self, other: int) -> Dim:
        return _divide(other, self)


Dim: TypeAlias = int | Symbolic
Shape: TypeAlias = tuple[Dim, ...]


def symbol(name: str) -> Dim:
    """A size of which nothing but the name is known, such as `batch`."""
    return Symbolic({(Name(name),): 1})


def same(left: Dim, right: Dim) -> bool | None:
    """Whether two sizes are equal: True always, False never, None where it depends on the sizes' values.

    >>> time = symbol("time")
    >>> same(time + 1, 1 + time), same(time, time + 2), same(time, 8)
    (True, False, None)
    """
    gap = left - right
    if isinstance(gap, int):
        return gap == 0
    constant = gap.terms.get((), 0)
    numbers = [number for monomial, number in gap.terms.items() if monomial]
    if constant % math.gcd(*numbers):
        return False
    if (
        constant
        and all(number > 0 for number in numbers) == (constant > 0)
        and _one_sign(numbers)
        and _sure(gap)
    ):
        return False
    return None


def maximum(left: Dim, right: Dim) -> Dim:
    """The larger of two sizes."""
    gap = left - right
    if isinstance(gap, int):
        return left if gap >= 0 else right
    first, second = sorted((left, right), key=str)
    return Symbolic({(Greatest(first, second),): 1})


def ceil_div(above: Dim, below: int) -> Dim:
    """`above / below`, rounded up; `below` is positive."""
    return (above + (below - 1)) // below


def product(sizes: Iterable[Dim]) -> Dim:
    """All sizes multiplied; 1 of none.

    >>> str(product([symbol("batch"), 2, 3]))
    '6 * batch'
    """
    result: Dim = 1
    known = 1
    for size in sizes:
        if isinstance(size, int):
            known *= size
        else:
            result = result * size
    return result * known


def names(size: Dim) -> set[str]:
    """The named sizes that `size` depends on."""
    found: set[str] = set()
    for monomial in _terms(size):
        for atom in monomial:
            if isinstance(atom, Name):
                found.add(atom.text)
            elif isinstance(atom, Floor):
                found |= names(atom.above) | names(atom.below)
            else:
                found |= names(atom.left) | names(atom.right)
    return found


def substitute(size: Dim, values: Mapping[str, Dim]) -> Dim:
    """`size` with named sizes replaced; names that `values` lacks stay.

    >>> substitute(symbol("time") // 2 + 1, {"time": 9})
    5
    """
    if isinstance(size, int):
        return size
    total: Dim = 0
    for monomial, number in size.terms.items():
        term: Dim = number
        for atom in monomial:
            term = term * _substituted(atom, values)
        total = total + term
    return total


def render(shape: Shape) -> str:
    """A shape the way messages show it: `[batch, time, 64]`."""
    return "[" + ", ".join(str(size) for size in shape) + "]"


def _substituted(atom: Atom, values: Mapping[str, Dim]) -> Dim:
    if isinstance(atom, Name):
        return values.get(atom.text, Symbolic({(atom,): 1}))
    if isinstance(atom, Floor):
        return substitute(atom.above, values) // substitute(atom.below, values)
    return maximum(substitute(atom.left, values), substitute(atom.right, values))


def _terms(size: Dim) -> dict[Monomial, int]:
    if isinstance(size, int):
        return {(): size} if size else {}
    return size.terms


def _made(terms: dict[Monomial, int]) -> Dim:
    kept = {monomial: number for monomial, number in terms.items() if number}
    if not kept:
        return 0
    if len(kept) == 1 and () in kept:
        return kept[()]
    return Symbolic(kept)


def _divide(above: Dim, below: Dim) -> Dim:
    if below == 0:
        raise ZeroDivisionError("a size divided by 0")
    if isinstance(below, Symbolic):
        return _divide_by_symbolic(above, below)
    if below < 0:
        return _divide(-above, -below)
    whole: dict[Monomial, int] = {}
    rest: dict[Monomial, int] = {}
    for monomial, number in _terms(above).items():
        if monomial and number % below:
            rest[monomial] = number
            continue
        whole[monomial] = number // below
        if number % below:
            rest[monomial] = number % below
    if not any(rest):
        return _made(whole)
    common = math.gcd(below, *(number for monomial, number in rest.items() if monomial))
    reduced = {monomial: number // common for monomial, number in rest.items()}
    floor = _nested(_made(reduced), below // common)
    return _made(whole) + floor


def _nested(above: Dim, below: int) -> Dim:
    """`above // below`, with `(x // a + c) // b` written as `(x + a * c) // (a * b)`."""
    if isinstance(above, Symbolic):
        inner = [(monomial, number) for monomial, number in above.terms.items() if monomial]
        if len(inner) == 1 and inner[0][1] == 1 and len(inner[0][0]) == 1:
            atom = inner[0][0][0]
            if isinstance(atom, Floor) and isinstance(atom.below, int):
                return (atom.above + atom.below * above.terms.get((), 0)) // (atom.below * below)
    return Symbolic({(Floor(above, below),): 1}) if below > 1 else above


def _divide_by_symbolic(above: Dim, below: Symbolic) -> Dim:
    if above == below:
        return 1
    if len(below.terms) == 1:
        (divisor, number), *_ = below.terms.items()
        quotient: dict[Monomial, int] = {}
        for monomial, count in _terms(above).items():
            left = _without(monomial, divisor)
            if left is None or count % number:
                break
            quotient[left] = count // number
        else:
            return _made(quotient)
    elif isinstance(above, Symbolic):
        for monomial, number in above.terms.items():
            factor = Symbolic({monomial: number}) if monomial else number
            if all(len(key) < len(monomial) or key == () for key in below.terms) and factor is not number:
                for atom in monomial:
                    part = Symbolic({(atom,): 1})
                    if below * part == above:
                        return part
            break
    return Symbolic({(Floor(above, below),): 1})


def _without(monomial: Monomial, divisor: Monomial) -> Monomial | None:
    left = list(monomial)
    for atom in divisor:
        if atom not in left:
            return None
        left.remove(atom)
    return tuple(left)


def _one_sign(numbers: list[int]) -> bool:
    return all(number > 0 for number in numbers) or all(number < 0 for number in numbers)


def _sure(size: Symbolic) -> bool:
    """Whether every atom is known to be at least 0."""
    return all(_at_least_zero(atom) for monomial in size.terms for atom in monomial)


def _at_least_zero(atom: Atom) -> bool:
    if isinstance(atom, Name):
        return True
    if isinstance(atom, Floor):
        return _terms_positive(atom.above) and _terms_positive(atom.below)
    return _terms_positive(atom.left) or _terms_positive(atom.right)


def _terms_positive(size: Dim) -> bool:
    return all(
        number >= 0 and all(_at_least_zero(atom) for atom in monomial)
        for monomial, number in _terms(size).items()
    )


def _order(item: tuple[Monomial, int]) -> tuple[bool, int, str]:
    monomial, _ = item
    return (not monomial, -len(monomial), " ".join(map(str, monomial)))


def _term(monomial: Monomial, number: int) -> str:
    if not monomial:
        return str(number)
    if len(monomial) == 1 and number == 1:
        return str(monomial[0])
    factors = [f"({atom})" if isinstance(atom, Floor) else str(atom) for atom in monomial]
    return " * ".join(factors if number == 1 else [str(number), *factors])


def _factor(size: Dim) -> str:
    if isinstance(size, Symbolic) and (len(size.terms) > 1 or " " in str(size)):
        return f"({size})"
    return str(size)
