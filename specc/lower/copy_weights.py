"""The weights of a decompiled model in the models that its spec compiles to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras

from specc.frontend.project import ENTRY
from specc.graph.ir import Graph, Layer, models_within
from specc.lower.read_model import ReadModel


def copy_weights(read: ReadModel, graphs: Mapping[str, Graph], models: Mapping[str, keras.Model]) -> None:
    """Give the layers of `models`, which were built from `graphs`, the weights of the model that was read.

    Layers correspond by the order of their first calls. Raises ValueError where they do not.
    """
    targets = {
        name: [models[name].get_layer(node.name) for node in graph.nodes if isinstance(node.operation, Layer)]
        for name, graph in graphs.items()
    }
    for source, target in zip(_in_order(read.graphs, read.layers), _in_order(graphs, targets), strict=True):
        _copy(source, target)


def _in_order(
    graphs: Mapping[str, Graph], layers: Mapping[str, list[keras.layers.Layer]], name: str = ENTRY
) -> Iterator[keras.layers.Layer]:
    """The layers with weights of a model and of those it calls, each at its first call."""
    seen: set[str] = set()

    def walk(name: str) -> Iterator[keras.layers.Layer]:
        own = iter(layers[name])
        for node in graphs[name].nodes:
            if isinstance(node.operation, Layer):
                layer = next(own)
                if layer.weights:
                    yield layer
            for used in models_within(node.operation):
                if used not in seen:
                    seen.add(used)
                    yield from walk(used)

    yield from walk(name)


def _copy(source: keras.layers.Layer, target: keras.layers.Layer) -> None:
    target.set_weights(source.get_weights())
    for layer in target._flatten_layers():
        if hasattr(layer, "finalize_state"):  # what a preprocessing layer computes from its weights
            layer.finalize_state()
