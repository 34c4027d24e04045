"""Diagnostics on the terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping

import click

from specc.source.diagnostic import Diagnostic
from specc.source.render import render


def show(diagnostics: Iterable[Diagnostic], texts: dict[str, str], *, counts: bool = True) -> None:
    """Print diagnostics on stderr, in color on a terminal (unless NO_COLOR is set)."""
    text = render(diagnostics, texts, color=_colors(), counts=counts)
    if text:
        click.echo(text, err=True, nl=False)


def _colors() -> bool:
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM") == "dumb"
    return sys.stderr.isatty() and not plain


def plural(number: int, word: str) -> str:
    """`1 layer`, `12 layers`."""
    return f"{number:,} {word}" if number == 1 else f"{number:,} {word}s"


def metrics(values: Mapping[str, float | None]) -> str:
    """Metrics on one line, losses first, four digits each: `loss 0.05123  accuracy 0.9861`."""
    ordered = sorted(values, key=lambda name: (name.startswith("val_"), not name.endswith("loss")))
    return "  ".join(f"{name} {_number(values[name])}" for name in ordered)


def _number(value: float | None) -> str:
    return "none" if value is None else f"{value:.4g}"
