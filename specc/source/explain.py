"""The pages behind the codes: what `specc explain CODE` prints."""

from __future__ import annotations

from functools import cache
from pathlib import Path

_FOLDER = Path(__file__).parent / "codes"


@cache
def codes() -> tuple[str, ...]:
    """Every code that has a page, sorted."""
    return tuple(sorted(page.stem for page in _FOLDER.glob("*.md")))


def explain(code: str) -> str | None:
    """The page of a code as Markdown, or None where there is no such code."""
    if code not in codes():
        return None
    return (_FOLDER / f"{code}.md").read_text(encoding="utf-8")
