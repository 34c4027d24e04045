"""Keras models with cells of several inputs: short specs of the same function, weights in the same order."""

import keras
import numpy as np
import pytest
from keras import layers
from keras_models import double

import specc

pytestmark = pytest.mark.slow


def two_states():
    def cell(x, p, filters):
        h, p = layers.Conv2D(filters, 1)(x), layers.Conv2D(filters, 1)(p)
        one = layers.Add()([layers.SeparableConv2D(filters, 3, padding="same")(h), p])
        two = layers.Add()([layers.AveragePooling2D(3, 1, "same")(p), h])
        return layers.Concatenate()([p, one, two, layers.Conv2D(filters, 3, padding="same")(one)])

    image = keras.Input((16, 16, 3))
    p = layers.Conv2D(4, 3, padding="same")(image)
    x = layers.Conv2D(4, 3, padding="same")(p)
    for filters in (4, 4, 4, 8, 8):
        x, p = cell(x, p, filters), x
    return keras.Model(image, layers.Dense(2)(layers.GlobalAveragePooling2D()(x)))


def masked_transformer():
    x, seen = keras.Input((6, 8), name="x"), keras.Input((6, 6), name="seen", dtype="bool")
    y = layers.Dense(8)(x)
    for _ in range(4):
        y = layers.LayerNormalization()(
            layers.Add()([y, layers.MultiHeadAttention(2, 4)(y, y, attention_mask=seen)])
        )
        y = layers.LayerNormalization()(layers.Add()([y, layers.Dense(8)(layers.Dense(16, "relu")(y))]))
    return keras.Model([x, seen], layers.Dense(2)(layers.GlobalAveragePooling1D()(y)))


def levels():
    image = keras.Input((16, 16, 1))
    y, skips = image, []
    for filters in (2, 4, 8):
        skips.append(double(y, filters))
        y = layers.MaxPooling2D()(skips[-1])
    y = double(y, 16)
    for filters, skip in zip((8, 4, 2), reversed(skips), strict=True):
        y = layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(y)
        y = double(layers.Concatenate()([skip, y]), filters)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(y))


LINES = {two_states: 55, masked_transformer: 25, levels: 40}


@pytest.mark.parametrize("build", LINES, ids=lambda build: build.__name__)
def test_short_and_the_same(build, tmp_path):
    model = build()
    text = specc.decompile(model)
    assert "not folded" not in text
    assert text.count("\n") <= LINES[build], text
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    again = specc.compile(tmp_path / "spec.yaml")
    random = np.random.default_rng(0)
    weights = [random.normal(0, 0.3, weight.shape).astype("float32") for weight in model.get_weights()]
    model.set_weights(weights)
    again.set_weights(weights)
    given = [random.random((2, *tensor.shape[1:])) > 0.3 for tensor in model.inputs]
    given = [np.asarray(x, tensor.dtype) for x, tensor in zip(given, model.inputs, strict=True)]
    named = dict(zip(("x", "seen"), given, strict=False)) if len(given) > 1 else given[0]
    before, after = model(given if len(given) > 1 else given[0]), again(named)
    np.testing.assert_allclose(before, after, rtol=1e-5, atol=1e-6)
