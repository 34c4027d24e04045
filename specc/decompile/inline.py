"""Models that are called once, taken apart where that changes nothing but the order of reading."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from specc.frontend.expressions.formula import rename
from specc.frontend.project import ENTRY
from specc.graph.ir import Formula, Graph, Node, Reuse, Use, Wire, models_used, wires


def inlined(models: Mapping[str, Graph]) -> dict[str, Graph]:
    """The models without those that one step calls, of one input and one output, through which all flows.

    Elsewhere a model within keeps its weights together, and taking it apart would put them in another order.
    """
    done = dict(models)
    for name in list(models):
        user = _only_user(name, done)
        if name != ENTRY and user is not None:
            done[user] = _without(done[user], done[name])
            del done[name]
    return done


def _only_user(name: str, models: Mapping[str, Graph]) -> str | None:
    """The model that alone calls another, once, in a way that lets it be taken apart."""
    calls = Counter(
        user for user, graph in models.items() for node in graph.nodes if node.operation == Use(name)
    )
    wrapped = sum(name in models_used(graph) for graph in models.values())
    graph = models[name]
    if calls.total() != 1 or wrapped != 1 or len(graph.inputs) != 1 or len(graph.outputs) != 1:
        return None
    (user,) = calls
    call = next(node for node in models[user].nodes if node.operation == Use(name))
    whole = graph.trainable and not graph.weights and call.trainable is None and not call.settings
    return user if whole and _all_flows_through(call, models[user]) else None


def _all_flows_through(call: Node, graph: Graph) -> bool:
    """Whether every other node leads to a call or follows from it."""
    after, before = set(call.outputs), {tensor for _, wire in call.inputs for tensor in wires(wire)}
    related = 1
    for node in graph.nodes:
        if any(tensor in after for _, wire in node.inputs for tensor in wires(wire)):
            after |= set(node.outputs)
            related += 1
    for node in reversed(graph.nodes):
        if before & set(node.outputs):
            before |= {tensor for _, wire in node.inputs for tensor in wires(wire)}
            related += 1
    return related == len(graph.nodes)


def _without(graph: Graph, inner: Graph) -> Graph:
    """A graph with the nodes of a model in place of its call."""
    nodes: list[Node] = []
    names: dict[str, str] = {}
    taken = {node.name for node in graph.nodes} | {given.name for given in graph.inputs}
    for node in graph.nodes:
        if node.operation != Use(inner.name):
            nodes.append(_renamed(node, names))
            continue
        ((_, wire),) = node.inputs
        (source,) = wires(wire)
        own = {inner.inputs[0].name: names.get(source, source)}
        for part in inner.nodes:
            for old in {part.name, *part.outputs}:
                own[old] = _free(old if old not in taken else f"{node.name}.{old}", taken)
            nodes.append(replace(_renamed(part, own), name=own[part.name]))
        names[node.outputs[0]] = own[inner.outputs[0][1]]
    outputs = tuple((name, names.get(tensor, tensor)) for name, tensor in graph.outputs)
    return replace(graph, nodes=tuple(nodes), outputs=outputs)


def _free(name: str, taken: set[str]) -> str:
    found, count = name, 0
    while found in taken:
        count += 1
        found = f"{name}_{count}"
    taken.add(found)
    return found


def _renamed(node: Node, names: Mapping[str, str]) -> Node:
    operation = node.operation
    if isinstance(operation, Formula):
        operation = replace(operation, expression=rename(operation.expression, names))
    if isinstance(operation, Reuse):
        operation = Reuse(names.get(operation.target, operation.target))
    inputs = tuple((argument, _wire(wire, names)) for argument, wire in node.inputs)
    outputs = tuple(names.get(output, output) for output in node.outputs)
    return replace(node, operation=operation, inputs=inputs, outputs=outputs)


def _wire(wire: Wire, names: Mapping[str, str]) -> Wire:
    if isinstance(wire, tuple):
        return tuple(_wire(part, names) for part in wire)
    return None if wire is None else names.get(wire, wire)
