"""Errors of the data: diagnostics that stop at once, since what comes after needs what failed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.span import Span


def fail(
    code: str,
    title: str,
    span: Span | None,
    label: str = "",
    *,
    notes: Iterable[str] = (),
    related: Iterable[tuple[Span, str]] = (),
    help: str = "",
) -> NoReturn:
    """Raise SpecError with one diagnostic."""
    raise SpecError([Diagnostic(code, title, span, label, tuple(notes), tuple(related), help)])
