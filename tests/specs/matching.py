"""Weights moved between models that compute the same, whatever the names and the order of their layers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import keras


@dataclass(eq=False)
class _Part:
    """What computes one tensor: an operation, with the parts it starts from."""

    name: str
    kind: str
    weights: list[Any]
    inputs: list[_Part] = field(default_factory=list)
    looks: int = 0
    """Equal for parts that compute alike; operations of one input and no weights are looked through."""

    @property
    def plain(self) -> bool:
        return len(self.inputs) == 1 and not self.weights

    @property
    def ordered(self) -> list[_Part]:
        """The inputs; those of a sum or a product in an order that does not depend on how it is written."""
        if self.kind == "Concatenate" or self.weights:
            return self.inputs
        return sorted(self.inputs, key=lambda part: part.looks)


def copy_weights(source: keras.Model, target: keras.Model) -> None:
    """Give `target` the weights of `source`; raises ValueError where the two are not built alike."""
    found: dict[str, tuple[Any, Any]] = {}
    stack = [(_end(source), _end(target))]
    seen: set[tuple[int, int]] = set()
    while stack:
        left, right = map(_through, stack.pop())
        if (id(left), id(right)) in seen:
            continue
        seen.add((id(left), id(right)))
        for a, b in _pairs(left, right):
            if found.setdefault(b.path, (a, b))[0] is not a:
                raise ValueError(f"{b.path} is {a.path} and {found[b.path][0].path}")
        stack += zip(left.ordered, right.ordered, strict=True)
    if len(found) != len(source.weights) or len(found) != len(target.weights):
        raise ValueError(f"{len(found)} of {len(source.weights)} and {len(target.weights)} weights were met")
    for a, b in found.values():
        b.assign(a.numpy().reshape(b.shape))


def _pairs(left: _Part, right: _Part) -> Iterator[tuple[Any, Any]]:
    same = [w.shape for w in left.weights] == [w.shape for w in right.weights]
    if not same or len(left.inputs) != len(right.inputs):
        raise ValueError(f"{left.name} ({left.kind}) is no {right.name} ({right.kind})")
    return zip(left.weights, right.weights, strict=True)


def _through(part: _Part) -> _Part:
    while part.plain:
        part = part.inputs[0]
    return part


def _end(model: keras.Model) -> _Part:
    """The part that computes the model's only output."""
    parts: dict[int, _Part] = {}
    for operation in model.operations:
        node = operation._inbound_nodes[0]
        inputs = [parts[id(tensor)] for tensor in node.input_tensors]
        for step in _chain(operation):
            part = _Part(step.name, type(step).__name__, list(getattr(step, "weights", ())), inputs)
            part.looks = _looks(part)
            inputs = [part]
        parts[id(node.output_tensors[0])] = inputs[0]
    return parts[id(model.outputs[0])]


def _chain(operation: Any) -> list[Any]:
    """An operation, or the layers of a `Sequential`."""
    return operation.layers if isinstance(operation, keras.Sequential) else [operation]


def _looks(part: _Part) -> int:
    if part.plain:
        return part.inputs[0].looks
    shapes = tuple(tuple(weight.shape) for weight in part.weights)
    return hash((shapes, *(inner.looks for inner in part.ordered)))
