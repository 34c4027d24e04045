"""Diagnostics as text, in the manner of rustc and Elm, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from specc.source.diagnostic import Diagnostic
from specc.source.excerpt import excerpt
from specc.source.lines import split_lines
from specc.source.span import Span

_RESET = "\033[0m"
_COLORS = {
    "error": "\033[1;31m",
    "warning": "\033[1;33m",
    "title": "\033[1m",
    "frame": "\033[34m",
    "related": "\033[1;34m",
    "help": "\033[32m",
}


def render(
    diagnostics: Iterable[Diagnostic], sources: dict[str, str], color: bool = False, *, counts: bool = True
) -> str:
    """The diagnostics one below the other, each with its excerpt, and a last line that `counts` them.

    `sources` gives the text of every file that spans may name; places in other files (the command line)
    are named without an excerpt. Returns '' where there are no diagnostics.
    """
    found = tuple(diagnostics)
    if not found:
        return ""
    painter = _Painter(sources, color)
    last = [summary(found)] if counts else []
    return "\n".join([*map(painter.diagnostic, found), *last]) + "\n"


def summary(diagnostics: Iterable[Diagnostic]) -> str:
    """How many there are: `2 errors, 1 warning`."""
    severities = [d.severity for d in diagnostics]
    counts = [(severities.count(name), name) for name in ("error", "warning")]
    return ", ".join(f"{n} {name}{'s' if n > 1 else ''}" for n, name in counts if n) or "no errors"


def render_json(diagnostics: Iterable[Diagnostic]) -> str:
    """The diagnostics as a JSON list of objects; lines and columns are 1-based, the end exclusive."""
    return json.dumps([_as_dict(d) for d in diagnostics], indent=2, ensure_ascii=False) + "\n"


def _as_dict(diagnostic: Diagnostic) -> dict[str, Any]:
    return {
        "code": diagnostic.code,
        "severity": diagnostic.severity,
        "title": diagnostic.title,
        "place": _place(diagnostic.span),
        "label": diagnostic.label,
        "notes": list(diagnostic.notes),
        "related": [{"place": _place(span), "label": label} for span, label in diagnostic.related],
        "help": diagnostic.help,
    }


def _place(span: Span | None) -> dict[str, Any] | None:
    if span is None:
        return None
    return {
        "file": span.file,
        "line": span.line,
        "column": span.column,
        "end_line": span.end_line,
        "end_column": span.end_column,
    }


class _Painter:
    """Holds the files' lines and whether to paint."""

    def __init__(self, sources: dict[str, str], color: bool) -> None:
        self._sources = sources
        self._lines: dict[str, list[str]] = {}
        self._color = color

    def diagnostic(self, diagnostic: Diagnostic) -> str:
        head = self._paint(f"{diagnostic.severity}[{diagnostic.code}]", diagnostic.severity)
        out = [head + self._paint(f": {clean(diagnostic.title)}", "title")]
        spans = [span for span in (diagnostic.span, *(s for s, _ in diagnostic.related)) if span]
        gutter = max((len(str(span.line)) for span in spans), default=1)
        if diagnostic.span:
            out += self._excerpt(diagnostic.span, diagnostic.label, gutter, "^", diagnostic.severity)
        for span, label in diagnostic.related:
            out += self._excerpt(span, label, gutter, "-", "related")
        if spans and (diagnostic.notes or diagnostic.help) and self._line(spans[-1]) is not None:
            out.append(self._frame(gutter, "|"))
        for note in diagnostic.notes:
            out += self._remark("note", note, gutter, "title")
        if diagnostic.help:
            out += self._remark("help", diagnostic.help, gutter, "help")
        return "\n".join(out) + "\n"

    def _excerpt(self, span: Span, label: str, gutter: int, mark: str, style: str) -> list[str]:
        arrow = "-->" if mark == "^" else ":::"
        place = self._paint(" " * gutter + arrow, "frame") + f" {clean(str(span))}"
        line = self._line(span)
        if line is None:
            return [place, *([f"{self._frame(gutter, '=')} {clean(label)}"] if label else [])]
        shown, offset, width = excerpt(line, span.column - 1, _last_column(span, line))
        below = f"{mark * width} {clean(label)}".rstrip()
        number = self._paint(f"{span.line:>{gutter}} |", "frame")
        return [
            place,
            self._frame(gutter, "|"),
            f"{number} {shown}".rstrip(),
            f"{self._frame(gutter, '|')} {' ' * offset}{self._paint(below, style)}",
        ]

    def _remark(self, kind: str, text: str, gutter: int, style: str) -> list[str]:
        first, *rest = text.split("\n")
        indent = " " * (gutter + 3 + len(kind) + 2)
        head = f"{self._frame(gutter, '=')} {self._paint(f'{kind}:', style)} {clean(first)}"
        return [head, *(indent + clean(line) for line in rest)]

    def _frame(self, gutter: int, mark: str) -> str:
        return self._paint(" " * (gutter + 1) + mark, "frame")

    def _line(self, span: Span) -> str | None:
        if span.file not in self._sources:
            return None
        if span.file not in self._lines:
            self._lines[span.file] = split_lines(self._sources[span.file].removeprefix("\ufeff"))
        lines = self._lines[span.file]
        return lines[span.line - 1] if span.line <= len(lines) else None

    def _paint(self, text: str, style: str) -> str:
        return f"{_COLORS[style]}{text}{_RESET}" if self._color else text


def _last_column(span: Span, line: str) -> int:
    """Where the carets end; a span of several lines is marked to the end of its first."""
    return span.end_column - 1 if span.end_line == span.line else len(line.rstrip())


def clean(text: str) -> str:
    """Text without characters that would steer a terminal."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)
