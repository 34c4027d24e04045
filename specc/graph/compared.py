"""Whether what a loss compares goes together, as Keras compares it."""

from __future__ import annotations

from specc.catalog.rules import RuleError, TensorType
from specc.catalog.rules.dims import Dim, Shape, render, symbol
from specc.graph.infer import BATCH

SPARSE = "SparseCategoricalCrossentropy"
_PLAIN = (
    "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy "
    "CosineSimilarity Hinge Huber KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError "
    f"MeanSquaredError MeanSquaredLogarithmicError Poisson SquaredHinge {SPARSE}"
)
PAIRED = frozenset(_PLAIN.split())
"""Losses that without reduction give one number for each row of the last axis."""


def check_compared(loss: str, true: TensorType, found: TensorType) -> None:
    """Raise RuleError where Keras cannot compare two tensors by a loss."""
    if loss not in PAIRED:
        return
    given = f"{render(true.shape)} for `y_true`, {render(found.shape)} for `y_pred`"
    if loss == SPARSE:
        classes = true.shape[:-1] if len(true.shape) == len(found.shape) else true.shape
        last = true.shape[-1] if len(true.shape) == len(found.shape) else 1
        if last != 1 or len(classes) != len(found.shape) - 1 or _clash(classes, found.shape[:-1]):
            raise RuleError("size", "classes as numbers, [batch], and what is found for each", given)
        return
    one, two = _of_one_rank(true.shape, found.shape)
    if _clash(one, two):
        numbers = len(two) == len(one) + 1 and loss.startswith("Categorical")
        fits = f"`{SPARSE}`, for classes that are numbers," if numbers else ""
        raise RuleError("size", "tensors of one shape", given, fits=fits)


def _of_one_rank(one: Shape, two: Shape) -> tuple[Shape, Shape]:
    """Two shapes, a last axis of 1 added to the one or taken off the other, as Keras does it."""
    if len(one) > len(two):
        return tuple(reversed(_of_one_rank(two, one)))  # type: ignore[return-value]
    if len(two) == len(one) + 1 and two[-1] == 1:
        return ((*one, 1), two) if len(one) == 1 else (one, two[:-1])
    return one, two


def _clash(one: Shape, two: Shape) -> bool:
    """Whether two shapes cannot be broadcast."""
    pairs = zip(reversed(one), reversed(two), strict=False)
    return any(left != right and 1 not in (left, right) and _known(left, right) for left, right in pairs)


def _known(*sizes: Dim) -> bool:
    return all(isinstance(size, int) or size == symbol(BATCH) for size in sizes)
