"""Formulas that flow into one formula alone become part of it."""

import pytest

from specc.decompile.merge import LONGEST, merged
from specc.frontend.expressions.formula import tensor_names, unparse
from specc.frontend.expressions.nodes import dotted
from specc.frontend.expressions.parser import parse_text
from specc.graph.ir import Formula, Graph, Input, Node, Origin
from specc.source.span import Span

SPAN = Span("model.keras", 1, 1, 1, 1)


def formula(name: str, text: str) -> Node:
    expression = parse_text(text)
    names = dict.fromkeys(dotted(found) or "" for found in tensor_names(expression))
    return Node(name, Formula(expression), tuple(("", used) for used in names), (name,), Origin(SPAN))


def formulas(outputs: str = "last", **steps: str) -> list[str]:
    """The formulas of a model after merging; what they take is there before them."""
    inputs = tuple(Input(name, (4, 4), "float32", SPAN) for name in "xz")
    nodes = tuple(formula(name, text) for name, text in steps.items())
    named = tuple((name, name) for name in outputs.split())
    found = merged(Graph("model", inputs, (), nodes, named, SPAN)).nodes
    for place, node in enumerate(found):
        before = {"x", "z", *(other.name for other in found[:place])}
        assert {wire for _, wire in node.inputs} <= before
    return [unparse(node.operation.expression) for node in found if isinstance(node.operation, Formula)]


def test_a_chain_is_one_formula_with_the_brackets_it_needs() -> None:
    assert formulas(a="x + z", b="a * 2", last="exp(b) / 2") == ["exp((x + z) * 2) / 2"]
    assert formulas(a="x * 2", b="z - 1", last="b - a") == ["z - 1 - x * 2"]
    assert formulas(a="z - 1", last="x - a") == ["x - (z - 1)"]


def test_subscripts_and_calls_take_formulas_in() -> None:
    found = formulas(a="x * 2", b="a[:, 1:]", last="concatenate([b, z], axis=1)")
    assert found == ["concatenate([(x * 2)[:, 1:], z], axis=1)"]


LONG = " + ".join("x" * (LONGEST // 4 + 2))


@pytest.mark.parametrize(
    ("outputs", "steps"),
    [
        ("last", {"a": "x + z", "last": "a * a"}),
        ("last", {"a": "x + z", "b": "a * 2 + a", "last": "a + b"}),
        ("a last", {"a": "x + z", "last": "a * 2"}),
        ("last", {"a": LONG, "last": "a * 2"}),
    ],
    ids=["twice in one", "in two", "an output", "long"],
)
def test_what_is_used_again_or_long_stays_by_itself(outputs: str, steps: dict[str, str]) -> None:
    assert formulas(outputs, **steps)[0] == steps["a"]
