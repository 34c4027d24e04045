"""Layers that resize, cut and vary images."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.arguments import channels_first, numbers, of_rank
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import RuleError, TensorType

_FACTORS: dict[str, dict[str, tuple[float, float]]] = {
    "AugMix": {"factor": (0, 1)},
    "CutMix": {"factor": (0, 1)},
    "RandAugment": {"factor": (0, 1)},
    "RandomBrightness": {"factor": (-1, 1)},
    "RandomColorDegeneration": {"factor": (-1, 1)},
    "RandomContrast": {"factor": (0, 1)},
    "RandomElasticTransform": {"factor": (0, 1), "scale": (0, 1)},
    "RandomErasing": {"factor": (0, 1), "scale": (0, 1)},
    "RandomGaussianBlur": {"factor": (0, 1), "sigma": (0, 1)},
    "RandomHue": {"factor": (0, 1)},
    "RandomInvert": {"factor": (0, 1)},
    "RandomRotation": {"factor": (-1, 1)},
    "RandomSaturation": {"factor": (0, 1)},
    "RandomSharpness": {"factor": (0, 1)},
    "RandomShear": {"x_factor": (0, 1), "y_factor": (0, 1)},
    "RandomTranslation": {"height_factor": (-1, 1), "width_factor": (-1, 1)},
    "Solarization": {"addition_factor": (0, 1), "threshold_factor": (0, 1)},
}
"""Which arguments are a number, or a list of two, and between which bounds."""

_PLAIN = (
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "MixUp",
    "RandomColorJitter",
    "RandomFlip",
    "RandomPerspective",
    "RandomPosterization",
    "RandomZoom",
)


@layer(*_FACTORS, *_PLAIN)
def _varied(call: Call) -> TensorType:
    for argument, (low, high) in _FACTORS.get(call.kind, {}).items():
        _check_factor(call, argument, low, high)
    x = _image(call)
    return call.output(*x.shape)


@layer("Equalization", "RandomGrayscale")
def _same_numbers(call: Call) -> TensorType:
    x = _image(call)
    return TensorType(x.shape, x.dtype)


@layer("Resizing", "CenterCrop", "RandomCrop", autocast=False)
def _resized(call: Call) -> TensorType:
    height, width = numbers(call, "height", 1)[0], numbers(call, "width", 1)[0]
    x = _image(call)
    if channels_first(call):
        return call.output(*x.shape[:-2], height, width)
    return call.output(*x.shape[:-3], height, width, x.shape[-1])


def _image(call: Call) -> TensorType:
    """The tensor that flows in: one image, or a batch of them."""
    x = call.input
    of_rank(call, x, 3, 4, "height, width, channels; a batch before them or not")
    if call.kind == "RandomColorDegeneration":
        axis = x.rank - 3 if channels_first(call) else x.rank - 1
        if isinstance(x.shape[axis], int) and x.shape[axis] != 3:
            raise RuleError(
                "size",
                "3 channels, red, green and blue",
                str(x.shape[axis]),
                inputs=(call.first,),
                axes=(axis,),
                shapes=(x.shape,),
            )
    return x


def _check_factor(call: Call, argument: str, low: float, high: float) -> None:
    value: Any = call[argument]
    if value is None and call.kind in ("RandomBrightness", "RandomRotation"):
        return
    if isinstance(value, (list, tuple)):
        good = len(value) == 2 and value[0] <= high and value[1] >= low
    else:
        good = isinstance(value, (int, float)) and low <= value <= high
    if not good:
        raise call.wrong(argument, f"a number from {low} to {high}, or a list of two")
