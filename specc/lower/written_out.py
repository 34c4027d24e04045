"""Models of keras.applications written out as graphs, so that their costs follow from the rules."""

from __future__ import annotations

from dataclasses import replace

from specc.frontend.project import Reference
from specc.frontend.spec import Spec
from specc.graph.ir import Graph, Node, Use
from specc.lower.private import without_weights
from specc.lower.read_model import read_models
from specc.lower.references import build_reference

Models = dict[str, Graph | Reference]


def written_out(spec: Spec) -> Models:
    """The spec's models, each `application` as its layers. No weight is allocated or fetched.

    Raises SpecError where Keras refuses a model, or what it built cannot be expressed.
    """
    found: Models = {}
    inputs: dict[str, str] = {}
    for name, model in spec.models.items():
        if isinstance(model, Reference) and model.form == "application":
            *inner, graph = _graphs(model, spec)
            found |= {part.name: part for part in inner}
            inputs[name] = graph.inputs[0].name
            found[name] = graph
        elif isinstance(model, Graph):
            found[name] = replace(model, nodes=tuple(_wired(node, inputs) for node in model.nodes))
        else:
            found[name] = model
    return found


def _graphs(reference: Reference, spec: Spec) -> list[Graph]:
    """The graphs of an application and of the models within it, frozen where the reference is."""
    fresh = replace(reference, settings=reference.settings | {"weights": None})
    with without_weights():
        model = build_reference(fresh, {}, spec)
    *inner, graph = read_models(model).values()
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


def _renamed(graph: Graph, names: dict[str, str]) -> tuple[Node, ...]:
    """Nodes whose models have the names that they have here."""
    return tuple(
        replace(node, operation=replace(node.operation, model=names[node.operation.model]))
        if isinstance(node.operation, Use)
        else node
        for node in graph.nodes
    )


def _wired(node: Node, inputs: dict[str, str]) -> Node:
    """A node whose application is given its input by the name that it has in the application."""
    if not isinstance(node.operation, Use) or node.operation.model not in inputs:
        return node
    ((_, wire),) = node.inputs
    return replace(node, inputs=((inputs[node.operation.model], wire),))
