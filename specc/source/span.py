"""Where a value stands in a file."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a file: 1-based lines and columns, the end exclusive."""

    file: str
    line: int
    column: int
    end_line: int
    end_column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"

    def within(self, start: int, end: int) -> Span:
        """The part of a one-line span from character `start` to `end` of it."""
        if self.line != self.end_line:
            return self
        first = self.column + start
        return Span(self.file, self.line, first, self.line, max(self.column + end, first + 1))


COMMAND_LINE = "<command line>"
"""The file of values that were given with `-p` and `--set`."""
