"""«Did you mean»: the names nearest to one that is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from functools import lru_cache

LONGEST = 100
"""Characters of a name beyond which nothing is like it."""


def nearest(name: str, known: Iterable[str]) -> str | None:
    """The known name most like `name`, or None where none is near."""
    return _nearest(name, tuple(known))


@lru_cache(maxsize=1024)
def _nearest(name: str, names: tuple[str, ...]) -> str | None:
    """Remembered: a step that is wrong may be expanded thousands of times."""
    if len(name) > LONGEST:
        return None
    folded = {n.lower().replace("_", ""): n for n in reversed(names)}
    exact = folded.get(name.lower().replace("_", ""))
    if exact is not None:
        return exact
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return close[0] if close else None


def did_you_mean(name: str, known: Iterable[str], *, limit: int = 12) -> str:
    """A help line: the nearest name, or else all of them where they are few."""
    names = sorted(set(known))
    near = nearest(name, names)
    if near is not None:
        return f"did you mean `{near}`?"
    if not names:
        return ""
    shown = ", ".join(f"`{n}`" for n in names[:limit])
    return f"known: {shown}" + (f" and {len(names) - limit} more" if len(names) > limit else "")
