"""The layers of a model by their dotted names, and freezing them."""

from __future__ import annotations

from collections.abc import Iterator

import keras


def walk(model: keras.Model, prefix: str = "") -> Iterator[tuple[str, keras.layers.Layer]]:
    """Every layer of a model with its dotted name, models within it before their layers."""
    for layer in model.layers:
        name = f"{prefix}{layer.name}"
        yield name, layer
        if isinstance(layer, keras.Model):
            yield from walk(layer, f"{name}.")


def freeze(model: keras.Model) -> None:
    """Freeze a model and every layer in it: Keras leaves nested layers alone when a flag does not change.

    A frozen BatchNormalization works with its kept mean and variance, also while training.
    """
    model.trainable = False
    for layer in model._flatten_layers():
        layer.trainable = False
