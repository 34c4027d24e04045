"""Whatever a spec says, a rule answers or refuses in its own words; it never breaks."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.catalog.rules import (
    NoRuleError,
    RuleError,
    TensorType,
    infer_layer,
    infer_op,
    layer_kinds,
    op_names,
)
from specc.catalog.rules.dims import symbol
from specc.catalog.signature import Argument

SIZES = st.sampled_from([0, 1, 2, 3, 4, 8, symbol("time"), symbol("width") // 2])
DTYPES = st.sampled_from(["float32", "int32", "bool", "bfloat16", "string", "complex64"])
TENSORS = st.builds(
    TensorType,
    st.lists(SIZES, max_size=5).map(lambda shape: (symbol("batch"), *shape)),
    DTYPES,
    st.booleans(),
)
LAYERS = st.sampled_from(
    [
        KerasObject("layer", "Dense", {"units": 3}),
        KerasObject("layer", "LSTM", {"units": 3, "return_sequences": True}),
        KerasObject("layer", "LSTMCell", {"units": 3}),
        KerasObject("layer", "Flatten"),
        KerasObject("layer", "body", model="body"),
    ]
)
INTEGERS = st.integers(-2, 9)
LISTS = st.lists(INTEGERS | st.none(), max_size=4)
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "boolean": st.booleans(),
    "integer": INTEGERS,
    "number": st.floats(-1, 2) | INTEGERS,
    "string": st.sampled_from(["ab,bc->ac", "...a,ab->...b", "same", "VALID", "int", "log", "", "->"]),
    "list": LISTS,
    "mapping": st.just({}),
    "integers": st.lists(INTEGERS, max_size=4),
    "shape": LISTS,
    "numbers": st.lists(st.floats(-1, 2), max_size=3),
    "strings": st.lists(st.sampled_from(["a", "b"]), max_size=3),
    "dtype": st.sampled_from(["float16", "int32", "mixed_bfloat16", "nonsense"]),
    "activation": st.just("relu"),
    "layer": LAYERS,
}
OPERANDS = TENSORS | INTEGERS | st.floats(0, 1) | LISTS | st.none() | st.booleans() | VALUES["string"]


def values(argument: Argument) -> st.SearchStrategy[Any]:
    """Values such as the catalog lets through for this argument."""
    found = [VALUES[kind] for kind in argument.types if kind in VALUES]
    if "any" in argument.types or not found:
        found += [INTEGERS, LISTS, st.none(), LAYERS, st.lists(LAYERS, max_size=2)]
    if argument.choices:
        found.append(st.sampled_from(argument.choices))
    return st.one_of(*found, *([st.none()] if argument.nullable else []))


@st.composite
def calls(draw: st.DrawFn, kind: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    signature = load().objects["layer"][kind]
    arguments = {
        argument.name: draw(values(argument))
        for argument in signature.arguments
        if argument.required or draw(st.integers(0, 3)) == 0
    }
    names = [call.name for call in signature.tensors] or ["inputs"]
    given = {name: draw(TENSORS | st.lists(TENSORS, max_size=3)) for name in names if draw(st.integers(0, 4))}
    settings = {"return_attention_scores": draw(st.booleans()), "reverse": draw(st.booleans())}
    return arguments, given, settings


@pytest.mark.parametrize("kind", layer_kinds())
def test_layer_rules_answer_or_refuse(kind: str) -> None:
    @settings(max_examples=10, deadline=None, database=None)
    @given(calls(kind))
    def check(call: tuple[dict[str, Any], dict[str, Any], dict[str, Any]]) -> None:
        try:
            infer_layer(kind, call[0], call[1], call[2])
        except (RuleError, NoRuleError) as error:
            assert str(error)

    check()


@pytest.mark.parametrize("name", op_names())
def test_function_rules_answer_or_refuse(name: str) -> None:
    signature = load().ops.get(name)
    arguments = [] if signature is None else [argument.name for argument in signature.arguments]

    @settings(max_examples=10, deadline=None, database=None)
    @given(
        st.lists(OPERANDS | st.lists(TENSORS, max_size=3), max_size=4),
        st.dictionaries(st.sampled_from([*arguments, "axis"]), OPERANDS, max_size=2),
    )
    def check(args: list[Any], kwargs: dict[str, Any]) -> None:
        try:
            infer_op(name, args, kwargs)
        except (RuleError, NoRuleError) as error:
            assert str(error)

    check()
