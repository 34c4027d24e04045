"""Keras model → spec → Keras model: the same function with the same weights."""

import sys

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras_models import MODELS, generator, two_outputs, unet

import specc
from specc.decompile.checked import read_back
from specc.decompile.model import decompile_model
from specc.lower.copy_weights import copy_weights
from specc.lower.models import build_models
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow


def drawn(tensor, random):
    """Numbers, words or booleans for one input; unknown sizes are 4."""
    shape = (2, *(4 if size is None else size for size in tensor.shape[1:]))
    if tensor.dtype == "string":
        return ops.convert_to_tensor(np.array(["clerk boss", "clerk"]).reshape(shape))
    if tensor.dtype == "bool":
        return np.ones(shape, bool)
    return random.integers(0, 9, shape, "int32") if "int" in tensor.dtype else random.random(shape, "float32")


def outputs_of(model, given, names):
    """What a model gives for inputs in order; `names` are those of the inputs, where it takes several."""
    structure = model._inputs_struct
    packed = dict(zip(names, given, strict=True)) if isinstance(structure, dict) else given
    return model(given[0] if len(given) == 1 else packed, training=False)


def in_order(found, names):
    """Outputs as a list; those in a dictionary by `names`."""
    return [found[name] for name in names] if isinstance(found, dict) else keras.tree.flatten(found)


def random_weights(model):
    random = np.random.default_rng(1)
    for variable in model.weights:
        if "float" in str(variable.dtype) and variable.path.rpartition("/")[2] not in ("mean", "variance"):
            variable.assign(random.uniform(0.1, 0.5, variable.shape))


@pytest.mark.parametrize("flat", [False, True], ids=["folded", "flat"])
@pytest.mark.parametrize("build", MODELS)
def test_the_same_function_with_the_same_weights(build, flat):
    model = build()
    random_weights(model)
    made = decompile_model(model, flat=flat)
    assert "not folded" not in made.text
    spec = read_back(made.text)
    models = build_models(spec)
    again, graph = models["model"], spec.models["model"]
    copy_weights(made.read, spec.models, models)
    assert again.count_params() == model.count_params()
    assert len(again.trainable_weights) == len(model.trainable_weights)
    random = np.random.default_rng(0)
    given = [drawn(tensor, random) for tensor in model.inputs]
    structure = model._outputs_struct
    names = [tensor._keras_history.operation.name for tensor in model.inputs]
    keys = structure if isinstance(structure, dict) else ()
    before = in_order(outputs_of(model, given, names), keys)
    after = in_order(outputs_of(again, given, [i.name for i in graph.inputs]), graph.output_names)
    assert len(before) == len(after)
    for left, right in zip(before, after, strict=True):
        assert left.dtype == right.dtype
        np.testing.assert_allclose(
            ops.cast(left, "float32"), ops.cast(right, "float32"), rtol=1e-5, atol=1e-6, err_msg=made.text
        )


@pytest.mark.parametrize("build", [generator, unet, two_outputs])
def test_the_weights_are_in_the_same_order(build, tmp_path):
    model = build()
    (tmp_path / "spec.yaml").write_text(specc.decompile(model), encoding="utf-8")
    again = specc.compile(tmp_path / "spec.yaml")
    again.set_weights(model.get_weights())
    for left, right in zip(model.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_array_equal(left, right)


def test_the_text_is_the_same_whatever_was_built_before():
    first = specc.decompile(siamese_of(3))
    keras.Sequential([keras.Input((2,)), layers.Dense(1), layers.Dense(1)])
    assert specc.decompile(siamese_of(3)) == first
    assert "_1" not in first.replace("dense_1", "")


def siamese_of(units):
    x = keras.Input((4,))
    y = layers.Dense(units)(x)
    return keras.Model(x, [layers.Dense(1)(y) * 2.0, layers.Dense(1)(y)])


def test_how_it_was_compiled_is_said():
    model = two_outputs()
    model.compile(
        keras.optimizers.Adam(3e-4),
        loss=["sparse_categorical_crossentropy", keras.losses.BinaryCrossentropy(from_logits=True)],
        metrics=[["accuracy"], []],
        loss_weights=[1.0, 0.5],
    )
    text = specc.decompile(model)
    assert "optimizer: {Adam: {learning_rate: 0.0003}}" in text
    assert "{kind: sparse_categorical_crossentropy, price: {BinaryCrossentropy: {from_logits: true}}}" in text
    assert read_back(text).train is not None


def test_what_cannot_be_said_of_training_is_noted():
    model = generator()
    model.compile("sgd", loss=lambda y, p: ops.mean(y - p))
    text = specc.decompile(model)
    assert "# how it was trained is left out: its loss" in text
    assert "train:" not in text


@pytest.mark.parametrize("flat", [False, True])
def test_a_text_that_is_read_as_another_model_is_not_handed_out(flat, monkeypatch):
    monkeypatch.setattr(sys.modules[decompile_model.__module__], "comes_back", lambda text, graphs: False)
    with pytest.raises(SpecError) as caught:
        specc.decompile(generator(), flat=flat)
    assert [d.code for d in caught.value.diagnostics] == ["inexpressible"]
