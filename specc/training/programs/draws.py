"""Random draws that differ between the devices that share a batch."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

APART = 0x9E3779B9
"""How far the seeds of two devices lie apart, modulo 2³²: far from those of other generators."""


class Draws(keras.random.SeedGenerator):  # type: ignore[misc]
    """Keras's seeds of draws; on several devices each draws numbers of its own.

    A `SeedGenerator` counts alike on all of them, so that all parts of a batch would see the same noise.
    """

    def next(self, ordered: bool = True) -> Any:
        """The seed of the next draw [2], whole numbers."""
        seed = super().next(ordered)
        context = tf.distribute.get_replica_context()
        if context is None or context.num_replicas_in_sync == 1:
            return seed
        replica = tf.cast(context.replica_id_in_sync_group, tf.int64)
        apart = tf.stack([replica * APART, tf.zeros([], tf.int64)])
        return tf.cast(tf.cast(seed, tf.int64) + apart, seed.dtype)
