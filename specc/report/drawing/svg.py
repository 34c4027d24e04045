"""A drawing as SVG: self-contained, dark where the viewer prefers dark."""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from specc.report.drawing.marks import TAIL, Curve, Drawing, Mark, Rect, Text
from specc.report.drawing.theme import colors

FONT = "system-ui, -apple-system, 'Segoe UI', Roboto, Helvetica, Arial, sans-serif"
ARROW = 6.0


def to_svg(drawing: Drawing) -> str:
    """The text of an SVG file."""
    width, height = f"{drawing.width:.0f}", f"{drawing.height:.0f}"
    used = _colors(drawing)
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" font-family={quoteattr(FONT)}>',
        f"<title>{escape(drawing.title)}</title>",
        f"<style>{_style(used)}</style>",
        f'<rect class="f-paper" width="{width}" height="{height}"/>',
        *(line for mark in drawing.marks for line in _mark(mark)),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _colors(drawing: Drawing) -> list[str]:
    """The colors that a drawing uses, as classes: `f-` fills, `s-` strokes."""
    found = {"f-paper"}
    for mark in drawing.marks:
        if isinstance(mark, Rect):
            found |= {f"f-{mark.fill}", f"s-{mark.line}"}
        elif isinstance(mark, Text):
            found.add(f"f-{mark.color}")
        else:
            found |= {f"s-{mark.color}", f"f-{mark.color}"}
    return sorted(found)


def _style(used: list[str]) -> str:
    light = _rules(used, dark=False)
    dark = _rules(used, dark=True)
    return f"{light}path{{fill:none;stroke-width:1.4}}@media(prefers-color-scheme:dark){{{dark}}}"


def _rules(used: list[str], dark: bool) -> str:
    table = colors(dark)
    kinds = {"f": "fill", "s": "stroke"}
    return "".join(f".{name}{{{kinds[name[0]]}:{table[name[2:]]}}}" for name in used)


def _mark(mark: Mark) -> Iterator[str]:
    if isinstance(mark, Rect):
        yield _rect(mark)
    elif isinstance(mark, Text):
        yield _text(mark)
    else:
        yield f'<path class="s-{mark.color}" d="{path(mark)}"/>'
        if mark.arrow:
            yield f'<polygon class="f-{mark.color}" points="{_head(mark)}"/>'


def _rect(mark: Rect) -> str:
    place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" width="{_n(mark.width)}" height="{_n(mark.height)}"'
    open_tag = f'<rect class="f-{mark.fill} s-{mark.line}" {place} rx="{_n(mark.radius)}"'
    return f"{open_tag}><title>{escape(mark.tooltip)}</title></rect>" if mark.tooltip else f"{open_tag}/>"


def _text(mark: Text) -> str:
    more = ' font-weight="600"' if mark.bold else ""
    more += ' font-style="italic"' if mark.italic else ""
    more += f' text-anchor="{mark.anchor}"' if mark.anchor != "start" else ""
    place = f'x="{_n(mark.x)}" y="{_n(mark.y)}" font-size="{_n(mark.size)}"'
    tail = ""
    if mark.tail:
        size = _n(mark.size * TAIL)
        tail = f'<tspan class="f-{mark.tail_color}" dx="8" font-size="{size}" font-weight="400">'
        tail += f"{escape(mark.tail)}</tspan>"
    return f'<text class="f-{mark.color}" {place}{more}>{escape(mark.text)}{tail}</text>'


def path(mark: Curve) -> str:
    """The `d` of a path."""
    words = [f"M{_n(mark.start[0])} {_n(mark.start[1])}"]
    for piece in mark.pieces:
        letter = "L" if len(piece) == 1 else "C"
        words.append(letter + " ".join(f"{_n(x)} {_n(y)}" for x, y in piece))
    return "".join(words)


def head(mark: Curve) -> tuple[tuple[float, float], ...]:
    """The corners of the arrow's head at the end of a way."""
    assert mark.arrow is not None
    x, y = mark.pieces[-1][-1] if mark.pieces else mark.start
    dx, dy = mark.arrow
    back = (x - dx * ARROW, y - dy * ARROW)
    side = (dy * ARROW / 2.2, dx * ARROW / 2.2)
    return (x, y), (back[0] + side[0], back[1] + side[1]), (back[0] - side[0], back[1] - side[1])


def _head(mark: Curve) -> str:
    return " ".join(f"{_n(x)},{_n(y)}" for x, y in head(mark))


def _n(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")
