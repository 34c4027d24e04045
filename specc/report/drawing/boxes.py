"""How a box looks: a strip per layer, each with a kind, arguments, and in small print a name and its size."""

from __future__ import annotations

from collections.abc import Iterator

from specc.report.drawing.marks import TAIL, TAIL_GAP, Mark, Rect, Text
from specc.report.drawing.picture import Box, Strip
from specc.report.drawing.theme import text_width
from specc.report.drawing.words import count

TITLE, SMALL = 12.0, 10.0
SIDE = 10.0
ONE, LINE = 22.0, 13.0
NARROWEST = 64.0
STACK = 6.0
"""How far the cards behind a repeated box look out above and to the right."""


def box_size(box: Box) -> tuple[float, float]:
    """Width and height of a box, in pixels."""
    width = max(NARROWEST, *(_strip_width(strip, box) for strip in box.strips))
    height = sum(_strip_height(strip, box) for strip in box.strips)
    return width + _badge(box), height + (STACK if box.count > 1 else 0)


def box_marks(box: Box, width: float, height: float) -> Iterator[Mark]:
    """The marks of a box whose upper left corner is at the origin."""
    radius = height / 2 if box.round else 5.0
    y = top = STACK if box.count > 1 else 0.0
    for back in (STACK, STACK / 2) if box.count > 1 else ():
        family = box.strips[0].family
        yield Rect(back, y - back, width, height - y, radius, family, f"{family}-line")
    for number, strip in enumerate(box.strips):
        tall = _strip_height(strip, box)
        corner = radius if len(box.strips) == 1 or number == 0 or number == len(box.strips) - 1 else 2.0
        yield Rect(0, y, width, tall, corner, strip.family, f"{strip.family}-line", strip.tooltip)
        if box.folded:
            yield Rect(3, y + 3, width - 6, tall - 6, 3, "none", f"{strip.family}-line")
        yield from _words(strip, box, y, width)
        y += tall
    if box.badge:
        size = _badge(box)
        yield Rect(width - size - 4, top + 4, size, 15, 7.5, "badge", "badge", f"shared weights {box.badge}")
        yield Text(width - size / 2 - 4, top + 15, box.badge, SMALL, "badge-ink", bold=True, anchor="middle")


def _badge(box: Box) -> float:
    """The width of a box's badge."""
    return max(15.0, text_width(box.badge, SMALL, bold=True) + 8) if box.badge else 0.0


def _title(strip: Strip, box: Box) -> str:
    return f"{strip.title} ×{box.count}" if box.count > 1 and strip is box.strips[0] else strip.title


def _small(strip: Strip, box: Box) -> tuple[str, str]:
    size = count(strip.parameters, strip.at_least)
    return strip.name, f"{size} each" if size and box.count > 1 else size


def _strip_height(strip: Strip, box: Box) -> float:
    if box.folded:
        return ONE + 5 + LINE * (bool(strip.note) + any(_small(strip, box)))
    return ONE + LINE if any(_small(strip, box)) else ONE


def _first_width(strip: Strip, box: Box) -> float:
    """The width of the line with the kind."""
    title = text_width(_title(strip, box), TITLE, bold=True)
    note = text_width(strip.note, TITLE * TAIL)
    if box.folded:
        return max(title, text_width(strip.note, SMALL))
    return title + (TAIL_GAP + note if note else 0)


def _strip_width(strip: Strip, box: Box) -> float:
    name, size = (text_width(text, SMALL) for text in _small(strip, box))
    small = name + size + (14 if name and size else 0)
    return max(_first_width(strip, box), small) + 2 * SIDE


def _words(strip: Strip, box: Box, y: float, width: float) -> Iterator[Text]:
    title = _title(strip, box)
    if box.folded:
        yield Text(width / 2, y + 17, title, TITLE, "ink", bold=True, anchor="middle")
        if strip.note:
            yield Text(width / 2, y + 30, strip.note, SMALL, "soft", anchor="middle")
        yield from _small_print(strip, box, y + (43 if strip.note else 30), width)
        return
    room = width - _badge(box)
    if any(_small(strip, box)):
        yield Text(SIDE, y + 15, title, TITLE, "ink", bold=True, tail=strip.note)
    else:
        start = (room - _first_width(strip, box)) / 2
        yield Text(start, y + 15, title, TITLE, "ink", bold=True, tail=strip.note)
    yield from _small_print(strip, box, y + 28, width)


def _small_print(strip: Strip, box: Box, y: float, width: float) -> Iterator[Text]:
    name, size = _small(strip, box)
    if name and size:
        yield Text(SIDE, y, name, SMALL, "soft", italic=True)
        yield Text(width - SIDE, y, size, SMALL, "soft", anchor="end")
    elif name or size:
        yield Text(SIDE, y, name or size, SMALL, "soft", italic=bool(name))
