"""One grammar for compile-time expressions (`$…`) and for formulas over tensors."""

from __future__ import annotations

from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.source.diagnostic import Reporter
from specc.source.span import Span


def parse(text: str, span: Span, reporter: Reporter) -> Expression | None:
    """The tree of a formula; reports `bad-expression` at its characters and gives None where it is wrong."""
    try:
        return parse_text(text)
    except ExpressionError as error:
        report(error, text, span, reporter)
        return None


def report(error: ExpressionError, text: str, span: Span, reporter: Reporter, quoted: bool = False) -> None:
    """Report an ExpressionError of `text`, which stands at `span`, at its characters."""
    if error.told:
        return
    exact = text_span(text, span, quoted)
    place = exact.within(error.start, error.end) if exact else span
    reporter.error("bad-expression", error.message, place, help=error.help)


def text_span(text: str, span: Span, quoted: bool = False) -> Span | None:
    """Where the characters of a text stand, without quotes; None where they are written in another way."""
    if _width(span) not in (len(text), len(text) + 2):
        return None
    offset = 1 if quoted or _is_quoted(text, span) else 0
    return span.within(offset, offset + len(text))


def _width(span: Span) -> int:
    return span.end_column - span.column if span.line == span.end_line else -1


def _is_quoted(text: str, span: Span) -> bool:
    return _width(span) == len(text) + 2


__all__ = ["Expression", "ExpressionError", "parse", "report", "text_span"]
