"""A picture with a place for everything: boxes sized by their text, frames laid out from the inside."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from specc.report.drawing.boxes import STACK, box_marks, box_size
from specc.report.drawing.layout import Placement, lay_out
from specc.report.drawing.levels import Cell, Wire
from specc.report.drawing.marks import Curve, Mark, Point, Rect, Text, curve, moved
from specc.report.drawing.picture import Box, Frame, Item, Picture
from specc.report.drawing.theme import text_width
from specc.report.drawing.words import count

PAD, HEAD, FOOT = 14.0, 22.0, 4.0
LABEL = 10.0
STEP = 16.0
"""Between the ends of links that enter one box."""
OUT = 30.0
"""Between the starts of links that leave one box."""


@dataclass
class Area:
    """A laid-out list of items: marks from its upper left corner, and where tensors enter and leave it.

    `enters` and `leaves` are places across the direction of the links.
    """

    width: float
    height: float
    marks: list[Mark]
    enters: dict[str, float] = field(default_factory=dict)
    leaves: dict[str, float] = field(default_factory=dict)


def compose(picture: Picture, across: bool) -> Area:
    """The marks of a picture; with `across`, links run to the right."""
    return _Composer(picture, across).area(picture.items, (), ())


@dataclass
class _Inner:
    """An item, its size, and its links."""

    item: Item
    width: float
    height: float
    takes: tuple[str, ...]
    gives: tuple[str, ...]
    area: Area | None = None
    corner: Point = (0.0, 0.0)


class _Composer:
    def __init__(self, picture: Picture, across: bool) -> None:
        self.picture, self.across = picture, across
        self.users: dict[str, set[str]] = {}
        for box in picture.boxes():
            for tensor in box.takes:
                self.users.setdefault(tensor, set()).add(box.key)

    # --- items ------------------------------------------------------------------------------------------
    def inner(self, item: Item) -> _Inner:
        if isinstance(item, Box):
            width, height = box_size(item)
            return _Inner(item, width, height, item.takes, item.gives)
        boxes = list(item.boxes())
        keys = {box.key for box in boxes}
        made = {tensor for box in boxes for tensor in box.gives}
        takes = tuple(dict.fromkeys(t for box in boxes for t in box.takes if t not in made))
        gives = tuple(t for box in boxes for t in box.gives if self.users.get(t, set()) - keys)
        area = self.area(item.items, takes, gives)
        title, note = frame_title(item)
        wide = text_width(title, 12, bold=True) + text_width(note, 11) + 22
        left = PAD
        if not self.across and any(PAD + x < wide + 6 for x in area.enters.values()):
            left = max(PAD, wide + 8 - min(area.enters.values()))
        width = max(area.width + left + PAD, wide + PAD)
        stack = STACK if item.count > 1 else 0.0
        height = area.height + HEAD + stack + (PAD if self.across else FOOT)
        return _Inner(item, width, height, takes, gives, area, (left, HEAD + stack))

    def area(self, items: Sequence[Item], takes: Sequence[str], gives: Sequence[str]) -> Area:
        """Lay out items; `takes` enter from outside, `gives` leave."""
        inner = [self.inner(item) for item in items]
        return _AreaMaker(self, inner, takes, gives).make()

    def label(self, tensor: str) -> str:
        return self.picture.labels.get(tensor, "")


class _AreaMaker:
    """One level of the picture: items become cells, tensors become wires."""

    def __init__(
        self, composer: _Composer, inner: list[_Inner], takes: Sequence[str], gives: Sequence[str]
    ) -> None:
        self.composer, self.across = composer, composer.across
        self.inner, self.takes, self.gives = inner, tuple(takes), tuple(gives)
        self.first = len(inner)
        self.last = self.first + len(self.takes)
        self.makers = {tensor: index for index, one in enumerate(inner) for tensor in one.gives}
        self.makers |= {tensor: self.first + index for index, tensor in enumerate(self.takes)}
        self.labelled = {
            tensor: self.composer.label(tensor) for one in inner for tensor in one.gives if self.shown(tensor)
        }

    def shown(self, tensor: str) -> bool:
        """Whether a tensor's shape is told here; what only leaves the frame is told outside."""
        used = any(tensor in one.takes for one in self.inner)
        return bool(self.composer.label(tensor)) and (used or tensor not in self.gives)

    def make(self) -> Area:
        cells = self.cells()
        into: dict[tuple[int, str], float] = {}
        wires, tensors = self.wires(into)
        placed = lay_out(cells, wires)
        spread = self.spread(wires, tensors, placed)
        if spread:
            wires, tensors = self.wires(spread)
            placed = lay_out(cells, wires)
        marks = [*self.ways(wires, placed), *self.items(placed), *self.texts(placed)]
        width, height = self.turned((placed.width, placed.height))
        area = Area(width, height, marks)
        area.enters = {t: placed.axes[self.first + i] for i, t in enumerate(self.takes)}
        area.leaves = {t: placed.axes[self.last + i] for i, t in enumerate(self.gives)}
        return area

    def turned(self, point: Point) -> Point:
        return (point[1], point[0]) if self.across else point

    # --- cells and wires --------------------------------------------------------------------------------
    def cells(self) -> list[Cell]:
        cells = [self.cell(index) for index in range(self.first)]
        cells += [Cell(6.0, 6.0, 0.0, pin="first") for _ in self.takes]
        return cells + [Cell(6.0, 6.0, 0.0, pin="last") for _ in self.gives]

    def cell(self, index: int) -> Cell:
        """An item as a cell: as wide as it and its labels."""
        one = self.inner[index]
        half, length = (
            self.turned((one.width / 2, one.height)) if not self.across else (one.height / 2, one.width)
        )
        left = right = half
        tail = 0.0
        for tensor in one.gives:
            label = self.labelled.get(tensor, "")
            if not label:
                continue
            width = text_width(label, LABEL) + 8 + (STACK if one.item.count > 1 else 0)
            reach, along = (LABEL + 4, width) if self.across else (width, LABEL + 7)
            right = max(right, self.out(index, tensor) + (2.0 if self.across else reach))
            left = max(left, -self.out(index, tensor) + reach) if self.across else left
            tail = max(tail, along)
        return Cell(left, right, length, tail)

    def out(self, index: int, tensor: str) -> float:
        """Where a tensor leaves an item, from the item's axis."""
        if index >= self.first:
            return 0.0
        one = self.inner[index]
        if one.area is not None:
            return self.offset(one, one.area.leaves[tensor])
        number = one.gives.index(tensor)
        widest = max((text_width(self.labelled.get(t, ""), LABEL) for t in one.gives), default=0.0)
        step = OUT if self.across else max(OUT, widest + 14)
        size = one.height if self.across else one.width
        step = min(step, (size - 12) / max(1, len(one.gives) - 1))
        return (number - (len(one.gives) - 1) / 2) * step

    def offset(self, one: _Inner, place: float) -> float:
        """A place within an item's area, from the item's axis."""
        shift = one.corner[1] if self.across else one.corner[0]
        return shift + place - (one.height if self.across else one.width) / 2

    def wires(self, into: dict[tuple[int, str], float]) -> tuple[list[Wire], list[str]]:
        wires: list[Wire] = []
        tensors: list[str] = []
        targets = [
            (index, tensor) for index, one in enumerate(self.inner) for tensor in dict.fromkeys(one.takes)
        ]
        targets += [(self.last + index, tensor) for index, tensor in enumerate(self.gives)]
        ports: dict[str, int] = {}
        for target, tensor in targets:
            source = self.makers.get(tensor)
            if source is None:
                continue
            port = ports.setdefault(tensor, len(ports))
            area = self.inner[target].area if target < self.first else None
            end = into.get((target, tensor), 0.0)
            if area is not None:
                end = self.offset(self.inner[target], area.enters[tensor])
            wires.append(Wire(source, target, self.out(source, tensor), end, port))
            tensors.append(tensor)
        return wires, tensors

    def spread(
        self, wires: Sequence[Wire], tensors: Sequence[str], placed: Placement
    ) -> dict[tuple[int, str], float]:
        """Ends of links side by side where several enter a box; a straight one keeps the middle."""
        entering: dict[int, list[tuple[float, str]]] = {}
        for wire, tensor, way in zip(wires, tensors, placed.ways, strict=True):
            if wire.target < self.first and self.inner[wire.target].area is None:
                before = way[-3][0] if len(way) > 2 else way[0][0]
                shift = before - placed.axes[wire.target]
                entering.setdefault(wire.target, []).append((shift, tensor))
        found: dict[tuple[int, str], float] = {}
        for target, ends in entering.items():
            if len(ends) < 2:
                continue
            ends.sort(key=lambda end: end[0])
            size = self.inner[target].height if self.across else self.inner[target].width
            step = min(STEP, (size - 10) / len(ends))
            straight = [place for place, (shift, _) in enumerate(ends) if abs(shift) < 1]
            middle = straight[0] if straight else (len(ends) - 1) / 2
            if max(middle, len(ends) - 1 - middle) * step > size / 2 - 5:
                middle = (len(ends) - 1) / 2
            for place, (_, tensor) in enumerate(ends):
                found[target, tensor] = (place - middle) * step
        return found

    # --- marks ------------------------------------------------------------------------------------------
    def ways(self, wires: Sequence[Wire], placed: Placement) -> Iterator[Curve]:
        drawn: set[tuple[Point, ...]] = set()
        several = Counter(wire.target for wire in wires)
        for wire, way in zip(wires, placed.ways, strict=True):
            if way in drawn:
                continue
            drawn.add(way)
            arrow = wire.target < self.first and self.inner[wire.target].area is None
            if arrow:
                way = _snapped(way, 7.0 if several[wire.target] > 1 else 14.0)
            yield curve([self.turned(point) for point in way], "link", self.across, arrow)

    def items(self, placed: Placement) -> Iterator[Mark]:
        for index, one in enumerate(self.inner):
            size = one.height if self.across else one.width
            x, y = self.turned((placed.axes[index] - size / 2, placed.tops[index]))
            if isinstance(one.item, Box):
                yield from (moved(mark, x, y) for mark in box_marks(one.item, one.width, one.height))
            else:
                yield from (moved(mark, x, y) for mark in self.frame(one, one.item))

    def frame(self, one: _Inner, frame: Frame) -> Iterator[Mark]:
        """A frame with its title, its links' way in and out, and what is in it."""
        top = STACK if frame.count > 1 else 0.0
        for back in (STACK, STACK / 2) if frame.count > 1 else ():
            yield Rect(back, top - back, one.width, one.height - top, 8, "frame", "frame-line")
        tooltip = frame.name or frame.title
        yield Rect(0, top, one.width, one.height - top, 8, "frame", "frame-line", tooltip)
        title, note = frame_title(frame)
        yield Text(10, top + 16, title, 12, "ink", bold=True, tail=note, tail_color="soft")
        assert one.area is not None
        dx, dy = one.corner
        start, length = self.turned((dx, dy))[1], one.width if self.across else one.height
        for places, begin, end in (
            (one.area.enters, 0.0, start),
            (one.area.leaves, start + self.turned((one.area.width, one.area.height))[1], length),
        ):
            for place in places.values():
                shift = self.turned((dx, dy))[0] + place
                points = [self.turned((shift, begin)), self.turned((shift, end))]
                yield curve(points, "link", self.across, arrow=False)
        yield from (moved(mark, dx, dy) for mark in one.area.marks)

    def texts(self, placed: Placement) -> Iterator[Text]:
        """The shapes where tensors leave items."""
        for index, one in enumerate(self.inner):
            for tensor in one.gives:
                label = self.labelled.get(tensor, "")
                if not label:
                    continue
                place = placed.axes[index] + self.out(index, tensor)
                end = placed.tops[index] + (one.width if self.across else one.height)
                if self.across:
                    yield Text(
                        end + 4 + (STACK if one.item.count > 1 else 0), place - 4, label, LABEL, "soft"
                    )
                else:
                    yield Text(place + 5, end + LABEL + 2, label, LABEL, "soft")


def _snapped(way: tuple[Point, ...], most: float) -> tuple[Point, ...]:
    """A way that ends straight where it would end with a small jog: a box is wide."""
    if len(way) < 3 or abs(way[-1][0] - way[-3][0]) > most:
        return way
    return (*way[:-2], (way[-3][0], way[-1][1]))


def frame_title(frame: Frame) -> tuple[str, str]:
    """What stands at the top of a frame."""
    title = f"{frame.title} ×{frame.count}" if frame.count > 1 else frame.title
    size = count(frame.parameters, frame.at_least)
    size = f"{size} each" if size and frame.count > 1 else size
    return title, " · ".join(part for part in (frame.name, size) if part)
