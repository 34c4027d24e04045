"""Functions of neural networks: windows over space, softmaxes, crossentropies, attention."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.arguments import assembled, axes_of, spatial, whole
from specc.catalog.rules.convolutions import transposed_sizes
from specc.catalog.rules.dims import Dim, Shape, render, same
from specc.catalog.rules.functions.operands import (
    Axis,
    Numbers,
    Operand,
    misfit,
    position,
    promoted,
    replaced,
    tensor,
    unequal,
    wrong,
)
from specc.catalog.rules.policy import result_type
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import RuleError, TensorType


@op("softmax", "log_softmax")
def _softmax(x: Operand, axis: Axis = -1) -> TensorType:
    if axis is not None:
        axes_of(axis, tensor(x).rank)
    return tensor(x)


@op("sparsemax")
def _sparsemax(x: Operand, axis: int = -1) -> TensorType:
    return _softmax(x, axis)


@op("glu")
def _glu(x: Operand, axis: int = -1) -> TensorType:
    x = tensor(x)
    index = position(axis, x.rank)
    size = x.shape[index]
    if isinstance(size, int) and size % 2:
        raise RuleError(
            "size", "an even size to halve", str(size), ("axis",), ("x",), (index,), shapes=(x.shape,)
        )
    return x.shaped(*replaced(x.shape, index, size // 2))


@op("normalize")
def _normalize(x: Operand, axis: Axis = -1, order: Any = 2, epsilon: float | None = None) -> TensorType:
    return _softmax(x, axis).cast("float32")  # the dtype as Keras states it


@op("layer_normalization")
def _layer_normalization(
    x: Operand, gamma: Operand = None, beta: Operand = None, axis: Axis = -1, epsilon: float | None = None
) -> TensorType:
    return tensor(x)


@op("rms_normalization")
def _rms_normalization(
    x: Operand, scale: Operand = None, axis: Axis = -1, epsilon: float | None = None
) -> TensorType:
    return tensor(x)


@op("batch_normalization")
def _batch_normalization(
    x: Operand,
    mean: Operand,
    variance: Operand,
    axis: int,
    offset: Operand = None,
    scale: Operand = None,
    epsilon: float = 1e-3,
) -> TensorType:
    x = tensor(x)
    size = x.shape[position(axis, x.rank)]
    for name, given in (("mean", mean), ("variance", variance), ("offset", offset), ("scale", scale)):
        if given is None:
            continue
        shape = tensor(given, name).shape
        if len(shape) != 1 or unequal(shape[0], size):
            raise RuleError(
                "size", f"the shape [{size}], as axis {axis} of `x`", render(shape), inputs=("x", name)
            )
    return x


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
    axis = 1 if data_format == "channels_first" else deep.rank - 1
    return deep.shaped(*replaced(deep.shape, axis, tensor(pointwise_kernel, "pointwise_kernel").shape[-1]))


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


def _differ(left: Shape, right: Shape) -> bool:
    return len(left) != len(right) or any(unequal(a, b) for a, b in zip(left, right, strict=True))


def _clash(target: TensorType, output: TensorType) -> RuleError:
    return RuleError(
        "size",
        "target and output of shapes that go together",
        f"{render(target.shape)} and {render(output.shape)}",
        inputs=("target", "output"),
        shapes=(target.shape, output.shape),
    )


@op("binary_crossentropy")
def _binary_crossentropy(target: Operand, output: Operand, from_logits: bool = False) -> TensorType:
    wanted, given = tensor(target, "target"), tensor(output, "output")
    if _differ(wanted.shape, given.shape):
        raise _clash(wanted, given)
    return given


@op("categorical_crossentropy")
def _categorical_crossentropy(
    target: Operand, output: Operand, from_logits: bool = False, axis: int = -1
) -> TensorType:
    given = _binary_crossentropy(target, output)
    position(-1, given.rank)
    return given.shaped(*given.shape[:-1])


@op("sparse_categorical_crossentropy")
def _sparse_categorical_crossentropy(
    target: Operand, output: Operand, from_logits: bool = False, axis: int = -1
) -> TensorType:
    wanted, given = tensor(target, "target"), tensor(output, "output")
    index = position(axis, given.rank)
    shape = wanted.shape[:-1] if wanted.rank == given.rank and wanted.shape[-1] == 1 else wanted.shape
    rest = tuple(size for i, size in enumerate(given.shape) if i != index)
    if _differ(shape, rest):
        raise _clash(wanted, given)
    return given.shaped(*rest)


@op("dot_product_attention")
def _dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    bias: Operand = None,
    mask: Operand = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> TensorType:
    tensors = [tensor(query, "query"), tensor(key, "key"), tensor(value, "value")]
    for name, one in zip(("query", "key", "value"), tensors, strict=True):
        if one.rank != 4:
            wanted = "4 axes: batch, time, heads, features"
            raise misfit("rank", wanted, name, one)
    return TensorType(tensors[0].shape, promoted(*tensors))


@op("psnr")
def _psnr(x1: Operand, x2: Operand, max_val: float) -> TensorType:
    if tensor(x1).rank != tensor(x2).rank:
        raise RuleError("rank", "as many axes of `x1` as of `x2`", f"{x1} and {x2}", inputs=("x1", "x2"))
    return TensorType((), "float32")


def _ranked(x: Operand, name: str, least: int) -> TensorType:
    made = tensor(x, name)
    if made.rank < least:
        raise misfit("rank", f"{least} axes or more", name, made)
    return made


@op("ctc_loss")
def _ctc_loss(
    target: Operand, output: Operand, target_length: Operand, output_length: Operand, mask_index: int = 0
) -> TensorType:
    given = _ranked(output, "output", 3)
    batch = _ranked(target, "target", 2).shape[0]
    for name, one in (("output", given), ("target_length", target_length), ("output_length", output_length)):
        if unequal(batch, _ranked(one, name, 1).shape[0]):
            raise RuleError(
                "size", "one batch size", f"{batch} and {one}", inputs=("target", name), axes=(0, 0)
            )
    return TensorType((batch,), result_type(given.dtype, "float32"))


@op("ctc_decode")
def _ctc_decode(
    inputs: Operand,
    sequence_lengths: Operand,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[TensorType, TensorType]:
    x = _ranked(inputs, "inputs", 3)
    paths = 1 if strategy == "greedy" else top_paths
    labels = TensorType((paths, x.shape[0], x.shape[1]), "int32")
    return labels, TensorType((x.shape[0], paths), result_type(x.dtype, "float32"))


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


@op("depth_to_space")
def _depth_to_space(x: Operand, block_size: int, data_format: str = "channels_last") -> TensorType:
    x = _four(tensor(x))
    space, first = _space(x, data_format, "x")
    channels, cells = x.shape[1 if first else -1], block_size**2
    if isinstance(channels, int) and channels % cells:
        raise RuleError("size", f"channels that {cells} divides", str(channels), ("block_size",), ("x",))
    return x.shaped(*assembled(x.shape[0], tuple(n * block_size for n in space), channels // cells, first))


@op("space_to_depth")
def _space_to_depth(x: Operand, block_size: int, data_format: str = "channels_last") -> TensorType:
    x = _four(tensor(x))
    space, first = _space(x, data_format, "x")
    for axis, size in enumerate(space, 2 if first else 1):
        if isinstance(size, int) and size % block_size:
            raise RuleError(
                "size", f"a size that {block_size} divides", str(size), ("block_size",), ("x",), (axis,)
            )
    channels = x.shape[1 if first else -1] * block_size**2
    return x.shaped(*assembled(x.shape[0], tuple(n // block_size for n in space), channels, first))
