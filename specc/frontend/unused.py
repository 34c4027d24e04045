"""Blocks that nothing uses, and parameters that no expression names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from collections.abc import Mapping as Named

from specc.frontend.scope import Block, File
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Scalar, Sequence, Value

_WORD = re.compile(r"[a-z_][a-z0-9_]*")


def mentioned(steps: Iterable[Value | None], blocks: Named[str, Block]) -> set[str]:
    """The blocks that steps name, and those that the bodies of these name, expanded or not."""
    found: set[str] = set()
    stack = list(steps)
    while stack:
        value = stack.pop()
        if isinstance(value, Sequence):
            stack.extend(value.items)
        elif isinstance(value, Mapping):
            stack.extend(part for entry in value.entries for part in entry)
        elif isinstance(value, Scalar) and value.value in blocks and value.value not in found:
            found.add(str(value.value))
            stack.append(blocks[str(value.value)].body.get("layers"))
    return found


def warn_unused(document: Mapping, home: File, path: str, reporter: Reporter) -> None:
    """Warn of what the spec's own file at `path` declares for nothing; what it extends may offer more."""
    used = home.used
    if reporter.failed:  # a step that was wrong was not expanded
        used = used | mentioned([document.get("model"), document.get("models")], home.blocks)
    for name, block in home.blocks.items():
        if "." not in name and name not in used and block.span.file == path:
            title = f"the block `{name}` is not used"
            reporter.warning("unused-block", title, block.span, help="use it, or remove it")
    if any(d.code in ("bad-expression", "missing-dollar") for d in reporter):
        return  # a misspelt or forgotten `$` leaves its parameter unused: that was told
    named = _names_in_expressions(document)
    section = document.get("params")
    for key, _ in section.entries if isinstance(section, Mapping) else ():
        if key.value not in named and key.span.file == path:
            title = f"the parameter `{key.value}` is not used"
            reporter.warning("unused-parameter", title, key.span, help=f"use it as `${key.value}`")


def _names_in_expressions(value: Value) -> set[str]:
    found: set[str] = set()
    stack: list[Value] = [value]
    while stack:
        item = stack.pop()
        if not item.dynamic:
            continue
        if isinstance(item, Scalar):
            found |= set(_WORD.findall(str(item.value)))
        elif isinstance(item, Sequence):
            stack.extend(item.items)
        else:
            for key, inner in item.entries:
                stack += [key, inner]
    return found
