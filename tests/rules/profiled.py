"""Multiply-adds against TensorFlow's profiler: `python tests/rules/profiled.py`.

The profiler counts floating-point operations, 2 for a multiply-add; only its matrix products and
convolutions are taken, as the rules count element-wise work 0. It knows nothing of the operation Einsum, with
which Keras computes attention scores, so those are added from the shapes in the same graph.
"""

from __future__ import annotations

import os
import sys
from math import prod
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf
from applications import multiply_adds

KINDS = ("Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2")


def profiled(model: keras.Model) -> int:
    """The multiply-adds that TensorFlow's profiler finds in a forward pass of one example."""
    shapes = [[1, *tensor.shape[1:]] for tensor in model.inputs]
    function = tf.function(lambda *x: model(list(x) if len(x) > 1 else x[0], training=False))
    specs = [tf.TensorSpec(s, t.dtype) for s, t in zip(shapes, model.inputs, strict=True)]
    graph = function.get_concrete_function(*specs).graph
    with graph.as_default():
        options = tf.compat.v1.profiler.ProfileOptionBuilder(
            tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
        )
        chosen = options.with_empty_output().build()
        chosen["account_type_regexes"] = [rf"^{kind}$" for kind in KINDS]
        profile = tf.compat.v1.profiler.profile(graph, options=chosen)
    return int(profile.total_float_ops) // 2 + sum(map(_einsum, graph.get_operations()))


def _einsum(operation: Any) -> int:
    """The multiply-adds of an Einsum operation: the product of the sizes of all its letters."""
    if operation.type != "Einsum":
        return 0
    sources = operation.get_attr("equation").decode().split("->")[0].split(",")
    sizes: dict[str, int] = {}
    for source, tensor in zip(sources, operation.inputs, strict=True):
        sizes.update(zip(source, tensor.shape, strict=True))
    return prod(sizes.values())


def models() -> dict[str, Any]:
    """Models to compare: convolutions, a recurrent layer, a Transformer encoder."""
    x = keras.Input((16, 32))
    lstm = keras.Model(x, keras.layers.LSTM(24, unroll=True)(x))
    y = keras.Input((20, 48))
    attended = keras.layers.MultiHeadAttention(4, 12)(y, y)
    h = keras.layers.LayerNormalization()(keras.layers.Add()([y, attended]))
    encoder = keras.Model(y, keras.layers.Dense(48)(keras.layers.Dense(192, activation="gelu")(h)))
    return {
        "VGG16": keras.applications.VGG16(weights=None),
        "ResNet50": keras.applications.ResNet50(weights=None),
        "MobileNetV2": keras.applications.MobileNetV2(weights=None),
        "LSTM": lstm,
        "Transformer encoder": encoder,
    }


def main() -> int:
    worst = 0.0
    for name, model in models().items():
        ours, theirs = multiply_adds(model), profiled(model)
        worst = max(worst, abs(ours / theirs - 1))
        print(f"{name}: {ours:,} multiply-adds, TensorFlow {theirs:,}, ratio {ours / theirs:.4f}")
    return 1 if worst > 0.01 else 0


if __name__ == "__main__":
    sys.exit(main())
