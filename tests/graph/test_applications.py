"""Every constructor of keras.applications as a graph: each layer has the shape and weights of Keras's."""

from math import prod

import keras
import pytest
from keras.src.backend.common import global_state

from specc.catalog.load import load
from specc.graph.infer import infer_models
from specc.graph.ir import Formula, Layer, Use
from specc.lower.read_model import read_models

pytestmark = pytest.mark.slow


def built(name):
    """The model without a single weight allocated: 40 of them would take gigabytes and minutes."""
    try:
        with keras.StatelessScope(initialize_variables=False):
            return getattr(keras.applications, name)(weights=None)
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])
        keras.backend.clear_session()


def numbers(shape):
    return tuple(size if isinstance(size, int) else None for size in shape)


def operations_of(model):
    inner = model._functional if isinstance(model, keras.Sequential) else model
    return [o for o in inner.operations if not isinstance(o, keras.layers.InputLayer)]


def count(model):
    """How many layers and functions a model calls, those of the models within it too."""
    return sum(count(o) if isinstance(o, keras.Model) else 1 for o in operations_of(model))


def compare(types, all_types, model):
    """Differences of one graph from its Keras model, layer by layer; and how many layers were compared."""
    operations = {operation.name: operation for operation in operations_of(model)}
    tables = {weight.name: prod(weight.shape) for weight in types.graph.weights}
    found, compared = [], 0
    for node in types.graph.nodes:
        operation = operations[node.name]
        call = types.calls[node.name]
        shapes = [numbers(tensor.shape) for tensor in call.flat]
        expected = [tuple(tensor.shape) for tensor in operation._inbound_nodes[0].outputs]
        if isinstance(node.operation, Use):
            expected = [tuple(tensor.shape) for tensor in operation.outputs]
        if shapes != expected:
            found.append((node.name, shapes, expected))
        if isinstance(node.operation, Use):
            inner = compare(all_types[node.operation.model], all_types, operation)
            found += inner[0]
            compared += inner[1]
            continue
        compared += 1
        parameters = call.parameters
        if isinstance(node.operation, Formula):
            parameters = tables.get(f"{node.name}.gamma", 0)
        wanted = operation.count_params() if isinstance(operation, keras.layers.Layer) else 0
        if parameters != wanted:
            found.append((node.name, parameters, wanted))
        if isinstance(node.operation, Layer):
            trainable = sum(prod(v.shape) for v in operation.trainable_variables)
            if call.trainable_parameters != trainable:
                found.append((node.name, "trainable", call.trainable_parameters, trainable))
    return found, compared


@pytest.mark.parametrize("name", sorted(load().applications))
def test_shapes_and_parameters_of_every_layer(name):
    model = built(name)
    types = infer_models(read_models(model))
    for inferred in types.values():
        assert not inferred.problems
        assert not inferred.unknown
    found, compared = compare(types["model"], types, model)
    assert found == []
    assert compared == count(model)


def test_all_forty_are_there():
    assert len(load().applications) == 40
