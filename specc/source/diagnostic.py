"""What can be wrong with a spec, as data; how it reads is `render`'s matter."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from specc.source.span import Span


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One thing that is wrong.

    `code` is stable and has a page in `source/codes/CODE.md`; `title` states what is wrong, `label`
    stands under the carets, `notes` tell more, `related` points at other places, and only `help`
    suggests.
    """

    code: str
    title: str
    span: Span | None
    label: str = ""
    notes: tuple[str, ...] = ()
    related: tuple[tuple[Span, str], ...] = ()
    help: str = ""
    severity: Literal["error", "warning"] = "error"


class SpecError(Exception):
    """A spec, a file or an argument is wrong; carries every diagnostic that was found.

    `texts` holds the sources by file name, where they were read, for excerpts.
    """

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        self.texts: dict[str, str] = {}
        super().__init__("; ".join(_line(d) for d in self.diagnostics))


class RunError(SpecError):
    """The spec is right, yet the run failed (the command line exits with 1, not 2)."""


def _line(diagnostic: Diagnostic) -> str:
    return f"{diagnostic.span}: {diagnostic.title}" if diagnostic.span else diagnostic.title


class Reporter:
    """Collects diagnostics, each once, so that all errors of a spec are told in one go.

    `reports` counts all that was reported, repetitions too: what expands ten thousand times is wrong ten
    thousand times.
    """

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span | None, str], Diagnostic] = {}
        self.reports = 0

    def __iter__(self) -> Iterator[Diagnostic]:
        return iter(self._found.values())

    def add(self, diagnostic: Diagnostic) -> None:
        """Take a diagnostic, unless the same was taken before."""
        self.reports += 1
        key = (diagnostic.code, diagnostic.span, "" if diagnostic.span else diagnostic.title)
        self._found.setdefault(key, diagnostic)

    def error(
        self,
        code: str,
        title: str,
        span: Span | None,
        label: str = "",
        *,
        notes: Iterable[str] = (),
        related: Iterable[tuple[Span, str]] = (),
        help: str = "",
    ) -> None:
        """Report an error."""
        self.add(Diagnostic(code, title, span, label, tuple(notes), tuple(related), help))

    def warning(
        self,
        code: str,
        title: str,
        span: Span | None,
        label: str = "",
        *,
        notes: Iterable[str] = (),
        related: Iterable[tuple[Span, str]] = (),
        help: str = "",
    ) -> None:
        """Report a warning."""
        self.add(Diagnostic(code, title, span, label, tuple(notes), tuple(related), help, "warning"))

    @property
    def failed(self) -> bool:
        """Whether any error was reported."""
        return any(d.severity == "error" for d in self)

    def sorted(self) -> tuple[Diagnostic, ...]:
        """All diagnostics by file and place."""

        def place(diagnostic: Diagnostic) -> tuple[str, int, int]:
            span = diagnostic.span
            return (span.file, span.line, span.column) if span else ("", 0, 0)

        return tuple(sorted(self, key=place))

    def stop_if_failed(self) -> None:
        """Raise SpecError with everything found, where there was an error."""
        if self.failed:
            raise SpecError(self.sorted())
