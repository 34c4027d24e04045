"""Parameters and lets."""

from __future__ import annotations

from typing import Any

import pytest

from specc.frontend.expressions.evaluate import UNKNOWN
from specc.frontend.parameters import bind_lets, bind_parameters, read_parameters
from specc.source.diagnostic import Diagnostic, Reporter
from specc.source.parse import parse
from specc.source.span import Span
from specc.source.values import Mapping, Value

PLACE = Span("spec.yaml", 9, 1, 9, 5)


def value(text: str) -> Value:
    found = parse(text, "spec.yaml", reporter := Reporter())
    assert found is not None, list(reporter)
    return found


def bound(declared: str, given: str = "{}", **outer: Any) -> tuple[dict[str, Any], list[Diagnostic]]:
    reporter = Reporter()
    values = value(given)
    assert isinstance(values, Mapping)
    places = {str(key.value): (key.span, item) for key, item in values.entries}
    parameters = read_parameters(value(declared), reporter)
    return bind_parameters(parameters, places, outer, "`b`", PLACE, reporter), list(reporter)


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ("{a: 3}", "{}", 3),
        ("{a: 3}", "{a: 4}", 4),
        ("{a: 3}", "{a: 0.5}", 0.5),
        ("{a: {default: 3, type: integer}}", "{a: 5}", 5),
        ("{a: {type: integer}}", "{a: 5}", 5),
        ("{a: text}", "{a: other}", "other"),
        ("{a: {default: x, choices: [x, y]}}", "{a: y}", "y"),
        ("{a: [1, 2]}", "{a: [3]}", [3]),
        ("{a: {filters: 3}}", "{}", {"filters": 3}),
        ("{a: {default: {filters: 3}}}", "{a: {x: 1}}", {"x": 1}),
        ("{a: null}", "{a: anything}", "anything"),
        ("{a: {default: 3, minimum: 1, maximum: 5}}", "{a: 5}", 5),
        ("{a: $width}", "{}", 64),
        ("{a: $(width // 4)}", "{a: text}", "text"),
        ("{a: true}", "{a: false}", False),
        ("{a: {default: 1, type: [integer, list]}}", "{}", 1),
        ("{a: {default: 1, type: [integer, list]}}", "{a: [1, 7]}", [1, 7]),
    ],
)
def test_given_or_default(declared: str, given: str, expected: Any) -> None:
    values, found = bound(declared, given, width=64)
    assert not found
    assert (values["a"], type(values["a"])) == (expected, type(expected))


@pytest.mark.parametrize(
    ("declared", "given", "code", "title"),
    [
        (
            "{a: {type: integer}}",
            "{a: 0.5}",
            "parameter-type",
            "`a` wants an integer, and this is the number 0.5",
        ),
        ("{a: {type: integer}}", "{a: true}", "parameter-type", "`a` wants an integer, and this is true"),
        (
            "{a: {type: [integer, list]}}",
            "{a: x}",
            "parameter-type",
            "`a` wants an integer or a list, and this is the text 'x'",
        ),
        ("{a: 3}", "{a: '3'}", "parameter-type", "`a` wants a number, and this is the text '3'"),
        ("{a: 3}", "{a: [3]}", "parameter-type", "`a` wants a number, and this is a list"),
        ("{a: true}", "{a: 1}", "parameter-type", "`a` wants a boolean, and this is the number 1"),
        (
            "{a: {default: x, choices: [x, y]}}",
            "{a: z}",
            "parameter-range",
            "`a` is one of x, y, not the text 'z'",
        ),
        ("{a: {default: 3, minimum: 1}}", "{a: 0}", "parameter-range", "`a` is at least 1, not 0"),
        ("{a: {default: 3, maximum: 5}}", "{a: 6}", "parameter-range", "`a` is at most 5, not 6"),
        ("{a: {default: 0, minimum: 1}}", "{}", "parameter-range", "`a` is at least 1, not 0"),
        ("{a: {type: integer}}", "{}", "missing-parameter", "`b` needs a value for `a`"),
        ("{a: $widht}", "{}", "bad-expression", "there is no value `widht` here"),
    ],
)
def test_what_is_wrong_is_told_and_unknown(declared: str, given: str, code: str, title: str) -> None:
    values, found = bound(declared, given, width=64)
    assert [(d.code, d.title) for d in found] == [(code, title)]
    assert values == {"a": UNKNOWN}


def test_a_parameter_that_is_not_declared_is_told_at_its_name() -> None:
    _, (told,) = bound("{units: 1}", "{unit: 3}")
    assert (told.code, told.help, told.span) == (
        "unknown-parameter",
        "did you mean `units`?",
        Span("spec.yaml", 1, 2, 1, 6),
    )


@pytest.mark.parametrize("name", ["Width", "2a", "a-b", "previous", "input", "not", "a.b"])
def test_names_of_parameters(name: str) -> None:
    reporter = Reporter()
    assert not read_parameters(value(f"{{{name}: 1}}"), reporter)
    assert [d.code for d in reporter] == ["bad-name"]


# --- let --------------------------------------------------------------------------------------------------
def lets(section: str, **values: Any) -> tuple[dict[str, Any], list[str]]:
    reporter = Reporter()
    return bind_lets(value(section), values, reporter), [d.code for d in reporter]


def test_each_let_sees_those_before_it() -> None:
    values, found = lets("{a: $(n * 2), b: $(a + 1), c: {x: [$a]}, d: text}", n=3)
    assert not found
    assert values == {"n": 3, "a": 6, "b": 7, "c": {"x": [6]}, "d": "text"}


def test_a_wrong_let_is_told_once_and_what_uses_it_is_passed_over() -> None:
    values, found = lets("{a: $zz, b: $(a + 1), c: $(b + 1), d: 3}")
    assert found == ["bad-expression"]
    assert values == {"a": UNKNOWN, "b": UNKNOWN, "c": UNKNOWN, "d": 3}


def test_a_let_does_not_rebind() -> None:
    assert lets("{n: 4}", n=3) == ({"n": 3}, ["duplicate-name"])


def test_forgotten_dollar_is_warned_of() -> None:
    assert lets("{a: n * 2}", n=3)[1] == ["missing-dollar"]
    assert lets("{a: n // 2}", n=3)[1] == ["missing-dollar"]
    assert lets("{a: m * 2, b: left-right, c: a/b.csv}", n=3)[1] == []


def test_values_that_grow_without_bound_are_refused() -> None:
    doubling = ", ".join(f"v{i + 1}: [$v{i}, $v{i}, $v{i}, $v{i}]" for i in range(12))
    values, found = lets(f"{{v0: [1, 1], {doubling}}}")
    assert set(found) == {"too-large"} and len(found) == 1
    texts = ", ".join(f"v{i + 1}: $v{i}$v{i}$v{i}$v{i}" for i in range(12))
    values, found = lets(f"{{v0: xxxx, {texts}}}")
    assert found == ["bad-expression"] and values["v12"] is UNKNOWN
