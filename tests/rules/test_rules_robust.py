"""Whatever a spec says, a rule answers or refuses in its own words; it never breaks."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import pytest

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

CALLS = 50
"""How many calls each rule is asked about: drawn by its name, so the same in every run."""

SIZES = [0, 1, 2, 3, 4, 8, symbol("time"), symbol("width") // 2]
DTYPES = ["float32", "int32", "bool", "bfloat16", "string", "complex64"]
LAYERS = [
    KerasObject("layer", "Dense", {"units": 3}),
    KerasObject("layer", "LSTM", {"units": 3, "return_sequences": True}),
    KerasObject("layer", "LSTMCell", {"units": 3}),
    KerasObject("layer", "Flatten"),
    KerasObject("layer", "body", model="body"),
]
STRINGS = ["ab,bc->ac", "...a,ab->...b", "same", "VALID", "int", "log", "", "->"]

Draw = Callable[[Random], Any]


def some(draw: Draw, most: int) -> Draw:
    """A list of what is drawn, of any length up to `most`."""
    return lambda random: [draw(random) for _ in range(random.randint(0, most))]


def one_of(*draws: Draw) -> Draw:
    return lambda random: random.choice(draws)(random)


def among(values: Sequence[Any]) -> Draw:
    return lambda random: random.choice(values)


def tensor(random: Random) -> TensorType:
    shape = [random.choice(SIZES) for _ in range(random.randint(0, 5))]
    return TensorType((symbol("batch"), *shape), random.choice(DTYPES), random.random() < 0.5)


def integer(random: Random) -> int:
    return random.randint(-2, 9)


def fraction(random: Random) -> float:
    return random.choice([-1.0, 0.0, 0.5, 1.0, 2.0, random.uniform(-1, 2)])


none = among([None])
boolean = among([True, False])
lists = some(one_of(integer, none), 4)

VALUES: dict[str, Draw] = {
    "boolean": boolean,
    "integer": integer,
    "number": one_of(fraction, integer),
    "string": among(STRINGS),
    "list": lists,
    "mapping": lambda random: {},
    "integers": some(integer, 4),
    "shape": lists,
    "numbers": some(fraction, 3),
    "strings": some(among(["a", "b"]), 3),
    "dtype": among(["float16", "int32", "mixed_bfloat16", "nonsense"]),
    "activation": among(["relu"]),
    "layer": among(LAYERS),
}
operand = one_of(tensor, integer, fraction, lists, none, boolean, among(STRINGS))


def value(argument: Argument) -> Draw:
    """Values such as the catalog lets through for this argument."""
    found = [VALUES[kind] for kind in argument.types if kind in VALUES]
    if "any" in argument.types or not found:
        found += [integer, lists, none, among(LAYERS), some(among(LAYERS), 2)]
    if argument.choices:
        found.append(among(argument.choices))
    return one_of(*found, *([none] if argument.nullable else []))


@pytest.mark.parametrize("kind", layer_kinds())
def test_layer_rules_answer_or_refuse(kind: str) -> None:
    random = Random(kind)
    signature = load().objects["layer"][kind]
    names = [call.name for call in signature.tensors] or ["inputs"]
    for _ in range(CALLS):
        arguments = {
            argument.name: value(argument)(random)
            for argument in signature.arguments
            if argument.required or random.random() < 0.25
        }
        given = {name: one_of(tensor, some(tensor, 3))(random) for name in names if random.random() < 0.8}
        settings = {"return_attention_scores": boolean(random), "reverse": boolean(random)}
        holds(infer_layer, kind, arguments, given, settings)


@pytest.mark.parametrize("name", op_names())
def test_function_rules_answer_or_refuse(name: str) -> None:
    random = Random(name)
    signature = load().ops.get(name)
    names = [*([] if signature is None else [argument.name for argument in signature.arguments]), "axis"]
    for _ in range(CALLS):
        positional = some(one_of(operand, some(tensor, 3)), 4)(random)
        by_name = {random.choice(names): operand(random) for _ in range(random.randint(0, 2))}
        holds(infer_op, name, positional, by_name)


def holds(rule: Callable[..., Any], *call: Any) -> None:
    try:
        rule(*call)
    except (RuleError, NoRuleError) as error:
        assert str(error)
    except Exception as error:
        raise AssertionError(f"{call} breaks the rule") from error
