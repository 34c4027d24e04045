"""Holds the rules to each layer of each model of keras.applications: `python tests/rules/applications.py`."""

from __future__ import annotations

import os
import sys
import warnings
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import inspect

import keras
from keras.src.backend.common import global_state

from specc.catalog.rules import NoRuleError, RuleError, TensorType, infer_layer
from specc.catalog.rules.dims import substitute, symbol


def constructors() -> dict[str, Any]:
    """The models that keras.applications makes, by name."""
    return {
        name: value
        for name, value in vars(keras.applications).items()
        if inspect.isfunction(value) and name[0].isupper()
    }


def skeleton(build: Any) -> keras.Model:
    """A model without numbers in its weights."""
    with warnings.catch_warnings(), keras.StatelessScope(initialize_variables=False):
        warnings.simplefilter("ignore")
        model = build(weights=None)
    global_state.set_global_attribute("uninitialized_variables", [])
    return model


def disagreements(model: keras.Model) -> tuple[int, list[str]]:
    """How many layers were asked about, and those about which rule and Keras differ."""
    wrong: list[str] = []
    asked = 0
    for layer in model.layers:
        if isinstance(layer, (keras.layers.InputLayer, keras.Model)) or not _is_public(layer):
            continue
        asked += 1
        given = layer.input
        typed = [_typed(x) for x in given] if isinstance(given, list) else _typed(given)
        try:
            made = infer_layer(type(layer).__name__, _arguments(layer), {"inputs": typed})
        except (RuleError, NoRuleError) as error:
            wrong.append(f"{layer.name}: {error!r}")
            continue
        ours = (tuple(n if isinstance(n, int) else None for n in made.flat[0].shape), made.parameters)
        theirs = (tuple(layer.output.shape), layer.count_params())
        if ours != theirs:
            wrong.append(f"{layer.name} ({type(layer).__name__}): {ours}, Keras {theirs}")
    return asked, wrong


def multiply_adds(model: keras.Model) -> int:
    """The multiply-adds of a forward pass of one example, by the rules."""
    total: Any = 0
    for layer in model.layers:
        if isinstance(layer, keras.layers.InputLayer):
            continue
        given = layer.input
        typed = [_typed(x) for x in given] if isinstance(given, list) else _typed(given)
        inputs = {"inputs": typed}
        if isinstance(layer, keras.layers.MultiHeadAttention):
            inputs = {"query": typed[0], "value": typed[1]}
        total = total + infer_layer(type(layer).__name__, _arguments(layer), inputs).multiply_adds
    return int(substitute(total, {"batch": 1}))


def _is_public(layer: Any) -> bool:
    return getattr(keras.layers, type(layer).__name__, None) is type(layer)


def _typed(x: Any) -> TensorType:
    shape = tuple(
        n if n is not None else symbol("batch" if i == 0 else f"n{i}") for i, n in enumerate(x.shape)
    )
    return TensorType(shape, x.dtype)


def _arguments(layer: Any) -> dict[str, Any]:
    config = layer.get_config()
    config["dtype"] = config["dtype"]["config"]["name"]
    return {name: value for name, value in config.items() if name not in ("name", "build_config")}


def main() -> int:
    total = failed = 0
    for name, build in constructors().items():
        model = skeleton(build)
        asked, wrong = disagreements(model)
        total += asked
        failed += len(wrong)
        print(f"{name}: {asked} layers, {len(wrong)} disagree")
        for text in wrong[:3]:
            print("   ", text)
    print(f"{total} layers, {failed} disagreements")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
