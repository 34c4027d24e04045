"""Whether the brackets of a text match, and how far a bracketed text reaches."""

from __future__ import annotations

_CLOSES = {")": "(", "]": "[", "}": "{"}
_OPENS = frozenset(_CLOSES.values())
_BRACKETS = _OPENS | _CLOSES.keys()
_LONGEST = 2000


def is_balanced(text: str) -> bool:
    """Whether every bracket in `text` has its partner (what stands in quotes counts too)."""
    if _BRACKETS.isdisjoint(text):
        return True
    opened: list[str] = []
    for character in text:
        if character in _OPENS:
            opened.append(character)
        elif character in _CLOSES and (not opened or opened.pop() != _CLOSES[character]):
            return False
    return not opened


def balanced_stretch(text: str, start: int) -> str:
    """The text of one line from `start` up to where its brackets match and the value ends, or ''."""
    opened: list[str] = []
    met = False
    for position in range(start, min(len(text), start + _LONGEST)):
        character = text[position]
        if character in "\r\n":
            return ""
        if met and not opened and character in ",]}":
            return text[start:position].rstrip()
        if character in _OPENS:
            opened.append(character)
            met = True
        elif character in _CLOSES and (not opened or opened.pop() != _CLOSES[character]):
            return ""
    return ""
