"""What a built model consists of, layer by layer, as plain data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import keras

Shape = tuple[int | None, ...]


@dataclass(frozen=True, slots=True)
class LayerSummary:
    """One layer or operation; `outputs` are shapes with the batch, `sources` the names of what flows in."""

    name: str
    kind: str
    outputs: tuple[Shape, ...]
    parameters: int
    trainable: int
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ModelSummary:
    """A model's layers in the order they are computed, and its numbers of parameters."""

    name: str
    layers: tuple[LayerSummary, ...]
    parameters: int
    trainable: int


def summarize(name: str, model: keras.Model) -> ModelSummary:
    """The summary of a functional model. Parameters that several calls share count once in the total."""
    layers = tuple(_layer(operation) for operation in model.operations)
    return ModelSummary(name, layers, model.count_params(), _count(model.trainable_variables))


def _layer(operation: Any) -> LayerSummary:
    is_layer = isinstance(operation, keras.layers.Layer)
    nodes = operation._inbound_nodes
    tensors = [tensor for node in nodes[:1] for tensor in node.output_tensors]
    sources = [t._keras_history.operation.name for node in nodes for t in node.input_tensors]
    return LayerSummary(
        name=operation.name,
        kind=type(operation).__name__,
        outputs=tuple(tuple(tensor.shape) for tensor in tensors),
        parameters=operation.count_params() if is_layer else 0,
        trainable=_count(operation.trainable_variables) if is_layer else 0,
        sources=tuple(dict.fromkeys(sources)),
    )


def _count(variables: Any) -> int:
    sizes = []
    for variable in variables:
        size = 1
        for dimension in variable.shape:
            size *= dimension
        sizes.append(size)
    return sum(sizes)
