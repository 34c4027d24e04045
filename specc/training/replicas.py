"""A training step on several replicas that computes what one device would.

Keras averages the replicas' mean losses, which is the mean over the batch only where every replica has the
same number of examples; the last batch of an epoch seldom divides so. Here each replica's loss counts by
its share of the batch.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf


class ReplicaStep:
    """`train_step` of a compiled model, to be run by a strategy in each replica."""

    def __init__(self, model: keras.Model) -> None:
        self._model = model
        self._loss = next(metric for metric in model.metrics if metric.name == "loss")

    def __call__(self, data: Any) -> dict[str, Any]:
        """Train on one replica's part of a batch; returns the metrics so far."""
        model = self._model
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        context = tf.distribute.get_replica_context()
        replicas = tf.cast(context.num_replicas_in_sync, tf.float32)
        size = tf.cast(tf.shape(tf.nest.flatten(x)[0])[0], tf.float32)
        share = size / context.all_reduce(tf.distribute.ReduceOp.SUM, size)
        with tf.GradientTape() as tape:
            predicted = model(x, training=True)
            # Keras has divided this by the number of replicas, for gradients are summed over them.
            loss = model.compute_loss(x=x, y=y, y_pred=predicted, sample_weight=sample_weight, training=True)
            scaled = model.optimizer.scale_loss(loss * tf.cast(share * replicas, loss.dtype))
        self._loss.update_state(loss * tf.cast(replicas, loss.dtype), sample_weight=size)
        variables = model.trainable_weights
        model.optimizer.apply_gradients(zip(tape.gradient(scaled, variables), variables, strict=True))
        return dict(model.compute_metrics(x, y, predicted, sample_weight=sample_weight))


def divisible(dataset: tf.data.Dataset, replicas: int) -> tf.data.Dataset:
    """The batches of a dataset without those that would leave a replica without an example.

    A batch of n is dealt out in parts of ⌈n / replicas⌉, so only a small last batch can be such a one.
    """

    def feeds_all(*batch: Any) -> Any:
        size = tf.shape(tf.nest.flatten(batch)[0])[0]
        part = -(-size // replicas)
        return part * (replicas - 1) < size

    return dataset.filter(feeds_all)
