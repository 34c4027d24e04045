"""Checked objects become Keras objects."""

import keras
import numpy as np
import pytest

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.catalog.plugins import register
from specc.catalog.read import read_object
from specc.lower.objects import get, make
from specc.source.diagnostic import Reporter, SpecError
from specc.source.parse import parse

pytestmark = pytest.mark.slow


def made(text, category="layer", models=None):
    reporter = Reporter()
    value = parse(text, "x.yaml", reporter)
    found = read_object(value, category, load(), reporter, models=models or ())
    assert found is not None, [d.title for d in reporter]
    return make(found, models)


def test_nested_objects_are_made():
    layer = made("Dense: {units: 3, kernel_regularizer: {l2: 0.5}, bias_initializer: {Constant: 2}}")
    assert layer.kernel_regularizer.l2 == 0.5
    layer.build((None, 2))
    assert np.array_equal(layer.bias, [2, 2, 2])


def test_a_schedule_goes_into_its_optimizer():
    text = "SGD: {learning_rate: {PiecewiseConstantDecay: {boundaries: [1], values: [0.5, 0.25]}}}"
    optimizer = made(text, "optimizer")
    assert float(optimizer.learning_rate) == 0.5


def test_a_named_model_is_the_model_itself():
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)])
    assert made("TimeDistributed: inner", models={"inner": inner}).layer is inner


def test_a_list_of_layers_is_made_one_by_one():
    cells = made("RNN: {cell: [{LSTMCell: 3}, {GRUCell: 2}]}").cell.cells
    assert [type(cell).__name__ for cell in cells] == ["LSTMCell", "GRUCell"]


def test_sizes_are_tuples_and_data_stays_lists():
    assert made("Conv2D: {filters: 1, kernel_size: [3, 5]}").kernel_size == (3, 5)
    assert made("ZeroPadding2D: [[1, 2], [3, 4]]").padding == ((1, 2), (3, 4))
    assert made("StringLookup: {vocabulary: [a, b]}").get_vocabulary() == ["[UNK]", "a", "b"]


def test_whole_numbers_serve_where_keras_insists_on_floats():
    assert float(made("SGD: {learning_rate: 1, momentum: 1}", "optimizer").learning_rate) == 1.0
    assert made("FBetaScore: {beta: 2}", "metric").beta == 2.0


def test_a_layer_serves_as_an_activation():
    layer = made("Dense: {units: 1, activation: {LeakyReLU: 0.5}}")
    assert layer.activation.negative_slope == 0.5


def test_a_constant_table_initialises_weights():
    layer = made(
        "Embedding: {input_dim: 2, output_dim: 2, embeddings_initializer: {Constant: [[1, 2], [3, 4]]}}"
    )
    assert np.array_equal(layer(np.array([1])), [[3, 4]])


def test_a_loss_function_becomes_the_function_and_accuracy_stays_a_name():
    assert made("mse", "loss") is keras.losses.mean_squared_error
    assert made("accuracy", "metric") == "accuracy"
    assert isinstance(made("mse", "metric"), keras.metrics.MeanSquaredError)


def test_plain_data_passes_through():
    assert make({"a": [1, "b", None]}) == {"a": [1, "b", None]}


def test_what_keras_refuses_is_told_at_the_innermost_object():
    with pytest.raises(SpecError) as caught:
        made("TimeDistributed: {layer: {ReLU: {negative_slope: -1.0}}}")
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.code == "keras-refuses"
    assert diagnostic.span.column == len("TimeDistributed: {layer: {") + 1
    assert "negative_slope" in diagnostic.notes[0]


def test_only_the_catalogs_names_are_found():
    assert get("layer", "MaxPool2D") is keras.layers.MaxPooling2D
    assert get("application", "ResNet50") is keras.applications.ResNet50
    for name in ("Lambda", "deserialize", "__init__"):
        with pytest.raises(KeyError):
            get("layer", name)


def test_a_registered_layer_is_made():
    class Twice(keras.layers.Layer):
        def __init__(self, offset: float = 0.0, **kwargs):
            super().__init__(**kwargs)
            self.offset = offset

        def call(self, inputs):
            return 2 * inputs + self.offset

    register("Twice", Twice)
    assert float(made("Twice: 0.5")(np.float32(1.0))) == 2.5
    assert made("Twice: {trainable: false}").trainable is False


def test_an_object_without_a_catalog_entry_is_a_key_error():
    with pytest.raises(KeyError):
        make(KerasObject("layer", "NoSuchLayer"))
