"""Expressions: what specc computes, the Python made of them computes too; the printer loses nothing."""

from __future__ import annotations

import ast
import math
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.evaluate import evaluate
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.python.expressions import line
from specc.python.printer import print_module
from specc.python.trees import assign, literal
from specc.python.values import Values

VALUES: dict[str, Any] = {
    "a": 3,
    "b": -2,
    "c": 0.5,
    "flag": True,
    "word": "same",
    "sizes": [4, 2, 7],
    "table": {"3": [1, 2], "same": [5]},
}


def python(expression: Expression) -> Any:
    """What the generated Python computes."""
    values = Values({key: ast.Name(key) for key in VALUES}, VALUES)
    code = compile(line(values.tree(expression)), "generated", "eval")
    return eval(code, {"math": math, **VALUES})


numbers = st.integers(-20, 20).map(n.Constant) | st.sampled_from(["a", "b", "c", "flag"]).map(n.Name)
lists = st.just(n.Name("sizes")) | st.lists(numbers, min_size=1, max_size=3).map(lambda i: n.List(tuple(i)))


def grow(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    signs = st.sampled_from(["+", "-", "*", "/", "//", "%", "**"])
    tests = st.builds(
        lambda sign, left, right: n.Compare(left, (sign,), (right,)),
        st.sampled_from(["<", "<=", "==", "!=", ">", ">="]), inner, inner,
    )  # fmt: skip
    return st.one_of(
        st.builds(n.Binary, signs, inner, inner),
        st.builds(n.Unary, st.sampled_from(["-", "+", "not"]), inner),
        st.builds(n.Conditional, tests, inner, inner),
        st.builds(lambda word, x, y: n.Logical(word, (x, y)), st.sampled_from(["and", "or"]), inner, tests),
        st.builds(lambda x, y: n.Call(n.Name("max"), (x, y)), inner, inner),
        st.builds(lambda x: n.Call(n.Name("sum"), (n.Comprehension(x, "i", n.Name("sizes"), None),)), inner),
        st.builds(lambda items, x: n.Subscript(items, (n.Binary("%", x, n.Constant(1)),)), lists, numbers),
        tests,
    )


@given(st.recursive(numbers, grow, max_leaves=12))
def test_python_computes_the_same(expression: Expression) -> None:
    try:
        expected = evaluate(expression, VALUES)
    except ExpressionError:
        assume(False)
    found = python(expression)
    assert found == expected and type(found) is type(expected)


@pytest.mark.parametrize(
    "text",
    [
        "table[a]",
        "table[word][0] + sizes[-1]",
        "3 in table and word not in table",
        "[x * a for x in sizes if x > 2]",
        "reversed(range(a)) + range(2, 9, 3)",
        "'w' + str(a) + '_' + word",
        "str(flag) + str(c)",
        "round(2.5678, 2) + round(2.5) + round(c, a)",
        "ceil(a / 2) + floor(c) + log(8, 2) + sqrt(a + 1)",
        "sizes[1:] + sizes[::-1]",
        "-(2 ** -a) ** 2 if not flag else (-2) ** 2",
        "sum([len(sizes[:i]) for i in range(len(sizes))])",
        "min(sizes) if a < len(sizes) <= 9 else 'none'",
        """word[0] + "it's" + '{x}"'""",
    ],
)
def test_python_of_texts(text: str) -> None:
    expression = parse_text(text)
    expected = evaluate(expression, VALUES)
    assert python(expression) == expected


plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text()
nested = st.recursive(
    plain, lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text(), inner)
)


@settings(max_examples=60)
@given(nested)
def test_whatever_data_is_a_literal_again(data: Any) -> None:
    (statement,) = ast.parse(print_module([assign("data", literal(data))])).body
    assert isinstance(statement, ast.Assign)
    found = eval(compile(ast.Expression(statement.value), "generated", "eval"))
    assert found == data


@given(st.text())
def test_whatever_text_is_a_docstring_again(text: str) -> None:
    tree = ast.parse(print_module([ast.Expr(literal(text))]))
    assert len(tree.body) == 1
    found = tree.body[0]
    assert isinstance(found, ast.Expr) and isinstance(found.value, ast.Constant)
    assert isinstance(found.value.value, str)
    assert "".join(found.value.value.split()) == "".join(text.split())
