"""One line of a file as a terminal shows it, and where a stretch of it begins and how wide it is."""

from __future__ import annotations

import unicodedata

WIDTH = 100
"""Columns of an excerpt; longer lines are cut around the span."""

_TAB = 4
_BEFORE = 30
_CUT = "…"


def excerpt(line: str, start: int, end: int) -> tuple[str, int, int]:
    """What to show of `line`, and the column offset and width of its characters `start` to `end` in it."""
    cells = _cells(line.rstrip())
    start = min(start, len(cells))
    end = min(max(end, start), len(cells))
    first, last = _window(cells, start, end)
    shown = "".join(cells[first:last])
    lead = _CUT if first else ""
    offset = len(lead) + sum(map(_width, cells[first:start]))
    width = sum(map(_width, cells[start : min(end, last)]))
    return lead + shown + (_CUT if last < len(cells) else ""), offset, max(width, 1)


def _cells(line: str) -> list[str]:
    """What each character is shown as."""
    cells: list[str] = []
    column = 0
    for character in line:
        if character == "\t":
            cells.append(" " * (_TAB - column % _TAB))
        elif character.isprintable() or unicodedata.category(character) in ("Mn", "Me", "Cf", "Zs"):
            cells.append(character)
        else:
            cells.append("\ufffd")
        column += _width(cells[-1])
    return cells


def _width(cell: str) -> int:
    if cell.isascii():
        return len(cell)
    if unicodedata.combining(cell) or unicodedata.category(cell) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(cell) in "WF" else 1


def _window(cells: list[str], start: int, end: int) -> tuple[int, int]:
    """The part of a line that fits in WIDTH and shows the span's beginning."""
    if sum(map(_width, cells)) <= WIDTH:
        return 0, len(cells)
    first = max(0, start - max(_BEFORE, WIDTH - (end - start) - _BEFORE)) if end > WIDTH else 0
    last, used = first, 0
    while last < len(cells) and used + _width(cells[last]) <= WIDTH:
        used += _width(cells[last])
        last += 1
    return first, last
