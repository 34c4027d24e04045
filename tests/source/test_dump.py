import math

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from specc.source.diagnostic import Reporter
from specc.source.dump import WIDTH, dump
from specc.source.parse import parse
from specc.source.values import to_python

_PLAIN = (
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.floats(allow_nan=False)
    | st.text(st.characters(exclude_categories=["Cs"]))
    | st.text("ab1-:#&*!|>'\"%@`[]{},?~ \n\t$()\\<.ey", max_size=8)
    | st.sampled_from(
        ["on", "no", "y", "12:30", "012", "1e5", "1_000", "~", "=", "<<", "2001-01-01", ".5", "null"]
    )
)
_KEYS = st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from(
    ["on", "1", "<<", "a)", ""]
)
_DATA = st.recursive(
    _PLAIN,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_KEYS, inner, max_size=4),
    max_leaves=20,
)


def read(text: str) -> object:
    reporter = Reporter()
    value = parse(text, "x.yaml", reporter)
    assert not list(reporter), (text, list(reporter))
    assert value is not None
    return to_python(value)


@given(_DATA)
@settings(max_examples=400, deadline=None)
def test_what_is_dumped_is_read_back_equal(data: object) -> None:
    assert repr(read(dump(data))) == repr(data)


@given(_DATA.filter(lambda data: data is not None))
@settings(deadline=None)
def test_yaml_1_1_readers_read_the_same(data: object) -> None:
    assert yaml.safe_load(dump(data)) == data


def test_nan() -> None:
    assert math.isnan(read(dump({"a": math.nan}))["a"])  # type: ignore[index]


def test_it_reads_like_a_spec() -> None:
    spec = {
        "specc": 1,
        "model": {
            "inputs": {"image": [28, 28, 1]},
            "layers": [
                {"Conv2D": {"filters": 8, "kernel_size": 3, "kernel_regularizer": {"L2": 1e-4}}},
                "Flatten",
                {"backbone": None, "from": "x", "name": "skip"},
                {"formula": "x[:, 1:] * 2"},
                {"repeat": 2, "layers": [{"Dense": {"units": "$(max(a, b))"}}]},
            ],
        },
    }
    assert dump(spec) == (
        "specc: 1\n"
        "model:\n"
        "  inputs: {image: [28, 28, 1]}\n"
        "  layers:\n"
        "    - Conv2D: {filters: 8, kernel_size: 3, kernel_regularizer: {L2: 0.0001}}\n"
        "    - Flatten\n"
        "    - backbone:\n"
        "      from: x\n"
        "      name: skip\n"
        "    - formula: x[:, 1:] * 2\n"
        "    - repeat: 2\n"
        '      layers: [{Dense: {units: "$(max(a, b))"}}]\n'
    )


def test_rows_of_a_table_are_a_line_each() -> None:
    rows = [{"filters": 64, "depth": 3, "note": "a" * 20}, {"filters": 128, "depth": 4, "note": "b" * 20}]
    text = dump({"repeat": {"stage": rows * 2}})
    assert text.count("\n") == 6
    assert "    - {filters: 64, depth: 3, note: aaaaaaaaaaaaaaaaaaaa}\n" in text
    steps = [{"Dense": 1, "name": "a" * 50}, {"Dense": 2, "name": "b" * 50}]
    assert "- Dense: 1\n" in dump({"layers": steps})


@pytest.mark.parametrize(
    ("number", "text"), [(1e-6, "1.0e-6"), (1.5e-10, "1.5e-10"), (1e300, "1.0e+300"), (0.0001, "0.0001")]
)
def test_floats_are_short(number: float, text: str) -> None:
    assert dump(number) == f"{text}\n"


def test_long_mappings_take_several_lines() -> None:
    text = dump({"a": {f"key_{n}": n for n in range(20)}})
    assert all(len(line) <= WIDTH for line in text.split("\n"))


@pytest.mark.parametrize("data", [object(), {1: 2}, [b"x"]])
def test_other_data_is_refused(data: object) -> None:
    with pytest.raises(TypeError):
        dump(data)
