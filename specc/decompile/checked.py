"""Whether the text of a spec gives back the graphs that it was written from."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from specc.decompile.inline import inlined
from specc.decompile.same import same_up_to_names
from specc.frontend.load import load_spec
from specc.frontend.spec import Spec
from specc.graph.ir import Graph
from specc.source.diagnostic import SpecError


def read_back(text: str) -> Spec:
    """The spec that a text is. Raises SpecError."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "spec.yaml"
        path.write_text(text, encoding="utf-8")
        return load_spec(path)


def comes_back(text: str, models: Mapping[str, Graph]) -> bool:
    """Whether the spec's models are these, but for names of layers: same calls, same order of weights."""
    try:
        found = read_back(text).models
    except SpecError:
        return False
    wanted = inlined(models)
    return found.keys() == wanted.keys() and all(
        isinstance(graph := found[name], Graph) and same_up_to_names(_frozen(graph), _frozen(model))
        for name, model in wanted.items()
    )


def _frozen(graph: Graph) -> Graph:
    """A graph that is frozen whole says nothing of its nodes: expansion marks each, reading a model none."""
    if graph.trainable:
        return graph
    return replace(graph, nodes=tuple(replace(node, trainable=None) for node in graph.nodes))
