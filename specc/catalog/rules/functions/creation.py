"""Functions that make tensors of nothing but arguments."""

from __future__ import annotations

import math
from typing import Any

from specc.catalog.rules.arguments import whole
from specc.catalog.rules.dims import Dim, Symbolic, ceil_div
from specc.catalog.rules.functions.operands import (
    Numbers,
    Operand,
    Scalar,
    broadcast,
    kind,
    position,
    tensor,
    written,
    wrong,
)
from specc.catalog.rules.policy import FLOATX, checked, result_type
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


def _made(shape: Any, dtype: str | None, default: str = FLOATX) -> TensorType:
    return TensorType(written(shape), default if dtype is None else checked(dtype), constant=True)


@op("zeros", "ones", "empty")
def _zeros(shape: Numbers, dtype: str | None = None) -> TensorType:
    return _made(shape, dtype)


@op("full")
def _full(shape: Numbers, fill_value: Operand, dtype: str | None = None) -> TensorType:
    return _made(shape, dtype)


@op("eye")
def _eye(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> TensorType:  # noqa: N803
    return _made([N, N if M is None else M], dtype)


@op("tri")
def _tri(N: int, M: int | None = None, k: int = 0, dtype: str | None = None) -> TensorType:  # noqa: N803
    return _made([N, N if M is None else M], dtype)


@op("identity")
def _identity(n: int, dtype: str | None = None) -> TensorType:
    return _made([n, n], dtype)


@op("arange")
def _arange(
    start: Scalar, stop: Scalar | None = None, step: Scalar | None = None, dtype: str | None = None
) -> TensorType:
    first, last = (0, start) if stop is None else (start, stop)
    stride = 1 if step is None else step
    if stride == 0:
        raise RuleError("argument", "a step other than 0", "`step: 0`", ("step",))
    count = _steps(first, last, stride)
    given = [x for x in (start, stop, step) if x is not None]
    settled = result_type(*(kind(x) for x in given)) if dtype is None else checked(dtype)
    return TensorType((count,), settled, constant=True)


def _steps(first: Any, last: Any, stride: Any) -> Dim:
    span: Any = last - first
    if isinstance(span, Symbolic):
        if not whole(stride):
            raise NoRuleError("arange over an unknown size by a step that is not whole")
        return ceil_div(span, int(stride))
    count: int = max(0, math.ceil(span / stride))
    return count


@op("linspace")
def _linspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    retstep: bool = False,
    dtype: str | None = None,
    axis: int = 0,
) -> TensorType:
    if retstep:
        raise NoRuleError("linspace with retstep")
    shape = list(broadcast(start, stop, names=("start", "stop")))
    shape.insert(position(axis, len(shape) + 1), num)
    settled = tensor(start).dtype if dtype is None else checked(dtype)
    return TensorType(tuple(shape), result_type(settled, "float"))


@op("geomspace")
def _geomspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    dtype: str | None = None,
    axis: int = 0,
) -> TensorType:
    return _linspace(start, stop, num, endpoint, False, dtype, axis)


@op("logspace")
def _logspace(
    start: Operand,
    stop: Operand,
    num: int = 50,
    endpoint: bool = True,
    base: float = 10,
    dtype: str | None = None,
    axis: int = 0,
) -> TensorType:
    return _linspace(start, stop, num, endpoint, False, dtype, axis)


@op("bartlett", "blackman", "hamming", "hanning")
def _window(x: int) -> TensorType:
    return _made([x], None)


@op("kaiser")
def _kaiser(x: int, beta: float) -> TensorType:
    return _window(x)


@op("one_hot")
def _one_hot(
    x: Operand, num_classes: int, axis: int = -1, dtype: str | None = None, sparse: bool = False
) -> TensorType:
    shape = list(tensor(x).shape)
    if axis != -1 and not 0 <= axis < len(shape):
        raise wrong("axis", f"-1, or an axis of `x`, 0 to {len(shape) - 1}", axis)
    shape.insert(len(shape) if axis == -1 else axis, num_classes)
    return TensorType(tuple(shape), FLOATX if dtype is None else checked(dtype))


@op("multi_hot")
def _multi_hot(
    inputs: Operand,
    num_classes: int | None = None,
    axis: int = -1,
    dtype: str | None = None,
    sparse: bool = False,
) -> TensorType:
    if num_classes is None:
        raise RuleError("argument", "`num_classes`", "none", ("num_classes",))
    hot = list(_one_hot(inputs, num_classes, axis).shape)
    shape = hot[-1:] if len(hot) == 2 else [hot[0], *hot[2:]]
    return TensorType(tuple(shape), tensor(inputs).dtype)  # the dtype as Keras states it


@op("random.normal", "random.truncated_normal")
def _normal(
    shape: Numbers, mean: float = 0.0, stddev: float = 1.0, dtype: str | None = None, seed: Any = None
) -> TensorType:
    return _drawn(shape, dtype)


@op("random.uniform")
def _uniform(
    shape: Numbers, minval: float = 0.0, maxval: float = 1.0, dtype: str | None = None, seed: Any = None
) -> TensorType:
    return _drawn(shape, dtype)


@op("random.randint")
def _randint(shape: Numbers, minval: Any, maxval: Any, dtype: str = "int32", seed: Any = None) -> TensorType:
    for name, bound in (("minval", minval), ("maxval", maxval)):
        if isinstance(bound, list | tuple) or (isinstance(bound, TensorType) and bound.shape):
            raise wrong(name, "one number", bound)
    return _drawn(shape, dtype)


@op("random.gamma")
def _gamma(shape: Numbers, alpha: Operand, dtype: str | None = None, seed: Any = None) -> TensorType:
    return _drawn(shape, dtype)


@op("random.beta")
def _beta(
    shape: Numbers, alpha: Operand, beta: Operand, dtype: str | None = None, seed: Any = None
) -> TensorType:
    return _drawn(shape, dtype)


@op("random.binomial")
def _binomial(
    shape: Numbers, counts: Operand, probabilities: Operand, dtype: str | None = None, seed: Any = None
) -> TensorType:
    return _drawn(shape, dtype)


def _drawn(shape: Any, dtype: str | None) -> TensorType:
    if isinstance(shape, int):
        raise wrong("shape", f"a list of sizes, as [{shape}]", shape)
    drawn = _made(shape, dtype)
    return TensorType(drawn.shape, drawn.dtype)


@op("random.categorical")
def _categorical(logits: Operand, num_samples: int, dtype: str = "int32", seed: Any = None) -> TensorType:
    x = tensor(logits, "logits")
    if x.rank != 2:
        raise RuleError("rank", "2 axes: batch, classes", str(x), inputs=("logits",), shapes=(x.shape,))
    return TensorType((x.shape[0], num_samples), checked(dtype))


@op("random.shuffle")
def _shuffle(x: Operand, axis: int = 0, seed: Any = None) -> TensorType:
    position(axis, tensor(x).rank)
    return tensor(x)


@op("random.dropout")
def _dropout(inputs: Operand, rate: float, noise_shape: Any = None, seed: Any = None) -> TensorType:
    return tensor(inputs, "inputs")
