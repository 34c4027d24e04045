"""Names of variables in one function: Python's own words and what the function uses are taken."""

from __future__ import annotations

import builtins
import keyword
from collections.abc import Iterable

TAKEN = frozenset((*keyword.kwlist, *keyword.softkwlist, *dir(builtins), "keras", "layers", "ops", "math"))
"""Names that mean something in every generated module."""


def identifier(text: str) -> str:
    """A spec's name as Python's: dots become underscores, and no word of Python's is left."""
    found = "".join(c if c.isascii() and (c.isalnum() or c == "_") else "_" for c in text)
    found = f"_{found}" if found[:1].isdigit() or not found else found
    return f"{found}_" if found in TAKEN else found


class Names:
    """Gives out names, each once; the variable of one loop may be that of another."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self.taken = set(taken)
        self.loops: dict[str, str] = {}

    def loop(self, text: str) -> str:
        """The name of a loop's variable."""
        if text not in self.loops:
            self.loops[text] = self.new(text)
        return self.loops[text]

    def new(self, text: str) -> str:
        """A name that is free: `text`, `text_`, `text_2`, …"""
        base = found = identifier(text)
        if base in self.taken and not base.endswith("_"):
            base = found = f"{base}_"
        count = 2
        while found in self.taken:
            found = f"{base.rstrip('_')}_{count}"
            count += 1
        self.taken.add(found)
        return found
