"""What a model weighs and what one step of it computes: parameters and multiply–adds. Without Keras.

Conventions. A multiply–add is one multiplication with an addition; element-wise work counts 0 (as in the
papers' tables). The backward pass costs the forward's multiply–adds once for the gradients of a layer's
weights, where they are trained, and once for those of its inputs, where anything trained lies before. A
layer counts as one piece: what it computes of its own weights alone is not taken apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from specc.catalog.rules import LayerType, TensorType
from specc.catalog.rules.dims import Dim, names, substitute
from specc.catalog.rules.types import Weight
from specc.graph.infer import BATCH, Types, own_weights
from specc.graph.ir import Formula, Node, Reuse, Use, models_used, wires
from specc.graph.report_types import kind_of


@dataclass(frozen=True, slots=True)
class Row:
    """One step's share; `multiply_adds` of one forward pass, `training` of one step, both for the batch."""

    name: str
    kind: str
    output: tuple[TensorType, ...]
    trainable: int
    frozen: int
    multiply_adds: Dim
    training: Dim


def symbols(types: Types) -> set[str]:
    """The symbols that a graph's sizes depend on, the batch left out."""
    found: set[str] = set()
    for spec in types.graph.inputs:
        for size in types.tensors[spec.name].shape:
            found |= names(size)
    return found - {BATCH}


