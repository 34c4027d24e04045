"""How numbers become colours: pictures of any range, classes of pixels."""

from __future__ import annotations

import colorsys
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

RIGHT, WRONG = "#1a7f37", "#c62828"
TRUTH, PREDICTION = "#00b0f0", "#ff9f1c"
"""The colours of true and of predicted boxes: apart in brightness too."""

PALETTE = ("#1f2a44", "#f2c14e", "#4aa3a2", "#d1495b", "#8e7cc3", "#7fb069", "#e07a3f", "#9aa5b1")
"""Colours of the first classes; the first, mostly the background, is dark."""
NO_CLASS = (0.5, 0.5, 0.5)


def displayable(images: Array) -> Array:
    """Pictures [rows, h, w, 1, 3 or 4] as floats of 0 to 1 [rows, h, w, 3 or 4], whatever their range was.

    Ranges 0…1, 0…255 and -1…1 are kept as such; of others the least is black and the greatest white.
    """
    values = np.nan_to_num(np.asarray(images, np.float64))
    least, greatest = (float(values.min()), float(values.max())) if values.size else (0.0, 1.0)
    slack = 0.05
    if images.dtype.kind in "iu" or (least >= 0 and greatest > 1 + slack and greatest <= 255):
        low, high = (0.0, 1.0) if least >= 0 and greatest <= 1 else (0.0, 255.0)
    elif least >= -slack and greatest <= 1 + slack:
        low, high = 0.0, 1.0
    elif least >= -1 - slack and greatest <= 1 + slack:
        low, high = -1.0, 1.0
    else:
        low, high = least, greatest
    shown = np.clip((values - low) / max(high - low, 1e-12), 0, 1)
    return np.repeat(shown, 3, axis=-1) if shown.shape[-1] == 1 else shown


def palette(classes: int) -> Array:
    """A colour [3] for each class, as floats of 0 to 1."""
    named = [tuple(int(text[i : i + 2], 16) / 255 for i in (1, 3, 5)) for text in PALETTE[:classes]]
    more = classes - len(named)
    spread = [colorsys.hsv_to_rgb(k / max(more, 1), 0.55 + 0.3 * (k % 2), 0.9) for k in range(more)]
    return np.asarray([*named, *spread])


def coloured(classes: Array, count: int) -> Array:
    """Classes [h, w] as colours [h, w, 3]; numbers beyond `count` are no class, and grey."""
    colours = np.concatenate([palette(count), [NO_CLASS]])
    known = (classes >= 0) & (classes < count)
    return np.asarray(colours[np.where(known, classes, count)])
