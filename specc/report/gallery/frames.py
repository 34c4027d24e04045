"""Boxes upon a picture: what is true, and what a detector has found."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from specc.data.boxes import to_corners
from specc.frontend.sections.data_types import BoxFormat
from specc.report.gallery.colours import PREDICTION, TRUTH

if TYPE_CHECKING:
    from matplotlib.axes import Axes

Array = np.ndarray[Any, Any]

SURE = 0.4
"""Boxes with a lower score are not drawn: a detector has many doubts."""


@dataclass(frozen=True)
class Frame:
    """A box (y, x, height, width; y and x its middle) in pixels, and what is written beside it."""

    box: tuple[float, ...]
    label: str
    true: bool


def frames_of(found: Array, truth: Array | None, names: Sequence[str] = ()) -> tuple[Frame, ...]:
    """The frames of one example: `found` [k, 6] (…, score, class), `truth` [n, 5] (…, class).

    `names` are those of the classes, as far as they have any; what has no size is padding.
    """
    true = () if truth is None else truth[(truth[:, 4] >= 0) & (truth[:, 2:4] > 0).all(axis=1)]
    sure = found[found[:, 4] >= SURE]
    known = [Frame(tuple(box[:4].tolist()), _name(names, box[4]), True) for box in true]
    said = [Frame(tuple(box[:4].tolist()), f"{_name(names, box[5])} {box[4]:.0%}", False) for box in sure]
    return (*known, *said)


def frames_of_one(
    name: str, found: Array, truth: Array | None, form: BoxFormat, size: tuple[int, int]
) -> tuple[Frame, ...]:
    """The frames of an output that is one box [4] in an image of `size` (height, width), and of its truth."""
    boxes = [(found, False)] if truth is None else [(truth, True), (found, False)]
    frames = []
    for box, true in boxes:
        left, top, right, bottom = to_corners(np.asarray(box, np.float64), form, size, np.stack).tolist()
        middle = ((top + bottom) / 2, (left + right) / 2, bottom - top, right - left)
        frames.append(Frame(middle, "" if true else name, true))
    return tuple(frames)


def _name(names: Sequence[str], kind: float) -> str:
    return names[int(kind)] if 0 <= kind < len(names) else str(int(kind))


def draw_frames(axes: Axes, frames: tuple[Frame, ...]) -> None:
    """Draw frames upon an image: true ones broad, the class below; found ones with class and score above."""
    from matplotlib.patches import Rectangle

    for frame in frames:
        y, x, height, width = frame.box
        top, left = (
            y - height / 2 - 0.5,
            x - width / 2 - 0.5,
        )  # an image's pixels are drawn around whole numbers
        colour = TRUTH if frame.true else PREDICTION
        broad = 2.6 if frame.true else 1.2
        axes.add_patch(Rectangle((left, top), width, height, fill=False, edgecolor=colour, linewidth=broad))
        edge, place = (top + height, "top") if frame.true else (top, "bottom")
        axes.text(left, edge, frame.label, color=colour, fontsize=7, verticalalignment=place)
