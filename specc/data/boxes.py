"""Bounding boxes: their formats, and how they follow what happens to the image they lie in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from specc.data.errors import fail
from specc.data.transforms import Chain, FormulaStep, LayerStep
from specc.frontend.sections.data_types import BoxFormat
from specc.source.span import Span

Array = np.ndarray[Any, Any]
Stack = Callable[[Sequence[Any]], Any]
Size = tuple[Any, Any]
"""Height and width, in pixels; tensors where they are known only later."""

PIXELWISE = (
    "AutoContrast",
    "CLAHE",
    "Equalization",
    "Normalization",
    "Rescaling",
    "Solarization",
    "UnitNormalization",
)
"""Transforms that leave every pixel where it is."""

MOVING = ("CenterCrop", "Resizing")
"""Transforms that boxes can follow."""


def to_corners(boxes: Any, form: BoxFormat, size: Size, stack: Stack) -> Any:
    """Boxes [..., 4] of a format as left, top, right, bottom in pixels of an image of `size`.

    `stack` joins numbers [...] along a new last axis: NumPy's or TensorFlow's.
    """
    a, b, c, d = (boxes[..., axis] for axis in range(4))
    plain = form.removeprefix("rel_")
    if plain in ("yxyx", "yxhw", "center_yxhw"):
        a, b, c, d = b, a, d, c
    if plain.startswith("center"):
        a, b, c, d = a - c / 2, b - d / 2, a + c / 2, b + d / 2
    elif not plain.endswith(("xyxy", "yxyx")):
        c, d = a + c, b + d
    if form.startswith("rel_"):
        height, width = size
        a, b, c, d = a * width, b * height, c * width, d * height
    return stack([a, b, c, d])


def from_corners(boxes: Any, form: BoxFormat, size: Size, stack: Stack) -> Any:
    """The reverse of `to_corners`."""
    a, b, c, d = (boxes[..., axis] for axis in range(4))
    plain = form.removeprefix("rel_")
    if form.startswith("rel_"):
        height, width = size
        a, b, c, d = a / width, b / height, c / width, d / height
    if plain.startswith("center"):
        a, b, c, d = (a + c) / 2, (b + d) / 2, c - a, d - b
    elif not plain.endswith(("xyxy", "yxyx")):
        c, d = c - a, d - b
    if plain in ("yxyx", "yxhw", "center_yxhw"):
        a, b, c, d = b, a, d, c
    return stack([a, b, c, d])


@dataclass(frozen=True)
class Placement:
    """Where the pixels of an image went: `x * scale_x + shift_x`, in a new image of `height` and `width`."""

    height: float
    width: float
    scale_y: float = 1.0
    scale_x: float = 1.0
    shift_y: float = 0.0
    shift_x: float = 0.0

    def cut(self, top: float, left: float, height: float, width: float) -> Placement:
        """Followed by a crop, or where `top` and `left` are negative a margin."""
        shifts = (self.shift_y - top, self.shift_x - left)
        return Placement(height, width, self.scale_y, self.scale_x, *shifts)

    def resized(self, height: float, width: float) -> Placement:
        """Followed by a change of size."""
        y, x = height / self.height, width / self.width
        scales = (self.scale_y * y, self.scale_x * x)
        return Placement(height, width, *scales, self.shift_y * y, self.shift_x * x)


def placement(chain: Chain, height: int, width: int) -> Placement:
    """Where a field's transforms take the pixels of an image of this size."""
    found = Placement(height, width)
    for step in chain.steps:
        if isinstance(step, LayerStep) and step.object.kind in MOVING:
            found = _moved(found, step.layer, step.object.kind)
    return found


def _moved(found: Placement, layer: Any, kind: str) -> Placement:
    height, width = int(layer.height), int(layer.width)
    if kind == "Resizing" and layer.pad_to_aspect_ratio:
        return _framed(found, height, width, max).resized(height, width)
    if kind == "Resizing" and layer.crop_to_aspect_ratio:
        return _framed(found, height, width, min).resized(height, width)
    if kind == "Resizing":
        return found.resized(height, width)
    if found.height < height or found.width < width:  # as Keras enlarges what is too small for its crop
        return _framed(found, height, width, min).resized(height, width)
    return found.cut((found.height - height) // 2, (found.width - width) // 2, height, width)


def _framed(found: Placement, height: int, width: int, choose: Callable[[float, float], float]) -> Placement:
    """Cut (`min`) or widened (`max`) amid to the proportions of `height` to `width`, in whole pixels."""
    tall = choose(found.height, int(found.width * height / width))
    wide = choose(found.width, int(found.height * width / height))
    top, left = int((found.height - tall) / 2), int((found.width - wide) / 2)
    return found.cut(top, left, tall, wide)


def check_follows(chain: Chain, span: Span) -> None:
    """Refuse transforms of an image that its boxes cannot follow; raises SpecError (`data-boxes`)."""
    for step in chain.steps:
        if isinstance(step, FormulaStep):
            continue  # taken to leave pixels where they are, as the docs say
        kind = step.object.kind
        if kind not in (*PIXELWISE, *MOVING):
            fail(
                "data-boxes",
                f"boxes cannot follow `{kind}`",
                span,
                "these lie in an image that it changes",
                related=[(step.object.span, "here")] if step.object.span else [],
                help="say `RandomCrop` under `augment`" if kind == "RandomCrop" else "",
            )


def follow(boxes: Array, form: BoxFormat, size: tuple[int, int], chain: Chain, pad: float) -> Array:
    """Boxes [..., 4] in an image of `size` as they lie in the transformed one: float32.

    They are cut at its borders. One without area, there before or come to be, becomes `pad` in its place.
    """
    stack = lambda parts: np.stack(parts, axis=-1)
    corners = to_corners(np.asarray(boxes, np.float64), form, size, stack)
    there = _has_area(corners)
    place = placement(chain, *size)
    scale = [place.scale_x, place.scale_y] * 2
    shift = [place.shift_x, place.shift_y] * 2
    most = [place.width, place.height] * 2
    moved = np.clip(corners * scale + shift, 0, most)
    found = from_corners(moved, form, (place.height, place.width), stack)
    there &= _has_area(moved)
    return np.where(there[..., None], found, pad).astype(np.float32)


def _has_area(corners: Any) -> Any:
    return (corners[..., 2] > corners[..., 0]) & (corners[..., 3] > corners[..., 1])
