"""Normalisation layers."""

from __future__ import annotations

from specc.catalog.rules.arguments import axes_of, axis_of, numbers, whole
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import RuleError, TensorType


@layer("BatchNormalization", masks="keeps")
def _batch_normalization(call: Call) -> TensorType:
    x = call.input
    size = x.shape[axis_of(call["axis"], x.rank)]
    if call["scale"]:
        call.weight("gamma", size)
    if call["center"]:
        call.weight("beta", size)
    names = ["moving_mean", "moving_variance"]
    if call["renorm"]:
        _check_clipping(call)
        names += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    for name in names:
        call.weight(name, size, trainable=False)
    return call.output(*x.shape)


def _check_clipping(call: Call) -> None:
    clipping = call["renorm_clipping"] or {}
    low, high, most = (clipping.get(key) for key in ("rmin", "rmax", "dmax"))
    if set(clipping) - {"rmin", "rmax", "dmax"}:
        raise call.wrong("renorm_clipping", "the keys rmin, rmax and dmax")
    if (low is not None and high is not None and high < low) or (most is not None and most < 0):
        raise call.wrong("renorm_clipping", "rmax to be at least rmin, and dmax at least 0")


@layer("LayerNormalization", masks="keeps", autocast=False)
def _layer_normalization(call: Call) -> TensorType:
    x = call.input
    shape = [x.shape[axis] for axis in _sorted_axes(call, x)]
    if call["scale"]:
        call.weight("gamma", *shape)
    if call["center"]:
        call.weight("beta", *shape)
    return call.output(*x.shape)


@layer("RMSNormalization")
def _rms_normalization(call: Call) -> TensorType:
    x = call.input
    call.weight("scale", *[x.shape[axis] for axis in _sorted_axes(call, x)])
    return call.output(*x.shape)


@layer("UnitNormalization", masks="keeps")
def _unit_normalization(call: Call) -> TensorType:
    axes_of(call["axis"], call.input.rank)
    return call.output(*call.input.shape)


def _sorted_axes(call: Call, x: TensorType) -> list[int]:
    """The axes in the order in which Keras lays its weights out: sorted as they were written."""
    given = call["axis"]
    written = sorted(given) if isinstance(given, (list, tuple)) else [given]
    return [axis_of(axis, x.rank) for axis in written]


@layer("GroupNormalization", masks="keeps", autocast=False)
def _group_normalization(call: Call) -> TensorType:
    groups = call["groups"]
    if not whole(groups) or (groups < 1 and groups != -1):
        raise call.wrong("groups", "a whole number, 1 or more, or -1 for one group per channel")
    x = call.input
    axis = axis_of(call["axis"], x.rank)
    size = x.shape[axis]
    if not isinstance(size, int):
        raise RuleError(
            "unknown-size",
            f"a known size of axis {axis}",
            str(size),
            inputs=(call.first,),
            axes=(axis,),
            shapes=(x.shape,),
        )
    if groups != -1 and (size < groups or size % groups):
        fitting = ", ".join(str(count) for count in range(1, size + 1) if size % count == 0)
        raise RuleError(
            "size",
            f"channels that `groups: {groups}` divides",
            f"{size} channels",
            ("groups",),
            (call.first,),
            (axis,),
            f"groups of {fitting}",
            (x.shape,),
        )
    if call["scale"]:
        call.weight("gamma", size)
    if call["center"]:
        call.weight("beta", size)
    return call.output(*x.shape)


@layer("SpectralNormalization")
def _spectral_normalization(call: Call) -> TensorType:
    numbers(call, "power_iterations", 1)
    inner = call.nested("layer", call.input)
    kernel = next((weight for weight in inner.weights if weight.name in ("kernel", "embeddings")), None)
    if kernel is None or not isinstance(inner.outputs, TensorType) or _cell_inside(call):
        raise call.wrong("layer", "a layer with a kernel or embeddings of its own, such as Dense or Conv2D")
    call.adopt(inner)
    call.weight("vector_u", 1, kernel.shape[-1], trainable=False, dtype=kernel.dtype)
    return call.output(*inner.outputs.shape)


def _cell_inside(call: Call) -> bool:
    """Whether the kernel belongs to a part of the wrapped layer, where Keras does not look for it."""
    return call["layer"].kind in (
        "LSTM",
        "GRU",
        "SimpleRNN",
        "ConvLSTM1D",
        "ConvLSTM2D",
        "ConvLSTM3D",
        "RNN",
    ) or (call["layer"].kind in ("TimeDistributed", "Bidirectional", "SpectralNormalization"))
