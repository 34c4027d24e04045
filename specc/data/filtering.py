"""The rows of a source that its `filter` keeps."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from specc.data.bundled import Official
from specc.data.errors import fail
from specc.data.stored import as_tensor
from specc.data.table import Indices, Part, Table
from specc.data.transforms import evaluate
from specc.data.windows import Windows
from specc.frontend.sections.data import Formula, Source
from specc.source.suggest import did_you_mean

CHUNK = 8192
"""Rows that are looked at together."""


class Filtered(Part):
    """The rows of a table that a formula keeps."""

    def __init__(self, table: Table, indices: Indices, formula: Formula) -> None:
        super().__init__(table, indices)
        self.formula = formula

    def told(self) -> str:
        """How many rows stay, in words."""
        return f"`{self.formula.text}` keeps {len(self):,} of {len(self.table):,} rows"


def filtered(table: Table, official: Official, source: Source) -> tuple[Table, Official]:
    """The rows that the source's `filter` keeps, and where they lie in the split that the source comes with.

    Raises SpecError where the formula names no column, fails, gives no truth value, or keeps nothing.
    """
    if source.filter is None:
        return table, official
    formula = source.filter
    _check_columns(formula, table)
    numbers = np.arange(len(table), dtype=np.int64)
    chunks = [numbers[start : start + CHUNK] for start in range(0, len(table), CHUNK)]
    keeps = _keeping(formula, table)
    kept = np.concatenate([rows[keeps(_read(formula, table, rows)).numpy()] for rows in chunks])
    if not len(kept):
        fail("data-filter", f"`filter` keeps none of {len(table)} rows", formula.span)
    within = {name: np.flatnonzero(np.isin(kept, rows)) for name, rows in official.items()}
    return Filtered(table, kept, formula), within


def filter_of(table: Table) -> Filtered | None:
    """The filter that a table's rows came through."""
    while isinstance(table, (Part, Windows)) and not isinstance(table, Filtered):
        table = table.table
    return table if isinstance(table, Filtered) else None


def _check_columns(formula: Formula, table: Table) -> None:
    if not formula.names:
        fail("data-filter", "`filter` names no column", formula.span, help="`label < 5`, say")
    for name in formula.names:
        column = table.columns.get(name)
        if column is None:
            title, near = f"the data has no column `{name}` to filter by", did_you_mean(name, table.names)
            fail("data-column", title, formula.span, help=near)
        if not column.uniform:
            fail("data-filter", f"`filter` names `{name}`, whose rows differ in shape", formula.span)


Rows = dict[str, tf.Tensor]


def _read(formula: Formula, table: Table, rows: Indices) -> Rows:
    """The columns that the formula names, each as a tensor [rows, …]."""
    return {name: as_tensor(array) for name, array in table.rows(rows, formula.names).items()}


def _keeping(formula: Formula, table: Table) -> Callable[[Rows], tf.Tensor]:
    """What tells of some rows whether each stays: bool [rows]."""

    def one(row: Rows) -> tf.Tensor:
        return evaluate(formula, row, None)

    sample = _read(formula, table, np.zeros(1, np.int64))
    first = one({name: tensor[0] for name, tensor in sample.items()})
    if first.dtype != tf.bool or first.shape.rank != 0:
        what = f"{first.dtype.name} {list(first.shape)}"
        fail("data-filter", f"`filter` gives {what} a row, and not true or false", formula.span)
    signature = {name: tf.TensorSpec([None, *t.shape[1:]], t.dtype) for name, t in sample.items()}

    def all_rows(rows: Rows) -> tf.Tensor:
        return tf.vectorized_map(one, rows, warn=False)

    return tf.function(all_rows, input_signature=[signature], autograph=False)  # type: ignore[no-any-return]
