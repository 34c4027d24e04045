"""One grammar: what is parsed is written back equal, values are Python's, and costs are bounded."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions import parse
from specc.frontend.expressions.evaluate import UNKNOWN, evaluate
from specc.frontend.expressions.formula import bind, calls, rename, tensor_names, unparse
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.frontend.expressions.text import fill
from specc.source.diagnostic import Reporter
from specc.source.span import Span

Trees = st.SearchStrategy[Expression]

NAMES = st.sampled_from(["x", "filters", "enc", "a_1"])
CONSTANTS = st.one_of(
    st.integers(-(10**6), 10**6),
    st.floats(allow_nan=False, allow_infinity=False),
    st.booleans(),
    st.none(),
    st.just(...),
    st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF) | st.sampled_from("\n\t'\"\\$"), max_size=8),
)


def listed(inner: Trees, least: int = 0, most: int = 3) -> st.SearchStrategy[tuple[Expression, ...]]:
    return st.lists(inner, min_size=least, max_size=most).map(tuple)


def unary(operator: str, operand: Expression) -> Expression:
    """As the parser gives it: the sign of a number is part of the number."""
    number = isinstance(operand, n.Constant) and type(operand.value) in (int, float)
    return operand if operator == "-" and number else n.Unary(operator, operand)


def logical(operator: str, values: tuple[Expression, ...]) -> Expression:
    return n.Logical(operator, values)


def larger(inner: Trees) -> Trees:
    slices = st.builds(n.Slice, st.none() | inner, st.none() | inner, st.none() | inner)
    functions = NAMES.map(n.Name)
    dotted = st.builds(n.Attribute, functions, NAMES)
    comparisons = st.lists(
        st.tuples(st.sampled_from(["<", ">", "<=", ">=", "==", "!=", "in", "not in"]), inner),
        min_size=1,
        max_size=2,
    )
    return st.one_of(
        st.builds(unary, st.sampled_from(["-", "+", "~", "not"]), inner),
        st.builds(
            n.Binary,
            st.sampled_from(["+", "-", "*", "/", "//", "%", "**", "@", "|", "^", "&", "<<", ">>"]),
            inner,
            inner,
        ),
        st.builds(
            lambda left, pairs: n.Compare(left, tuple(o for o, _ in pairs), tuple(r for _, r in pairs)),
            inner,
            comparisons,
        ),
        st.builds(logical, st.sampled_from(["and", "or"]), listed(inner, 2)),
        st.builds(n.Conditional, inner, inner, inner),
        st.builds(n.List, listed(inner)),
        st.builds(
            n.Call,
            functions | dotted,
            listed(inner, most=2),
            st.dictionaries(NAMES, inner, max_size=2).map(lambda d: tuple(d.items())),
        ),
        st.builds(n.Subscript, inner, listed(slices | inner, 1, 2)),
        st.builds(n.Attribute, inner, NAMES),
        st.builds(n.Substitute, inner),
        st.builds(lambda a, value, b: n.Joined((a, n.Substitute(value), b)), NAMES, inner, NAMES),
        st.builds(n.Comprehension, inner, NAMES, inner, st.none() | inner),
    )


TREES: Trees = st.recursive(NAMES.map(n.Name) | CONSTANTS.map(n.Constant), larger, max_leaves=10)


def typed(tree: Any) -> Any:
    """A tree that tells 1 from True and from 1.0."""
    if isinstance(tree, n.Constant):
        return type(tree.value), repr(tree.value)
    if isinstance(tree, n.Node):
        slots = [s for s in type(tree).__match_args__ if s not in ("start", "end")]
        return type(tree), [typed(getattr(tree, s)) for s in slots]
    return [typed(part) for part in tree] if isinstance(tree, tuple) else tree


@given(TREES)
def test_what_is_written_is_read_back_equal(tree: Expression) -> None:
    assert typed(parse_text(unparse(tree))) == typed(tree)


@given(TREES)
def test_every_node_knows_its_characters(tree: Expression) -> None:
    text = unparse(tree)
    stack = [parse_text(text)]
    while stack:
        node = stack.pop()
        assert 0 <= node.start < node.end <= len(text) or isinstance(node, n.Slice)
        stack += n.children(node)


# --- values -----------------------------------------------------------------------------------------------
VALUES: dict[str, Any] = {"a": 3, "b": -2, "c": 0.5, "d": [1, 2, 3], "flag": True}
NUMBERS = st.sampled_from(["a", "b", "c", "flag", "7", "0", "2", "1.5", "-1", "len(d)", "d[1]", "d[-1]"])
ARITHMETIC = st.recursive(
    NUMBERS,
    lambda inner: st.one_of(
        st.builds("({} {} {})".format, inner, st.sampled_from(["+", "-", "*", "/", "//", "%"]), inner),
        st.builds("{} {} {}".format, inner, st.sampled_from(["+", "-", "*"]), inner),
        st.builds("({} ** 2)".format, inner),
        st.builds("-{}".format, inner),
        st.builds("(not {})".format, inner),
        st.builds("({} {} {})".format, inner, st.sampled_from(["and", "or"]), inner),
        st.builds("({} < {} <= {})".format, inner, inner, inner),
        st.builds("({} if {} else {})".format, inner, inner, inner),
        st.builds("max({}, {})".format, inner, inner),
        st.builds("sum([{} for e in d if e > 1])".format, inner),
        st.builds("abs({})".format, inner),
        st.builds("({} in [{}, 2])".format, inner, inner),
    ),
    max_leaves=8,
)


@given(ARITHMETIC)
def test_values_are_pythons(text: str) -> None:
    functions = {"max": max, "sum": sum, "abs": abs, "len": len}
    try:
        expected = eval(text, {"__builtins__": {}, **functions, **VALUES})
    except (ArithmeticError, TypeError):
        with pytest.raises(ExpressionError):
            evaluate(parse_text(text), VALUES)
        return
    if isinstance(expected, complex) or expected in (float("inf"), float("-inf")) or expected != expected:
        return
    found = evaluate(parse_text(text), VALUES)
    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2 ** -1", 0.5),
        ("-2 ** 2", -4),
        ("2 ** 3 ** 2", 512),
        ("10 - 4 - 3", 3),
        ("1 if 0 else 2 if 0 else 3", 3),
        ("not 1 == 2", True),
        ("reversed(range(3))", [2, 1, 0]),
        ("[i * 2 for i in range(4) if i % 2]", [2, 6]),
        ("[[j for j in range(i)] for i in range(3)]", [[], [0], [0, 1]]),
        ("'a' + 'b' * 2", "abb"),
        ("[1, 2, 3, 4][1:3]", [2, 3]),
        ("stage.filters", 64),
        ("stage['filters']", 64),
        ("str(True) + str(None)", "truenull"),
        ("round(2.567, 2)", 2.57),
        ("round(2.5)", 2),
        ("int('12') + float('0.5')", 12.5),
        ("'it\\'s'", "it's"),
        ("2 in [1, 2] and 3 not in [1, 2]", True),
        ("0 or 'x'", "x"),
        ("min([3, 1, 2])", 1),
        ("log(1) + sqrt(4)", 2.0),
        ("ceil(2.2 * 3) * 10 + floor(-0.5)", 69),
        ("table[50] + table['50'][:1]", [3, 4, 3]),
        ("table[1 == 1]", "on"),
        ("50 in table and 'x' not in table and 51 not in table", True),
    ],
)
def test_what_expressions_give(text: str, value: Any) -> None:
    found = evaluate(parse_text(text), {"stage": {"filters": 64}, "table": {"50": [3, 4], "true": "on"}})
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    "text",
    [
        "9**9**9",
        "(-9)**(9**9)",
        "2**5000",
        "[1]*10**9",
        "'a'*10**9",
        "10**9*[1]",
        "range(10**9)",
        "range(10**30)",
        "[[0]*9999 for i in range(9999)]",
        "[[[[0]*300]*300]*300]*300 == [[[[0]*300]*300]*300]*300",
        "[[i for i in range(9999)] for j in range(9999)]",
        "[range(9999) == range(9999) for i in range(9999)]",
        "[sum(range(9999)) for i in range(9999)]",
        "sum([[1]], [])",
        "round(5, -10**9)",
        "1e308*10",
        "1e999",
        "1e308*10 - 1e308*10",
        "9" * 400,
        "int('" + "9" * 100 + "')",
        "(-1)**0.5",
        "1/0",
        "log(0)",
        "'%s' % 1",
        "1 << 2",
        "-'a'",
        "1 < 'a'",
        "[1][2]",
        "[1]['a']",
        "len(3)",
        "max()",
        "float('x')",
        "x.y.z",
        "range(3)(1)",
        "(1)(2)",
        "len(x=1)",
    ],
)
def test_what_is_refused_ends_at_once(text: str) -> None:
    with pytest.raises(ExpressionError) as refused:
        evaluate(parse_text(text), {})
    assert refused.value.start < refused.value.end <= len(text) + 1


DEEP: dict[str, Callable[[int], str]] = {
    "brackets": lambda depth: "(" * depth + "1" + ")" * depth,
    "lists": lambda depth: "[" * depth + "]" * depth,
    "signs": lambda depth: "-" * depth + "x",
    "nots": lambda depth: "not " * depth + "x",
    "powers": lambda depth: "**".join(["1"] * depth),
    "sums": lambda depth: "+".join(["x"] * depth),
    "choices": lambda depth: "1 if x else " * depth + "2",
    "calls": lambda depth: "abs(" * depth + "1" + ")" * depth,
    "indices": lambda depth: "x" + "[0]" * depth,
    "attributes": lambda depth: "x" + ".a" * depth,
    "mixed": lambda depth: "(x or x and x < x + x * " * depth + "1" + ")" * depth,
    "substitutes": lambda depth: "$(" * depth + "1" + ")" * depth,
}


@pytest.mark.parametrize("kind", DEEP)
def test_deep_nesting_is_refused_not_a_crash(kind: str) -> None:
    with pytest.raises(ExpressionError):
        parse_text(DEEP[kind](1500))


@pytest.mark.parametrize("kind", DEEP)
def test_what_is_parsed_can_be_worked_with(kind: str) -> None:
    """The deepest tree that is let through does not exhaust the stack of what walks it."""
    for depth in (101, 100, 99, 61, 60, 31, 30, 29, 16):
        try:
            tree = parse_text(DEEP[kind](depth))
        except ExpressionError:
            continue
        assert parse_text(unparse(bind(tree, {"x": 1}))) is not None
        assert rename(tree, {}) == tree
        tensor_names(tree), calls(tree)
        try:
            evaluate(tree, {"x": 1})
        except ExpressionError as error:
            assert "deep" not in error.message
        return
    pytest.fail("nothing is let through")


def test_long_texts() -> None:
    with pytest.raises(ExpressionError, match="too long"):
        parse_text("x" * 30_000)
    with pytest.raises(ExpressionError):
        fill("$a" * 5000, {"a": "x" * 100})
    assert fill("x" * 30_000, {}) == "x" * 30_000


WRONG = (
    *("", " ", "1 +", "1 2", "a b", "(1", "1)", "[1", "f(", "f(a=1, 2)", "f(a=1, a=2)", "x[]", "x[1::2:3]"),
    *("1_000", "0x10", "2x", "'abc", "lambda: 1", "a is b", "a, b", "!a", "{}", "a;b", "a = 1", "[x for]"),
    *("[x for 1 in y]", "1 if 2", "$", "$ a", "a.", "a.1", "not", "x for x in y", "a not b", "é", "²", "٣x"),
)


@pytest.mark.parametrize("text", WRONG)
def test_what_is_no_expression(text: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        parse_text(text)
    assert wrong.value.message and wrong.value.start < wrong.value.end


@given(st.text(max_size=30) | st.text("()[]$.,:+-*/<>=!'\" axif1not", max_size=30))
def test_any_text_parses_or_is_refused(text: str) -> None:
    try:
        parse_text(text)
    except ExpressionError as error:
        assert error.message


def test_an_unknown_value_is_told_before_and_not_again() -> None:
    with pytest.raises(ExpressionError) as refused:
        fill("a$(1 + x)", {"x": UNKNOWN})
    assert refused.value.told


# --- texts ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("$a", 3),
        ("$(a / 2)", 1.5),
        ("$flag", True),
        ("$list", [1, 2]),
        ("x$a", "x3"),
        ("$a$a", "33"),
        ("$(a)", 3),
        ("$stage.filters", 8),
        ("w$stage.filters.", "w8."),
        ("${a}", None),
        ("$$", "$"),
        ("$$a", "$a"),
        ("$$$a", "$3"),
        ("100%", "100%"),
        ("$('(' + str(a))", "(3"),
        ("$('it\\'s)')", "it's)"),
        ("is $flag and $none", "is true and null"),
        ("$", None),
        ("a $ b", None),
        ("$(a", None),
        ("$(a))", "3)"),
        ("x$list", None),
        ("x$stage", None),
    ],
)
def test_texts_are_filled_in(text: str, value: Any) -> None:
    values = {"a": 3, "flag": True, "list": [1, 2], "stage": {"filters": 8}, "none": None}
    if value is None:
        with pytest.raises(ExpressionError):
            fill(text, values)
        return
    found = fill(text, values)
    assert (found, type(found)) == (value, type(value))


@given(st.text(max_size=20))
def test_doubled_dollars_are_the_text_itself(text: str) -> None:
    assert fill(text.replace("$", "$$"), {}) == text


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        ("$(1 + zz)", "zz"),
        ("a$(zz)b$a", "zz"),
        ("$stage.nope", "stage.nope"),
        ("$(stage[50])", "stage[50]"),
        ("$(stage[[1]])", "stage[[1]]"),
        ("$(len(1) + 2)", "len(1)"),
    ],
)
def test_errors_stand_at_their_characters(text: str, characters: str) -> None:
    with pytest.raises(ExpressionError) as wrong:
        fill(text, {"a": 1, "stage": {}})
    assert text[wrong.value.start : wrong.value.end] == characters


# --- formulas ---------------------------------------------------------------------------------------------
def test_bind_fills_in_values_never_text() -> None:
    tree = bind(
        parse_text("x * $(2 * n) + skip$(n) + reshape(y, $shape) + enc.h$n"), {"n": 3, "shape": [1, 2]}
    )
    assert unparse(tree) == "x * 6 + skip3 + reshape(y, [1, 2]) + enc.h3"
    assert unparse(bind(parse_text("x + $t"), {"t": "1 + evil()"})) == "x + '1 + evil()'"


def test_negative_values_keep_their_sign_under_a_power() -> None:
    tree = bind(parse_text("x ** $n + $n ** x"), {"n": -2})
    assert unparse(tree) == "x ** -2 + (-2) ** x"
    assert parse_text(unparse(tree)) == tree


def test_a_joined_name_must_become_a_name() -> None:
    with pytest.raises(ExpressionError, match="is no name"):
        bind(parse_text("skip$(n) + 1"), {"n": -1})


def test_names_of_tensors_and_of_functions() -> None:
    tree = parse_text("square(mean) - mean(x, axis=k) + enc.h[i] + nn.gelu(y)")
    assert [n.dotted(name) for name in tensor_names(tree)] == ["mean", "x", "k", "enc.h", "i", "y"]
    assert [n.dotted(call.function) for call in calls(tree)] == ["square", "mean", "nn.gelu"]
    assert unparse(rename(tree, {"mean": "m.out", "enc.h": "h"})) == (
        "square(m.out) - mean(x, axis=k) + h[i] + nn.gelu(y)"
    )


def test_report_points_into_the_file() -> None:
    reporter = Reporter()
    assert parse("a + + ", Span("f.yaml", 3, 10, 3, 16), reporter) is None
    (found,) = reporter
    assert (found.code, str(found.span)) == ("bad-expression", "f.yaml:3:16")
