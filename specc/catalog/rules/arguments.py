"""Reading the arguments that many layers share: windows, paddings, data formats, axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from specc.catalog.rules.dims import Dim, Shape, render
from specc.catalog.rules.plain import whole as whole
from specc.catalog.rules.registry import Call
from specc.catalog.rules.types import RuleError, TensorType


def numbers(call: Call, argument: str, count: int, least: int = 1) -> tuple[int, ...]:
    """An argument of `count` whole numbers, where one number stands for all.

    Raises:
        RuleError: for another count, or a number below `least`.
    """
    value = call[argument]
    many = [value] * count if whole(value) else value
    fits = isinstance(many, Sequence) and not isinstance(many, str) and len(many) == count
    if not fits or not all(whole(item) and item >= least for item in many):
        how_many = "a whole number" if count == 1 else f"a whole number or a list of {count}"
        raise call.wrong(argument, f"{how_many}, {least} or more")
    return tuple(many)


def choice(call: Call, argument: str, *choices: str) -> str:
    """An argument that is one of a few words, in any case of letters.

    Raises:
        RuleError: for another word.
    """
    value = call[argument]
    if not isinstance(value, str) or value.lower() not in choices:
        raise call.wrong(argument, "one of " + ", ".join(choices))
    return value.lower()


def channels_first(call: Call) -> bool:
    """Whether the data format puts channels before space.

    Raises:
        RuleError: if it is neither `channels_first` nor `channels_last`.
    """
    if call["data_format"] is None:
        return False
    return choice(call, "data_format", "channels_last", "channels_first") == "channels_first"


def of_rank(call: Call, tensor: TensorType, least: int, most: int | None = None, what: str = "") -> None:
    """Checks the number of axes, batch included.

    Raises:
        RuleError: if the tensor has fewer than `least` or more than `most`.
    """
    if tensor.rank < least or (most is not None and tensor.rank > most):
        axes = (
            f"{least} axes"
            if most == least
            else f"{least} axes or more"
            if most is None
            else f"{least} to {most} axes"
        )
        detail = f" ({what})" if what else ""
        raise RuleError(
            "rank",
            f"{axes} with the batch{detail}",
            f"{tensor.rank}: {render(tensor.shape)}",
            inputs=(call.first,),
            shapes=(tensor.shape,),
        )


def axis_of(axis: Any, rank: int, argument: str = "axis") -> int:
    """`axis` counted from the front.

    Raises:
        RuleError: if there is no such axis.
    """
    if not whole(axis) or not -rank <= axis < rank:
        fits = f"{-rank} to {rank - 1}" if rank else ""
        raise RuleError(
            "argument", f"an axis of a tensor of {rank} axes", f"`{argument}: {axis}`", (argument,), fits=fits
        )
    return int(axis) % rank


def axes_of(axes: Any, rank: int, argument: str = "axis") -> tuple[int, ...]:
    """One axis or a list of them, counted from the front.

    Raises:
        RuleError: if there is no such axis.
    """
    if isinstance(axes, (list, tuple)):
        return tuple(axis_of(axis, rank, argument) for axis in axes)
    return (axis_of(axes, rank, argument),)


def spatial(shape: Shape, first: bool) -> Shape:
    """The axes of a shape that are neither batch nor channels."""
    return shape[2:] if first else shape[1:-1]


def assembled(batch: Dim, space: Shape, channels: Dim, first: bool) -> Shape:
    """A shape of a batch, its space and its channels, in the order of the data format."""
    return (batch, channels, *space) if first else (batch, *space, channels)


def positive(call: Call, size: Dim, before: Dim, axis: int, arguments: tuple[str, ...], least: Dim) -> None:
    """Checks that a window leaves something of an axis.

    Raises:
        RuleError: if the size that is left is known and is 0 or less.
    """
    if isinstance(size, int) and size <= 0:
        raise RuleError(
            "size",
            f"axis {axis} to be at least {least}",
            f"{before}",
            arguments,
            (call.first,),
            (axis,),
            fits=f"a size of {least} or more, or `padding: same`" if "padding" in call.arguments else "",
        )
