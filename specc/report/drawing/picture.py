"""What a picture shows, before anything has a place: boxes, frames around boxes, and links."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Strip:
    """One layer within a box: its kind, its arguments, its name, and how many parameters it has.

    Here and below, `at_least` says that some of the parameters are not known, and not among the number.
    """

    family: str
    title: str
    note: str = ""
    name: str = ""
    parameters: int = 0
    tooltip: str = ""
    at_least: bool = False


@dataclass(frozen=True, slots=True)
class Box:
    """A layer with what follows it, a folded block, a model's call, an input or an output.

    `gives` are the tensors that leave it; `count` how often it stands one after the other; boxes with the
    same `badge` share their weights.
    """

    key: str
    strips: tuple[Strip, ...]
    takes: tuple[str, ...] = ()
    gives: tuple[str, ...] = ()
    count: int = 1
    badge: str = ""
    round: bool = False
    folded: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """An unfolded block, or a repeat drawn once."""

    key: str
    title: str
    items: tuple[Box | Frame, ...]
    count: int = 1
    name: str = ""
    parameters: int = 0
    at_least: bool = False

    def boxes(self) -> Iterator[Box]:
        """All boxes within, nested ones included."""
        yield from boxes(self.items)


Item = Box | Frame


def boxes(items: tuple[Item, ...]) -> Iterator[Box]:
    """All boxes of a list of items, in order."""
    for item in items:
        if isinstance(item, Box):
            yield item
        else:
            yield from item.boxes()


@dataclass(frozen=True, slots=True)
class Picture:
    """One model. `labels` are the shapes of tensors, as text."""

    title: str
    items: tuple[Item, ...]
    labels: dict[str, str] = field(default_factory=dict)
    parameters: int = 0
    at_least: bool = False

    def boxes(self) -> Iterator[Box]:
        """All boxes, in order."""
        yield from boxes(self.items)

    def links(self) -> Iterator[tuple[Box, str, Box]]:
        """Every link: source, tensor, target; each once."""
        makers = {tensor: box for box in self.boxes() for tensor in box.gives}
        for box in self.boxes():
            for tensor in dict.fromkeys(box.takes):
                if tensor in makers:
                    yield makers[tensor], tensor, box
