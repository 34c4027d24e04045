"""Functions that lay numbers out anew: reshaping, repeating, padding, picking."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.arguments import axes_of, whole
from specc.catalog.rules.dims import Dim, Symbolic, maximum, render, same
from specc.catalog.rules.functions.operands import (
    Axis,
    Numbers,
    Operand,
    Widths,
    broadcast_shapes,
    extent,
    misfit,
    position,
    replaced,
    tensor,
    widened,
    written,
    wrong,
)
from specc.catalog.rules.registry import op
from specc.catalog.rules.reshaping import reshaped
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


@op("reshape")
def _reshape(x: Operand, newshape: Numbers) -> TensorType:
    target = [newshape] if whole(newshape) or isinstance(newshape, Symbolic) else newshape
    return tensor(x).shaped(*reshaped(tensor(x).shape, list(target), "newshape", "x"))


@op("ravel")
def _ravel(x: Operand) -> TensorType:
    return tensor(x).shaped(tensor(x).size)


@op("transpose")
def _transpose(x: Operand, axes: Axis = None) -> TensorType:
    x = tensor(x)
    order = tuple(range(x.rank))[::-1] if axes is None else axes_of(axes, x.rank, "axes")
    if sorted(order) != list(range(x.rank)):
        wanted = f"each of the axes 0 to {x.rank - 1} once"
        raise RuleError("argument", wanted, f"`axes: {axes}`", ("axes",), ("x",), shapes=(x.shape,))
    return x.shaped(*[x.shape[axis] for axis in order])


@op("swapaxes")
def _swapaxes(x: Operand, axis1: int, axis2: int) -> TensorType:
    x = tensor(x)
    sizes = list(x.shape)
    one, other = position(axis1, x.rank, "axis1"), position(axis2, x.rank, "axis2")
    sizes[one], sizes[other] = sizes[other], sizes[one]
    return x.shaped(*sizes)


@op("moveaxis")
def _moveaxis(x: Operand, source: Axis, destination: Axis) -> TensorType:
    x = tensor(x)
    sources, targets = axes_of(source, x.rank, "source"), axes_of(destination, x.rank, "destination")
    if len(sources) != len(targets):
        given = f"{len(sources)} and {len(targets)}"
        raise RuleError("argument", "as many destinations as sources", given, ("source", "destination"))
    rest = iter([axis for axis in range(x.rank) if axis not in sources])
    placed = dict(zip(targets, sources, strict=True))
    return x.shaped(*[x.shape[placed[axis] if axis in placed else next(rest)] for axis in range(x.rank)])


@op("expand_dims")
def _expand_dims(x: Operand, axis: Axis) -> TensorType:
    x = tensor(x)
    count = len(axis) if isinstance(axis, (list, tuple)) else 1
    new = axes_of(axis, x.rank + count)
    rest = iter(x.shape)
    return x.shaped(*[1 if index in new else next(rest) for index in range(x.rank + count)])


@op("squeeze")
def _squeeze(x: Operand, axis: Axis = None) -> TensorType:
    x = tensor(x)
    if axis is None:
        return x.shaped(*[size for size in x.shape if size != 1])
    gone = axes_of(axis, x.rank)
    for index in gone:
        if x.shape[index] != 1:
            raise RuleError(
                "size", "an axis of size 1", render(x.shape), ("axis",), ("x",), (index,), shapes=(x.shape,)
            )
    return x.shaped(*[size for index, size in enumerate(x.shape) if index not in gone])


@op("broadcast_to")
def _broadcast_to(x: Operand, shape: Numbers) -> TensorType:
    wanted = written(shape)
    broadcast_shapes(tensor(x).shape, wanted, ("x", "shape"))
    return tensor(x).shaped(*wanted)


@op("repeat")
def _repeat(x: Operand, repeats: Numbers, axis: Axis = None) -> TensorType:
    x = tensor(x)
    index = None if axis is None else position(axis, x.rank)
    size = x.size if index is None else x.shape[index]
    many = [repeats] if whole(repeats) or isinstance(repeats, Symbolic) else list(repeats)
    if len(many) > 1 and same(size, len(many)) is False:
        raise RuleError("size", f"{size} numbers of repeats, or one", str(len(many)), ("repeats",), ("x",))
    total = size * many[0] if len(many) == 1 else sum(many)
    return x.shaped(total) if index is None else x.shaped(*replaced(x.shape, index, total))


@op("tile")
def _tile(x: Operand, repeats: Numbers) -> TensorType:
    x = tensor(x)
    many = [repeats] if whole(repeats) or isinstance(repeats, Symbolic) else list(repeats)
    rank = max(x.rank, len(many))
    shape = (*[1] * (rank - x.rank), *x.shape)
    counts = [1] * (rank - len(many)) + many
    return x.shaped(*[size * count for size, count in zip(shape, counts, strict=True)])


@op("pad")
def _pad(x: Operand, pad_width: Widths, mode: str = "constant", constant_values: Any = None) -> TensorType:
    x = tensor(x)
    widths = _widths(pad_width, x.rank)
    return x.shaped(*[size + before + after for size, (before, after) in zip(x.shape, widths, strict=True)])


def _widths(given: Any, rank: int) -> list[tuple[int, int]]:
    """How much to pad before and after each axis: one number, one pair, or a pair per axis."""
    if whole(given):
        return [(given, given)] * rank
    pairs = [given] if len(given) == 2 and all(whole(n) for n in given) else list(given)
    both = [(n, n) if whole(n) else tuple(n) for n in pairs]
    both = [(n[0], n[0]) if len(n) == 1 else n for n in both]
    if len(both) not in (1, rank) or any(len(n) != 2 for n in both):
        raise wrong("pad_width", f"a pair, or {rank} pairs, one for each axis", given)
    return [(n[0], n[1]) for n in (both * rank if len(both) == 1 else both)]


@op("flip")
def _flip(x: Operand, axis: Axis = None) -> TensorType:
    if axis is not None:
        axes_of(axis, tensor(x).rank)
    return tensor(x)


@op("fliplr")
def _fliplr(x: Operand) -> TensorType:
    return _flip(x, 1)


@op("flipud")
def _flipud(x: Operand) -> TensorType:
    return _flip(x, 0)


@op("roll")
def _roll(x: Operand, shift: Any, axis: Axis = None) -> TensorType:
    return _flip(x, axis)


@op("rot90")
def _rot90(array: Operand, k: int = 1, axes: Axis = (0, 1)) -> TensorType:
    x = tensor(array, "array")
    found = axes_of(axes, x.rank, "axes")
    if len(set(found)) != 2 or len(found) != 2:
        raise wrong("axes", "two different axes", axes)
    return _swapaxes(x, *found)  # as Keras states it, whatever `k` is


@op("meshgrid")
def _meshgrid(*x: Operand, indexing: str = "xy") -> tuple[TensorType, ...]:
    if indexing not in ("xy", "ij"):
        raise wrong("indexing", "xy or ij", indexing)
    tensors = [tensor(one) for one in x]
    sizes = [one.size for one in tensors]
    if indexing == "ij":
        return (TensorType(tuple(sizes), "float32"),) * len(tensors)  # the dtype as Keras states it
    if len(sizes) < 2:
        raise RuleError("count", "2 tensors or more", str(len(sizes)), inputs=("x",))
    sizes[0], sizes[1] = sizes[1], sizes[0]
    return tuple(TensorType(tuple(sizes), tensors[-1].dtype) for _ in tensors)


@op("diag")
def _diag(x: Operand, k: int = 0) -> TensorType:
    x = tensor(x)
    if x.rank == 1:
        return x.shaped(*[x.shape[0] + abs(k)] * 2)
    if x.rank != 2:
        raise misfit("rank", "1 or 2 axes", "x", x)
    return x.shaped(_diagonal_length(x.shape[0], x.shape[1], k))


def _diagonal_length(rows: Dim, columns: Dim, offset: int) -> Dim:
    """The length of a diagonal: the least of both sides and of what the offset leaves, not below 0."""
    left = columns - offset if offset > 0 else rows + offset
    return maximum(0, -maximum(-left, -_least(rows, columns)))


def _least(one: Dim, other: Dim) -> Dim:
    return -maximum(-one, -other)


@op("diagonal")
def _diagonal(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorType:
    x = tensor(x)
    one, other = _two_axes(x, axis1, axis2)
    rest = [size for index, size in enumerate(x.shape) if index not in (one, other)]
    return x.shaped(*rest, _diagonal_length(x.shape[one], x.shape[other], offset))


def _two_axes(x: TensorType, axis1: int, axis2: int) -> tuple[int, int]:
    one, other = position(axis1, x.rank, "axis1"), position(axis2, x.rank, "axis2")
    if one == other:
        raise RuleError("argument", "two different axes", f"{axis1} and {axis2}", ("axis1", "axis2"), ("x",))
    return one, other


@op("trace")
def _trace(x: Operand, offset: int = 0, axis1: int = 0, axis2: int = 1) -> TensorType:
    x = tensor(x)
    both = _two_axes(x, axis1, axis2)
    rest = tuple(size for index, size in enumerate(x.shape) if index not in both)
    return TensorType(rest, widened(x.dtype))


@op("diagflat")
def _diagflat(x: Operand, k: int = 0) -> TensorType:
    return tensor(x).shaped(*[tensor(x).size + abs(k)] * 2)


@op("diff")
def _diff(a: Operand, n: int = 1, axis: int = -1) -> TensorType:
    x = tensor(a, "a")
    index = position(axis, x.rank)
    return x.shaped(*replaced(x.shape, index, maximum(x.shape[index] - n, 0)))


@op("take")
def _take(x: Operand, indices: Operand, axis: Axis = None) -> TensorType:
    x = tensor(x)
    if axis is None:
        return x.shaped(*extent(indices))
    index = position(axis, x.rank)
    return x.shaped(*x.shape[:index], *extent(indices), *x.shape[index + 1 :])


@op("take_along_axis")
def _take_along_axis(x: Operand, indices: Operand, axis: Axis = None) -> TensorType:
    x, wanted = tensor(x), extent(indices)
    shape = (x.size,) if axis is None else x.shape
    if len(shape) != len(wanted):
        given = f"{render(shape)} and {render(wanted)}"
        raise RuleError("rank", "as many axes of `indices` as of `x`", given, inputs=("x", "indices"))
    index = 0 if axis is None else position(axis, len(shape))
    return x.shaped(*broadcast_shapes(replaced(shape, index, wanted[index]), wanted, ("x", "indices")))


@op("slice")
def _slice(inputs: Operand, start_indices: Operand, shape: Numbers) -> TensorType:
    x = tensor(inputs, "inputs")
    wanted = [shape] if isinstance(shape, int | Symbolic) else list(shape)
    if (
        len(wanted) != x.rank
        or same(extent(start_indices)[0] if extent(start_indices) else 1, x.rank) is False
    ):
        raise wrong("shape", f"{x.rank} starts and sizes, one for each axis", wanted)
    if isinstance(start_indices, (list, tuple)):
        starts = list(start_indices)
        return x.shaped(*[_to_end(*entry) for entry in zip(x.shape, starts, wanted, strict=True)])
    if -1 in wanted:
        raise NoRuleError("slice to the end from a start that is a tensor")
    return x.shaped(*wanted)


def _to_end(size: Dim, start: Any, wanted: Dim) -> Dim:
    if wanted == -1 and isinstance(start, TensorType):
        raise NoRuleError("slice to the end from a start that is a tensor")
    return size - start if wanted == -1 else wanted


@op("slice_update")
def _slice_update(inputs: Operand, start_indices: Any, updates: Operand) -> TensorType:
    return tensor(inputs, "inputs")


@op("scatter_update")
def _scatter_update(inputs: Operand, indices: Operand, updates: Operand, reduction: Any = None) -> TensorType:
    return tensor(inputs, "inputs")


@op("scatter")
def _scatter(indices: Operand, values: Operand, shape: Numbers) -> TensorType:
    return TensorType(written(shape), tensor(values, "values").dtype)


@op("extract_sequences")
def _extract_sequences(x: Operand, sequence_length: int, sequence_stride: int) -> TensorType:
    x = tensor(x)
    position(-1, x.rank)
    count = 1 + (x.shape[-1] - sequence_length) // sequence_stride
    return x.shaped(*x.shape[:-1], count, sequence_length)


@op("unravel_index")
def _unravel_index(indices: Operand, shape: Numbers) -> tuple[TensorType, ...]:
    return (tensor(indices, "indices"),) * len(written(shape))


@op("vander")
def _vander(x: Operand, N: int | None = None, increasing: bool = False) -> TensorType:  # noqa: N803
    x = tensor(x)
    position(0, x.rank)
    return x.shaped(*x.shape, x.shape[0] if N is None else N)
