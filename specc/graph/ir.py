"""The flat graph that a model of a spec expands to.

Everything is frozen and in topological order. Tensors are known by name: an input's, a weight's, or one of
a node's `outputs`. Names may be dotted (`stage_2.conv2d`, `enc.memory`).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from specc.catalog.objects import KerasObject
from specc.frontend.expressions.nodes import Expression
from specc.source.span import Span

Shape = tuple[int | None, ...]
"""A shape without the batch axis; None is a dimension that is not known."""

Wire = str | None | tuple["Wire", ...]
"""A tensor's name, a list of wires, or nothing (`mask: [null, seen]`)."""


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a node comes from: its step, and the uses (outermost first) whose expansion it is part of."""

    span: Span
    uses: tuple[tuple[Span, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Input:
    """A model's input; `shape` lacks the batch."""

    name: str
    shape: Shape
    dtype: str
    span: Span


@dataclass(frozen=True, slots=True)
class Weight:
    """A trainable tensor of the model's own, without a batch axis."""

    name: str
    shape: tuple[int, ...]
    initializer: KerasObject | None
    trainable: bool
    origin: Origin


@dataclass(frozen=True, slots=True)
class Layer:
    """A new Keras layer."""

    object: KerasObject


@dataclass(frozen=True, slots=True)
class Reuse:
    """Another call of an earlier node's layer."""

    target: str


@dataclass(frozen=True, slots=True)
class Use:
    """A call of another model of the spec; its weights are shared by all its uses."""

    model: str


@dataclass(frozen=True, slots=True)
class Formula:
    """An expression over tensors; its names are names of the graph.

    `text` is where its characters stand, which its parts count from; None where they do not stand so.
    """

    expression: Expression
    text: Span | None = field(default=None, compare=False)


Operation = Layer | Reuse | Use | Formula


@dataclass(frozen=True, slots=True)
class Node:
    """One call. `inputs` pairs call arguments with wires; the empty name is the first, positional one.

    `flows` is False for what depends on no input (constants, tables of weights): it has no batch axis.
    """

    name: str
    operation: Operation
    inputs: tuple[tuple[str, Wire], ...]
    outputs: tuple[str, ...]
    origin: Origin
    settings: dict[str, Any] = field(default_factory=dict)
    trainable: bool | None = None
    flows: bool = True


@dataclass(frozen=True, slots=True)
class Graph:
    """A model of a spec, flat. `outputs` pairs the names of targets and losses with tensors."""

    name: str
    inputs: tuple[Input, ...]
    weights: tuple[Weight, ...]
    nodes: tuple[Node, ...]
    outputs: tuple[tuple[str, str], ...]
    span: Span
    trainable: bool = True

    @property
    def output_names(self) -> tuple[str, ...]:
        return tuple(name for name, _ in self.outputs)


def wires(wire: Wire) -> Iterator[str]:
    """The tensors within a wire."""
    if isinstance(wire, str):
        yield wire
    elif wire is not None:
        for part in wire:
            yield from wires(part)


def models_used(graph: Graph) -> list[str]:
    """The other models a graph calls or wraps, in order of first use."""
    found: dict[str, None] = {}
    for node in graph.nodes:
        found |= dict.fromkeys(models_within(node.operation))
    return list(found)


def models_within(operation: Operation) -> list[str]:
    """The models that a call is of, or that its layer wraps."""
    if isinstance(operation, Use):
        return [operation.model]
    return list(_within(operation.object)) if isinstance(operation, Layer) else []


def _within(data: Any) -> Iterator[str]:
    if isinstance(data, KerasObject):
        if data.model:
            yield data.model
        yield from _within(data.arguments)
    elif isinstance(data, dict):
        for item in data.values():
            yield from _within(item)
    elif isinstance(data, (list, tuple)):
        for item in data:
            yield from _within(item)
