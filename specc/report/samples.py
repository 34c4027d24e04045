"""Made images as a picture: a grid of one output, or a row for each example with its outputs side by side."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

LEAST_SIDE = 64
"""Pixels of an image's longer side in a grid, at least: small ones are enlarged by whole numbers."""
GAP = 2
MOST_SIDE_BY_SIDE = 24
"""Examples of several outputs that a picture holds at most."""


def images_of(outputs: Mapping[str, Array]) -> dict[str, Array]:
    """The outputs that are images [count, height, width, 1 or 3], as bytes; numbers are taken as 0 to 1."""
    found: dict[str, Array] = {}
    for name, values in outputs.items():
        if values.ndim == 3:
            values = values[..., None]
        if values.ndim == 4 and values.shape[-1] in (1, 3) and min(values.shape[1:3]) > 1:
            clipped = np.clip(np.nan_to_num(values.astype("float32")), 0, 1)
            found[name] = (clipped * 255 + 0.5).astype(np.uint8)
    return found


def grid(images: Array, columns: int | None = None) -> Array:
    """Images [count, h, w, c] in rows of `columns` (nearly a square unless given), enlarged: [H, W, c]."""
    count, height, width, channels = images.shape
    columns = columns or math.ceil(math.sqrt(count))
    scale = max(1, math.ceil(LEAST_SIDE / max(height, width)))
    large = images.repeat(scale, axis=1).repeat(scale, axis=2)
    height, width = height * scale, width * scale
    rows = math.ceil(count / columns)
    sheet = np.full((rows * (height + GAP) + GAP, columns * (width + GAP) + GAP, channels), 255, np.uint8)
    for position, image in enumerate(large):
        top = GAP + position // columns * (height + GAP)
        left = GAP + position % columns * (width + GAP)
        sheet[top : top + height, left : left + width] = image
    return sheet


def draw_samples(outputs: Mapping[str, Array], path: Path) -> bool:
    """Draw the images among outputs as one PNG; False where there are none.

    Raises OSError where the file cannot be written.
    """
    images = images_of(outputs)
    if not images:
        return False
    if len(images) == 1:
        save(grid(next(iter(images.values()))), path)
    else:
        _side_by_side(images, path)
    return True


def drawn(images: Mapping[str, Array]) -> int:
    """How many examples of these images a picture holds: all of one output, the first of several."""
    count = min(len(values) for values in images.values())
    return count if len(images) == 1 else min(count, MOST_SIDE_BY_SIDE)


def save(image: Array, path: Path) -> None:
    """Write one image [h, w, 1 or 3] of bytes. Raises OSError."""
    from matplotlib.image import imsave

    imsave(path, image.repeat(3, axis=2) if image.shape[2] == 1 else image)


def _side_by_side(images: Mapping[str, Array], path: Path) -> None:
    from matplotlib.figure import Figure

    count = drawn(images)
    rows = math.ceil(count / max(1, 8 // len(images)))
    across = math.ceil(count / rows)
    figure = Figure(figsize=(1.2 * across * len(images) + 0.2, 1.2 * rows + 0.4), layout="constrained")
    axes = figure.subplots(rows, across * len(images), squeeze=False)
    for axis in axes.flat:
        axis.set_axis_off()
    for position in range(count):
        for number, (name, values) in enumerate(images.items()):
            axis = axes[position % rows, position // rows * len(images) + number]
            axis.imshow(values[position].squeeze(), cmap="gray", vmin=0, vmax=255, interpolation="nearest")
            if position % rows == 0:
                axis.set_title(name, fontsize=9)
    figure.savefig(path, dpi=120)
