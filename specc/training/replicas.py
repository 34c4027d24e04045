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


def share_batches(model: keras.Model) -> None:
    """Let a compiled and prepared model's `fit` train with `ReplicaStep`."""
    model.train_step = ReplicaStep(model)
    # It would draw a batch to build what is built, and so shift the order of the examples.
    model._maybe_symbolic_build = lambda iterator=None, data_batch=None: None


def feeds_all(size: Any, replicas: int) -> Any:
    """Whether a batch of `size` examples leaves no replica without one.

    It is dealt out in parts of ⌈size / replicas⌉, so only a small batch can leave one out.
    """
    return -(-size // replicas) * (replicas - 1) < size


def only_divisible(batches: tf.data.Dataset, replicas: int) -> tf.data.Dataset:
    """The batches that feed all replicas, of a dataset without end.

    One that ends must not be filtered: where its length is not known, a strategy runs a last empty step.
    """
    return batches.filter(lambda *batch: feeds_all(tf.shape(tf.nest.flatten(batch)[0])[0], replicas))
