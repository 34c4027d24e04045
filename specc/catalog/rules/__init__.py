"""Shapes, dtypes, masks, weights and costs of Keras's layers and functions, without Keras.

`infer_layer` and `infer_op` are the doors; a rule is announced with `@layer(…)` or `@op(…)`.
"""

from specc.catalog.rules import (
    attention,
    convolutions,
    core,
    elementwise,
    functions,
    images,
    merging,
    normalization,
    pooling,
    preprocessing,
    recurrent,
    reshaping,
)
from specc.catalog.rules.functions import infer_subscript, op_multiply_adds
from specc.catalog.rules.registry import infer_layer, infer_op, layer_kinds, op_names, uses_mask
from specc.catalog.rules.types import LayerType, NoRuleError, RuleError, TensorType, Weight

__all__ = [
    "LayerType",
    "NoRuleError",
    "RuleError",
    "TensorType",
    "Weight",
    "attention",
    "convolutions",
    "core",
    "elementwise",
    "functions",
    "images",
    "infer_layer",
    "infer_op",
    "infer_subscript",
    "layer_kinds",
    "merging",
    "normalization",
    "op_multiply_adds",
    "op_names",
    "pooling",
    "preprocessing",
    "recurrent",
    "reshaping",
    "uses_mask",
]
