"""Random crops; Keras's own layer wants sizes that are known before, and does not crop in evaluation."""

from __future__ import annotations

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


def _enlarged(images: tf.Tensor, height: int, width: int) -> tf.Tensor:
    size = tf.shape(images)[1:3]
    scale = tf.reduce_max(tf.constant([height, width]) / size)

    def resize() -> tf.Tensor:
        wanted = tf.cast(tf.math.ceil(tf.cast(size, scale.dtype) * scale - 1e-6), tf.int32)
        return tf.image.resize(images, tf.maximum(wanted, [height, width]))

    found = tf.cond(scale > 1, resize, lambda: images)
    return tf.ensure_shape(found, (None, None, None, images.shape[-1]))
