"""Windows over a series: stretches of rows, and the rows that follow them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from specc.data.errors import fail
from specc.data.table import Array, Column, Indices, Table
from specc.frontend.sections.data import Window
from specc.source.span import Span

AHEAD = ".ahead"


def window_starts(window: Window, stretch: Indices, span: Span, what: str) -> Indices:
    """Where windows begin within a stretch of consecutive rows; raises SpecError where none fits."""
    last = len(stretch) - window.length - window.ahead
    if last < 0:
        rows = window.length + window.ahead
        fail("data-split", f"{len(stretch)} {what} hold no window of {rows}", span)
    return stretch[: last + 1 : window.stride]


class Windows(Table):
    """Each column `c` as [length, …]; with `ahead`, `c.ahead` as [ahead, …] holds what follows."""

    def __init__(self, table: Table, window: Window, starts: Indices) -> None:
        self.table, self._window, self._starts = table, window, starts

    @property
    def columns(self) -> Mapping[str, Column]:
        columns = self.table.columns
        found = {n: Column((self._window.length, *c.shape), c.dtype) for n, c in columns.items()}
        if self._window.ahead:
            found |= {n + AHEAD: Column((self._window.ahead, *c.shape), c.dtype) for n, c in columns.items()}
        return found

    def __len__(self) -> int:
        return len(self._starts)

    def rows(self, indices: Indices, names: Sequence[str]) -> dict[str, Array]:
        """Read the rows of windows, each column once."""
        now = [name for name in names if name in self.table.columns]
        ahead = [name for name in names if name not in self.table.columns]
        found = self._read(self._starts[indices], self._window.length, now)
        following = self._starts[indices] + self._window.length
        bare = [name.removesuffix(AHEAD) for name in ahead]
        later = self._read(following, self._window.ahead, bare) if ahead else {}
        return found | {name + AHEAD: values for name, values in later.items()}

    def _read(self, starts: Indices, length: int, names: Sequence[str]) -> dict[str, Array]:
        numbers = starts[:, None] + np.arange(length, dtype=np.int64)
        flat = self.table.rows(numbers.reshape(-1), names)
        return {name: values.reshape(len(starts), length, *values.shape[1:]) for name, values in flat.items()}