class Costs:
    """Costs of one model of a spec, together with the models it uses (each counted once for its weights).

    `needing` are the inputs that a gradient has to reach: those of a model that another one calls.
    """

    def __init__(
        self,
        types: Types,
        all_types: Mapping[str, Types],
        needing: frozenset[str] = frozenset(),
        shared: dict[tuple[str, frozenset[str]], Costs] | None = None,
    ) -> None:
        self.types, self.all_types, self.needing = types, all_types, needing
        self._shared = {} if shared is None else shared  # models within models: each worked out once
        self._inner: dict[str, tuple[Costs, dict[str, Dim]]] = {}

    @cached_property
    def frozen(self) -> frozenset[str]:
        """The models of the spec that are frozen, by themselves or by one that uses them."""
        found = {name for name, types in self.all_types.items() if not types.graph.trainable}
        for types in self.all_types.values():
            for node in types.graph.nodes:
                if node.trainable is False:
                    found.update(_models_of(node, types))
        while (
            more := {
                used
                for name in found
                if name in self.all_types
                for used in models_used(self.all_types[name].graph)
            }
            - found
        ):
            found |= more
        return frozenset(found)

    @cached_property
    def needs(self) -> frozenset[str]:
        """The tensors through which a gradient flows to something that is trained."""
        found = {weight.name for weight in self.types.graph.weights if self._free and weight.trainable}
        found |= self.needing
        for node in self.types.graph.nodes:
            if self.reached(node, found) or self.trains(node):
                found.update(node.outputs)
        return frozenset(found)

    @cached_property
    def nodes(self) -> dict[str, Node]:
        """The nodes by name."""
        return {node.name: node for node in self.types.graph.nodes}

    @property
    def _free(self) -> bool:
        return self.types.graph.trainable and self.types.graph.name not in self.frozen

    def reached(self, node: Node, needs: set[str] | frozenset[str]) -> bool:
        """Whether a gradient has to be passed on to an input of this node."""
        return any(tensor in needs for _, wire in node.inputs for tensor in wires(wire))

    def trains(self, node: Node) -> bool:
        """Whether a node has weights that are trained, its own, its model's, or those it reuses."""
        if isinstance(node.operation, Reuse):
            return self.trains(self.nodes[node.operation.target])
        return any(weight.trainable for weight in self.node_weights(node, set()))

    # --- rows ---------------------------------------------------------------------------------------------
    def rows(self) -> Iterator[Row]:
        """A row for each node in order, and one for each weight of the model's own."""
        for weight in self._tables():
            size = weight.size
            trainable = size if weight.trainable else 0
            shape = self.types.tensors[weight.name]
            yield Row(weight.name, "weight", (shape,), trainable, size - trainable, 0, 0)
        seen: set[str] = set()
        for node in self.types.graph.nodes:
            call = self.types.calls.get(node.name)
            if call is not None:
                yield self._row(node, call, seen)

    def _row(self, node: Node, call: LayerType, seen: set[str]) -> Row:
        weights = self.node_weights(node, seen)
        trainable = sum(weight.size for weight in weights if weight.trainable)
        frozen = sum(weight.size for weight in weights) - trainable
        kind = kind_of(node)
        return Row(node.name, kind, call.flat, trainable, frozen, call.multiply_adds, self.training(node))

    def training(self, node: Node) -> Dim:
        """Multiply–adds of a node in one training step, forward and backward."""
        call = self.types.calls[node.name]
        if isinstance(node.operation, Use):
            inner, sizes = self.within(node)
            return substitute(inner.training_multiply_adds(), sizes)
        needed = [t in self.needs for _, wire in node.inputs for t in wires(wire)]
        times = sum(needed) if isinstance(node.operation, Formula) else int(any(needed)) + self.trains(node)
        return call.multiply_adds * (1 + times)

    def within(self, node: Node) -> tuple[Costs, dict[str, Dim]]:
        """The costs of the model that a node calls, and what its symbols are here."""
        if node.name not in self._inner:
            self._inner[node.name] = self._within(node)
        return self._inner[node.name]

    def _within(self, node: Node) -> tuple[Costs, dict[str, Dim]]:
        assert isinstance(node.operation, Use)
        types = self.all_types[node.operation.model]
        sizes: dict[str, Dim] = {}
        needing = set()
        for name, wire in node.inputs:
            (tensor,) = wires(wire)
            declared, given = types.tensors[name].shape, self.types.tensors[tensor].shape
            for size, actual in zip(declared, given, strict=True):
                sizes |= dict.fromkeys(names(size), actual)
            if tensor in self.needs:
                needing.add(name)
        key = (node.operation.model, frozenset(needing))
        if key not in self._shared:
            self._shared[key] = Costs(types, self.all_types, key[1], self._shared)
        return self._shared[key], sizes

    # --- weights ------------------------------------------------------------------------------------------
    def weights(self) -> list[Weight]:
        """All weights that the model holds, with their paths for names, those of used models once."""
        return self._weights_of(self.types, set())

    def node_weights(self, node: Node, seen: set[str]) -> list[Weight]:
        """The weights of a node and of the models it calls or wraps that were not `seen` yet."""
        call = self.types.calls.get(node.name)
        return _own(node, call, self._free) + self._models(_models_of(node, self.types), seen)

    def _tables(self) -> list[Weight]:
        own = map(own_weights, self.types.graph.weights)
        return [weight if self._free else replace(weight, trainable=False) for weight in own]

    def _weights_of(self, types: Types, seen: set[str]) -> list[Weight]:
        costs = self if types is self.types else Costs(types, self.all_types)
        found = costs._tables()
        for node in types.graph.nodes:
            found += costs.node_weights(node, seen)
        return found

    def _models(self, used: list[str], seen: set[str]) -> list[Weight]:
        found: list[Weight] = []
        for name in used:
            if name not in seen and name in self.all_types:
                seen.add(name)
                found += self._weights_of(self.all_types[name], seen)
        return found

    # --- totals -------------------------------------------------------------------------------------------
    def multiply_adds(self) -> Dim:
        """Of one forward pass."""
        total: Dim = 0
        for call in self.types.calls.values():
            total = total + call.multiply_adds
        return total

    def training_multiply_adds(self) -> Dim:
        """Of one training step: forward and backward."""
        return self._training

    @cached_property
    def _training(self) -> Dim:
        total: Dim = 0
        for name in self.types.calls:
            total = total + self.training(self.nodes[name])
        return total


def _own(node: Node, call: LayerType | None, free: bool) -> list[Weight]:
    free = free and node.trainable is not False
    return [
        Weight(f"{node.name}/{w.name}", w.shape, w.dtype, w.trainable and free)
        for w in (call.weights if call else ())
    ]


def _models_of(node: Node, types: Types) -> list[str]:
    """The models that one node calls or wraps."""
    return models_used(replace(types.graph, nodes=(node,)))
