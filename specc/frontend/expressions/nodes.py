"""The syntax tree of expressions and formulas: one grammar for both.

Every node knows the characters of its text it came from (`start`, `end`), so that an error inside a long
formula is marked where it is.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """What all expressions share."""

    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Constant(Node):
    """A number, text, truth value, None, Ellipsis, or (after `$` was filled in) a list or mapping."""

    value: Any


@dataclass(frozen=True, slots=True)
class Name(Node):
    """A name: a value in an expression, a tensor or a function in a formula."""

    name: str


@dataclass(frozen=True, slots=True)
class Joined(Node):
    """A name with values glued in, `skip$(level)`: its parts are texts and expressions."""

    parts: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Substitute(Node):
    """`$name`, `$stage.filters` or `$(…)` inside a formula: a value, known when the spec is compiled."""

    expression: Expression


@dataclass(frozen=True, slots=True)
class Attribute(Node):
    """`base.name`."""

    base: Expression
    name: str


@dataclass(frozen=True, slots=True)
class Call(Node):
    """`function(arguments, name=…)`; the function is a Name or dotted Attributes of one."""

    function: Expression
    arguments: tuple[Expression, ...]
    keywords: tuple[tuple[str, Expression], ...] = ()


@dataclass(frozen=True, slots=True)
class Slice(Node):
    """`lower:upper:step` within a subscript."""

    lower: Expression | None
    upper: Expression | None
    step: Expression | None


@dataclass(frozen=True, slots=True)
class Subscript(Node):
    """`base[item, …]`."""

    base: Expression
    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Unary(Node):
    """`-x`, `+x`, `~x`, `not x`."""

    operator: str
    operand: Expression


@dataclass(frozen=True, slots=True)
class Binary(Node):
    """Arithmetic and bitwise operators."""

    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, slots=True)
class Compare(Node):
    """`left < a <= b`: operators and right-hand sides in order."""

    left: Expression
    operators: tuple[str, ...]
    rights: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Logical(Node):
    """`and` and `or`."""

    operator: str
    values: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Conditional(Node):
    """`then if test else otherwise`."""

    test: Expression
    then: Expression
    otherwise: Expression


@dataclass(frozen=True, slots=True)
class List(Node):
    """`[a, b]` and `(a, b)`."""

    items: tuple[Expression, ...]


@dataclass(frozen=True, slots=True)
class Comprehension(Node):
    """`[element for variable in iterable if condition]`."""

    element: Expression
    variable: str
    iterable: Expression
    condition: Expression | None = None


Expression = (
    Constant
    | Name
    | Joined
    | Substitute
    | Attribute
    | Call
    | Slice
    | Subscript
    | Unary
    | Binary
    | Compare
    | Logical
    | Conditional
    | List
    | Comprehension
)


class ExpressionError(Exception):
    """What is wrong with an expression, and at which characters of its text.

    `told` where it only follows from what was reported before: it is not reported again.
    """

    told = False

    def __init__(self, message: str, start: int, end: int, help: str = "") -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.help = message, start, end, help


def _each(value: Any, change: Callable[[Expression], Expression]) -> Any:
    if isinstance(value, Node):
        return change(value)  # type: ignore[arg-type]
    if isinstance(value, tuple):
        return tuple(_each(item, change) for item in value)
    return value


def map_children(node: Expression, change: Callable[[Expression], Expression]) -> Expression:
    """The node with `change` applied to each expression directly below it."""
    changed = {}
    for spec in fields(node):
        before = getattr(node, spec.name)
        after = _each(before, change)
        if after is not before:
            changed[spec.name] = after
    return replace(node, **changed) if changed else node


def children(node: Expression) -> list[Expression]:
    """The expressions directly below a node, in order."""
    found: list[Expression] = []

    def note(child: Expression) -> Expression:
        found.append(child)
        return child

    map_children(node, note)
    return found


def dotted(node: Expression) -> str | None:
    """`a.b.c` for a name or attributes of one; None for anything else."""
    if isinstance(node, Name):
        return node.name
    if isinstance(node, Attribute):
        base = dotted(node.base)
        return None if base is None else f"{base}.{node.name}"
    return None


def too_deep(start: int, end: int) -> ExpressionError:
    """What is said of an expression that nests too deeply to be computed."""
    message = "an expression nested too deeply"
    return ExpressionError(message, start, max(end, start + 1), "compute parts of it in `let`, or in steps")


def check_height(expression: Expression, tallest: int) -> None:
    """Raise ExpressionError where more than `tallest` operations lie within one another."""
    stack = [(expression, 1)]
    while stack:
        node, height = stack.pop()
        if height > tallest:
            raise too_deep(expression.start, expression.end)
        stack += [(child, height + 1) for child in children(node)]
