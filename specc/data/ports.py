"""What a model wants under a name, and whether a tensor is that."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NoReturn

import tensorflow as tf

from specc.data.errors import fail
from specc.frontend.sections.data_types import describe_shape
from specc.source.span import Span

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class Port:
    """An input of a model: one example's shape (None in it: any size), and the dtype it takes."""

    name: str
    shape: Shape | None = None
    dtype: str = "float32"
    span: Span | None = None


def fits(shape: Shape, wanted: Shape, strict: bool = False) -> bool:
    """Whether a tensor of `shape` can go where `wanted` is declared; if `strict`, for certain."""
    return len(shape) == len(wanted) and all(
        w is None or s == w or (s is None and not strict) for s, w in zip(shape, wanted, strict=True)
    )


def check_shape(shape: Shape, port: Port, origin: Span | None) -> None:
    """Refuse one example's shape that the model cannot take; raises SpecError that shows both."""
    if port.shape is not None and not fits(shape, port.shape):
        _disagree(port, origin, describe_shape(shape), describe_shape(port.shape))


def check_row(shape: Shape, first: Port, origin: Span | None) -> None:
    """Refuse an example of another shape than the first; raises SpecError that shows both."""
    if first.shape is not None and not fits(shape, first.shape):
        there = describe_shape(first.shape)
        fail(
            "data-shape",
            f"the field `{first.name}` holds {describe_shape(shape)} in one row, {there} in the first",
            origin,
            help="say `shape` with null where rows differ, or add a transform that makes them equal",
        )


def cast_for(tensor: tf.Tensor, dtype: str | None) -> tf.Tensor:
    """The tensor as `dtype`; without one, 64-bit floats (what files hold) become 32-bit."""
    if dtype is None:
        return tf.cast(tensor, tf.float32) if tensor.dtype == tf.float64 else tensor
    if tensor.dtype == tf.string or dtype == "string":
        return tensor if tensor.dtype == tf.string else tf.strings.as_string(tensor)
    return tf.cast(tensor, dtype)


def to_port(tensor: tf.Tensor, port: Port, origin: Span | None) -> tf.Tensor:
    """A batch as the model wants it: its shape checked, its dtype widened where nothing is lost.

    Whole numbers become floats, and whole numbers of another width; texts and fractions never become whole
    numbers. Raises SpecError that shows both sides.
    """
    check_shape(tuple(tensor.shape)[1:], port, origin)
    if tensor.dtype.name == port.dtype:
        return tensor
    wanted = tf.as_dtype(port.dtype)
    number = tensor.dtype.is_integer or tensor.dtype.is_bool
    if (wanted.is_floating and (number or tensor.dtype.is_floating)) or (wanted.is_integer and number):
        return tf.cast(tensor, wanted)
    return _disagree(port, origin, tensor.dtype.name, port.dtype)


def _disagree(port: Port, origin: Span | None, holds: str, wants: str) -> NoReturn:
    fail(
        "data-shape",
        f"`{port.name}` holds {holds}, the input `{port.name}` wants {wants}",
        origin,
        f"the data: {holds}",
        related=[] if port.span is None else [(port.span, f"the input: {wants}")],
    )
