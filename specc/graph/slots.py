"""What an optimizer keeps beside the weights: as many bytes as Keras's own `build` makes variables for.

The scalars that every optimizer has (steps done, learning rate) are left out.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from math import prod
from typing import Any

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.catalog.rules.types import Weight
from specc.graph.measure import BYTES

Arguments = Mapping[str, Any]
Slots = Callable[[Weight, Arguments], int]
"""Numbers that an optimizer keeps for one weight."""


class UnknownSlotsError(LookupError):
    """It is not known what an optimizer keeps; the text says why."""


def optimizer_bytes(made: KerasObject, weights: Iterable[Weight]) -> int:
    """The bytes that an optimizer keeps for these weights, of which only those that are trained count.

    A weight's name is its path (`layer/kernel`): Muon goes by it. Raises UnknownSlotsError for a plugin's
    optimizer, and for Muon with `exclude_layers`.
    """
    arguments = _with_defaults(made)
    inner = arguments.get("inner_optimizer")
    if isinstance(inner, KerasObject):
        return optimizer_bytes(inner, weights)
    slots = _SLOTS.get(_canonical(made.kind))
    if slots is None:
        raise UnknownSlotsError(f"what `{made.kind}` keeps per weight is not known")
    each = bool(arguments.get("use_ema")) + bool(arguments.get("gradient_accumulation_steps"))
    return sum(
        (slots(weight, arguments) + each * weight.size) * BYTES[weight.dtype]
        for weight in weights
        if weight.trainable
    )


def _canonical(kind: str) -> str:
    return load().identifiers["optimizer"].get(kind, kind)


def _with_defaults(made: KerasObject) -> dict[str, Any]:
    known = load().objects["optimizer"].get(_canonical(made.kind))
    filled = {a.name: a.default for a in known.arguments if not a.required} if known is not None else {}
    return {**filled, **made.arguments}


def _copies(count: int, *flags: str) -> Slots:
    """So many numbers per parameter, and one more for each of the arguments that is set."""

    def slots(weight: Weight, arguments: Arguments) -> int:
        return (count + sum(bool(arguments.get(flag)) for flag in flags)) * weight.size

    return slots


def _adafactor(weight: Weight, arguments: Arguments) -> int:
    """The whole second moment (Keras keeps it even where it is factored), and its sums along two axes."""
    if len(weight.shape) < 2:
        return weight.size
    rows, columns = weight.shape[:-1], (*weight.shape[:-2], weight.shape[-1])
    return weight.size + prod(rows) + prod(columns)


def _muon(weight: Weight, arguments: Arguments) -> int:
    """A momentum, and Adam's second moment for all that is no matrix, or an embedding."""
    if arguments.get("exclude_layers"):
        raise UnknownSlotsError(
            "which weights `exclude_layers` leaves to Adam is not known before they exist"
        )
    embedding = bool(arguments.get("exclude_embeddings")) and "embedding" in weight.name.lower()
    return weight.size * (2 if embedding or len(weight.shape) != 2 else 1)


_SLOTS: dict[str, Slots] = {
    "SGD": _copies(0, "momentum"),
    "RMSprop": _copies(1, "momentum", "centered"),
    "Adam": _copies(2, "amsgrad"),
    "AdamW": _copies(2, "amsgrad"),
    "Adamax": _copies(2),
    "Nadam": _copies(2),
    "Adagrad": _copies(1),
    "Adadelta": _copies(2),
    "Ftrl": _copies(2),
    "Lion": _copies(1),
    "Lamb": _copies(2),
    "ScheduleFreeAdamW": _copies(2),
    "Adafactor": _adafactor,
    "Muon": _muon,
}
