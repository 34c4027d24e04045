"""What cannot be said in Python alone."""

from __future__ import annotations

from specc.source.span import Span


class CannotSayError(Exception):
    """A part of a spec for which there is no plain Keras source; the text says why."""

    def __init__(self, reason: str, span: Span | None = None, help: str = "") -> None:
        super().__init__(reason)
        self.reason, self.span, self.help = reason, span, help
