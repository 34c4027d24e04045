"""Models without weights as functions of batches: what `derive` calls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from specc.graph.ir import Graph
from specc.lower.models import build_graph


def build_functions(graphs: Mapping[str, Graph]) -> dict[str, Callable[..., Any]]:
    """The functions by name; each graph comes after those it uses.

    Each takes its model's inputs, by position or by name, and gives its output, or the outputs by name.
    """
    models: dict[str, keras.Model] = {}
    with tf.init_scope():  # also where a pipeline is traced: their constants are not of its graph
        for name, graph in graphs.items():
            models[name] = build_graph(graph, models, name)
    return {name: partial(_call, models[name], graph) for name, graph in graphs.items()}


def _call(model: keras.Model, graph: Graph, *arguments: Any, **keywords: Any) -> Any:
    names = [given.name for given in graph.inputs]
    given = {**dict(zip(names, arguments, strict=False)), **keywords}
    tensors = {i.name: tf.cast(given[i.name], i.dtype) for i in graph.inputs}
    return model(tensors if len(tensors) > 1 else next(iter(tensors.values())), training=False)
