"""Texts that hold `$name`, `$stage.filters`, `$(…)` or `$$`: found, and filled in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from specc.frontend.expressions.evaluate import MOST_TEXT, evaluate, to_text
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.frontend.expressions.remembered import remembered
from specc.frontend.expressions.tokens import STRING

Piece = str | tuple[int, Expression]
"""A literal text, or an expression and where it starts in the whole text."""

_REFERENCE = re.compile(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*)|(\())")


@remembered
def pieces(text: str) -> tuple[Piece, ...]:
    """A text cut into literals and expressions; raises ExpressionError with offsets into `text`."""
    found: list[Piece] = []
    literal, position = "", 0
    while (dollar := text.find("$", position)) >= 0:
        literal += text[position:dollar]
        match = _REFERENCE.match(text, dollar)
        if match is None:
            raise ExpressionError(
                "a `$` that names nothing",
                dollar,
                dollar + 1,
                "`$$` is a dollar; `$name` and `$(…)` are values",
            )
        position = match.end()
        if match.group(1):
            literal += "$"
            continue
        if literal:
            found.append(literal)
            literal = ""
        if match.group(2):
            found.append((dollar + 1, _parse(match.group(2), dollar + 1)))
        else:
            close = _closing(text, match.end() - 1)
            found.append((match.end(), _parse(text[match.end() : close], match.end())))
            position = close + 1
    literal += text[position:]
    if literal or not found:
        found.append(literal)
    return tuple(found)


def _parse(text: str, offset: int) -> Expression:
    try:
        return parse_text(text)
    except ExpressionError as error:
        raise _moved(error, offset) from None


def _moved(error: ExpressionError, offset: int) -> ExpressionError:
    moved = ExpressionError(error.message, error.start + offset, error.end + offset, error.help)
    moved.told = error.told
    return moved


def _closing(text: str, opening: int) -> int:
    """Where the bracket at `opening` closes, quotes respected."""
    depth, position = 0, opening
    while position < len(text):
        character = text[position]
        if character in "'\"":
            string = STRING.match(text, position)
            position = len(text) if string is None else string.end() - 1
        elif character in "([":
            depth += 1
        elif character in ")]":
            depth -= 1
            if depth == 0:
                return position
        position += 1
    raise ExpressionError("`$(` is not closed", opening - 1, len(text), "close it with `)`")


def fill(text: str, values: Mapping[str, Any]) -> Any:
    """The text with its values: one alone keeps its type, several are glued; raises ExpressionError."""
    found = pieces(text)
    if len(found) == 1 and not isinstance(found[0], str):
        return _value(found[0], values)
    glued = "".join(p if isinstance(p, str) else _glue(p, values) for p in found)
    if len(glued) > max(MOST_TEXT, len(text)):
        raise ExpressionError(f"this becomes a text of more than {MOST_TEXT} characters", 0, len(text))
    return glued


def _value(piece: tuple[int, Expression], values: Mapping[str, Any]) -> Any:
    try:
        return evaluate(piece[1], values)
    except ExpressionError as error:
        raise _moved(error, piece[0]) from None


def _glue(piece: tuple[int, Expression], values: Mapping[str, Any]) -> str:
    value = _value(piece, values)
    if isinstance(value, (list, dict)):
        kind = "a list" if isinstance(value, list) else "a mapping"
        raise ExpressionError(f"{kind} cannot be part of a text", piece[0], piece[0] + piece[1].end)
    return to_text(value)
