"""The names of the tensors that steps refer to, in models and in blocks."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from specc.decompile.block_names import word
from specc.decompile.labels import Name, Row, families, grouped, number, tensors
from specc.decompile.tree import Call, Run
from specc.frontend.parameters import RESERVED
from specc.frontend.scope import is_generated
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse

INPUTS = ("a", "b", "c", "d")


def model_names(graph: Graph, run: Run, wanted: Iterable[Row], made: Iterable[Row]) -> dict[str, Name]:
    """The names of the tensors that something refers to: their own, but for those that loops number.

    A formula's is like a generated one. `wanted` are the tensors that steps name, `made` those of rounds.
    """
    outputs = [tensor for _, tensor in graph.outputs]
    found = families([*wanted, *((tensor,) for tensor in outputs)], made)
    used = set().union(*found)
    names = {tensor: tensor for tensor in used}
    formulas = [n.outputs[0] for n in graph.nodes if isinstance(n.operation, Formula)]
    for place, tensor in enumerate(tensor for tensor in formulas if tensor in used):
        names[tensor] = f"formula_{place}" if place else "formula"
    reused = {node.operation.target for node in graph.nodes if isinstance(node.operation, Reuse)}
    done = {tensor: Name(name) for tensor, name in ({name: name for name in reused} | names).items()}
    order, given = list(tensors(run)), {g.name for g in graph.inputs} | {w.name for w in graph.weights}
    several = [[tensor for tensor in order if tensor in family] for family in found if len(family) > 1]
    called = _called(graph) | dict.fromkeys(formulas, "formula")
    for family in grouped(several, {tensor: called[tensor] for tensor in order}):
        taken = {name.text for tensor, name in done.items() if tensor not in family} | given
        first = len(formulas) if set(family) <= set(formulas) else 0
        done |= number(family, called, taken, first)
    return done


def _called(graph: Graph) -> dict[str, str]:
    """What tensors are called: `x` where nobody gave a name, as such names are those of unnamed steps too."""
    return {
        tensor: "x" if _is_unnamed(node, tensor) else tensor
        for node in graph.nodes
        for tensor in node.outputs
    }


def input_names(use: Call) -> list[str]:
    """What the inputs of a block are called."""
    count = len(use.sources)
    if count == 1:
        return ["input"]
    return list(INPUTS[:count]) if count <= len(INPUTS) else [f"x{place}" for place in range(count)]


def local_names(use: Call, inputs: Sequence[str], wanted: Iterable[Row]) -> dict[str, Name]:
    """The names of tensors within a block, by what makes them."""
    names = {tensor: Name(name) for tensor, name in zip(use.sources, inputs, strict=True)}
    taken = {*inputs, *RESERVED}
    used = {tensor for row in wanted for tensor in row}
    for item in use.body.items:
        if item.output in used:
            base = name = word(item)
            count = 1
            while name in taken:
                count += 1
                name = f"{base}_{count}"
            taken.add(name)
            names[item.output] = Name(name)
    return names


def _is_unnamed(node: Node, tensor: str) -> bool:
    return isinstance(node.operation, Layer) and is_generated(tensor, node.operation.object.kind)
