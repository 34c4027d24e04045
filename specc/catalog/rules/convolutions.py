"""Convolutions: plain, grouped, dilated, transposed, depthwise and separable, in 1, 2 and 3 dimensions."""

from __future__ import annotations

from math import prod

from specc.catalog.rules.arguments import (
    assembled,
    channels_first,
    choice,
    numbers,
    of_rank,
    positive,
    spatial,
)
from specc.catalog.rules.core import low_rank
from specc.catalog.rules.dims import Dim, Shape, maximum
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import RuleError, TensorType


def dimensions(kind: str) -> int:
    """The spatial dimensions that a layer's name ends in: 2 of `Conv2D` and `Conv2DTranspose`."""
    return int(kind.removesuffix("Transpose")[-2])


def window_sizes(
    call: Call,
    space: Shape,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    dilation: tuple[int, ...],
    first_axis: int,
    argument: str = "kernel_size",
) -> Shape:
    """The spatial sizes after a window has moved over them.

    Raises:
        RuleError: if the window is larger than what it moves over.
    """
    sizes: list[Dim] = []
    for index, (size, width, step, spread) in enumerate(zip(space, kernel, strides, dilation, strict=True)):
        reach = spread * (width - 1) + 1
        if padding != "valid":
            sizes.append((size - 1) // step + 1)
            continue
        left = (size - reach) // step + 1
        positive(call, left, size, first_axis + index, (argument, "padding"), reach)
        sizes.append(left)
    return tuple(sizes)


@layer("Conv1D", "Conv2D", "Conv3D")
def _conv(call: Call) -> TensorType:
    rank = dimensions(call.kind)
    kernel, strides, dilation = _windows(call, rank)
    padding = choice(call, "padding", *(("valid", "same", "causal") if rank == 1 else ("valid", "same")))
    filters, groups = _count(call, "filters"), _count(call, "groups")
    if filters % groups:
        raise RuleError(
            "argument",
            "`groups` to divide `filters`",
            f"`filters: {filters}` and `groups: {groups}`",
            ("filters", "groups"),
            fits=f"filters: {(filters // groups + 1) * groups}",
        )
    _no_strides_with_dilation(strides, dilation)
    x, first = call.input, channels_first(call)
    channels = _channels(call, x, rank, first)
    if channels % groups:
        raise RuleError(
            "size",
            f"channels that `groups: {groups}` divides",
            f"{channels} channels",
            ("groups",),
            (call.first,),
            (1 if first else x.rank - 1,),
            (f"groups: {_divisors(channels, filters)}"),
            (x.shape,),
        )
    space = _moved(call, x, first, kernel, strides, padding, dilation)
    call.weight("kernel", *kernel, channels // groups, filters)
    _bias(call, filters)
    output = call.output(*assembled(x.shape[0], space, filters, first))
    call.spend(output.size * prod(kernel) * (channels // groups))
    low_rank(call, "kernel")
    return output


@layer("DepthwiseConv1D", "DepthwiseConv2D")
def _depthwise_conv(call: Call) -> TensorType:
    rank = dimensions(call.kind)
    kernel, strides, dilation = _windows(call, rank)
    padding = choice(call, "padding", "valid", "same")
    multiplier = _count(call, "depth_multiplier")
    x, first = call.input, channels_first(call)
    channels = _channels(call, x, rank, first)
    space = _moved(call, x, first, kernel, strides, padding, dilation)
    call.weight("kernel", *kernel, channels, multiplier)
    _bias(call, channels * multiplier)
    output = call.output(*assembled(x.shape[0], space, channels * multiplier, first))
    call.spend(output.size * prod(kernel))
    return output


@layer("SeparableConv1D", "SeparableConv2D")
def _separable_conv(call: Call) -> TensorType:
    rank = dimensions(call.kind)
    kernel, strides, dilation = _windows(call, rank)
    padding = choice(call, "padding", "valid", "same")
    filters, multiplier = _count(call, "filters"), _count(call, "depth_multiplier")
    x, first = call.input, channels_first(call)
    channels = _channels(call, x, rank, first)
    space = _moved(call, x, first, kernel, strides, padding, dilation)
    call.weight("depthwise_kernel", *kernel, channels, multiplier)
    call.weight("pointwise_kernel", *[1] * rank, channels * multiplier, filters)
    _bias(call, filters)
    middle = call.output(*assembled(x.shape[0], space, channels * multiplier, first))
    call.keep(middle)
    call.spend(middle.size * prod(kernel) + middle.size * filters)
    return call.output(*assembled(x.shape[0], space, filters, first))


@layer("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def _conv_transpose(call: Call) -> TensorType:
    rank = dimensions(call.kind)
    kernel, strides, dilation = _windows(call, rank)
    padding = choice(call, "padding", "valid", "same")
    filters = _count(call, "filters")
    extra = None if call["output_padding"] is None else numbers(call, "output_padding", rank, 0)
    if extra is not None and any(more >= step for more, step in zip(extra, strides, strict=True)):
        raise call.wrong(
            "output_padding", "less than `strides` along each axis", f"{max(strides) - 1} or less"
        )
    _no_strides_with_dilation(strides, dilation)
    x, first = call.input, channels_first(call)
    channels = _channels(call, x, rank, first)
    space = transposed_sizes(spatial(x.shape, first), kernel, strides, padding, extra, dilation)
    if len(space) != rank:
        of_rank(call, x, rank + 2, rank + 2)
    call.weight("kernel", *kernel, filters, channels)
    _bias(call, filters)
    call.spend(x.size * prod(kernel) * filters)
    return call.output(*assembled(x.shape[0], space, filters, first))


def transposed_sizes(
    space: Shape,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    extra: tuple[int, ...] | None,
    dilation: tuple[int, ...],
) -> Shape:
    """The spatial sizes that a transposed convolution makes."""
    sizes: list[Dim] = []
    for index, size in enumerate(space[: len(kernel)]):
        reach, step = (kernel[index] - 1) * dilation[index] + 1, strides[index]
        if padding == "valid":
            more = maximum(reach, step) - reach if extra is None else extra[index]
            sizes.append((size - 1) * step + reach + more)
        elif extra is None:
            sizes.append(size * step)
        else:
            sizes.append((size - 1) * step + reach % 2 + extra[index])
    return tuple(sizes)


def _windows(call: Call, rank: int) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    return (
        numbers(call, "kernel_size", rank),
        numbers(call, "strides", rank),
        numbers(call, "dilation_rate", rank),
    )


def _count(call: Call, argument: str) -> int:
    return numbers(call, argument, 1)[0]


def _no_strides_with_dilation(strides: tuple[int, ...], dilation: tuple[int, ...]) -> None:
    if max(strides) > 1 and max(dilation) > 1:
        raise RuleError(
            "argument",
            "`strides` or `dilation_rate` above 1, not both",
            f"`strides: {list(strides)}` and `dilation_rate: {list(dilation)}`",
            ("strides", "dilation_rate"),
        )


def _channels(call: Call, x: TensorType, rank: int, first: bool) -> int:
    order = "batch, channels, space" if first else "batch, space, channels"
    of_rank(call, x, rank + 2, rank + 2, order)
    channels = x.shape[1 if first else -1]
    if isinstance(channels, int):
        return channels
    raise RuleError(
        "unknown-size",
        "a known number of channels",
        f"{channels}",
        inputs=(call.first,),
        axes=(1 if first else x.rank - 1,),
        shapes=(x.shape,),
    )


def _moved(
    call: Call,
    x: TensorType,
    first: bool,
    kernel: tuple[int, ...],
    strides: tuple[int, ...],
    padding: str,
    dilation: tuple[int, ...],
) -> Shape:
    return window_sizes(call, spatial(x.shape, first), kernel, strides, padding, dilation, 2 if first else 1)


def _bias(call: Call, size: Dim) -> None:
    if call["use_bias"]:
        call.weight("bias", size)


def _divisors(*counts: int) -> str:
    least = min(counts)
    found = [str(n) for n in range(1, least + 1) if all(count % n == 0 for count in counts)]
    return " or ".join([", ".join(found[:-1]), found[-1]]) if len(found) > 1 else found[0]
