"""What to write instead, where a value shows what was meant."""

from __future__ import annotations

import re
from itertools import takewhile

from specc.source.suggest import did_you_mean, nearest
from specc.source.values import Mapping, Scalar, Value

MOVED = {
    ("train", "validation_split"): "examples are set aside in `data`: `split: {validation: 0.2}`",
    ("train", "validation_data"): "examples are set aside in `data`: `split: {validation: 0.2}`",
}
"""Words of Keras that a spec writes elsewhere."""

_SIZE = r"(?:\d+|None|null)"
_SIZES = re.compile(rf"[(\[]?\s*({_SIZE}(?:\s*,\s*{_SIZE})*)\s*,?\s*[)\]]?")


def key_help(owner: str, name: str, known: list[str]) -> str:
    """What to do about an unknown key."""
    return MOVED.get((owner, name)) or did_you_mean(name, known)


def stands_for(missing: str, given: Mapping, known: list[str]) -> bool:
    """Whether a key that is missing is there, but misspelt: that is told as an unknown key."""
    unknown = (name for name in given.names() if name not in known)
    return any(nearest(name, known) == missing for name in unknown)


def shape_help(value: Value, name: str, around: Value) -> str:
    """A shape as a list, for one that is written `(8, 8, 1)` or `{image: 8, 8, 1}`."""
    plain = value.value if isinstance(value, Scalar) else None
    if isinstance(plain, str) and (match := _SIZES.fullmatch(plain)):
        return f"write `[{match.group(1).replace('None', 'null')}]`"
    if type(plain) is int and plain > 0:
        more = _following(name, around) if isinstance(around, Mapping) else []
        return f"write `{name}: [{', '.join([str(plain), *more])}]`"
    return ""


def is_stray_size(key: Scalar, value: Value) -> bool:
    """Whether an entry is what YAML makes of the second size in `{image: 8, 8, 1}`."""
    return str(key.value).isdigit() and isinstance(value, Scalar) and value.value is None


def told_with_shape(name: str, around: Value) -> bool:
    """Whether an entry is a stray size behind a number, where the shape is told as wrong."""
    if not isinstance(around, Mapping):
        return False
    owner: Value | None = None
    for key, value in around.entries:
        stray = is_stray_size(key, value)
        if str(key.value) == name:
            return stray and isinstance(owner, Scalar) and type(owner.value) is int
        owner = owner if stray else value
    return False


def _following(name: str, around: Mapping) -> list[str]:
    behind = list(around.entries)[around.names().index(name) + 1 :]
    return [str(key.value) for key, _ in takewhile(lambda entry: is_stray_size(*entry), behind)]
