"""Keras's errors, told at the step that caused them."""

from __future__ import annotations

import re

import tensorflow as tf

from specc.frontend.expressions.nodes import ExpressionError
from specc.graph.ir import Origin
from specc.lower.archive import DAMAGED
from specc.source.diagnostic import Diagnostic, SpecError

KERAS_ERRORS = (
    ValueError,
    TypeError,
    AttributeError,
    LookupError,
    ArithmeticError,
    AssertionError,
    RuntimeError,
    ImportError,
    OSError,
    ExpressionError,
    tf.errors.OpError,
    *DAMAGED,
)
"""What Keras and TensorFlow raise when a layer cannot be made or called."""


def keras_error(
    error: BaseException, origin: Origin, code: str = "keras-error", title: str = "Keras refuses this step"
) -> SpecError:
    """The error as a diagnostic at its step, with Keras's reason and the uses that led there."""
    if isinstance(error, SpecError):
        return error
    related = tuple((span, f"in {label}") for span, label in reversed(origin.uses))
    if isinstance(error, ExpressionError):
        diagnostic = Diagnostic("bad-formula", error.message, origin.span, related=related, help=error.help)
        return SpecError([diagnostic])
    reason = reason_of(error)
    notes = () if reason == title else (reason,)
    return SpecError([Diagnostic(code, title, origin.span, notes=notes, related=related)])


def reason_of(error: BaseException) -> str:
    """The sentence of an error that tells the cause, without call arguments and traces."""
    text = str(error)
    inner = re.search(
        r"Exception encountered when calling .*?\n+(.*?)(?:\n\nArguments received|\Z)", text, re.S
    )
    if inner:
        text = inner.group(1)
    text = re.sub(r"\x1b\[[0-9;]*m", "", text)
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    return " ".join(lines)[:600] or type(error).__name__
