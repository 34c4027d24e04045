"""Holds the zoo's specs to `keras.applications` and to stated parameter counts; writes docs/zoo.md.

`python tests/specs/counterparts.py` goes through all variants, one after another; with words, through those
whose label holds one of them: `counterparts.py resnet_v2 inception`. The others' lines stay as they are.
"""

from __future__ import annotations

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import gc
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import keras
import numpy as np
from keras.src.backend.common import global_state
from matching import copy_weights
from variants import VARIANTS, Variant
from zoo_page import Figures, figures, write_page, written_agreements

import specc

ROOT = Path(__file__).parents[2]
CLASSES = 10
"""To how many classes the compared models tell images apart."""
UNNAMED = "variable"
"""A weight of a layer that gives it no name, as that of ConvNeXt's `LayerScale`, a millionth at the start."""
CLOSE = 1e-5
"""How far outputs may differ, in parts of the largest."""


def path_of(variant: Variant) -> Path:
    """The spec's file."""
    return ROOT / "specs" / f"{variant.spec}.yaml"


def spec_model(variant: Variant) -> keras.Model:
    """The spec's model, small."""
    params = {"classes": CLASSES, "size": variant.size, **variant.params}
    return specc.compile_models(path_of(variant), params)["model"]


def counterpart(variant: Variant) -> keras.Model:
    """The same of `keras.applications`, without a download."""
    shape = (variant.size, variant.size, 3)
    build = getattr(keras.applications, variant.constructor)
    return build(weights=None, classes=CLASSES, input_shape=shape, **variant.arguments)


@contextmanager
def weightless() -> Iterator[None]:
    """Models that are built within have weights without numbers."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])


def counterpart_parameters(variant: Variant) -> int:
    """How many parameters the counterpart has at its own size, counted without a single weight."""
    with weightless():
        model = getattr(keras.applications, variant.constructor)(weights=None, **variant.arguments)
    return int(model.count_params())


def randomize(model: keras.Model, seed: int) -> None:
    """Give biases, scales and statistics numbers that make a difference; kernels keep their initial ones."""
    random = np.random.default_rng(seed)
    for weight in model.weights:
        if weight.name in ("gamma", "moving_variance", "variance", UNNAMED):
            weight.assign(random.uniform(0.5, 1.5, weight.shape))
        elif weight.name in ("beta", "bias", "moving_mean", "mean"):
            weight.assign(random.normal(scale=0.1, size=weight.shape))


def without_softmax(model: keras.Model) -> keras.Model:
    """The model giving scores: a softmax hides what differs far from the largest."""
    last = model.layers[-1]
    if getattr(last, "activation", None) is keras.activations.softmax:
        last.activation = keras.activations.linear
    return model


def difference(variant: Variant) -> float:
    """How far the spec's outputs are from its counterpart's with the same weights, on two random images.

    The largest absolute difference over the largest absolute output.
    """
    theirs, ours = counterpart(variant), spec_model(variant)
    randomize(theirs, seed=1)
    copy_weights(theirs, ours)
    images = np.random.default_rng(2).uniform(0, 255, (2, variant.size, variant.size, 3)).astype("float32")
    wanted, found = (np.asarray(without_softmax(model)(images, training=False)) for model in (theirs, ours))
    assert wanted.shape == found.shape and np.ptp(wanted) > 0
    return float(np.max(np.abs(found - wanted)) / np.max(np.abs(wanted)))


def counts(variant: Variant) -> Figures:
    """How many parameters a variant's model has; Keras counts them where only it can."""
    if not variant.parameters:
        return figures(path_of(variant), variant.params)
    with weightless():
        model = specc.compile_models(path_of(variant), variant.params)["model"]
    trained = sum(int(np.prod(weight.shape)) for weight in model.trainable_weights)
    return Figures(int(model.count_params()), trained)


def agreement(variant: Variant, counted: Figures) -> tuple[str, bool]:
    """What a variant agrees with and how well, in words, and whether it does."""
    if not variant.constructor:
        same = variant.agrees(counted.trained) and variant.parameters in (0, counted.parameters)
        return f"{variant.stated} trained: {variant.source}", same
    parameters, apart = counterpart_parameters(variant), difference(variant)
    same = parameters == counted.parameters and apart <= CLOSE
    return f"`{variant.constructor}`: {_words(apart)}", same


def _words(apart: float) -> str:
    return "the same outputs" if apart == 0 else f"outputs within {apart:.0e}"


def main(words: list[str]) -> int:
    """Go through the variants; 1 where one does not agree."""
    chosen = [v for v in VARIANTS if not words or any(word in v.label for word in words)]
    told: dict[str, str] = {}
    failed = 0
    for variant in chosen:
        counted = counts(variant)
        told[variant.label], same = agreement(variant, counted)
        failed += not same
        print(f"{'ok ' if same else 'NOT'} {variant.label}: {counted.parameters:,}; {told[variant.label]}")
        keras.backend.clear_session()
        gc.collect()
    if not failed:
        write_page({**written_agreements(), **told})
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
