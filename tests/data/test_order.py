"""The order of rows: what it has made is let go with it."""

from __future__ import annotations

import gc

import pytest
from tensorflow.python.framework.func_graph import FuncGraph

from specc.data.order import Order

pytestmark = pytest.mark.slow


def graphs() -> int:
    """The graphs of functions that are still in memory."""
    gc.collect()
    return sum(isinstance(found, FuncGraph) for found in gc.get_objects())


def draw() -> None:
    rows, epochs, places = next(iter(Order((6,), 4, True, 1).by_batch(endless=True)))
    assert (rows.shape, epochs.shape, places.shape) == ((4, 1), (4,), (4,))


def test_an_endless_order_stays_no_longer_than_it_is_used() -> None:
    draw()
    before = graphs()
    draw()
    assert graphs() == before
