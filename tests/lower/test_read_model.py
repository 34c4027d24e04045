"""Keras models read back as graphs compute the same function with the same weights."""

import keras
import numpy as np
import pytest
from keras import layers, ops
from keras.src.applications.convnext import LayerScale

from specc.graph.ir import Formula, Layer, Reuse, Use
from specc.lower.models import build_graph
from specc.lower.read_model import read_graph, read_models
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow


def sequence():
    words = keras.Input((7,), dtype="int32", name="words")
    y = layers.Embedding(11, 6, mask_zero=True)(words)
    y = layers.Bidirectional(layers.LSTM(4, return_sequences=True, dropout=0.1))(y)
    whole, h, c = layers.LSTM(5, return_sequences=True, return_state=True)(y)
    y = layers.LSTM(5)(whole, initial_state=[h, c])
    return keras.Model(words, layers.Dense(3, kernel_regularizer="l2", activation="softmax")(y))


def attention():
    x, memory = keras.Input((5, 8), name="x"), keras.Input((6, 8), name="memory")
    seen = layers.MultiHeadAttention(2, 4)(x, memory, key=memory)
    y = layers.LayerNormalization(epsilon=1e-5)(x + seen)
    y = layers.MultiHeadAttention(2, 4, use_bias=False)(y, y, use_causal_mask=True)
    return keras.Model([x, memory], {"mean": ops.mean(y, axis=1), "last": y[:, -1]})


def functions():
    x = keras.Input((6, 4))
    left, right = ops.split(x, 2, axis=1)
    y = ops.concatenate(
        [left * 2.0, -right, ops.relu(left - np.array([1.0, 2.0, 3.0, 4.0], "float32"))], axis=1
    )
    y = ops.einsum("btc,bsc->bts", y, y) / 3
    y = ops.where(y > 0, y, ops.expand_dims(ops.sum(x, axis=(1, 2)), axis=(1, 2)))
    y = ops.transpose(y, (0, 2, 1))[:, ::2, None, ..., 1:]
    return keras.Model(x, ops.softmax(ops.cast(y, "float32") ** 2, axis=-1))


def shared():
    tower = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)], name="tower")
    a, b = keras.Input((4,), name="a"), keras.Input((4,), name="b")
    double = layers.Dense(4, name="double")
    return keras.Model([a, b], [tower(double(a)), tower(double(b)) + 1.0])


def pictures():
    x = keras.Input((16, 16, 3))
    y = layers.Conv2D(4, 3, strides=2, padding="same", use_bias=False)(x)
    y = layers.BatchNormalization(momentum=0.9)(y)
    y = layers.MaxPooling2D(3, strides=2, padding="same")(layers.ReLU(max_value=6.0)(y))
    y = layers.ZeroPadding2D(((0, 1), (0, 1)))(y)
    y = layers.DepthwiseConv2D(3, depthwise_initializer=keras.initializers.RandomNormal(stddev=0.1))(y)
    y = layers.TimeDistributed(layers.Dense(2))(y)
    return keras.Model(x, layers.Flatten()(layers.Dropout(0.3)(y)))


def named():
    inner_in = keras.Input((3,), name="q")
    inner = keras.Model(
        inner_in, {"b": layers.Dense(2)(inner_in), "a": layers.Dense(4)(inner_in)}, name="inner"
    )
    x = keras.Input((3,))
    found = inner(x)
    return keras.Model(x, layers.Concatenate()([found["a"], found["b"], found["b"]]))


def drawn(model):
    random = np.random.default_rng(0)
    given = []
    for tensor in model.inputs:
        shape = (2, *tensor.shape[1:])
        integer = "int" in tensor.dtype
        given.append(random.integers(0, 9, shape) if integer else random.normal(size=shape).astype("float32"))
    return given


def in_order(outputs, names):
    """The outputs of a model as a list, by the names of the graph's where it gives a dictionary."""
    outputs = [outputs[name] for name in names] if isinstance(outputs, dict) else keras.tree.flatten(outputs)
    return list(map(np.asarray, outputs))


def rebuilt(graphs):
    models = {}
    for name, graph in graphs.items():
        models[name] = build_graph(graph, models, name)
    return models["model"]


BUILDS = [sequence, attention, functions, shared, pictures, named]


@pytest.mark.parametrize("whole", [True, False], ids=["models", "flat"])
@pytest.mark.parametrize("build", BUILDS)
def test_the_same_function_with_the_same_weights(build, whole):
    model = build()
    graphs = read_models(model) if whole else {"model": read_graph(model)}
    again = rebuilt(graphs)
    assert [v.shape for v in again.weights] == [v.shape for v in model.weights]
    again.set_weights(model.get_weights())
    given = drawn(model)
    names = [tensor._keras_history.operation.name for tensor in model.inputs]
    alone = len(given) == 1
    outputs = graphs["model"].output_names
    before = in_order(model(given[0] if alone else given), outputs)
    after = in_order(again(given[0] if alone else dict(zip(names, given, strict=True))), outputs)
    assert len(before) == len(after)
    for left, right in zip(before, after, strict=True):
        np.testing.assert_allclose(left, right, atol=1e-6)


