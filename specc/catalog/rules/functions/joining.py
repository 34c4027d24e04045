"""Functions that join tensors, and that split them."""

from __future__ import annotations

from itertools import pairwise

from specc.catalog.rules.arguments import whole
from specc.catalog.rules.dims import Dim, Shape
from specc.catalog.rules.functions.operands import (
    Axis,
    Numbers,
    Operand,
    all_alike,
    listed,
    misfit,
    position,
    promoted,
    replaced,
    tensor,
)
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import RuleError, TensorType


@op("concatenate")
def _concatenate(xs: Operand, axis: Axis = 0) -> TensorType:
    tensors = listed(xs, "xs")
    return _joined(tensors, position(axis, tensors[0].rank))


def _joined(tensors: list[TensorType], axis: int) -> TensorType:
    all_alike(tensors, axis, "xs")
    total: Dim = 0
    for one in tensors:
        total = total + one.shape[axis]
    return TensorType(replaced(tensors[0].shape, axis, total), promoted(*tensors))


@op("hstack")
def _hstack(xs: Operand) -> TensorType:
    tensors = listed(xs, "xs")
    return _joined(tensors, position(1, tensors[0].rank))


@op("vstack")
def _vstack(xs: Operand) -> TensorType:
    tensors = listed(xs, "xs")
    return _joined(tensors, position(0, tensors[0].rank))


@op("dstack")
def _dstack(xs: Operand) -> TensorType:
    tensors = listed(xs, "xs")
    deep = [_deepened(one) for one in tensors]
    return _joined(deep, 2)


def _deepened(x: TensorType) -> TensorType:
    shapes: dict[int, Shape] = {0: (1, 1, 1), 1: (1, *x.shape, 1), 2: (*x.shape, 1)}
    return TensorType(shapes.get(x.rank, x.shape), x.dtype)


@op("append")
def _append(x1: Operand, x2: Operand, axis: Axis = None) -> TensorType:
    left, right = tensor(x1), tensor(x2)
    if axis is None:
        return TensorType((left.size + right.size,), promoted(left, right))
    index = position(axis, left.rank)
    joined = _joined([left, right], index)
    if not isinstance(joined.shape[index], int):
        raise misfit("unknown-size", f"known sizes of axis {index}", "x1", left, index)
    return joined


@op("stack")
def _stack(x: Operand, axis: Axis = 0) -> TensorType:
    tensors = listed(x, "x")
    all_alike(tensors, None, "x")
    index = position(axis, tensors[0].rank + 1)
    shape = (*tensors[0].shape[:index], len(tensors), *tensors[0].shape[index:])
    return TensorType(shape, promoted(*tensors))


@op("unstack")
def _unstack(x: Operand, num: int | None = None, axis: int = 0) -> tuple[TensorType, ...]:
    x = tensor(x)
    index = position(axis, x.rank)
    count = x.shape[index] if num is None else num
    if not isinstance(count, int):
        raise RuleError(
            "unknown-size", f"a known size of axis {index}", str(count), inputs=("x",), axes=(index,)
        )
    return (x.shaped(*x.shape[:index], *x.shape[index + 1 :]),) * count


@op("split")
def _split(x: Operand, indices_or_sections: Numbers, axis: int = 0) -> tuple[TensorType, ...]:
    x = tensor(x)
    index = position(axis, x.rank)
    size = x.shape[index]
    if whole(indices_or_sections):
        count = int(indices_or_sections)
        if count < 1 or (isinstance(size, int) and size % count):
            raise RuleError(
                "size",
                f"a size that {count} divides",
                f"{size}, along axis {index}",
                ("indices_or_sections",),
                ("x",),
                (index,),
                shapes=(x.shape,),
            )
        return (x.shaped(*replaced(x.shape, index, size // count)),) * count
    bounds = [0, *indices_or_sections, size]
    return tuple(x.shaped(*replaced(x.shape, index, end - start)) for start, end in pairwise(bounds))


@op("hsplit")
def _hsplit(x: Operand, indices_or_sections: Numbers) -> tuple[TensorType, ...]:
    return _split(x, indices_or_sections, 0 if tensor(x).rank == 1 else 1)


@op("vsplit")
def _vsplit(x: Operand, indices_or_sections: Numbers) -> tuple[TensorType, ...]:
    position(1, tensor(x).rank)
    return _split(x, indices_or_sections, 0)


@op("dsplit")
def _dsplit(x: Operand, indices_or_sections: Numbers) -> tuple[TensorType, ...]:
    return _split(x, indices_or_sections, 2)


@op("array_split")
def _array_split(x: Operand, indices_or_sections: int, axis: int = 0) -> tuple[TensorType, ...]:
    x = tensor(x)
    index, count = position(axis, x.rank), indices_or_sections
    size = x.shape[index]
    return tuple(
        x.shaped(*replaced(x.shape, index, (size - part + count - 1) // count)) for part in range(count)
    )
