"""Several models on one sheet: each with its title, then what the colors mean."""

from __future__ import annotations

from collections.abc import Sequence

from specc.report.drawing.compose import compose
from specc.report.drawing.marks import TAIL, Drawing, Mark, Rect, Text, moved
from specc.report.drawing.picture import Picture
from specc.report.drawing.theme import LEGEND, text_width
from specc.report.drawing.words import count

MARGIN, TITLE, BETWEEN = 20.0, 34.0, 44.0
WIDEST_SHAPE = 1.6
"""Width over height that a sheet of several models comes near to."""

Panel = tuple[float, float, list[Mark]]


def draw_sheet(title: str, pictures: Sequence[Picture], across: bool = False) -> Drawing:
    """All pictures as one drawing. With `across`, links run to the right, else down."""
    panels = [_panel(picture, across) for picture in pictures]
    rows = _rows(panels)
    marks: list[Mark] = []
    y = MARGIN
    width = 0.0
    for row in rows:
        x = MARGIN
        for wide, _, inner in row:
            marks += [moved(mark, x, y) for mark in inner]
            x += wide + BETWEEN
        width = max(width, x - BETWEEN)
        y += max(high for _, high, _ in row) + BETWEEN
    legend, high = _legend(pictures, max(width - MARGIN, 420.0))
    marks += [moved(mark, MARGIN, y - BETWEEN + 18) for mark in legend]
    widest = max(width, max((_right(mark) + MARGIN for mark in legend), default=0.0))
    return Drawing(widest + MARGIN, y - BETWEEN + 18 + high + MARGIN, tuple(marks), title)


def _panel(picture: Picture, across: bool) -> Panel:
    area = compose(picture, across)
    note = count(picture.parameters, picture.at_least)
    title = text_width(picture.title, 15, bold=True)
    marks: list[Mark] = [
        Text(0, 14, picture.title, 15, "ink", bold=True, tail=note, tail_color="soft"),
    ]
    marks += [moved(mark, 0, TITLE) for mark in area.marks]
    return max(area.width + 8, title + 12 + text_width(note, 15 * TAIL)), area.height + TITLE, marks


def _rows(panels: Sequence[Panel]) -> list[list[Panel]]:
    """The panels in rows, in order, so that the sheet is neither a ribbon nor a tower."""
    best: list[list[Panel]] = [list(panels)]
    least = float("inf")
    for width in sorted({sum(p[0] + BETWEEN for p in panels[: n + 1]) for n in range(len(panels))}):
        rows = _filled(panels, max(width, max(p[0] + BETWEEN for p in panels)))
        wide = max(sum(p[0] + BETWEEN for p in row) for row in rows)
        high = sum(max(p[1] for p in row) + BETWEEN for row in rows)
        off = max(wide / high / WIDEST_SHAPE, WIDEST_SHAPE * high / wide)
        if off < least:
            best, least = rows, off
    return best


def _filled(panels: Sequence[Panel], width: float) -> list[list[Panel]]:
    rows: list[list[Panel]] = [[]]
    used = 0.0
    for panel in panels:
        if rows[-1] and used + panel[0] + BETWEEN > width + 0.5:
            rows.append([])
            used = 0.0
        rows[-1].append(panel)
        used += panel[0] + BETWEEN
    return rows


def _legend(pictures: Sequence[Picture], width: float) -> tuple[list[Mark], float]:
    """A swatch for each family that occurs, and a word on badges and repeats."""
    boxes = [box for picture in pictures for box in picture.boxes()]
    used = {strip.family for box in boxes for strip in box.strips}
    entries = [(family, family) for family in LEGEND if family in used]
    if any(box.badge for box in boxes):
        entries.append(("badge", "same letter: shared weights"))
    marks: list[Mark] = []
    x = y = 0.0
    for color, words in entries:
        wide = 18 + text_width(words, 10) + 14
        if x and x + wide > width:
            x, y = 0.0, y + 18
        line = color if color == "badge" else f"{color}-line"
        marks += [Rect(x, y, 11, 11, 3, color, line), Text(x + 16, y + 9.5, words, 10, "soft")]
        x += wide
    return marks, y + 12 if entries else 0.0


def _right(mark: Mark) -> float:
    return mark.x + text_width(mark.text, mark.size) if isinstance(mark, Text) else 0.0
