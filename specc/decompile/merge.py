"""Formulas that flow into one formula alone, written as part of it: `x * 2 + y`, as people write it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import replace

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import tensor_names, unparse
from specc.frontend.expressions.nodes import Expression, dotted, map_children
from specc.graph.ir import Formula, Graph, Node, wires

LONGEST = 60
"""Characters of a formula that others become part of; a longer one is read step by step."""


def merged(graph: Graph) -> Graph:
    """The graph with fewer formulas: the same calls in the same order, and the same weights."""
    uses = Counter(tensor for node in graph.nodes for tensor in _taken(node))
    uses.update(tensor for _, tensor in graph.outputs)
    nodes: dict[str, Node] = {}
    for node in graph.nodes:
        if isinstance(node.operation, Formula):
            for name in _taken(node):
                inner = nodes.get(name)
                if inner is not None and isinstance(inner.operation, Formula) and uses[name] == 1:
                    node, taken = _with(node, name, inner.operation.expression)
                    if taken:
                        del nodes[name]
        nodes[node.name] = node
    return replace(graph, nodes=tuple(nodes.values()))


def _with(node: Node, name: str, inner: Expression) -> tuple[Node, bool]:
    """A formula with another in place of its name, and whether it takes it: named once, and short."""
    assert isinstance(node.operation, Formula)
    whole = _put(node.operation.expression, {name: inner})
    once = [dotted(found) for found in tensor_names(node.operation.expression)].count(name) == 1
    if not once or len(unparse(whole)) > LONGEST:
        return node, False
    named = dict.fromkeys(dotted(found) or "" for found in tensor_names(whole))
    return replace(node, operation=Formula(whole), inputs=tuple(("", found) for found in named)), True


def _put(expression: Expression, values: Mapping[str, Expression]) -> Expression:
    """The formula with expressions in place of tensors."""
    if isinstance(expression, (n.Name, n.Attribute)):
        return values.get(dotted(expression) or "", expression)
    if isinstance(expression, n.Call):
        arguments = tuple(_put(argument, values) for argument in expression.arguments)
        keywords = tuple((key, _put(value, values)) for key, value in expression.keywords)
        return replace(expression, arguments=arguments, keywords=keywords)
    return map_children(expression, lambda child: _put(child, values))


def _taken(node: Node) -> list[str]:
    return [tensor for _, wire in node.inputs for tensor in wires(wire)]
