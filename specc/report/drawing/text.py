"""Pictures as text that other programs draw: Graphviz's DOT and Mermaid."""

from __future__ import annotations

import html
from collections.abc import Iterator, Sequence

from specc.report.drawing.compose import frame_title
from specc.report.drawing.picture import Box, Item, Picture
from specc.report.drawing.theme import FAMILIES
from specc.report.drawing.words import count


def to_dot(title: str, pictures: Sequence[Picture], across: bool = False) -> str:
    """All pictures as one `digraph`, a cluster each."""
    lines = [
        f"digraph {_quoted(title)} {{",
        f"  rankdir={'LR' if across else 'TB'};",
        '  node [shape=box, style="rounded,filled", fontname="Helvetica", fontsize=11];',
        '  edge [fontname="Helvetica", fontsize=9];',
    ]
    for number, picture in enumerate(pictures):
        names = _Names(f"m{number}_", picture)
        lines += [f"  subgraph cluster_m{number} {{", f"    label={_quoted(_heading(picture))};"]
        lines += [f"    {line}" for line in _dot_items(picture.items, names)]
        lines += [f"    {line}" for line in _dot_links(picture, names)]
        lines.append("  }")
    return "\n".join([*lines, "}"]) + "\n"


def to_mermaid(title: str, pictures: Sequence[Picture], across: bool = False) -> str:
    """All pictures as one Mermaid flowchart, a subgraph each."""
    lines = ["---", f"title: {_quoted(title)}", "---", f"flowchart {'LR' if across else 'TB'}"]
    used: dict[str, None] = {}
    for number, picture in enumerate(pictures):
        names = _Names(f"m{number}_", picture)
        lines.append(f'  subgraph m{number}["{_mermaid(_heading(picture))}"]')
        lines += [f"    {line}" for line in _mermaid_items(picture.items, names)]
        for source, tensor, target in picture.links():
            label = picture.labels.get(tensor, "")
            arrow = f'-->|"{_mermaid(label)}"|' if label else "-->"
            lines.append(f"    {names.of(source)} {arrow} {names.of(target)}")
        lines.append("  end")
        used |= dict.fromkeys(box.strips[0].family for box in picture.boxes())
    for family in used:
        fill, line = FAMILIES[family][:2]
        lines.append(f"  classDef {family} fill:{fill},stroke:{line},color:#1f2328")
    return "\n".join(lines) + "\n"


class _Names:
    """Short names for boxes, for both languages restrict them."""

    def __init__(self, prefix: str, picture: Picture) -> None:
        self.prefix = prefix
        self.numbers = {box.key: number for number, box in enumerate(picture.boxes())}
        self.frames = 0

    def of(self, box: Box) -> str:
        return f"{self.prefix}n{self.numbers[box.key]}"

    def frame(self) -> str:
        self.frames += 1
        return f"{self.prefix}f{self.frames}"


def _heading(picture: Picture) -> str:
    size = count(picture.parameters, picture.at_least)
    return f"{picture.title} · {size}" if size else picture.title


def words(box: Box) -> list[str]:
    """The lines of a box."""
    lines = []
    for number, strip in enumerate(box.strips):
        title = f"{strip.title} ×{box.count}" if box.count > 1 and number == 0 else strip.title
        lines.append(f"{title} {strip.note}".strip())
        size = count(strip.parameters, strip.at_least)
        size = f"{size} each" if size and box.count > 1 else size
        small = " · ".join(part for part in (strip.name, size) if part)
        lines += [small] if small else []
    return [*lines, f"shared weights {box.badge}"] if box.badge else lines


def _dot_items(items: Sequence[Item], names: _Names) -> Iterator[str]:
    for item in items:
        if isinstance(item, Box):
            fill, line = FAMILIES[item.strips[0].family][:2]
            label = "\\n".join(_escaped(line) for line in words(item))
            more = ", peripheries=2" if item.folded or item.count > 1 else ""
            yield f'{names.of(item)} [label="{label}", fillcolor="{fill}", color="{line}"{more}];'
        else:
            yield f"subgraph cluster_{names.frame()} {{"
            yield f"  label={_quoted('  '.join(filter(None, frame_title(item))))};"
            yield from (f"  {line}" for line in _dot_items(item.items, names))
            yield "}"


def _dot_links(picture: Picture, names: _Names) -> Iterator[str]:
    for source, tensor, target in picture.links():
        label = picture.labels.get(tensor, "")
        yield f"{names.of(source)} -> {names.of(target)}" + (f" [label={_quoted(label)}];" if label else ";")


def _mermaid_items(items: Sequence[Item], names: _Names) -> Iterator[str]:
    for item in items:
        if isinstance(item, Box):
            label = "<br/>".join(_mermaid(line) for line in words(item))
            opening, closing = ("([", "])") if item.round else ("[[", "]]") if item.folded else ("[", "]")
            yield f'{names.of(item)}{opening}"{label}"{closing}:::{item.strips[0].family}'
        else:
            yield f'subgraph {names.frame()}["{_mermaid("  ".join(filter(None, frame_title(item))))}"]'
            yield from (f"  {line}" for line in _mermaid_items(item.items, names))
            yield "end"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _quoted(text: str) -> str:
    return f'"{_escaped(text)}"'


def _mermaid(text: str) -> str:
    """Text within quotes: Mermaid knows no backslash, but HTML's entities with `#` for `&`."""
    return html.escape(text.replace("#", "&num;")).replace("&amp;num;", "#35;").replace("&", "#")
