"""Arithmetic on unknown sizes."""

from hypothesis import given
from hypothesis import strategies as st

from specc.catalog.rules.dims import Dim, ceil_div, maximum, names, product, render, same, substitute, symbol

TIME, WIDTH = symbol("time"), symbol("width")
VALUES = {"time": st.integers(0, 60), "width": st.integers(0, 60)}


def test_printing() -> None:
    assert str(TIME) == "time"
    assert str((TIME - 3) // 2) == "(time + 1) // 2 - 2"
    assert str(2 * TIME * WIDTH - WIDTH + 1) == "2 * time * width - width + 1"
    assert str(maximum(TIME, WIDTH)) == "max(time, width)"
    assert render((symbol("batch"), TIME // 2, 64)) == "[batch, time // 2, 64]"


def test_known_sizes_stay_numbers() -> None:
    assert TIME - TIME == 0
    assert (TIME + 4) - TIME == 4
    assert product([3, 4]) == 12
    assert maximum(TIME + 1, TIME) == TIME + 1
    assert maximum(3, 7) == 7


def test_normal_form() -> None:
    assert (TIME // 2) // 2 == TIME // 4
    assert (4 * TIME + 6) // 2 == 2 * TIME + 3
    assert (TIME - 2) // 2 + 1 == TIME // 2
    assert (6 * TIME * WIDTH) // (2 * WIDTH) == 3 * TIME
    assert ceil_div(TIME, 2) == (TIME - 1) // 2 + 1
    assert (TIME * WIDTH + TIME) // (WIDTH + 1) == TIME


def test_equality_is_three_valued() -> None:
    assert same(TIME + 1, 1 + TIME) is True
    assert same(TIME, TIME - 2) is False
    assert same(2 * TIME, 2 * WIDTH + 1) is False
    assert same(TIME + 3, 2) is False
    assert same(TIME, 8) is None
    assert same(TIME, 2 * (TIME // 2)) is None
    assert same(5, 5) is True


def test_names() -> None:
    assert names((TIME + 1) // 2 + maximum(WIDTH, 3)) == {"time", "width"}


@st.composite
def sizes(draw: st.DrawFn, depth: int = 3) -> Dim:
    if depth == 0 or draw(st.integers(0, 3)) == 0:
        return draw(st.sampled_from([TIME, WIDTH]) | st.integers(-5, 9))
    left, right = draw(sizes(depth - 1)), draw(sizes(depth - 1))
    kind = draw(st.sampled_from("+-*/m"))
    if kind == "/":
        return left // draw(st.integers(1, 6))
    return {"+": left + right, "-": left - right, "*": left * right, "m": maximum(left, right)}[kind]


@given(sizes(), sizes(), st.fixed_dictionaries(VALUES), st.integers(1, 7))
def test_arithmetic_keeps_its_value(left: Dim, right: Dim, values: dict[str, int], divisor: int) -> None:
    a, b = substitute(left, values), substitute(right, values)
    assert isinstance(a, int)
    assert isinstance(b, int)
    assert substitute(left + right, values) == a + b
    assert substitute(left - right, values) == a - b
    assert substitute(left * right, values) == a * b
    assert substitute(left // divisor, values) == a // divisor
    assert substitute(maximum(left, right), values) == max(a, b)
    if same(left, right) is not None:
        assert same(left, right) is (a == b)
