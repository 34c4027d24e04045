"""Layers that take a list of tensors and give one."""

from __future__ import annotations

from dataclasses import replace

from specc.catalog.rules.arguments import axis_of, whole
from specc.catalog.rules.dims import Dim, Shape, product, render, same
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import RuleError, TensorType


@layer("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")
def _merge(call: Call) -> TensorType:
    tensors = call.list
    if not tensors or (call.kind == "Subtract" and len(tensors) != 2):
        wanted = "exactly 2 tensors" if call.kind == "Subtract" else "a list of 1 tensor or more"
        raise RuleError("count", wanted, f"{len(tensors)}", inputs=(call.first,))
    for index, tensor in enumerate(tensors):
        if not tensor.rank:
            raise RuleError(
                "rank", "a tensor with a batch axis", "a scalar", inputs=(f"{call.first}[{index}]",)
            )
    batch = _common_batch(call, tensors)
    shape = tensors[0].shape[1:]
    for index, tensor in enumerate(tensors[1:], 1):
        shape = _stretched(call, shape, tensor.shape[1:], index)
    output = call.output(batch, *shape)
    return replace(output, mask=all(tensor.mask for tensor in tensors))


def _common_batch(call: Call, tensors: tuple[TensorType, ...]) -> Dim:
    batch = tensors[0].shape[0]
    for index, tensor in enumerate(tensors):
        size = tensor.shape[0]
        if same(batch, size) is False:
            raise _clash(call, "the same batch size", tensors[0].shape, tensor.shape, index, (0, 0))
        if isinstance(size, int):
            batch = size
    return batch


def _stretched(call: Call, left: Shape, right: Shape, index: int) -> Shape:
    """Two shapes without their batch, made equal where an axis is 1; the shorter lacks axes at its left."""
    if len(left) < len(right):
        longer, shorter = right, left
    else:
        longer, shorter = left, right
    extra = len(longer) - len(shorter)
    sizes = list(longer[:extra])
    for offset, (one, other) in enumerate(zip(longer[extra:], shorter, strict=True)):
        sizes.append(_fitting(call, one, other, left, right, index, (offset + extra, offset)))
    return tuple(sizes)


def _fitting(
    call: Call, one: Dim, other: Dim, left: Shape, right: Shape, index: int, axes: tuple[int, int]
) -> Dim:
    if not isinstance(one, int) or one == 1:
        if same(one, other) is False and one != 1 and other != 1:
            if not isinstance(one, int) and not isinstance(other, int):
                raise _clash(call, "equal sizes, or 1", left, right, index, axes)
            return one
        return one if not isinstance(one, int) else other
    if not isinstance(other, int) or other == 1:
        return other if other != 1 else one
    if one != other:
        raise _clash(call, "equal sizes, or 1", left, right, index, axes)
    return one


def _clash(
    call: Call, wanted: str, left: Shape, right: Shape, index: int, axes: tuple[int, int]
) -> RuleError:
    return RuleError(
        "size",
        f"{wanted} along each axis",
        f"{render(left)} and {render(right)}",
        inputs=(f"{call.first}[0]", f"{call.first}[{index}]"),
        axes=axes,
        shapes=(left, right),
    )


@layer("Concatenate")
def _concatenate(call: Call) -> TensorType:
    tensors = call.list
    if not tensors:
        raise RuleError("count", "a list of 1 tensor or more", "none", inputs=(call.first,))
    first = tensors[0]
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
    tensors = call.list
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
