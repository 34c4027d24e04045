import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from specc.catalog.load import load
from specc.frontend.schema import Definitions, schema, text
from specc.frontend.structure import Checker

PUBLISHED = Path(__file__).parents[2] / "schemas" / "spec.schema.json"
MODEL = {"inputs": {"x": [4]}, "layers": ["Flatten"]}


def is_valid(spec: object) -> bool:
    return VALIDATOR.is_valid(spec)


VALIDATOR = Draft202012Validator(schema(load()))


def with_step(step: object) -> dict[str, object]:
    return {"specc": 1, "model": {"inputs": {"x": [4]}, "layers": [step]}}


def test_the_published_schema_is_current() -> None:
    current = "run `python -m specc.frontend.schema > schemas/spec.schema.json`"
    assert PUBLISHED.read_text(encoding="utf-8") == text(), current


def test_it_is_a_schema_and_small() -> None:
    Draft202012Validator.check_schema(VALIDATOR.schema)
    assert len(text()) < 600_000


@pytest.mark.parametrize(
    "step",
    [
        "Flatten",
        "backbone",
        "conv.double_conv",
        {"Dense": 3},
        {"Dense": "$units"},
        {
            "Dense": {
                "units": "$(2 * n)",
                "kernel_regularizer": {"L2": 1e-4},
                "activation": {"LeakyReLU": 0.1},
            }
        },
        {"conv.double_conv": {"filters": 3}, "name": "a", "from": ["x", None]},
        {"Add": None, "from": {"inputs": ["a", "b"]}, "trainable": False, "when": "$(i > 0)"},
        {"repeat": 3, "layers": ["Flatten"]},
        {"repeat": {"i": [1, 2]}, "layers": [{"residual": ["Flatten"], "shortcut": [], "merge": "Add"}]},
        {"repeat": {"i": "$(range(3))"}, "layers": []},
        {"branches": [["Flatten"], [{"Dense": 3}]], "outputs": ["a", "b"]},
        {"branches": [["Flatten"], []], "merge": {"Concatenate": {"axis": 1}}},
        {"formula": "x + 1", "name": "y"},
        {"reuse": "word", "call": {"reverse": True}},
        {"Bidirectional": {"layer": {"LSTM": 3}}},
        {"TimeDistributed": {"layer": "frames"}},
    ],
)
def test_steps_of_the_language(step: object) -> None:
    assert is_valid(with_step(step))


@pytest.mark.parametrize(
    "step",
    [
        3,
        ["Flatten"],
        "Conv2d",
        {"Conv2d": 3},
        {"Dense": {"unit": 3}},
        {"Dense": {"units": "many"}},
        {"Dense": {"units": 0}},
        {"Conv2D": {"filters": 3}},
        {"Conv2D": {"filters": 3, "kernel_size": 3, "padding": "full"}},
        {"Dense": {"units": 3, "kernel_regularizer": {"L3": 1}}},
        {"Lambda": {"function": "x"}},
        {"repeat": {"i": 3, "j": 4}, "layers": []},
        {"repeat": 3, "layers": "Flatten"},
        {},
    ],
)
def test_what_is_no_step(step: object) -> None:
    assert not is_valid(with_step(step))


