"""One random layer over images that belong together, and what it does to the boxes in them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, nullcontext
from functools import partial
from typing import Any

import tensorflow as tf

from specc.data.crops import crop_together
from specc.data.randomness import PlacedSeed

COLOURING = (
    "RandomBrightness",
    "RandomColorDegeneration",
    "RandomContrast",
    "RandomErasing",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPosterization",
    "RandomSaturation",
    "RandomSharpness",
)
"""Layers that leave every pixel where it is, so that masks and boxes stay as they are."""

WITHOUT_BOXES = ("RandomElasticTransform",)
"""Layers that tell nothing of where boxes went."""

Move = Callable[[tf.Tensor], tf.Tensor]
"""What happens to boxes [batch, boxes, 4] of corners in pixels."""

Images = Mapping[str, tf.Tensor]


def change_together(
    kind: str, layer: Any, images: Images, pictures: Collection[str], seed: PlacedSeed
) -> tuple[dict[str, tf.Tensor], Move]:
    """Batches of images of one size [batch, h, w, c] changed with the same draw, and what that does to boxes.

    Those that are not in `pictures` are masks: their values are never mixed.
    """
    if kind == "RandomCrop":
        return _cropped(layer, images, seed)
    return _changed(kind, layer, images, pictures, seed)


def _cropped(layer: Any, images: Images, seed: PlacedSeed) -> tuple[dict[str, tf.Tensor], Move]:
    cut, corners = crop_together(images, layer.height, layer.width, seed)
    left_top = tf.cast(tf.reverse(corners, [-1]), tf.float32)[:, None, :]
    return cut, partial(_shifted, tf.concat([left_top, left_top], axis=-1))


def _changed(
    kind: str, layer: Any, images: Images, pictures: Collection[str], seed: PlacedSeed
) -> tuple[dict[str, tf.Tensor], Move]:
    lead = next((images[name] for name in images if name in pictures), next(iter(images.values())))
    transformation = layer.get_random_transformation(lead, training=True, seed=seed)
    drawn = seed.next() if kind == "RandomElasticTransform" else None
    found = {}
    for name, image in images.items():
        if drawn is not None and transformation is not None:  # it draws while it changes: each image the same
            transformation = {**transformation, "seed": PlacedSeed(drawn)}
        change = layer.transform_images if name in pictures else layer.transform_segmentation_masks
        with nullcontext() if name in pictures else _unclipped(layer):
            changed = change(tf.cast(image, tf.float32), transformation, training=True)
        found[name] = tf.cast(changed, image.dtype)
    return found, _move(kind, layer, transformation)


@contextmanager
def _unclipped(layer: Any) -> Iterator[None]:
    """Within, a layer does not press the numbers of classes into the range of an image's colours."""
    before = getattr(layer, "value_range", None)
    if before is None:
        yield
        return
    layer.value_range = (-math.inf, math.inf)
    try:
        yield
    finally:
        layer.value_range = before


def _move(kind: str, layer: Any, transformation: Any) -> Move:
    if kind in COLOURING:
        return _still
    if kind == "RandomShear":
        return partial(_sheared, transformation["shear_factor"])

    def move(corners: tf.Tensor) -> tf.Tensor:
        padded = tf.pad(corners, [[0, 0], [0, 1], [0, 0]])  # some layers fail where there are no boxes
        given = {"boxes": padded, "labels": tf.zeros(tf.shape(padded)[:2])}
        return layer.transform_bounding_boxes(given, transformation, training=True)["boxes"][:, :-1]

    return move


def _still(corners: tf.Tensor) -> tf.Tensor:
    return corners


def _shifted(places: tf.Tensor, corners: tf.Tensor) -> tf.Tensor:
    return corners - places


def _sheared(factors: tf.Tensor, corners: tf.Tensor) -> tf.Tensor:
    """The boxes around boxes that a RandomShear by `factors` [batch, 2] has slanted.

    Keras's own reckoning takes width and height to be equal. The pixel at (x, y) of the new image is that at
    (x + a·y, y + b·x) of the old one; a pixel's middle lies half a pixel from its corner.
    """
    a, b = tf.unstack(tf.cast(factors, corners.dtype)[:, None, :], axis=-1)
    left, top, right, bottom = tf.unstack(corners - 0.5, axis=-1)
    area = 1 - a * b  # of a slanted pixel
    slanted = [
        left - tf.maximum(a * top, a * bottom),
        top - tf.maximum(b * left, b * right),
        right - tf.minimum(a * top, a * bottom),
        bottom - tf.minimum(b * left, b * right),
    ]
    return tf.stack([side / area for side in slanted], axis=-1) + 0.5
