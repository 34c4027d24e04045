"""Indexing: `x[:, -1]`, `x[..., None]`, `x[:, ::2]`."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.dims import Dim, Symbolic, ceil_div, maximum, render
from specc.catalog.rules.functions.operands import Operand, tensor
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


@op("get_item")
def _get_item(x: Operand, key: Any) -> TensorType:
    return infer_subscript(tensor(x), key)


def infer_subscript(x: TensorType, key: Any) -> TensorType:
    """What `x[key]` gives; `key` holds whole numbers, slices, None and `...`, one or a tuple of them.

    Raises:
        RuleError: for more indices than axes, or an index beyond a known size.
        NoRuleError: for an index that is a tensor.
    """
    keys = list(key) if isinstance(key, (tuple, list)) else [key]
    if sum(entry is Ellipsis for entry in keys) > 1:
        raise RuleError("argument", "`...` once at the most", f"{len(keys)} indices", ("key",), ("x",))
    if not any(entry is Ellipsis for entry in keys):
        keys.append(Ellipsis)
    taken = sum(entry is not None and entry is not Ellipsis for entry in keys)
    if taken > x.rank:
        given = f"{taken} indices for {render(x.shape)}"
        raise RuleError("rank", f"{x.rank} indices at the most", given, ("key",), ("x",), shapes=(x.shape,))
    sizes: list[Dim] = []
    axis = 0
    for entry in keys:
        if entry is Ellipsis:
            sizes += x.shape[axis : axis + x.rank - taken]
            axis += x.rank - taken
        elif entry is None:
            sizes.append(1)
        else:
            sizes += _indexed(x, axis, entry)
            axis += 1
    return x.shaped(*sizes)


def _indexed(x: TensorType, axis: int, entry: Any) -> list[Dim]:
    """The sizes that one index leaves of one axis: one, or none for a number."""
    size = x.shape[axis]
    if isinstance(entry, slice):
        return [_sliced(size, entry)]
    if isinstance(entry, bool) or not isinstance(entry, int):
        raise NoRuleError("indexing with a tensor")
    if isinstance(size, int) and not -size <= entry < size:
        wanted = f"an index from {-size} to {size - 1}"
        raise RuleError("size", wanted, str(entry), ("key",), ("x",), (axis,), shapes=(x.shape,))
    return []


def _sliced(size: Dim, entry: slice) -> Dim:
    if any(isinstance(part, TensorType) for part in (entry.start, entry.stop, entry.step)):
        raise NoRuleError("slicing from or to a tensor")
    if entry.step == 0:
        raise RuleError("argument", "a step other than 0", "`::0`", ("key",))
    symbolic = any(isinstance(part, Symbolic) for part in (size, entry.start, entry.stop))
    if not symbolic and isinstance(size, int):
        return len(range(*entry.indices(size)))
    return _unknown_slice(size, entry.start, entry.stop, 1 if entry.step is None else entry.step)


def _unknown_slice(size: Dim, start: Any, stop: Any, step: int) -> Dim:
    """The length of a slice of an unknown size, as long as the size is not too small for the bounds."""
    if step < 0:
        if start is None and stop is None:
            return ceil_div(size, -step)
        raise NoRuleError("slicing an unknown size backwards between bounds")
    low = 0 if start is None else start
    if isinstance(low, int) and low < 0:
        low = maximum(size + low, 0)
    if stop is None:
        span = maximum(size - low, 0) if low != 0 else size
    elif isinstance(stop, int) and stop < 0:
        span = maximum(size + stop - low, 0)
    else:
        span = maximum(-maximum(-stop, -size) - low, 0)
    return ceil_div(span, step) if step > 1 else span
