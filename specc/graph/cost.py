"""What a model weighs, and what one step costs: parameters, multiply–adds, memory. Without Keras.

Conventions. A multiply–add is one multiplication with an addition; element-wise work counts 0 (as in the
papers' tables). The backward pass costs the forward's multiply–adds once for the gradients of a layer's
weights, where they are trained, and once for those of its inputs, where anything trained lies before.
Memory counts tensors, not an allocator's fragments: weights, their gradients, the optimizer's slots, and the
activations that the backward pass needs; the forward pass alone needs the largest set of tensors that live
at the same time.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from specc.catalog.rules import LayerType, TensorType
from specc.catalog.rules.dims import Dim, names, substitute
from specc.catalog.rules.types import Weight
from specc.graph.infer import BATCH, Types, own_weights
from specc.graph.ir import Formula, Graph, Layer, Node, Use, models_used, wires
from specc.graph.report_types import kind_of

BYTES = {"bool": 1, "int8": 1, "uint8": 1, "int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2}
BYTES |= {"int32": 4, "uint32": 4, "float32": 4, "int64": 8, "uint64": 8, "float64": 8, "string": 16}

Sizes = Mapping[str, int]
"""Numbers for symbols: the batch, and what a spec leaves open."""


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


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes on one device."""

    weights: int
    gradients: int
    optimizer: int
    kept: int
    forward: int
    inputs: int

    @property
    def training(self) -> int:
        """All that one step of training holds at the same time."""
        return self.weights + self.gradients + self.optimizer + self.kept + self.inputs

    @property
    def inference(self) -> int:
        """Weights, and the most activations that live at once."""
        return self.weights + self.forward + self.inputs


def byte_size(tensor: TensorType, sizes: Sizes) -> int:
    """The bytes of a tensor; raises KeyError naming a symbol without a number."""
    return number(tensor.size, sizes) * BYTES[tensor.dtype]


def number(size: Dim, sizes: Sizes) -> int:
    """A size as a number; raises KeyError naming a symbol that `sizes` lacks."""
    found = substitute(size, dict(sizes))
    if not isinstance(found, int):
        raise KeyError(sorted(names(found))[0])
    return found


def symbols(types: Types) -> set[str]:
    """The symbols that a graph's sizes depend on, the batch left out."""
    found: set[str] = set()
    for spec in types.graph.inputs:
        for size in types.tensors[spec.name].shape:
            found |= names(size)
    return found - {BATCH}


class Costs:
    """Costs of one model of a spec, together with the models it uses (each counted once for its weights)."""

    def __init__(self, types: Types, all_types: Mapping[str, Types], slots: int = 0) -> None:
        self.types, self.all_types, self.slots = types, all_types, slots
        self.needs = _gradients(types, all_types)

    def rows(self) -> Iterator[Row]:
        """A row for each node in order, and one for each weight of the model's own."""
        for weight in self.types.graph.weights:
            own = own_weights(weight)
            shape = self.types.tensors[weight.name]
            yield Row(weight.name, "weight", (shape,), *_split([own], True), 0, 0)
        seen: set[str] = set()
        for node in self.types.graph.nodes:
            call = self.types.calls.get(node.name)
            if call is not None:
                yield self._row(node, call, seen)

    def _row(self, node: Node, call: LayerType, seen: set[str]) -> Row:
        weights = list(call.weights)
        if isinstance(node.operation, Use) and node.operation.model not in seen:
            weights = self.model_weights(node.operation.model, seen)
        trainable, frozen = _split(weights, node.trainable is not False and self.types.graph.trainable)
        return Row(
            node.name,
            kind_of(node),
            call.flat,
            trainable,
            frozen,
            call.multiply_adds,
            call.multiply_adds * (1 + self.backward(node)),
        )

    def backward(self, node: Node) -> int:
        """How many times the forward's multiply–adds the backward pass of a node costs: 0, 1 or 2."""
        needed = [t in self.needs for _, wire in node.inputs for t in wires(wire)]
        if isinstance(node.operation, Formula):
            return sum(needed)
        return int(any(needed)) + int(self._trains(node))

    def _trains(self, node: Node) -> bool:
        return _trains(node, self.types, self.all_types)

    def model_weights(self, name: str, seen: set[str]) -> list[Weight]:
        """The weights of a model and of those it uses, each once, frozen ones marked."""
        seen.add(name)
        types = self.all_types.get(name)
        if types is None:
            return []
        found = _own(types)
        for used in models_used(types.graph):
            if used not in seen:
                found += self.model_weights(used, seen)
        return found

    def weights(self) -> list[Weight]:
        """All weights that the model holds."""
        seen: set[str] = set()
        found = _own(self.types)
        for used in models_used(self.types.graph):
            if used not in seen:
                found += self.model_weights(used, seen)
        return found

    def multiply_adds(self) -> Dim:
        """Of one forward pass."""
        total: Dim = 0
        for row in self.rows():
            total = total + row.multiply_adds
        return total

    def training_multiply_adds(self) -> Dim:
        """Of one training step: forward and backward."""
        total: Dim = 0
        for row in self.rows():
            total = total + row.training
        return total

    def memory(self, sizes: Sizes, activation_bytes: int | None = None) -> Memory:
        """Bytes for one device at a batch size (`sizes[BATCH]`).

        `activation_bytes` replaces the size of a float32 activation (2 under mixed precision; weights, their
        gradients and the optimizer's slots stay in float32). Raises KeyError naming a size without a number.
        """
        measure = _Measure(sizes, activation_bytes)
        weights = self.weights()
        trained = sum(w.size * BYTES[w.dtype] for w in weights if w.trainable)
        total = sum(w.size * BYTES[w.dtype] for w in weights)
        if activation_bytes is not None:
            total += sum(w.size for w in weights) * activation_bytes
        return Memory(
            weights=total,
            gradients=trained,
            optimizer=trained * self.slots,
            kept=self._kept(measure),
            forward=self._forward(measure),
            inputs=sum(measure(self.types.tensors[i.name]) for i in self.types.graph.inputs),
        )

    def _kept(self, measure: _Measure) -> int:
        """Activations that wait for the backward pass: results within reach of a gradient, each once."""
        total = 0
        for node in self.types.graph.nodes:
            call = self.types.calls.get(node.name)
            if call is None or not any(output in self.needs for output in node.outputs):
                continue
            if not _is_view(node):
                total += sum(map(measure, call.flat))
            total += sum(map(measure, call.kept))
        return total

    def _forward(self, measure: _Measure) -> int:
        """The largest sum of tensors alive at one time, each freed after its last use."""
        last: dict[str, int] = {tensor: len(self.types.graph.nodes) for _, tensor in self.types.graph.outputs}
        for position, node in reversed(list(enumerate(self.types.graph.nodes))):
            for _, wire in node.inputs:
                for tensor in wires(wire):
                    last.setdefault(tensor, position)
        ending: dict[int, list[str]] = {}
        for tensor, position in last.items():
            ending.setdefault(position, []).append(tensor)
        live = most = 0
        made = {spec.name for spec in self.types.graph.inputs}
        for position, node in enumerate(self.types.graph.nodes):
            for output in node.outputs:
                if output in self.types.tensors:
                    live += measure(self.types.tensors[output])
            most = max(most, live)
            for tensor in ending.get(position, []):
                if tensor in self.types.tensors and tensor not in made and tensor in self.types.producers:
                    live -= measure(self.types.tensors[tensor])
        return most


