"""Random draws in a pipeline: functions of the seed, the epoch and the place, whatever threads do."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf


class PlacedSeed(keras.random.SeedGenerator):  # type: ignore[misc]
    """Seeds of one batch (or one example): draw sites are told apart by their order in the program.

    It passes for Keras's own generator, which would keep a variable that parallel calls race for.
    """

    def __init__(self, seed: tf.Tensor) -> None:
        """Start from `seed`, an integer tensor [2]."""
        self.seed = seed
        self._sites = 0

    def next(self, ordered: bool = True) -> tf.Tensor:
        """The seed of the next draw site."""
        self._sites += 1
        return fold(self.seed, self._sites)


def random_functions(seed: PlacedSeed) -> dict[str, Callable[..., Any]]:
    """`random.normal` and its like for formulas, drawing from `seed`."""
    return {f"random.{name}": _seeded(getattr(keras.random, name), seed) for name in DRAWS}


DRAWS = (
    "beta",
    "binomial",
    "categorical",
    "dropout",
    "gamma",
    "normal",
    "randint",
    "shuffle",
    "truncated_normal",
    "uniform",
)


def _seeded(function: Callable[..., Any], seed: PlacedSeed) -> Callable[..., Any]:
    def draw(*arguments: Any, **keywords: Any) -> Any:
        return function(*arguments, **{"seed": seed, **keywords})

    return draw


def fold(seed: tf.Tensor, *numbers: Any) -> tf.Tensor:
    """`seed` [2] with numbers mixed in, one after another."""
    for number in numbers:
        seed = tf.random.experimental.stateless_fold_in(seed, tf.cast(number, tf.int64))
    return seed


def root_seed(seed: int) -> tf.Tensor:
    """The seed tensor [2] of a whole number."""
    return tf.constant([seed & 0x7FFFFFFF, 0x5EED], tf.int64)
