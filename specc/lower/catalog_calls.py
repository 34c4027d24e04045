"""What a layer or an op is called with, and what comes out: the part that signatures do not tell."""

from __future__ import annotations

import inspect
from typing import Any

import keras

_SETTINGS = {"training", "return_attention_scores", "use_causal_mask", "reverse"}
_STATES = {"states", "initial_state"}
_RECURRENT = (keras.layers.RNN, keras.layers.Bidirectional)
_CELLS = {"GRUCell", "LSTMCell", "SimpleRNNCell", "StackedRNNCells"}
_ATTENTION = (keras.layers.Attention, keras.layers.MultiHeadAttention, keras.layers.GroupQueryAttention)
_LIKE = {"Identity", "MixUp", "CutMix", "MaxNumBoundingBoxes"}
_MERGE = keras.layers.Add.__mro__[1]
_LIST_FED = (_MERGE, keras.layers.Attention, keras.layers.HashedCrossing)

_OPERANDS = """
a abs_ alpha angle array b beta bias condition coordinates counts data depthwise_kernel end_points
gamma image1 image2 images indices inputs kernel key logits mask maxval mean minval offset output
output_length pointwise_kernel predictions probabilities query scale segment_ids sequence_lengths
sorted_sequence start_indices start_points stddev target target_length targets tensor transform
translation updates value values variable variance volumes weights x x1 x2 x_max x_min y
"""
TENSOR_OPERANDS = frozenset(_OPERANDS.split())
"""Operand names that may be tensors; a few are numbers just as well."""

TENSOR_LISTS = {"xs", "operands", "condlist", "choicelist", "arrays"}
_NUMBERS_IN: dict[str, set[str]] = {
    "celu": {"alpha"},
    "elu": {"alpha"},
    "cholesky": {"b"},
    "diagonal": {"offset"},
    "eye": {"N", "M"},
    "squareplus": {"b"},
    "trace": {"offset"},
    "image.elastic_transform": {"alpha"},
    "random.normal": {"mean", "stddev"},
    "random.truncated_normal": {"mean", "stddev"},
    "bincount": set(),
}
"""Ops in which a name of TENSOR_OPERANDS is a plain number."""


def call_arguments(cls: type[keras.layers.Layer]) -> list[str]:
    """The call arguments of a layer as the catalog writes them: `query:tensor!`, `training`."""
    return [
        _call_argument(cls, parameter)
        for parameter in list(inspect.signature(cls.call).parameters.values())[1:]
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    ]


def _call_argument(cls: type[keras.layers.Layer], parameter: inspect.Parameter) -> str:
    name = parameter.name
    if name in _SETTINGS:
        return name
    required = "!" if parameter.default is parameter.empty else ""
    if name in _STATES:
        return f"{name}:tensor_or_tensors{required}"
    fed_by_list = issubclass(cls, _LIST_FED) and name in ("inputs", "mask")
    return f"{name}:{'tensors' if fed_by_list else 'tensor'}{required}"


def outputs(cls: type[keras.layers.Layer]) -> str:
    """How many tensors come out of a layer, in the catalog's words."""
    if cls.__name__ in _CELLS:
        return "many"
    if issubclass(cls, _RECURRENT):
        return "state"
    if issubclass(cls, _ATTENTION):
        return "scores"
    return "like" if cls.__name__ in _LIKE else "one"


def operand(op: str, parameter: inspect.Parameter, otherwise: Any) -> str:
    """The written type of one argument of an op; `otherwise` where it is no tensor."""
    name = parameter.name
    if name in TENSOR_LISTS or parameter.kind is parameter.VAR_POSITIONAL:
        return "tensors"
    if name in TENSOR_OPERANDS and name not in _NUMBERS_IN.get(op, set()):
        return "tensor"
    return str(otherwise)
