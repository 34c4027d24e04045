"""What must hold of every graph, whoever made it; a violation is a mistake of ours, not of a spec."""

from __future__ import annotations

from specc.frontend.expressions.formula import tensor_names
from specc.frontend.expressions.nodes import dotted
from specc.graph.ir import Formula, Graph, Layer, Reuse, wires


def verify(graph: Graph) -> None:
    """Raise AssertionError unless names are unique and references go backwards."""
    known = [i.name for i in graph.inputs] + [w.name for w in graph.weights]
    tensors = set(known)
    assert len(tensors) == len(known), f"{graph.name}: two inputs or weights of one name"
    layers: set[str] = set()
    names = set(known)
    for node in graph.nodes:
        assert node.name not in names, f"{graph.name}: two nodes named {node.name}"
        names.add(node.name)
        for argument, wire in node.inputs:
            for tensor in wires(wire):
                assert tensor in tensors, f"{node.name}: {argument or 'input'} names {tensor}, unknown so far"
        if isinstance(node.operation, Reuse):
            assert node.operation.target in layers, f"{node.name}: reuses {node.operation.target}, no layer"
        if isinstance(node.operation, Formula):
            used = {dotted(name) for name in tensor_names(node.operation.expression)}
            assert used == {t for _, w in node.inputs for t in wires(w)}, (
                f"{node.name}: formula and inputs differ"
            )
        if isinstance(node.operation, Layer):
            layers.add(node.name)
        assert not tensors & set(node.outputs), f"{node.name}: an output that exists"
        tensors.update(node.outputs)
    for name, tensor in graph.outputs:
        assert tensor in tensors, f"{graph.name}: output {name} is {tensor}, unknown"
