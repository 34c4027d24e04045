"""Weights move between models that compute the same, and between no others."""

from __future__ import annotations

import keras
import numpy as np
import pytest
from matching import copy_weights

pytestmark = pytest.mark.slow

layers = keras.layers


def two_ways(swapped: bool, merge: type[keras.layers.Layer], units: int = 4) -> keras.Model:
    """A long and a short way from an input to a merging layer, which may take them in either order."""
    given = keras.Input([3])
    long = layers.Dense(units)(layers.Dense(5, activation="relu")(given))
    short = layers.Dense(units, use_bias=False)(given)
    ends = [short, long] if swapped else [long, short]
    return keras.Model(given, layers.Dense(2)(merge()(ends)))


def same(left: keras.Model, right: keras.Model) -> bool:
    given = np.random.default_rng(0).normal(size=(2, 3)).astype("float32")
    return bool(np.allclose(left(given), right(given), atol=1e-6))


def test_the_order_of_a_sum_does_not_matter() -> None:
    left, right = two_ways(False, layers.Add), two_ways(True, layers.Add)
    assert not same(left, right)
    copy_weights(left, right)
    assert same(left, right)


def test_layers_within_a_sequential_are_met() -> None:
    inner = keras.Sequential([layers.Dense(5), layers.Dense(4)])
    given = keras.Input([3])
    nested = keras.Model(given, inner(given))
    flat = keras.Model(given, layers.Dense(4)(layers.Activation("linear")(layers.Dense(5)(given))))
    copy_weights(nested, flat)
    assert same(nested, flat)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (two_ways(False, layers.Concatenate), two_ways(True, layers.Concatenate)),
        (two_ways(False, layers.Add), two_ways(False, layers.Add, units=6)),
    ],
)
def test_other_models_are_refused(left: keras.Model, right: keras.Model) -> None:
    with pytest.raises(ValueError, match="is no"):
        copy_weights(left, right)
