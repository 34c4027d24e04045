"""Models of keras.applications and of files written out as graphs, so that costs follow from the rules."""

from __future__ import annotations

from dataclasses import replace

import keras

from specc.frontend.project import Reference
from specc.frontend.spec import Spec
from specc.graph.ir import Graph, Node, Use
from specc.lower.private import without_weights
from specc.lower.read_model import read_models
from specc.lower.references import build_reference

Models = dict[str, Graph | Reference]
FORMS = ("application", "load")
"""Models of which Keras knows the layers."""


def written_out(spec: Spec) -> Models:
    """The spec's models, each `application` and `load` as its layers. No weight is fetched.

    Raises SpecError where Keras refuses a model, or what it built or read cannot be expressed.
    """
    found: Models = {}
    inputs: dict[str, str] = {}
    for name, model in spec.models.items():
        if isinstance(model, Reference) and model.form in FORMS:
            *inner, graph = _graphs(model, spec)
            found |= {part.name: part for part in inner}
            if len(graph.inputs) == 1:
                inputs[name] = graph.inputs[0].name
            found[name] = graph
        elif isinstance(model, Graph):
            found[name] = replace(model, nodes=tuple(_wired(node, inputs) for node in model.nodes))
        else:
            found[name] = model
    return found


def _graphs(reference: Reference, spec: Spec) -> list[Graph]:
    """The graphs of a model and of those within it, frozen where the reference is."""
    *inner, graph = read_models(_model(reference, spec)).values()
    names = {part.name: f"{reference.name}.{part.name}" for part in inner}
    nodes = [replace(part, name=names[part.name], nodes=_renamed(part, names)) for part in inner]
    own = replace(
        graph,
        name=reference.name,
        nodes=_renamed(graph, names),
        span=reference.span,
        trainable=graph.trainable and reference.trainable,
    )
    return [*nodes, own]


def _model(reference: Reference, spec: Spec) -> keras.Model:
    """The Keras model: of an application without a weight allocated, of a file with its own."""
    if reference.form == "load":
        return build_reference(reference, {}, spec)
    fresh = replace(reference, settings=reference.settings | {"weights": None})
    with without_weights():
        return build_reference(fresh, {}, spec)


def _renamed(graph: Graph, names: dict[str, str]) -> tuple[Node, ...]:
    """Nodes whose models have the names that they have here."""
    return tuple(
        replace(node, operation=replace(node.operation, model=names[node.operation.model]))
        if isinstance(node.operation, Use)
        else node
        for node in graph.nodes
    )


def _wired(node: Node, inputs: dict[str, str]) -> Node:
    """A node whose model is given its only input by the name that it has there."""
    if not isinstance(node.operation, Use) or node.operation.model not in inputs:
        return node
    ((_, wire),) = node.inputs
    return replace(node, inputs=((inputs[node.operation.model], wire),))
