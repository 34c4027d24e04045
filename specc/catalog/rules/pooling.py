"""Pooling over windows, over everything, and to a wanted size."""

from __future__ import annotations

from specc.catalog.rules.arguments import assembled, channels_first, numbers, of_rank, spatial
from specc.catalog.rules.convolutions import window_sizes
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import TensorType


@layer(*[f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def _pooling(call: Call) -> TensorType:
    rank = int(call.kind[-2])
    window = numbers(call, "pool_size", rank)
    strides = window if call["strides"] is None else numbers(call, "strides", rank)
    if call["padding"] not in ("valid", "same"):
        raise call.wrong("padding", "valid or same")
    first = channels_first(call)
    x = call.input
    of_rank(call, x, rank + 2, rank + 2)
    once, axis = (1,) * rank, 2 if first else 1
    sizes = window_sizes(
        call, spatial(x.shape, first), window, strides, call["padding"], once, axis, "pool_size"
    )
    return call.output(*assembled(x.shape[0], sizes, x.shape[1 if first else -1], first))


@layer(
    *[f"Global{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (2, 3)], "GlobalMaxPooling1D"
)
def _global_pooling(call: Call) -> TensorType:
    rank = int(call.kind[-2])
    first = channels_first(call)
    x = call.input
    of_rank(call, x, rank + 2, rank + 2)
    channels = x.shape[1 if first else -1]
    if not call["keepdims"]:
        return call.output(x.shape[0], channels)
    return call.output(*assembled(x.shape[0], (1,) * rank, channels, first))


@layer("GlobalAveragePooling1D", masks="uses")
def _global_average_pooling_1d(call: Call) -> TensorType:
    return _global_pooling(call)


@layer(*[f"Adaptive{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def _adaptive_pooling(call: Call) -> TensorType:
    rank = int(call.kind[-2])
    sizes = numbers(call, "output_size", rank)
    first = channels_first(call)
    x = call.input
    of_rank(call, x, rank + 2, rank + 2)
    return call.output(*assembled(x.shape[0], sizes, x.shape[1 if first else -1], first))
