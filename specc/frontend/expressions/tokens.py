"""Characters to tokens: Python's spellings, our own tokenizer; nothing is ever evaluated as Python."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from specc.frontend.expressions.nodes import ExpressionError

Kind = Literal["number", "string", "name", "operator", "dollar", "end"]

LONGEST = 20_000
"""The most characters of one expression."""


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of an expression and where it stands; `glued` where no space parts it from the one before."""

    kind: Kind
    text: str
    start: int
    end: int
    glued: bool


_STRING = r"""'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*\""""
STRING = re.compile(_STRING)
"""A quoted text within an expression."""

_PATTERN = re.compile(
    rf"""
    (?P<space>\s+)
  | (?P<number>(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)(?:[eE][+-]?[0-9]+)?)
  | (?P<string>{_STRING})
  | (?P<name>[A-Za-z_][A-Za-z0-9_]*)
  | (?P<dollar>\$)
  | (?P<operator>\.\.\.|\*\*|//|==|!=|<=|>=|<<|>>|[-+*/%<>()\[\],.:=&|^~@])
    """,
    re.VERBOSE,
)

_HELP = {
    "!": "write `not` for values and `logical_not(…)` for tensors",
    "{": "there are no mappings in expressions",
    ";": "an expression is one value; statements have no place here",
}


def tokenize(text: str) -> list[Token]:
    """All tokens of `text`, with an `end` token behind them; raises ExpressionError."""
    if len(text) > LONGEST:
        raise ExpressionError(f"an expression of {len(text)} characters is too long", 0, 1)
    tokens: list[Token] = []
    position, glued = 0, False
    while position < len(text):
        match = _PATTERN.match(text, position)
        if match is None:
            raise _unexpected(text, position)
        kind = match.lastgroup
        if kind != "space":
            tokens.append(Token(kind, match.group(), position, match.end(), glued))  # type: ignore[arg-type]
        glued = kind != "space"
        position = match.end()
    tokens.append(Token("end", "", len(text), len(text), False))
    return tokens


def _unexpected(text: str, position: int) -> ExpressionError:
    character = text[position]
    if character in "'\"":
        return ExpressionError("a text that is not closed", position, len(text), "close the quote")
    return ExpressionError(
        f"`{character}` has no meaning here", position, position + 1, _HELP.get(character, "")
    )


_ESCAPE = re.compile(r"\\(.)")
_ESCAPES = {"n": "\n", "t": "\t"}


def unquote(text: str) -> str:
    """The value of a string token."""
    return _ESCAPE.sub(lambda match: _ESCAPES.get(match.group(1), match.group(1)), text[1:-1])
