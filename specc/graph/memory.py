"""The memory that a model takes, in training and for prediction. Without Keras.

Conventions. Tensors are counted, not an allocator's fragments: weights, their gradients, what the optimizer
keeps, and the results that wait for the backward pass. A result within reach of a gradient waits, once, where
the backward pass of its own layer reads it (a ReLU's, a softmax's) or that of a layer it flows into does (a
convolution's input does, a sum's does not); so does what flows from a frozen part into a layer that is
trained. Results that only show another's memory (a reshape) count once. Prediction needs the weights and the
largest set of results that live at the same time.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from specc.catalog.objects import KerasObject
from specc.catalog.rules import TensorType
from specc.catalog.rules.dims import Dim, substitute
from specc.graph.cost import Costs
from specc.graph.infer import BATCH
from specc.graph.ir import Layer, Node, Use, wires
from specc.graph.measure import BYTES, Measure, Sizes, number
from specc.graph.slots import optimizer_bytes

VIEWS = frozenset({"Reshape", "Flatten", "Identity", "ActivityRegularization"})
"""Layers whose result is their input's memory."""

INDIFFERENT = VIEWS | {"Add", "Subtract", "Average", "Concatenate", "Permute", "RepeatVector", "Embedding"}
INDIFFERENT |= {"GlobalAveragePooling1D", "GlobalAveragePooling2D", "GlobalAveragePooling3D", "Rescaling"}
INDIFFERENT |= {"AveragePooling1D", "AveragePooling2D", "AveragePooling3D", "Dropout", "SpatialDropout2D"}
INDIFFERENT |= {"ZeroPadding1D", "ZeroPadding2D", "ZeroPadding3D", "Cropping2D", "UpSampling2D"}
INDIFFERENT |= {"ReLU", "Softmax"}
"""Layers whose backward pass does not read what flowed in."""
OF_THEIR_RESULT = frozenset({"relu", "sigmoid", "tanh", "softmax"})
"""Activations whose derivative is told by their result."""


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


class MemoryPlan:
    """The memory of a model at any batch: what does not depend on the batch is worked out once.

    Without an optimizer nothing is kept beside the weights. Raises UnknownSlotsError where it is not known
    what the optimizer keeps.
    """

    def __init__(self, costs: Costs, optimizer: KerasObject | None = None) -> None:
        self.costs = costs
        weights = costs.weights()
        self.parameters = sum(w.size for w in weights)
        self.bytes = sum(w.size * BYTES[w.dtype] for w in weights)
        self.trained = sum(w.size * BYTES[w.dtype] for w in weights if w.trainable)
        self.slots = optimizer_bytes(optimizer, weights) if optimizer is not None else 0
        types = costs.types
        self.inputs = _together(types.tensors[spec.name] for spec in types.graph.inputs)
        self.kept = _together(kept(costs))

    def at(self, sizes: Sizes, activation_bytes: int | None = None) -> Memory:
        """Bytes on one device at a batch size (`sizes[BATCH]`).

        `activation_bytes` replaces the size of a float32 activation (2 under mixed precision, where a copy
        of the weights in it lies beside them; gradients and the optimizer stay in float32). Raises
        OpenSizeError.
        """
        measure = Measure(sizes, activation_bytes)
        return Memory(
            weights=self.bytes + self.parameters * (activation_bytes or 0),
            gradients=self.trained,
            optimizer=self.slots,
            kept=sum(map(measure, self.kept)),
            forward=forward(self.costs, measure),
            inputs=sum(map(measure, self.inputs)),
        )

    def largest_batch(self, sizes: Sizes, device: int, activation_bytes: int | None = None) -> int:
        """The most examples whose training step fits `device` bytes; 0 where not even one does."""
        fixed = self.bytes + self.parameters * (activation_bytes or 0) + self.trained + self.slots

        def fits(batch: int) -> bool:
            measure = Measure({**sizes, BATCH: batch}, activation_bytes)
            return fixed + sum(map(measure, self.kept)) + sum(map(measure, self.inputs)) <= device

        low, high = 0, 1
        while high < MOST_EXAMPLES and fits(high):
            low, high = high, high * 2
        while high - low > 1:
            middle = (low + high) // 2
            low, high = (middle, high) if fits(middle) else (low, middle)
        return low


MOST_EXAMPLES = 1 << 40
"""A batch beyond which none is looked for: a model without activations fits any."""


def _together(tensors: Iterable[TensorType]) -> list[TensorType]:
    """All tensors of a dtype as one flat tensor: their sizes are added once, for any batch."""
    sizes: dict[str, Dim] = {}
    for tensor in tensors:
        sizes[tensor.dtype] = sizes.get(tensor.dtype, 0) + tensor.size
    return [TensorType((size,), dtype) for dtype, size in sizes.items()]


Known = dict[int, list[TensorType]]
"""What waits within models that were gone through already."""


