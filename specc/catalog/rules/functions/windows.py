"""Functions that move a window over space: convolutions, pooling, and blocks of space."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.arguments import assembled, spatial, whole
from specc.catalog.rules.convolutions import transposed_sizes
from specc.catalog.rules.dims import Dim, Shape, render, same
from specc.catalog.rules.functions.operands import Numbers, Operand, misfit, replaced, tensor, wrong
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import RuleError, TensorType


def _space(x: TensorType, data_format: str | None, name: str = "inputs") -> tuple[Shape, bool]:
    if data_format not in (None, "channels_last", "channels_first"):
        raise wrong("data_format", "channels_last or channels_first", data_format)
    if x.rank < 3:
        raise misfit("rank", "batch, space and channels", name, x)
    first = data_format == "channels_first"
    return spatial(x.shape, first), first


def _numbers(value: Any, count: int, argument: str, least: int = 1) -> tuple[int, ...]:
    many = (value,) * count if whole(value) else tuple(value)
    if len(many) != count or not all(whole(n) and n >= least for n in many):
        raise RuleError(
            "argument", f"{count} numbers of {least} or more, or one", f"`{argument}: {value}`", (argument,)
        )
    return many


def conv_sizes(
    space: Shape, window: Shape, strides: Any, padding: str, dilation: Any, argument: str, first: bool
) -> Shape:
    """The spatial sizes after a window has moved over them."""
    steps = _numbers(strides, len(space), "strides")
    spread = _numbers(dilation, len(space), "dilation_rate")
    if padding.lower() not in ("valid", "same"):
        raise wrong("padding", "valid or same", padding)
    sizes: list[Dim] = []
    for axis, (size, width, step, gap) in enumerate(
        zip(space, window, steps, spread, strict=True), 2 if first else 1
    ):
        reach = (width - 1) * gap + 1
        left = (size - (reach if padding.lower() == "valid" else 1)) // step + 1
        if padding.lower() == "valid" and isinstance(left, int) and left <= 0:
            raise RuleError(
                "size", f"a size of at least {reach}", str(size), (argument,), ("inputs",), (axis,)
            )
        sizes.append(left)
    return tuple(sizes)


@op("max_pool", "average_pool")
def _pool(
    inputs: Operand,
    pool_size: Numbers,
    strides: Numbers | None = None,
    padding: str = "valid",
    data_format: str | None = None,
) -> TensorType:
    x = tensor(inputs, "inputs")
    space, first = _space(x, data_format)
    window = _numbers(pool_size, len(space), "pool_size")
    sizes = conv_sizes(space, window, window if strides is None else strides, padding, 1, "pool_size", first)
    return x.shaped(*assembled(x.shape[0], sizes, x.shape[1 if first else -1], first))


@op("adaptive_average_pool", "adaptive_max_pool")
def _adaptive_pool(inputs: Operand, output_size: Numbers, data_format: str | None = None) -> TensorType:
    x = tensor(inputs, "inputs")
    space, first = _space(x, data_format)
    sizes = _numbers(output_size, len(space), "output_size")
    return x.shaped(*assembled(x.shape[0], sizes, x.shape[1 if first else -1], first))


def _kernel(x: TensorType, kernel: TensorType, data_format: str | None, axis: int) -> tuple[Shape, bool]:
    """The space a kernel moves over; checks that it fits the input."""
    space, first = _space(x, data_format)
    if kernel.rank != x.rank:
        given = f"{render(x.shape)} and {render(kernel.shape)}"
        raise RuleError(
            "rank", "as many axes of the kernel as of the input", given, inputs=("inputs", "kernel")
        )
    channel = 1 if first else x.rank - 1
    if same(x.shape[channel], kernel.shape[axis]) is False:
        raise RuleError(
            "size",
            f"{kernel.shape[axis]} channels, as the kernel has",
            str(x.shape[channel]),
            inputs=("inputs", "kernel"),
            axes=(channel, kernel.rank + axis),
            shapes=(x.shape, kernel.shape),
        )
    return space, first


@op("conv")
def _conv(
    inputs: Operand,
    kernel: Operand,
    strides: Numbers = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Numbers = 1,
) -> TensorType:
    x, weights = tensor(inputs, "inputs"), tensor(kernel, "kernel")
    space, first = _kernel(x, weights, data_format, -2)
    sizes = conv_sizes(space, weights.shape[:-2], strides, padding, dilation_rate, "kernel", first)
    return x.shaped(*assembled(x.shape[0], sizes, weights.shape[-1], first))


@op("depthwise_conv")
def _depthwise_conv(
    inputs: Operand,
    kernel: Operand,
    strides: Numbers = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Numbers = 1,
) -> TensorType:
    x, weights = tensor(inputs, "inputs"), tensor(kernel, "kernel")
    space, first = _kernel(x, weights, data_format, -2)
    sizes = conv_sizes(space, weights.shape[:-2], strides, padding, dilation_rate, "kernel", first)
    return x.shaped(*assembled(x.shape[0], sizes, weights.shape[-1] * weights.shape[-2], first))


@op("separable_conv")
def _separable_conv(
    inputs: Operand,
    depthwise_kernel: Operand,
    pointwise_kernel: Operand,
    strides: Numbers = 1,
    padding: str = "valid",
    data_format: str | None = None,
    dilation_rate: Numbers = 1,
) -> TensorType:
    deep = _depthwise_conv(inputs, depthwise_kernel, strides, padding, data_format, dilation_rate)
    mixing = tensor(pointwise_kernel, "pointwise_kernel")
    if not mixing.rank:
        raise misfit("rank", "space, channels and filters", "pointwise_kernel", mixing)
    axis = 1 if data_format == "channels_first" else deep.rank - 1
    return deep.shaped(*replaced(deep.shape, axis, mixing.shape[-1]))


@op("conv_transpose")
def _conv_transpose(
    inputs: Operand,
    kernel: Operand,
    strides: Numbers = 1,
    padding: str = "valid",
    output_padding: Numbers | None = None,
    data_format: str | None = None,
    dilation_rate: Numbers = 1,
) -> TensorType:
    x, weights = tensor(inputs, "inputs"), tensor(kernel, "kernel")
    space, first = _kernel(x, weights, data_format, -1)
    if padding.lower() not in ("valid", "same"):
        raise wrong("padding", "valid or same", padding)
    count = len(space)
    extra = None if output_padding is None else _numbers(output_padding, count, "output_padding", 0)
    window = tuple(size for size in weights.shape[:-2] if isinstance(size, int))
    steps, spread = _numbers(strides, count, "strides"), _numbers(dilation_rate, count, "dilation_rate")
    sizes = transposed_sizes(space, window, steps, padding.lower(), extra, spread)
    return x.shaped(*assembled(x.shape[0], sizes, weights.shape[-2], first))


@op("unfold")
def _unfold(
    x: Operand, kernel_size: Numbers, dilation: Numbers = 1, padding: Numbers = 0, stride: Numbers = 1
) -> TensorType:
    x = _four(tensor(x))
    kernel, spread, steps = (
        _numbers(v, 2, n)
        for v, n in ((kernel_size, "kernel_size"), (dilation, "dilation"), (stride, "stride"))
    )
    around = (padding, padding) if whole(padding) else tuple(padding)
    places: Dim = 1
    for size, width, gap, more, step in zip(x.shape[2:], kernel, spread, around, steps, strict=True):
        places = places * ((size + 2 * more - gap * (width - 1) - 1) // step + 1)
    return x.shaped(x.shape[0], x.shape[1] * kernel[0] * kernel[1], places)


@op("fold")
def _fold(
    x: Operand,
    output_size: Numbers,
    kernel_size: Numbers,
    dilation: Numbers = 1,
    padding: Numbers = 0,
    stride: Numbers = 1,
) -> TensorType:
    x = tensor(x)
    if x.rank != 3:
        raise misfit("rank", "3 axes", "x", x)
    kernel, target = _numbers(kernel_size, 2, "kernel_size"), _numbers(output_size, 2, "output_size")
    cells = kernel[0] * kernel[1]
    if isinstance(x.shape[1], int) and x.shape[1] % cells:
        raise RuleError(
            "size", f"a size that {cells} divides", str(x.shape[1]), ("kernel_size",), ("x",), (1,)
        )
    return x.shaped(x.shape[0], x.shape[1] // cells, *target)


def _four(x: TensorType) -> TensorType:
    if x.rank != 4:
        raise misfit("rank", "4 axes", "x", x)
    return x


def _check_block(block_size: int) -> None:
    if not whole(block_size) or block_size < 2:
        raise wrong("block_size", "2 or more", block_size)


@op("depth_to_space")
def _depth_to_space(x: Operand, block_size: int, data_format: str = "channels_last") -> TensorType:
    _check_block(block_size)
    x = _four(tensor(x))
    space, first = _space(x, data_format, "x")
    channels, cells = x.shape[1 if first else -1], block_size**2
    if isinstance(channels, int) and channels % cells:
        raise RuleError("size", f"channels that {cells} divides", str(channels), ("block_size",), ("x",))
    return x.shaped(*assembled(x.shape[0], tuple(n * block_size for n in space), channels // cells, first))


@op("space_to_depth")
def _space_to_depth(x: Operand, block_size: int, data_format: str = "channels_last") -> TensorType:
    _check_block(block_size)
    x = _four(tensor(x))
    space, first = _space(x, data_format, "x")
    for axis, size in enumerate(space, 2 if first else 1):
        if isinstance(size, int) and size % block_size:
            raise RuleError(
                "size", f"a size that {block_size} divides", str(size), ("block_size",), ("x",), (axis,)
            )
    channels = x.shape[1 if first else -1] * block_size**2
    return x.shaped(*assembled(x.shape[0], tuple(n // block_size for n in space), channels, first))
