"""Layers that take a list of tensors and give one."""

from __future__ import annotations

from dataclasses import replace

from specc.catalog.rules.arguments import axis_of, whole
from specc.catalog.rules.dims import Dim, Shape, product, render, same
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import RuleError, TensorType


@layer("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")
def _merge(call: Call) -> TensorType:
    tensors = call.tensors
    if not tensors or (call.kind == "Subtract" and len(tensors) != 2):
        wanted = "exactly 2 tensors" if call.kind == "Subtract" else "a list of 1 tensor or more"
        raise RuleError("count", wanted, f"{len(tensors)}", inputs=(call.first,))
    for index, tensor in enumerate(tensors):
        if not tensor.rank:
            raise RuleError(
                "rank", "a tensor with a batch axis", "a scalar", inputs=(f"{call.first}[{index}]",)
            )
    batch = _common_batch(call, tensors)
    shape: Shape = (batch, *tensors[0].shape[1:])
    for index, tensor in enumerate(tensors[1:], 1):
        stretched = _stretched(shape, tensor.shape)
        if stretched is None:
            raise _clash(call, tensors, index)
        shape = stretched
    output = call.output(batch, *shape[1:])
    return replace(output, mask=all(tensor.mask for tensor in tensors))


def _common_batch(call: Call, tensors: tuple[TensorType, ...]) -> Dim:
    """The batch size, known if one tensor knows it; Keras stretches no batch of 1."""
    batch = tensors[0].shape[0]
    for index, tensor in enumerate(tensors):
        size = tensor.shape[0]
        if same(batch, size) is False:
            other = next(i for i, one in enumerate(tensors) if same(one.shape[0], size) is False)
            raise _between(call, "the same batch size", tensors, (other, index), (0, 0))
        if isinstance(size, int):
            batch = size
    return batch


def _stretched(left: Shape, right: Shape) -> Shape | None:
    """Two shapes made equal where an axis is 1; the shorter lacks axes after its batch. None on a clash."""
    longer, shorter = (left, right) if len(left) >= len(right) else (right, left)
    extra = len(longer) - len(shorter)
    sizes = list(longer[: extra + 1])
    for one, other in zip(longer[extra + 1 :], shorter[1:], strict=True):
        size = _fitting(one, other)
        if size is None:
            return None
        sizes.append(size)
    return tuple(sizes)


def _fitting(one: Dim, other: Dim) -> Dim | None:
    """What two sizes stretch to; an unknown one stays unknown, as in Keras. None if they clash."""
    if one == 1 or other == 1:
        return other if one == 1 else one
    if isinstance(one, int) is isinstance(other, int):
        return None if same(one, other) is False else one
    return other if isinstance(one, int) else one


def _clash(call: Call, tensors: tuple[TensorType, ...], index: int) -> RuleError:
    """The error for a tensor that does not fit, shown beside the first that it clashes with."""
    right = tensors[index].shape
    other = next((i for i in range(index) if _stretched(tensors[i].shape, right) is None), 0)
    left = tensors[other].shape
    back = 1
    while back < min(len(left), len(right)) - 1 and _fitting(left[-back], right[-back]) is not None:
        back += 1
    axes = len(left) - back, len(right) - back
    return _between(call, "equal sizes, or 1, along each axis", tensors, (other, index), axes)


def _between(
    call: Call, wanted: str, tensors: tuple[TensorType, ...], pair: tuple[int, int], axes: tuple[int, int]
) -> RuleError:
    shapes = tensors[pair[0]].shape, tensors[pair[1]].shape
    return RuleError(
        "size",
        wanted,
        f"{render(shapes[0])} and {render(shapes[1])}",
        inputs=(f"{call.first}[{pair[0]}]", f"{call.first}[{pair[1]}]"),
        axes=axes,
        shapes=shapes,
    )


@layer("Concatenate")
def _concatenate(call: Call) -> TensorType:
    tensors = call.tensors
    if not tensors:
        raise RuleError("count", "a list of 1 tensor or more", "none", inputs=(call.first,))
    first = tensors[0]
    if len(tensors) == 1 and whole(call["axis"]) and call["axis"] >= first.rank:
        return replace(call.output(*first.shape), mask=first.mask)  # Keras does not look at the axis
    axis = axis_of(call["axis"], first.rank)
    total = first.shape[axis]
    for index, tensor in enumerate(tensors[1:], 1):
        if tensor.rank != first.rank:
            raise RuleError(
                "rank",
                "tensors with the same number of axes",
                f"{render(first.shape)} and {render(tensor.shape)}",
                inputs=(f"{call.first}[0]", f"{call.first}[{index}]"),
                shapes=(first.shape, tensor.shape),
            )
        for other in range(first.rank):
            if other != axis and same(first.shape[other], tensor.shape[other]) is False:
                raise RuleError(
                    "size",
                    f"equal sizes along every axis but {axis}",
                    f"{render(first.shape)} and {render(tensor.shape)}",
                    ("axis",),
                    (f"{call.first}[0]", f"{call.first}[{index}]"),
                    (other, other),
                    shapes=(first.shape, tensor.shape),
                )
        total = total + tensor.shape[axis]
    shape = (*first.shape[:axis], total, *first.shape[axis + 1 :])
    return replace(call.output(*shape), mask=any(tensor.mask for tensor in tensors))


@layer("Dot")
def _dot(call: Call) -> TensorType:
    tensors = call.tensors
    if len(tensors) != 2:
        raise RuleError("count", "exactly 2 tensors", str(len(tensors)), inputs=(call.first,))
    given = call["axes"]
    both = [given, given] if whole(given) else list(given) if isinstance(given, (list, tuple)) else []
    if len(both) != 2 or not all(whole(axis) for axis in both):
        raise call.wrong("axes", "an axis, or a list of one axis for each tensor")
    axes = [axis_of(axis, tensor.rank, "axes") for axis, tensor in zip(both, tensors, strict=True)]
    left, right = tensors[0].shape, tensors[1].shape
    one, other = left[axes[0]], right[axes[1]]
    if isinstance(one, int) is not isinstance(other, int) or same(one, other) is False:
        raise RuleError(
            "size",
            "equal sizes of the axes to sum over",
            f"{one} and {other}",
            ("axes",),
            (f"{call.first}[0]", f"{call.first}[1]"),
            (axes[0], axes[1]),
            shapes=(left, right),
        )
    rest = [size for axis, size in enumerate(right) if axis != axes[1]]
    if not rest:
        raise RuleError(
            "rank", "2 axes or more", render(right), inputs=(f"{call.first}[1]",), shapes=(right,)
        )
    sizes = [size for axis, size in enumerate(left) if axis != axes[0]] + rest[1:]
    if len(sizes) == 1:
        sizes.append(1)
    call.spend(product(sizes) * one)
    return call.output(*sizes)
