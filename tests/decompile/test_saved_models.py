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
