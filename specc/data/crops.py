"""Random crops; Keras's own layer wants sizes that are known before, and does not crop in evaluation."""

from __future__ import annotations

from collections.abc import Mapping

import tensorflow as tf

from specc.data.randomness import PlacedSeed


def crop(images: tf.Tensor, height: int, width: int, seed: PlacedSeed | None) -> tf.Tensor:
    """A batch [batch, h, w, c] cut to [batch, height, width, c] of float32: at random with a seed, else amid.

    Smaller images are first enlarged until the crop fits. All images of the batch are cut alike.
    """
    images = _enlarged(tf.cast(images, tf.float32), height, width)
    room = tf.shape(images)[1:3] - [height, width]
    if seed is None:
        top, left = tf.unstack(room // 2)
    else:
        draw = tf.random.stateless_uniform([2], seed.next())
        top, left = tf.unstack(tf.cast(tf.floor(draw * tf.cast(room + 1, tf.float32)), tf.int32))
    cut = images[:, top : top + height, left : left + width, :]
    return tf.ensure_shape(cut, (None, height, width, images.shape[-1]))


def crop_together(
    images: Mapping[str, tf.Tensor], height: int, width: int, seed: PlacedSeed
) -> tuple[dict[str, tf.Tensor], tf.Tensor]:
    """Batches [batch, h, w, c] of one size cut to [batch, height, width, c], and where: [batch, 2] (y, x).

    Each example is cut elsewhere, and alike in all batches. An axis that is too short for the crop is first
    filled up behind by mirroring, as often as it takes.
    """
    filled = {name: _filled(image, height, width) for name, image in images.items()}
    size = tf.shape(next(iter(filled.values())))
    room = tf.cast(size[1:3] - [height, width] + 1, tf.float32)
    draw = tf.random.stateless_uniform([size[0], 2], seed.next())
    corners = tf.cast(tf.floor(draw * room), tf.int32)
    rows = corners[:, :1] + tf.range(height)
    columns = corners[:, 1:] + tf.range(width)
    found = {}
    for name, image in filled.items():
        cut = tf.gather(tf.gather(image, rows, axis=1, batch_dims=1), columns, axis=2, batch_dims=1)
        found[name] = tf.ensure_shape(cut, (None, height, width, image.shape[-1]))
    return found, corners


def _filled(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    size = tf.shape(images)
    rows = _mirrored(size[1], tf.maximum(size[1], height))
    columns = _mirrored(size[2], tf.maximum(size[2], width))
    known = tuple(images.shape)[1:3]
    if None not in known and known[0] >= height and known[1] >= width:
        return images
    return tf.gather(tf.gather(images, rows, axis=1), columns, axis=2)


def _mirrored(size: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """The numbers 0 … size − 1, back and forth, until there are `wanted`."""
    position = tf.range(wanted) % (2 * size)
    return tf.where(position < size, position, 2 * size - 1 - position)


def _enlarged(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    size = tf.shape(images)[1:3]
    scale = tf.reduce_max(tf.constant([height, width]) / size)

    def resize() -> tf.Tensor:
        wanted = tf.cast(tf.math.ceil(tf.cast(size, scale.dtype) * scale - 1e-6), tf.int32)
        return tf.image.resize(images, tf.maximum(wanted, [height, width]))

    found = tf.cond(scale > 1, resize, lambda: images)
    return tf.ensure_shape(found, (None, None, None, images.shape[-1]))
