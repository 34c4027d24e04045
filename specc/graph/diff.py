"""What differs structurally between two specs: steps, arguments, wiring, shapes, parameters, cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from specc.catalog.objects import plain
from specc.catalog.rules.dims import render, substitute
from specc.frontend.expressions.formula import unparse
from specc.frontend.project import Reference
from specc.graph.cost import Costs
from specc.graph.infer import BATCH, Types, infer_models
from specc.graph.ir import Formula, Graph, Layer, Node, Reuse, Use, Wire
from specc.graph.report_types import kind_of

Fact = tuple[str, Any, Any]
"""What is compared, how it is on the left, how on the right; None where it is not there."""


@dataclass(frozen=True, slots=True)
class StepChange:
    """A step that only one side has, or that differs."""

    name: str
    kind: str
    change: Literal["added", "removed", "changed"]
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class ModelChange:
    """A model that only one side has, or both. `totals` are facts of the whole model."""

    name: str
    change: Literal["added", "removed", "same", "changed"]
    steps: tuple[StepChange, ...]
    totals: tuple[Fact, ...]


Models = Mapping[str, Graph | Reference]


def diff_models(left: Models, right: Models) -> list[ModelChange]:
    """The models of two specs compared by name, those of the left in order, then what the right adds."""
    sides = _Side(left), _Side(right)
    return [_model(name, *sides) for name in dict.fromkeys([*left, *right])]


class _Side:
    def __init__(self, models: Models) -> None:
        self.models = models
        self.types = infer_models(models)

    def totals(self, name: str) -> dict[str, Any]:
        """Facts of a whole model; nothing of one that is not written as layers, or is not there."""
        types = self.types.get(name)
        if types is None:
            return {}
        costs = Costs(types, self.types)
        facts: dict[str, Any] = {"steps": len(types.graph.nodes)}
        if not types.unknown and not types.problems:
            facts["parameters"] = sum(weight.size for weight in costs.weights())
            facts["multiply–adds"] = _number(costs.multiply_adds())
        for spec in types.graph.inputs:
            facts[f"input {spec.name}"] = f"{spec.dtype} {render(types.tensors[spec.name].shape)}"
        for output, tensor in types.graph.outputs:
            facts[f"output {output}"] = _type(types, tensor)
        return facts

    def steps(self, name: str) -> dict[str, dict[str, Any]]:
        """The facts of each step by its name."""
        types = self.types.get(name)
        return {} if types is None else {node.name: _facts(node, types) for node in types.graph.nodes}


def _number(size: Any) -> Any:
    """The figure for one example, or the formula where sizes are open."""
    found = substitute(size, {BATCH: 1})
    return found if isinstance(found, int) else str(found)


def _model(name: str, left: _Side, right: _Side) -> ModelChange:
    before, after = left.steps(name), right.steps(name)
    steps = [_step(step, before.get(step), after.get(step)) for step in _merged(list(before), list(after))]
    changed = tuple(step for step in steps if step is not None)
    totals = _compare(left.totals(name), right.totals(name))
    if name not in left.models or name not in right.models:
        change: Literal["added", "removed"] = "added" if name in right.models else "removed"
        return ModelChange(name, change, changed, totals)
    referred = _compare(_settings(left.models[name]), _settings(right.models[name]))
    same = not changed and not totals and not referred
    return ModelChange(name, "same" if same else "changed", changed, (*referred, *totals))


def _merged(left: list[str], right: list[str]) -> list[str]:
    """The names of both sides, each where it stands on its own side."""
    merged: list[str] = []
    known = set(left)
    position = 0
    for name in right:
        if name not in known:
            merged.append(name)
            continue
        while position < len(left) and left[position] != name and left[position] not in merged:
            merged.append(left[position])
            position += 1
        if name not in merged:
            merged.append(name)
    merged += [name for name in left if name not in set(merged)]
    return merged


def _step(name: str, before: dict[str, Any] | None, after: dict[str, Any] | None) -> StepChange | None:
    facts = _compare(before or {}, after or {})
    if not facts:
        return None
    kind = str((after or before or {})["kind"])
    change: Literal["added", "removed", "changed"] = "changed"
    if before is None or after is None:
        change = "removed" if after is None else "added"
    return StepChange(name, kind, change, facts)


def _compare(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[Fact, ...]:
    names = dict.fromkeys([*left, *right])
    pairs = ((name, left.get(name), right.get(name)) for name in names)
    return tuple(fact for fact in pairs if fact[1] != fact[2])


def _facts(node: Node, types: Types) -> dict[str, Any]:
    facts: dict[str, Any] = {"kind": kind_of(node)}
    operation = node.operation
    if isinstance(operation, Layer):
        facts |= plain(operation.object.arguments)
    elif isinstance(operation, Formula):
        facts["formula"] = unparse(operation.expression)
    elif isinstance(operation, Use | Reuse):
        facts["of"] = operation.model if isinstance(operation, Use) else operation.target
    for argument, wire in node.inputs:
        facts[f"from {argument}".rstrip()] = _wire(wire)
    facts |= {f"call {name}": value for name, value in node.settings.items()}
    if node.trainable is False:
        facts["trainable"] = False
    call = types.calls.get(node.name)
    if call is not None:
        facts["output"] = ", ".join(render(t.shape) for t in call.flat)
        facts["parameters"] = call.parameters
    return facts


def _wire(wire: Wire) -> Any:
    return [_wire(part) for part in wire] if isinstance(wire, tuple) else wire


def _settings(model: Graph | Reference) -> dict[str, Any]:
    return model.settings if isinstance(model, Reference) else {}


def _type(types: Types, tensor: str) -> str:
    found = types.tensors.get(tensor)
    return str(found) if found is not None else "of unknown shape"
