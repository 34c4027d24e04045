"""Layers that lay the same numbers out anew, crop, pad or repeat them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from specc.catalog.rules.arguments import assembled, channels_first, choice, numbers, of_rank, spatial, whole
from specc.catalog.rules.dims import Dim, Shape, product, render, same
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import RuleError, TensorType


@layer("Flatten")
def _flatten(call: Call) -> TensorType:
    channels_first(call)
    x = call.input
    of_rank(call, x, 1)
    return x.shaped(x.shape[0], product(x.shape[1:]))


@layer("Reshape")
def _reshape(call: Call) -> TensorType:
    target = call["target_shape"]
    x = call.input
    of_rank(call, x, 1)
    whole_target = target if isinstance(target, (list, tuple)) else [target]
    settled = [call.unknown(f"axis{i}") if size is None else size for i, size in enumerate(whole_target)]
    return x.shaped(x.shape[0], *reshaped(x.shape[1:], settled, "target_shape", call.first))


def reshaped(shape: Shape, target: Sequence[Any], argument: str, source: str) -> Shape:
    """`target` with its -1 worked out, for the numbers of a tensor of `shape`.

    Raises:
        RuleError: if the numbers do not fit.
    """
    written = f"`{argument}: {[str(n) if not whole(n) else n for n in target]}`"
    holes = [index for index, size in enumerate(target) if size == -1]
    if len(holes) > 1 or any(whole(size) and size < -1 for size in target):
        raise RuleError("argument", "sizes of 0 or more, and -1 at most once", written, (argument,))
    total, known = product(shape), product(size for size in target if size != -1)
    fits = same(total, known) if not holes else _divides(total, known)
    if fits is False and (isinstance(total, int) or known == 0):
        raise RuleError(
            "size",
            f"{total} numbers, which {render(shape)} holds" if not holes else f"sizes that divide {total}",
            f"{written}, which holds {known}",
            (argument,),
            (source,),
            fits=_fitting(total, target, holes),
            shapes=(shape,),
        )
    return tuple(total // known if index in holes else size for index, size in enumerate(target))


def _divides(total: Dim, known: Dim) -> bool | None:
    if isinstance(total, int) and isinstance(known, int):
        return known != 0 and total % known == 0
    return False if known == 0 else None


def _fitting(total: Dim, target: Sequence[Any], holes: list[int]) -> str:
    """The target with its last size changed so that it fits, if one does."""
    if holes or not target or not isinstance(total, int):
        return ""
    rest = product(target[:-1])
    if isinstance(rest, int) and rest > 0 and total % rest == 0:
        return str([*target[:-1], total // rest])
    return ""


@layer("Permute")
def _permute(call: Call) -> TensorType:
    dims = call["dims"]
    if not isinstance(dims, (list, tuple)) or sorted(dims) != list(range(1, len(dims) + 1)):
        raise call.wrong("dims", "the axes 1, 2, … in some order (the batch, axis 0, stays)")
    x = call.input
    of_rank(call, x, len(dims) + 1, len(dims) + 1)
    return x.shaped(x.shape[0], *[x.shape[axis] for axis in dims])


@layer("RepeatVector")
def _repeat_vector(call: Call) -> TensorType:
    count = numbers(call, "n", 1)[0]
    x = call.input
    of_rank(call, x, 2, 2, "batch, features")
    return call.output(x.shape[0], count, x.shape[1])


@layer("UpSampling1D", "UpSampling2D", "UpSampling3D")
def _up_sampling(call: Call) -> TensorType:
    rank = int(call.kind[-2])
    factors = numbers(call, "size", rank)
    if rank == 1 and not whole(call["size"]):
        raise call.wrong("size", "a whole number, 1 or more")
    if rank == 2:
        choice(call, "interpolation", "nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
    first = rank > 1 and channels_first(call)
    x = call.input
    of_rank(call, x, rank + 2, rank + 2)
    space = [size * factor for size, factor in zip(spatial(x.shape, first), factors, strict=True)]
    return call.output(*assembled(x.shape[0], tuple(space), x.shape[1 if first else -1], first))


@layer("ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D")
def _zero_padding(call: Call) -> TensorType:
    rank = int(call.kind[-2])
    around = _pairs(call, "padding", rank, None if rank > 1 else 0)
    first = channels_first(call)
    x = call.input
    of_rank(call, x, rank + 2, rank + 2)
    space = [size + sum(pair) for size, pair in zip(spatial(x.shape, first), around, strict=True)]
    return call.output(*assembled(x.shape[0], tuple(space), x.shape[1 if first else -1], first))


@layer("Cropping1D", "Cropping2D", "Cropping3D")
def _cropping(call: Call) -> TensorType:
    rank = int(call.kind[-2])
    around = _pairs(call, "cropping", rank, 0)
    first = rank > 1 and channels_first(call)
    x = call.input
    of_rank(call, x, rank + 2, rank + 2)
    space: list[Dim] = []
    for index, (size, pair) in enumerate(zip(spatial(x.shape, first), around, strict=True)):
        left = size - sum(pair)
        if isinstance(left, int) and left <= 0:
            axis = index + (2 if first else 1)
            raise RuleError(
                "size",
                f"axis {axis} to be at least {sum(pair) + 1}",
                str(size),
                ("cropping",),
                (call.first,),
                (axis,),
                shapes=(x.shape,),
            )
        space.append(left)
    return call.output(*assembled(x.shape[0], tuple(space), x.shape[1 if first else -1], first))


def _pairs(call: Call, argument: str, rank: int, least: int | None) -> list[tuple[int, int]]:
    """How much at both ends of each spatial axis; one number stands for all."""
    value = call[argument]
    if whole(value):
        if least is not None and value < least:
            raise call.wrong(argument, f"{least} or more")
        return [(value, value)] * rank
    if rank == 1:
        before, after = numbers(call, argument, 2, 0)
        return [(before, after)]
    if not isinstance(value, (list, tuple)) or len(value) != rank:
        raise call.wrong(argument, f"a number, or a list of {rank}, each a number or a pair of them")
    return [_pair(call, argument, entry) for entry in value]


def _pair(call: Call, argument: str, entry: Any) -> tuple[int, int]:
    both = [entry, entry] if whole(entry) else entry
    if not isinstance(both, (list, tuple)) or len(both) != 2 or not all(whole(n) and n >= 0 for n in both):
        raise call.wrong(argument, "numbers of 0 or more, or pairs of them")
    return both[0], both[1]
