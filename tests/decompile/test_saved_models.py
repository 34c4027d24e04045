"""A model read from a file becomes the same spec as the model in memory."""

import keras
import pytest
from keras import layers, ops
from keras_models import MODELS

import specc

pytestmark = pytest.mark.slow


def slices():
    x, y = keras.Input((6, 4), name="x"), keras.Input((6, 4), name="y")
    z = ops.concatenate([x[:, ::-1], y[..., :2], x[:, :, None, 0]], axis=-1)
    return keras.Model([x, y], ops.stack([z[:, 0], z[:, -1]], axis=1), name="slices")


# Keras does not load its own file of the first, and gives the constants of the second another dtype.
ELSEWHERE = ("odd_names", "constants")


@pytest.mark.parametrize("build", [*(build for build in MODELS if build.__name__ not in ELSEWHERE), slices])
def test_a_file_gives_the_text_that_memory_gives(build, tmp_path):
    model = build()
    model.save(path := tmp_path / "model.keras")
    keras.backend.clear_session()
    assert specc.decompile(keras.models.load_model(path)) == specc.decompile(model)


def test_a_compiled_sequential_model(tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3, name="out")])
    model.compile("adam", {"out": "mse"}, metrics={"out": ["mae"]})
    text = specc.decompile(model)
    assert "train:\n  optimizer: Adam\n  loss: mse\n  metrics: [mae]\n" in text
    model.save(path := tmp_path / "model.keras")
    assert specc.decompile(keras.models.load_model(path)) == text


def test_what_keras_sets_itself_goes_unsaid():
    words, rows = keras.Input((6, 8)), keras.Input((4, 4, 8))
    y = layers.MultiHeadAttention(2, 4)(words, words)
    y = layers.Bidirectional(layers.LSTM(3, return_sequences=True))(y)
    along = layers.MultiHeadAttention(2, 4, attention_axes=1)(rows, rows)
    text = specc.decompile(keras.Model([words, rows], [y, along]))
    assert "MultiHeadAttention: {num_heads: 2, key_dim: 4}\n" in text
    assert "Bidirectional: {layer: {LSTM: {units: 3, return_sequences: true}}}\n" in text
    assert "attention_axes: [1]}" in text


def test_a_mode_that_has_no_effect_goes_unsaid(tmp_path):
    image = keras.Input((8,))
    inner = keras.Sequential([keras.Input((8,)), layers.Dense(4), layers.BatchNormalization()], name="inner")
    inner.trainable = False
    y = layers.BatchNormalization()(inner(image, training=False), training=False)
    model = keras.Model(image, layers.Dense(2)(y))
    (tmp_path / "spec.yaml").write_text(text := specc.decompile(model))
    assert "training" not in text
    assert not specc.check(tmp_path / "spec.yaml").diagnostics
    again = specc.compile(tmp_path / "spec.yaml")
    again.set_weights(model.get_weights())
    x = ops.reshape(ops.arange(24.0), (3, 8))
    for training in (False, True):
        assert ops.all(model(x, training=training) == again(x, training=training))


def test_a_mode_that_has_an_effect_by_hand_is_said():
    x = keras.Input((8,))
    assert "call: {training: true}" in specc.decompile(keras.Model(x, layers.Dropout(0.5)(x, training=True)))
