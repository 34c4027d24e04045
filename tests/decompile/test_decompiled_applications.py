"""keras.applications as specs: `python -m benchmarks.applications` compares all 40 in numbers."""

import keras
import numpy as np
import pytest
from keras.src.backend.common import global_state

from specc.decompile.checked import read_back
from specc.decompile.model import decompile_model
from specc.graph.cost import Costs
from specc.graph.infer import infer_models
from specc.lower.models import build_models

pytestmark = pytest.mark.slow

MOST_LINES = {
    "ResNet152": 119, "ResNet50V2": 119, "DenseNet121": 119, "ConvNeXtTiny": 119, "VGG19": 60,
    "MobileNetV2": 119, "InceptionV3": 250, "Xception": 119, "InceptionResNetV2": 250,
    "NASNetMobile": 150,
}  # fmt: skip
IN_NUMBERS = {
    "MobileNetV3Small": 32,
    "MobileNet": 32,
    "EfficientNetV2B0": 32,
    "ConvNeXtTiny": 32,
    "Xception": 71,
}


def weightless(name):
    try:
        with keras.StatelessScope(initialize_variables=False):
            return getattr(keras.applications, name)(weights=None)
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])


@pytest.mark.parametrize("name", MOST_LINES)
def test_the_same_graph_in_few_lines(name):
    model = weightless(name)
    made = decompile_model(model)
    assert "not folded" not in made.text
    assert made.text.count("\n") <= MOST_LINES[name]
    types = infer_models(read_back(made.text).models)
    assert sum(weight.size for weight in Costs(types["model"], types).weights()) == model.count_params()


@pytest.mark.parametrize("name", IN_NUMBERS)
def test_the_same_numbers(name):
    size = IN_NUMBERS[name]
    model = getattr(keras.applications, name)(
        weights=None, input_shape=(size, size, 3), classes=10, classifier_activation=None
    )
    random = np.random.default_rng(0)
    for variable in model.weights:
        last = variable.path.rpartition("/")[2]
        if last in ("gamma", "beta", "moving_mean", "moving_variance", "bias"):
            variable.assign(random.uniform(0.5, 1.5, variable.shape))
    again = build_models(read_back(decompile_model(model).text))["model"]
    again.set_weights(model.get_weights())
    given = random.uniform(0, 255, (2, size, size, 3)).astype("float32")
    wanted = np.asarray(model(given, training=False))
    assert np.max(np.abs(wanted)) > 0
    np.testing.assert_allclose(
        again(given, training=False), wanted, rtol=0, atol=1e-5 * np.max(np.abs(wanted))
    )
