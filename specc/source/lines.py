"""Lines as PyYAML counts them, so that a span's line is the line that is shown."""

from __future__ import annotations

import re

_LINE_BREAK = re.compile("\r\n|[\n\r\x85\u2028\u2029]")


def split_lines(text: str) -> list[str]:
    """The lines of `text` without their breaks; never empty."""
    return _LINE_BREAK.split(text)