@pytest.mark.parametrize(
    "part",
    [
        {"params": {"a": 3, "b": {"type": "integer", "minimum": 1}, "c": [1], "d": {"x": 1}}},
        {"let": {"a": "$(b + 1)", "c": [1, 2]}},
        {"import": {"conv": "blocks/conv.yaml"}, "extends": ["a.yaml", "b.yaml"]},
        {"model": {"layers": {"replace": {"a": ["Flatten"]}, "remove": ["b"]}, "inputs": {}}},
        {"models": {"a": {"application": "ResNet50", "include_top": False, "outputs": {"c": "conv"}}}},
        {"models": {"a": {"load": "runs/a", "lora": {"rank": 8, "layers": ["*.q"]}}}},
        {"models": {"a": {"average_of": "net", "momentum": 0.9}}},
        {"model": {**MODEL, "inputs": {"$kinds": {"shape": [], "dtype": "int32"}}}},
        {"model": {**MODEL, "weights": {"w": {"shape": [3], "initializer": "zeros"}}, "outputs": {"y": "x"}}},
        {"blocks": {"a": {"params": {"n": 1}, "inputs": ["x", "y"], "layers": [], "outputs": ["u", "v"]}}},
        {"data": {"source": {"csv": "a.csv"}, "split": {"train": 0.8, "stratify": "y"}, "batch_size": 8}},
        {
            "data": {
                "source": {"images": "d/{label}/*.jpg"},
                "fields": {"image": {"transform": ["Normalization"]}},
            }
        },
        {
            "data": {
                "sources": {"a": {"dataset": "mnist"}},
                "derive": {"b": "a + 1"},
                "augment": [{"RandomFlip": "horizontal"}],
            }
        },
        {"train": {"loss": "mse", "optimizer": {"Adam": 1e-3}, "metrics": ["accuracy", {"MeanIoU": 3}]}},
        {
            "train": {
                "loss": {"a": "mse", "b": {"Huber": {"delta": 2}}},
                "metrics": {"a": ["mae"]},
                "stages": [],
            }
        },
        {"train": {"derive": {"a": "f(x)"}, "update": [{"models": ["f"], "loss": {"l": "mean(a)"}}]}},
        {"generate": {"inputs": {"x": [3]}, "decode": {"start": "x", "length": 3, "search": {"beam": 4}}}},
        {"serve": {"model": "a", "outputs": ["b"]}},
    ],
)
def test_sections_of_the_language(part: dict[str, object]) -> None:
    assert is_valid({"specc": 1, **part})


@pytest.mark.parametrize(
    "part",
    [
        {"specc": 2},
        {"trian": {}},
        {"params": {"A": 3}},
        {"params": {"a": {"type": "int"}}},
        {"params": {"a": {"default": 3, "typ": "integer"}}},
        {"model": {"inputs": {"x": [4]}}},
        {"models": {"a": {"application": "ResNet5"}}},
        {"model": {**MODEL, "inputs": {"x": [4, "many"]}}},
        {"data": {"source": {"cvs": "a.csv"}}},
        {"data": {"batch_size": 0}},
        {"train": {"loss": {"Foo": 1}}},
        {"train": {"optimizer": {"Adm": 1}}},
        {"train": {"update": [{"models": ["f"]}]}},
        {"serve": {"modle": "a"}},
    ],
)
def test_what_is_no_section(part: dict[str, object]) -> None:
    assert not is_valid({"specc": 1, **part})


_KINDS = ["Dense", "Conv2D", "Flatten", "Adam", "L2", "Foo"]
_KEYS = ["specc", "model", "inputs", "layers", "units", "filters", "repeat", "train", "loss"]
_MORE = ["x", "$x", "mse", "metrics", "data", "source", "csv", "fields", "transform", "optimizer"]
_WORDS = st.sampled_from([*_KINDS, *_KEYS, *_MORE])
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)
_SPECS = st.fixed_dictionaries(
    {},
    optional={
        "specc": st.just(1),
        "model": st.fixed_dictionaries({"inputs": _TREES, "layers": st.lists(_TREES, max_size=3)}),
        "train": st.dictionaries(_WORDS, _TREES, max_size=3),
        "data": st.dictionaries(_WORDS, _TREES, max_size=3),
        "params": _TREES,
    },
)


@given(_SPECS | _TREES.filter(lambda tree: isinstance(tree, dict)))
@settings(max_examples=200, deadline=None)
def test_the_fast_checker_says_what_the_published_schema_says(spec: object) -> None:
    spec = json.loads(json.dumps(spec))
    found = next(Checker(Definitions(load())).findings(spec), None)
    assert (found is None) == is_valid(spec)