def kept(costs: Costs, known: Known | None = None) -> Iterator[TensorType]:
    """The tensors that wait for the backward pass, each once."""
    known = {} if known is None else known
    types, needs = costs.types, costs.needs
    waiting = _read_again(costs)
    for node in types.graph.nodes:
        call = types.calls.get(node.name)
        if call is None or needs.isdisjoint(node.outputs):
            continue
        if isinstance(node.operation, Use):
            yield from _kept_within(costs, node, known)
        else:
            yield from call.kept
        if not _is_view(node):
            yield from (types.tensors[output] for output in node.outputs if output in waiting)
    for tensor in _flowing_in(costs):
        yield types.tensors[tensor]


def _read_again(costs: Costs) -> set[str]:
    """The results that a backward pass reads: of a layer that gave them, or of one they flow into.

    What a view shows is read where the view is. The model's own results are read by the loss.
    """
    found = {tensor for _, tensor in costs.types.graph.outputs}
    for node in reversed(costs.types.graph.nodes):
        flowing = [t for _, wire in node.inputs for t in wires(wire)]
        if _is_view(node):
            found.update(flowing if found & set(node.outputs) else ())
        elif not _is_indifferent(node):
            found.update(flowing)
        if _reads_result(node):
            found.update(node.outputs)
    return found


def _is_indifferent(node: Node) -> bool:
    if not isinstance(node.operation, Layer):
        return False
    made = node.operation.object
    activation = _activation(node)
    if made.kind == "Activation":
        return activation in OF_THEIR_RESULT | {"linear"}
    return made.kind in INDIFFERENT


def _reads_result(node: Node) -> bool:
    if not isinstance(node.operation, Layer):
        return False
    kind = node.operation.object.kind
    return kind in ("ReLU", "Softmax") or kind.startswith("MaxPool") or _activation(node) in OF_THEIR_RESULT


def _activation(node: Node) -> str:
    assert isinstance(node.operation, Layer)
    given = node.operation.object.arguments.get("activation")
    return given.kind if isinstance(given, KerasObject) else str(given or "linear")


def _kept_within(costs: Costs, node: Node, known: Known) -> Iterator[TensorType]:
    """What waits within a model that is called; its results are the call's."""
    inner, sizes = costs.within(node)
    if id(inner) not in known:
        results = {tensor for _, tensor in inner.types.graph.outputs}
        own = [inner.types.tensors[t] for t in results & inner.needs if t in inner.types.producers]
        found = list(kept(inner, known))
        for tensor in own:
            if tensor in found:
                found.remove(tensor)
        known[id(inner)] = _together(found)
    for tensor in known[id(inner)]:
        shape = tuple(substitute(size, sizes) for size in tensor.shape)
        yield TensorType(shape, tensor.dtype)


def _flowing_in(costs: Costs) -> set[str]:
    """Results beyond the reach of gradients that layers need to train: what a frozen part gives."""
    found: set[str] = set()
    for node in costs.types.graph.nodes:
        if costs.trains(node):
            found.update(t for _, wire in node.inputs for t in wires(wire))
    return {tensor for tensor in found - costs.needs if tensor in costs.types.producers}


Peaks = dict[tuple[int, tuple[tuple[str, int], ...]], int]
"""The peak within a model at these sizes, where it was worked out already."""


def forward(costs: Costs, measure: Measure, known: Peaks | None = None) -> int:
    """The largest sum of results alive at one time, each freed after its last use; inputs left out."""
    known = {} if known is None else known
    types = costs.types
    ending = _ending(costs)
    live = most = 0
    for node in types.graph.nodes:
        call = types.calls.get(node.name)
        if call is None:
            continue
        within = 0
        if isinstance(node.operation, Use):
            inner, sizes = costs.within(node)
            numbers = {name: number(size, measure.sizes) for name, size in sizes.items()}
            key = (id(inner), tuple(sorted(numbers.items())))
            if key not in known:
                known[key] = forward(inner, measure.within(numbers), known)
            within = known[key]
        most = max(most, live + within)
        live += sum(map(measure, call.flat))
        most = max(most, live)
        live -= sum(measure(types.tensors[tensor]) for tensor in ending.get(node.name, ()))
    return most


def _ending(costs: Costs) -> dict[str, list[str]]:
    """For each node the results that are used there for the last time; outputs outlive all."""
    graph, producers = costs.types.graph, costs.types.producers
    over = {tensor for _, tensor in graph.outputs}
    found: dict[str, list[str]] = {}
    for node in reversed(graph.nodes):
        used = {t for _, wire in node.inputs for t in wires(wire)} | set(node.outputs)
        found[node.name] = [t for t in used - over if t in producers and t in costs.types.tensors]
        over |= used
    return found


def _is_view(node: Node) -> bool:
    return isinstance(node.operation, Layer) and node.operation.object.kind in VIEWS
