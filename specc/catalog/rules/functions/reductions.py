"""Functions that sum up axes, and those that run along one."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.dims import Shape, product, same
from specc.catalog.rules.functions.operands import (
    Axis,
    Operand,
    floated,
    kind,
    position,
    promoted_float,
    reduced,
    tensor,
    widened,
    wrong,
)
from specc.catalog.rules.policy import checked, is_float, is_integer, result_type
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


@op("all", "any")
def _test(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, keepdims), "bool")


@op("amax", "amin", "ptp")
def _extreme(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, keepdims), tensor(x).dtype)


@op("max", "min")
def _greatest(x: Operand, axis: Axis = None, keepdims: bool = False, initial: Any = None) -> TensorType:
    return _extreme(x, axis, keepdims)


@op("nanmax", "nanmin")
def _nan_extreme(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, keepdims), result_type(tensor(x).dtype))


@op("argmax", "argmin", "nanargmax", "nanargmin")
def _arg_extreme(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, keepdims), "int32")


@op("count_nonzero")
def _count_nonzero(x: Operand, axis: Axis = None) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, False), "int32")


@op("mean")
def _mean(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    dtype = tensor(x).dtype
    if is_integer(dtype) or dtype == "bool":
        dtype = result_type(dtype, "float32")
    return TensorType(reduced(tensor(x).shape, axis, keepdims), dtype)


@op("std")
def _std(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, keepdims), floated(tensor(x).dtype))


@op("var", "median", "nanmean", "nanmedian", "nanstd", "nanvar")
def _var(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, keepdims), promoted_float(tensor(x)))


@op("sum", "nansum")
def _sum(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return TensorType(reduced(tensor(x).shape, axis, keepdims), widened(result_type(tensor(x).dtype)))


@op("prod")
def _prod(x: Operand, axis: Axis = None, keepdims: bool = False, dtype: str | None = None) -> TensorType:
    settled = widened(tensor(x).dtype) if dtype is None else checked(dtype)
    return TensorType(reduced(tensor(x).shape, axis, keepdims), settled)


@op("nanprod")
def _nanprod(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    return _prod(x, axis, keepdims)


@op("logsumexp")
def _logsumexp(x: Operand, axis: Axis = None, keepdims: bool = False) -> TensorType:
    # Keras 3.15 states float32 here whatever comes in
    return TensorType(reduced(tensor(x).shape, axis, keepdims), "float32")


@op("moments")
def _moments(
    x: Operand, axes: Axis, keepdims: bool = False, synchronized: bool = False
) -> tuple[TensorType, TensorType]:
    one = _extreme(x, axes, keepdims)
    return one, one


@op("average")
def _average(x: Operand, axis: Axis = None, weights: Operand = None) -> TensorType:
    x = tensor(x)
    shape = reduced(x.shape, axis, False)
    if weights is None:
        return TensorType(shape, promoted_float(x))
    weighted = tensor(weights, "weights").shape
    along = () if axis is None else (x.shape[position(axis, x.rank)],)
    if not _equal(x.shape, weighted) and (axis is None or not _equal(along, weighted)):
        raise RuleError(
            "size",
            "weights of the shape of `x`, or of its axis",
            str(weights),
            inputs=("weights",),
            shapes=(weighted,),
        )
    return TensorType(shape, promoted_float(x, weights))


def _equal(left: Shape, right: Shape) -> bool:
    return len(left) == len(right) and all(same(a, b) is not False for a, b in zip(left, right, strict=True))


@op("quantile", "nanquantile")
def _quantile(
    x: Operand, q: Operand, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> TensorType:
    one = isinstance(q, (list, tuple)) and len(q) <= 1
    return TensorType(_quantiles(x, [] if one else q, axis, keepdims), promoted_float(tensor(x)))


@op("percentile")
def _percentile(
    x: Operand, q: Operand, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> TensorType:
    dtype = tensor(x).dtype
    return TensorType(_quantiles(x, q, axis, keepdims), dtype if is_float(dtype) else "float32")


@op("nanpercentile")
def _nanpercentile(
    x: Operand, q: Operand, axis: Axis = None, method: str = "linear", keepdims: bool = False
) -> TensorType:
    return TensorType(_quantiles(x, q, axis, keepdims), promoted_float(tensor(x)))


def _quantiles(x: Operand, q: Operand, axis: Any, keepdims: bool) -> Shape:
    shape = reduced(tensor(x).shape, axis, keepdims)
    if isinstance(q, TensorType):
        return (q.shape[0], *shape) if q.rank else shape
    return (len(q), *shape) if isinstance(q, (list, tuple)) and q else shape


@op("cumsum", "cumprod")
def _cumulative(x: Operand, axis: Axis = None, dtype: str | None = None) -> TensorType:
    settled = tensor(x).dtype if dtype is None else checked(dtype)
    return TensorType(_along(x, axis), "int32" if settled == "bool" else settled)


@op("nancumsum", "nancumprod")
def _nan_cumulative(x: Operand, axis: Axis = None, dtype: str | None = None) -> TensorType:
    return _cumulative(x, axis, dtype)


def _along(x: Operand, axis: Any) -> Shape:
    """The shape of a tensor after work along one axis, or along all its numbers in a row."""
    shape = tensor(x).shape
    if axis is None:
        return (product(shape),)
    position(axis, len(shape))
    return shape


@op("sort")
def _sort(x: Operand, axis: Axis = -1) -> TensorType:
    return TensorType(_along(x, axis), tensor(x).dtype)


@op("argsort")
def _argsort(x: Operand, axis: Axis = -1) -> TensorType:
    return TensorType(_along(x, axis), "int32")


@op("argpartition")
def _argpartition(x: Operand, kth: int, axis: Axis = -1) -> TensorType:
    return TensorType(_along(x, axis), "int32")


@op("top_k")
def _top_k(x: Operand, k: int, sorted: bool = True) -> tuple[TensorType, TensorType]:
    x = tensor(x)
    if not x.rank:
        raise RuleError("rank", "1 axis or more", "a scalar", inputs=("x",))
    if isinstance(x.shape[-1], int) and k > x.shape[-1]:
        raise RuleError(
            "argument", f"a `k` of {x.shape[-1]} at the most", f"`k: {k}`", ("k",), ("x",), (x.rank - 1,)
        )
    shape = (*x.shape[:-1], k)
    return TensorType(shape, x.dtype), TensorType(shape, "int32")


@op("in_top_k")
def _in_top_k(targets: Operand, predictions: Operand, k: int) -> TensorType:
    return TensorType(tensor(targets).shape, "bool")


@op("searchsorted")
def _searchsorted(sorted_sequence: Operand, values: Operand, side: str = "left") -> TensorType:
    sequence = tensor(sorted_sequence, "sorted_sequence")
    if sequence.rank != 1:
        raise RuleError(
            "rank", "1 axis", str(sequence), inputs=("sorted_sequence",), shapes=(sequence.shape,)
        )
    return TensorType(tensor(values).shape, "int32" if isinstance(sequence.shape[0], int) else "int64")


@op("digitize")
def _digitize(x: Operand, bins: Operand) -> TensorType:
    if tensor(bins, "bins").rank > 1:
        raise RuleError("rank", "1 axis", str(bins), inputs=("bins",))
    return TensorType(tensor(x).shape, "int32")


@op("norm")
def _norm(x: Operand, ord: Any = None, axis: Axis = None, keepdims: bool = False) -> TensorType:
    x = tensor(x)
    if isinstance(ord, str) and ord not in ("fro", "nuc"):
        raise wrong("ord", "fro, nuc or a number", ord)
    axes = x.rank if axis is None else len(axis) if isinstance(axis, (list, tuple)) else 1
    if axes == 1 and isinstance(ord, str):
        raise wrong("ord", "a number, for the norm of a vector", ord)
    if axes == 2 and ord not in (None, "fro", "nuc", float("inf"), float("-inf"), 1, -1, 2, -2):
        raise wrong("ord", "fro, nuc, 1, -1, 2 or -2, for the norm of a matrix", ord)
    return TensorType(reduced(x.shape, axis, keepdims), floated(x.dtype))


@op("size")
def _size(x: Operand) -> TensorType:
    return TensorType((), "int32")


@op("trapezoid")
def _trapezoid(y: Operand, x: Operand = None, dx: float = 1.0, axis: int = -1) -> TensorType:
    y = tensor(y, "y")
    index = position(axis, y.rank)
    return TensorType(tuple(size for i, size in enumerate(y.shape) if i != index), promoted_float(y))


@op("segment_sum", "segment_max", "segment_min", "segment_prod")
def _segment(
    data: Operand, segment_ids: Operand, num_segments: int | None = None, sorted: bool = False
) -> TensorType:
    if num_segments is None:
        raise NoRuleError("a segment function without num_segments")
    data = tensor(data, "data")
    return TensorType((num_segments, *data.shape[1:]), kind(data))
