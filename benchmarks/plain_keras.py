"""A model with drawn weights on drawn inputs, in plain Keras: the same numbers in every process.

As a command, `python benchmarks/plain_keras.py FOLDER`, it builds FOLDER/model.py where specc
cannot be imported,
and writes what the model gives to FOLDER/python.npy.
"""

from __future__ import annotations

import json
import os
import runpy
import sys
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import numpy as np

Plan = list[tuple[list[int], str]]
"""For each weight of a model, in order: its shape, and from what it is drawn."""


def plan(model: keras.Model) -> Plan:
    """How the weights of a model are to be drawn, by their names in it."""
    return [(list(variable.shape), kind(variable)) for variable in model.weights]


def kind(variable: Any) -> str:
    """What a weight is: its size decides what comes out of a layer, so that numbers stay in bounds."""
    name = variable.path.rpartition("/")[2]
    if "int" in str(variable.dtype):
        return "count"
    if name in ("gamma", "moving_variance", "variance"):
        return "positive"
    if len(variable.shape) < 2:
        return "small"
    return "depthwise" if len(variable.shape) == 4 and variable.shape[-1] == 1 else "kernel"


def draw(number: int, shape: list[int], drawn_from: str) -> np.ndarray[Any, Any]:
    """The numbers of the weight at place `number`."""
    random = np.random.default_rng(number)
    if drawn_from == "count":
        return np.zeros(shape, "int64")
    if drawn_from == "positive":
        return random.uniform(0.5, 1.5, shape).astype("float32")
    if drawn_from == "small":
        return random.normal(0.0, 0.1, shape).astype("float32")
    numbers = random.standard_normal(shape, "float32")
    if drawn_from == "kernel":  # of a depthwise kernel, little more than the middle meets a small picture
        numbers *= np.float32((2 / np.prod(shape[:-1])) ** 0.5)
    return numbers


def fill(model: keras.Model, planned: Plan) -> None:
    """Give a model the weights that are planned; raises ValueError where its own have other shapes."""
    shapes = [list(variable.shape) for variable in model.weights]
    if shapes != [shape for shape, _ in planned]:
        raise ValueError("the weights have other shapes, or another order")
    for number, (variable, (shape, drawn_from)) in enumerate(zip(model.weights, planned, strict=True)):
        variable.assign(draw(number, shape, drawn_from))
    for layer in model._flatten_layers():
        if hasattr(layer, "finalize_state"):
            layer.finalize_state()


def answers(model: keras.Model) -> np.ndarray[Any, Any]:
    """What a model gives for two pictures, each by itself: shape (2, …).

    Numbers are from 0 to 255 where the model scales them itself, from -1 to 1 otherwise.
    """
    scales = any(type(layer).__name__ in ("Rescaling", "Normalization") for layer in model.layers)
    low, high = (0, 255) if scales else (-1, 1)
    size = model.input_shape[1:]
    pictures = np.random.default_rng(0).uniform(low, high, (2, *size)).astype("float32")
    return np.concatenate([np.asarray(model(picture[None], training=False)) for picture in pictures])


def main(folder: Path) -> None:
    """Fill FOLDER/model.py's model as FOLDER/plan.json says, and write its answers."""
    sys.modules["specc"] = None  # type: ignore[assignment]  # importing it fails from here on
    model = runpy.run_path(str(folder / "model.py"))["build_model"]()
    fill(model, json.loads((folder / "plan.json").read_text(encoding="utf-8")))
    np.save(folder / "python.npy", answers(model))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