class _Measure:
    def __init__(self, sizes: Sizes, activation_bytes: int | None) -> None:
        self.sizes, self.activation_bytes = sizes, activation_bytes

    def __call__(self, tensor: TensorType) -> int:
        each = BYTES[tensor.dtype]
        if tensor.dtype == "float32" and self.activation_bytes is not None:
            each = self.activation_bytes
        return number(tensor.size, self.sizes) * each


_VIEWS = {"Reshape", "Flatten", "Identity", "Dropout", "ActivityRegularization"}


def _is_view(node: Node) -> bool:
    """Whether a layer's result shares its input's memory."""
    return isinstance(node.operation, Layer) and node.operation.object.kind in _VIEWS - {"Dropout"}


def _own(types: Types) -> list[Weight]:
    found = [own_weights(weight) for weight in types.graph.weights]
    for node in types.graph.nodes:
        call = types.calls.get(node.name)
        free = node.trainable is not False and types.graph.trainable
        for weight in call.weights if call else ():
            trainable = weight.trainable and free
            found.append(Weight(weight.name, weight.shape, weight.dtype, trainable))
    return found


def _split(weights: list[Weight], free: bool) -> tuple[int, int]:
    trainable = sum(w.size for w in weights if w.trainable and free)
    return trainable, sum(w.size for w in weights) - trainable


def _gradients(types: Types, all_types: Mapping[str, Types]) -> set[str]:
    """The tensors through which a gradient flows to something that is trained."""
    found = {weight.name for weight in types.graph.weights if weight.trainable}
    for node in types.graph.nodes:
        upstream = any(t in found for _, wire in node.inputs for t in wires(wire))
        if upstream or _trains(node, types, all_types):
            found.update(node.outputs)
    return found


def _trains(node: Node, types: Types, all_types: Mapping[str, Types]) -> bool:
    if node.trainable is False or not types.graph.trainable:
        return False
    if isinstance(node.operation, Use):
        inner = all_types.get(node.operation.model)
        return inner is not None and any(weight.trainable for weight in _own(inner))
    call = types.calls.get(node.name)
    return call is not None and any(weight.trainable for weight in call.weights)


def largest_batch(costs: Costs, sizes: Sizes, device: int, activation_bytes: int | None = None) -> int:
    """The most examples whose training step fits `device` bytes; 0 where not even one does."""

    def fits(batch: int) -> bool:
        return costs.memory({**sizes, BATCH: batch}, activation_bytes).training <= device

    if not fits(1):
        return 0
    low, high = 1, 2
    while fits(high) and high < 1 << 40:
        low, high = high, high * 2
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if fits(middle) else (low, middle)
    return low


SLOTS = {
    "SGD": 0,
    "Adam": 2,
    "AdamW": 2,
    "Adamax": 2,
    "Nadam": 2,
    "RMSprop": 1,
    "Adagrad": 1,
    "Adadelta": 2,
    "Ftrl": 2,
    "Lion": 1,
    "Lamb": 2,
}
"""Variables that an optimizer keeps per parameter (Keras 3), before `momentum` and the like."""


def optimizer_slots(kind: str, arguments: Mapping[str, object]) -> int:
    """Variables per trained parameter that an optimizer keeps; raises KeyError for one that is not known."""
    slots = {name.lower(): count for name, count in SLOTS.items()}[kind.lower()]
    if kind.lower() in ("sgd", "rmsprop") and arguments.get("momentum"):
        slots += 1
    slots += bool(arguments.get("centered")) + bool(arguments.get("amsgrad"))
    slots += bool(arguments.get("use_ema")) + bool(arguments.get("gradient_accumulation_steps"))
    return slots


__all__ = ["Costs", "Graph", "Memory", "Row", "byte_size", "largest_batch", "number", "optimizer_slots"]
