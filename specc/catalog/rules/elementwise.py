"""Layers whose output has the shape of their input: activations, noise and dropout."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.arguments import channels_first, of_rank, whole
from specc.catalog.rules.dims import Dim
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import TensorType


@layer("Activation", "ELU", "Softmax", "ActivityRegularization", masks="keeps")
def _unchanged(call: Call) -> TensorType:
    return call.output(*call.input.shape)


@layer("ReLU", masks="keeps")
def _relu(call: Call) -> TensorType:
    if call["max_value"] is not None:
        _within(call, "max_value", 0)
    _within(call, "negative_slope", 0)
    _within(call, "threshold", 0)
    return _unchanged(call)


@layer("LeakyReLU", masks="keeps")
def _leaky_relu(call: Call) -> TensorType:
    _within(call, "negative_slope", 0)
    return _unchanged(call)


@layer("PReLU", masks="keeps")
def _prelu(call: Call) -> TensorType:
    x = call.input
    shape: list[Dim] = list(x.shape[1:])
    shared = call["shared_axes"]
    for axis in [] if shared is None else shared if isinstance(shared, (list, tuple)) else [shared]:
        if not whole(axis) or not -len(shape) <= axis - 1 < len(shape):
            raise call.wrong("shared_axes", f"axes from 1 to {len(shape)}")
        shape[axis - 1] = 1
    call.weight("alpha", *shape)
    return _unchanged(call)


@layer("Dropout", "AlphaDropout", masks="keeps")
def _dropout(call: Call) -> TensorType:
    _within(call, "rate", 0, 1)
    noise = call["noise_shape"]
    if call.kind == "Dropout" and noise is not None:
        fits = isinstance(noise, (list, tuple)) and all(n is None or (whole(n) and n > 0) for n in noise)
        if not fits:
            raise call.wrong("noise_shape", "a list of sizes, each null or 1 or more")
    return _unchanged(call)


@layer("GaussianDropout", masks="keeps")
def _gaussian_dropout(call: Call) -> TensorType:
    _within(call, "rate", 0, 1)
    return _unchanged(call)


@layer("GaussianNoise", masks="keeps")
def _gaussian_noise(call: Call) -> TensorType:
    _within(call, "stddev", 0, 1)
    return _unchanged(call)


@layer("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", masks="keeps")
def _spatial_dropout(call: Call) -> TensorType:
    _within(call, "rate", 0, 1)
    if call.kind != "SpatialDropout1D":
        channels_first(call)
    rank = int(call.kind[-2]) + 2
    of_rank(call, call.input, rank, rank)
    return _unchanged(call)


def _within(call: Call, argument: str, low: float, high: float | None = None) -> None:
    value: Any = call[argument]
    number = isinstance(value, (int, float))
    if not number or value < low or (high is not None and value > high):
        raise call.wrong(
            argument, f"a number of at least {low}" if high is None else f"a number from {low} to {high}"
        )
