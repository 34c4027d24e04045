"""Functions of `keras.ops.image`."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.arguments import whole
from specc.catalog.rules.dims import Dim, render
from specc.catalog.rules.functions.operands import Numbers, Operand, misfit, replaced, tensor, written, wrong
from specc.catalog.rules.functions.windows import conv_sizes
from specc.catalog.rules.policy import is_float
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


def _image(images: Operand, data_format: str | None, batch: bool = False) -> tuple[TensorType, bool]:
    x = tensor(images, "images")
    if x.rank != 4 and (batch or x.rank != 3):
        wanted = "height, width and channels, with a batch before them" + ("" if batch else " or not")
        raise misfit("rank", wanted, "images", x)
    if data_format not in (None, "channels_last", "channels_first"):
        raise wrong("data_format", "channels_last or channels_first", data_format)
    return x, data_format == "channels_first"


def _channels(x: TensorType, first: bool, *counts: int) -> int:
    """The axis of the channels; checks how many there are."""
    axis = x.rank - (3 if first else 1)
    if isinstance(x.shape[axis], int) and x.shape[axis] not in counts:
        wanted = " or ".join(map(str, counts)) + " channels"
        raise RuleError("size", wanted, str(x.shape[axis]), (), ("images",), (axis,), shapes=(x.shape,))
    return axis


@op("image.rgb_to_grayscale")
def _rgb_to_grayscale(images: Operand, data_format: str | None = None) -> TensorType:
    x, first = _image(images, data_format)
    return x.shaped(*replaced(x.shape, _channels(x, first, 1, 3), 1))


@op("image.rgb_to_hsv", "image.hsv_to_rgb")
def _colours(images: Operand, data_format: str | None = None) -> TensorType:
    x, first = _image(images, data_format)
    if not is_float(x.dtype):
        raise RuleError("dtype", "floating-point numbers", x.dtype, inputs=("images",))
    _channels(x, first, 3)
    return x


@op("image.resize")
def _resize(
    images: Operand,
    size: Numbers,
    interpolation: str = "bilinear",
    antialias: bool = False,
    crop_to_aspect_ratio: bool = False,
    pad_to_aspect_ratio: bool = False,
    fill_mode: str = "constant",
    fill_value: float = 0.0,
    data_format: str | None = None,
) -> TensorType:
    x, first = _image(images, data_format)
    sizes = written(size, "size")
    if len(sizes) != 2:
        raise wrong("size", "a height and a width", size)
    return _sized(x, first, *sizes)


def _sized(x: TensorType, first: bool, height: Dim, width: Dim) -> TensorType:
    if first:
        return x.shaped(*x.shape[:-2], height, width)
    return x.shaped(*x.shape[:-3], height, width, x.shape[-1])


@op("image.gaussian_blur")
def _gaussian_blur(
    images: Operand, kernel_size: Numbers = (3, 3), sigma: Any = (1.0, 1.0), data_format: str | None = None
) -> TensorType:
    return _image(images, data_format)[0]


@op("image.sobel_edges")
def _sobel_edges(images: Operand, data_format: str | None = None) -> TensorType:
    x, _ = _image(images, data_format, batch=True)
    return x.shaped(*x.shape, 2)


@op("image.affine_transform")
def _affine_transform(
    images: Operand,
    transform: Operand,
    interpolation: str = "bilinear",
    fill_mode: str = "constant",
    fill_value: float = 0,
    data_format: str | None = None,
) -> TensorType:
    if tensor(transform, "transform").rank not in (1, 2):
        raise RuleError("rank", "1 or 2 axes", str(transform), inputs=("transform",))
    return _image(images, data_format)[0]


@op("image.ssim")
def _ssim(
    image1: Operand,
    image2: Operand,
    max_val: float = 1.0,
    filter_size: int = 11,
    filter_sigma: float = 1.5,
    k1: float = 0.01,
    k2: float = 0.03,
    data_format: str | None = None,
) -> TensorType:
    x, _ = _image(image1, data_format)
    _image(image2, data_format)
    return x.shaped(*x.shape[:-3])


@op("image.map_coordinates")
def _map_coordinates(
    inputs: Operand, coordinates: Operand, order: int, fill_mode: str = "constant", fill_value: float = 0
) -> TensorType:
    x, places = tensor(inputs, "inputs"), tensor(coordinates, "coordinates")
    if places.rank < 2 or places.shape[0] != x.rank:
        wanted = f"coordinates of {x.rank} axes: a first axis of that size, and more axes"
        raise RuleError("size", wanted, render(places.shape), inputs=("inputs", "coordinates"))
    return x.shaped(*places.shape[1:])


@op("image.extract_patches")
def _extract_patches(
    images: Operand,
    size: Numbers,
    strides: Numbers | None = None,
    dilation_rate: Numbers = 1,
    padding: str = "valid",
    data_format: str | None = None,
) -> TensorType:
    window = (size, size) if whole(size) else tuple(size)
    if len(window) != 2:
        raise NoRuleError("patches of three dimensions")
    x, first = _image(images, data_format)
    space = x.shape[-2:] if first else x.shape[-3:-1]
    sizes = conv_sizes(
        space, window, window if strides is None else strides, padding, dilation_rate, "size", first
    )
    axis = x.rank - (3 if first else 1)
    if not isinstance(x.shape[axis], int):
        raise misfit("unknown-size", "a known number of channels", "images", x, axis)
    channels = x.shape[axis] * window[0] * window[1]
    batch = x.shape[: x.rank - 3]
    return x.shaped(*batch, *((channels, *sizes) if first else (*sizes, channels)))


@op("image.pad_images")
def _pad_images(
    images: Operand,
    top_padding: int | None = None,
    left_padding: int | None = None,
    bottom_padding: int | None = None,
    right_padding: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> TensorType:
    x, first = _image(images, data_format)
    height, width = x.shape[-2:] if first else x.shape[-3:-1]
    tall = _changed(height, top_padding, bottom_padding, target_height, "height", 1)
    wide = _changed(width, left_padding, right_padding, target_width, "width", 1)
    return _sized(x, first, tall, wide)


@op("image.crop_images")
def _crop_images(
    images: Operand,
    top_cropping: int | None = None,
    left_cropping: int | None = None,
    bottom_cropping: int | None = None,
    right_cropping: int | None = None,
    target_height: int | None = None,
    target_width: int | None = None,
    data_format: str | None = None,
) -> TensorType:
    x, first = _image(images, data_format)
    height, width = x.shape[-2:] if first else x.shape[-3:-1]
    tall = _changed(height, top_cropping, bottom_cropping, target_height, "height", -1)
    wide = _changed(width, left_cropping, right_cropping, target_width, "width", -1)
    return _sized(x, first, tall, wide)


def _changed(
    size: Dim, before: int | None, after: int | None, target: int | None, what: str, sign: int
) -> Dim:
    """A size with something added (or cut, for `sign` -1) at both ends; two of the three say how much."""
    if [before, after, target].count(None) != 1:
        raise RuleError(
            "argument",
            f"two of both ends and the target, for the {what}",
            "more or fewer",
            (f"target_{what}",),
        )
    if target is None:
        made = size + sign * ((before or 0) + (after or 0))
        if sign < 0 and not isinstance(size, int):
            raise RuleError("unknown-size", f"a known {what}, or a target", str(size), inputs=("images",))
    else:
        made = target
        rest = sign * (target - size) - (before or 0) - (after or 0)
        if isinstance(rest, int) and rest < 0:
            raise RuleError("size", f"a {what} that fits", str(size), (f"target_{what}",), ("images",))
    if (isinstance(made, int) and made < 0) or (before or 0) < 0 or (after or 0) < 0:
        raise RuleError("size", f"a {what} of 0 or more", str(made), (f"target_{what}",), ("images",))
    return made