def test_a_reloaded_model_reads_the_same(tmp_path):
    model = sequence()
    model.save(tmp_path / "m.keras")
    before, after = read_graph(model), read_graph(keras.saving.load_model(tmp_path / "m.keras"))
    assert [node.name for node in before.nodes] == [node.name for node in after.nodes]
    assert not any(isinstance(node.operation, Formula) for node in after.nodes)


def test_defaults_are_left_out_and_names_stay():
    graph = read_graph(pictures())
    conv = next(node for node in graph.nodes if node.operation.object.kind == "Conv2D")
    wanted = {"filters": 4, "kernel_size": 3, "strides": 2, "padding": "same", "use_bias": False}
    assert conv.operation.object.arguments == wanted
    pool = next(node for node in graph.nodes if node.operation.object.kind == "MaxPooling2D")
    assert pool.operation.object.arguments == {"pool_size": 3, "strides": 2, "padding": "same"}


def test_calls_again_are_reuses_and_models_within_are_models():
    graphs = read_models(shared())
    assert list(graphs) == ["tower", "model"]
    kinds = [type(node.operation) for node in graphs["model"].nodes]
    assert kinds == [Layer, Use, Reuse, Use, Formula]
    flat_kinds = [type(node.operation) for node in read_graph(shared()).nodes]
    assert flat_kinds == [Layer, Layer, Layer, Reuse, Reuse, Reuse, Formula]


def test_frozen_layers_are_frozen():
    model = shared()
    model.get_layer("double").trainable = False
    nodes = {node.name: node for node in read_models(model)["model"].nodes}
    assert nodes["double"].trainable is False
    assert nodes["tower"].trainable is None


def refused(model):
    with pytest.raises(SpecError) as caught:
        read_models(model)
    assert {d.code for d in caught.value.diagnostics} == {"inexpressible"}
    return " ".join(f"{d.title}: {' '.join(d.notes)}" for d in caught.value.diagnostics)


class Own(layers.Layer):
    def call(self, x):
        return x


def test_what_a_spec_cannot_say_is_refused_by_name_all_at_once():
    x = keras.Input((4,))
    y = layers.Lambda(lambda t: t * 2, name="twice")(x)
    y = layers.Dense(3, activation=lambda t: t, name="odd")(Own(name="own")(y))
    told = refused(keras.Model(x, y))
    for name in ("`twice`", "`own`", "`odd`"):
        assert name in told


@pytest.mark.parametrize("number", [float("-inf"), np.array([1.0, np.inf, 2.0, 3.0], "float32")])
def test_numbers_that_no_formula_can_hold_are_refused(number):
    x = keras.Input((4,))
    assert "cannot hold the number" in refused(keras.Model(x, ops.maximum(x, number)))


def test_a_large_constant_is_refused_with_what_to_do():
    x = keras.Input((40,))
    with pytest.raises(SpecError) as caught:
        read_models(keras.Model(x, ops.matmul(x, np.ones((40, 40), "float32"))))
    (diagnostic,) = caught.value.diagnostics
    assert "(40, 40)" in diagnostic.notes[0]
    assert "weight" in diagnostic.help


def test_models_without_a_graph_are_refused():
    assert "not known" in refused(keras.Sequential([layers.Dense(2)], name="unbuilt"))
    assert "fixed to 3" in refused(keras.Sequential([keras.Input(batch_shape=(3, 4)), layers.Dense(2)]))


def scaled():
    x = keras.Input((4, 4, 3))
    return keras.Model(x, LayerScale(1e-6, 3, name="scale")(x))


def test_the_layers_that_keras_applications_keeps_to_itself_have_the_same_weights():
    (node,) = read_graph(scaled()).nodes
    assert node.operation.object.kind == "EinsumDense"
    again = build_graph(read_graph(scaled()), {}, "again")
    assert [v.shape for v in again.weights] == [(3,)]
    np.testing.assert_allclose(again.weights[0], np.full(3, 1e-6, "float32"))


def test_vocabularies_and_boundaries_are_arguments():
    lookup, bins = layers.StringLookup(), layers.Discretization(num_bins=3)
    lookup.adapt(["b", "a", "b"])
    bins.adapt(np.arange(30.0))
    words, x = keras.Input((1,), dtype="string"), keras.Input((1,))
    read = read_graph(keras.Model([words, x], [lookup(words), bins(x)])).nodes
    assert read[0].operation.object.arguments == {"vocabulary": ["b", "a"]}
    assert list(read[1].operation.object.arguments) == ["bin_boundaries"]


def test_inputs_and_parts_that_a_spec_cannot_say_are_refused():
    x = keras.Input((4,), sparse=True, name="thin")
    assert "sparse" in refused(keras.Model(x, layers.Dense(2)(x)))
    y = keras.Input((3, 4))
    both = layers.Bidirectional(layers.LSTM(2))
    half = keras.Model(y, both(y))
    both.forward_layer.trainable = False
    assert "a part of it is frozen" in refused(half)


class OwnCall(keras.Model):
    def call(self, inputs):
        return 2 * super().call(inputs)


def test_models_with_a_call_of_their_own_are_refused():
    x = keras.Input((4,))
    assert "`call` of its own" in refused(OwnCall(x, layers.Dense(2)(x)))
