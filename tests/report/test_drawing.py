"""Layouts as such: on any graph they go forward, overlap nothing and come out the same."""

import random
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specc.report.drawing.layout import GAP, Placement, lay_out
from specc.report.drawing.levels import Cell, Wire, assign_rows

Network = tuple[list[Cell], list[Wire]]


@st.composite
def networks(draw: st.DrawFn) -> Network:
    """Cells of all sizes in an order, with wires from earlier to later ones."""
    count = draw(st.integers(1, 14))
    size = st.floats(4, 120)
    cells = [
        Cell(draw(size), draw(size), draw(st.floats(10, 200)), draw(st.floats(0, 40))) for _ in range(count)
    ]
    pairs = st.tuples(st.integers(0, count - 1), st.integers(0, count - 1))
    ends = draw(st.lists(pairs, max_size=24, unique=True))
    offset, port = st.sampled_from([-20.0, 0.0, 15.0]), st.integers(0, 1)
    outs = [-10.0, 25.0]
    wires = []
    for one, other in ends:
        if one != other:
            number = draw(port)
            wires.append(Wire(min(one, other), max(one, other), outs[number], draw(offset), number))
    return cells, wires


def box(network: Network, placed: Placement, index: int) -> tuple[float, float, float, float]:
    cell = network[0][index]
    left, top = placed.axes[index] - cell.left, placed.tops[index]
    return left, top, placed.axes[index] + cell.right, top + cell.height


@settings(max_examples=150, deadline=None)
@given(networks())
def test_no_two_cells_overlap_and_all_lie_on_the_sheet(network: Network) -> None:
    placed = lay_out(*network)
    boxes = [box(network, placed, index) for index in range(len(network[0]))]
    for number, (left, top, right, bottom) in enumerate(boxes):
        assert left >= -0.01 and top >= -0.01
        assert right <= placed.width + 0.01 and bottom <= placed.height + 0.01
        for other in boxes[:number]:
            apart_across = left >= other[2] + GAP - 0.01 or other[0] >= right + GAP - 0.01
            apart_along = top >= other[3] or other[1] >= bottom
            assert apart_across or apart_along


@settings(max_examples=150, deadline=None)
@given(networks())
def test_wires_lead_down_from_their_source_to_their_target(network: Network) -> None:
    placed = lay_out(*network)
    for wire, way in zip(network[1], placed.ways, strict=True):
        source, target = box(network, placed, wire.source), box(network, placed, wire.target)
        assert way[0] == pytest.approx((placed.axes[wire.source] + wire.out, source[3]))
        assert way[-1] == pytest.approx((placed.axes[wire.target] + wire.into, target[1]))
        assert all(below[1] > above[1] for above, below in pairwise(way))


@settings(max_examples=80, deadline=None)
@given(networks())
def test_no_wire_runs_through_a_cell(network: Network) -> None:
    placed = lay_out(*network)
    for wire, way in zip(network[1], placed.ways, strict=True):
        for (x, y), (u, v) in pairwise(way):
            for index in range(len(network[0])):
                left, top, right, bottom = box(network, placed, index)
                if index in (wire.source, wire.target) or v <= top or y >= bottom:
                    continue
                assert max(x, u) < left or min(x, u) > right


@settings(max_examples=50, deadline=None)
@given(networks())
def test_the_same_graph_has_the_same_layout(network: Network) -> None:
    assert lay_out(*network) == lay_out(*network)


def test_a_chain_with_a_skip_is_straight() -> None:
    cells = [Cell(30, 30, 20) for _ in range(5)]
    wires = [Wire(n, n + 1) for n in range(4)] + [Wire(0, 4)]
    placed = lay_out(cells, wires)
    assert len({round(axis, 3) for axis in placed.axes}) == 1
    skip = placed.ways[-1]
    assert any(abs(x - placed.axes[0]) > 30 for x, _ in skip)


def test_an_input_that_is_used_late_stands_beside_its_use() -> None:
    cells = [Cell(30, 30, 20) for _ in range(6)]
    rows = assign_rows(cells, [Wire(0, 1), Wire(1, 2), Wire(2, 3), Wire(3, 4), Wire(5, 4)])
    assert rows.row[5] == 3


def test_pinned_cells_lie_above_and_below_all_others() -> None:
    cells = [Cell(9, 9, 20, pin="last"), Cell(9, 9, 20), Cell(9, 9, 0, pin="first"), Cell(9, 9, 20)]
    rows = assign_rows(cells, [Wire(1, 0), Wire(2, 3)])
    assert rows.row[2] == 0 and rows.row[0] == max(rows.row) and rows.row.count(0) == 1


def test_a_cycle_is_refused() -> None:
    with pytest.raises(ValueError, match="cycle"):
        lay_out([Cell(9, 9, 9), Cell(9, 9, 9)], [Wire(0, 1), Wire(1, 0)])


def test_nothing_is_laid_out_as_nothing() -> None:
    assert lay_out([], []) == Placement(0.0, 0.0, (), (), ())


def test_a_large_graph_is_laid_out() -> None:
    chance = random.Random(7)
    cells = [Cell(40, 60, 30, 15) for _ in range(1000)]
    wires = [Wire(n, n + 1) for n in range(999)]
    wires += [Wire(n, min(999, n + chance.randrange(2, 30))) for n in range(0, 990, 3)]
    placed = lay_out(cells, wires)
    assert len(placed.axes) == 1000 and len(placed.ways) == len(wires)
