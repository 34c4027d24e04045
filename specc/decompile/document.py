"""Folded runs as the data of a spec: blocks with their parameters, and models."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from specc.catalog.load import load
from specc.decompile.block_names import block_name
from specc.decompile.columns import CHANNELS, Column, Field, fields_for, settle
from specc.decompile.emission import Params, Writer
from specc.decompile.flat import flat_model
from specc.decompile.labels import Name
from specc.decompile.said import written
from specc.decompile.tensor_names import input_names, local_names, model_names
from specc.decompile.tree import Call, Leaf, Run, Value, all_runs, leaves
from specc.frontend.parameters import RESERVED
from specc.frontend.project import ENTRY
from specc.frontend.scope import is_generated
from specc.frontend.steps import HELPERS, STRUCTURAL, WIRING
from specc.graph.ir import Graph, Layer

TYPES: tuple[tuple[str, Any], ...] = (
    ("boolean", bool),
    ("integer", int),
    ("number", (int, float)),
    ("string", str),
    ("list", list),
    ("mapping", dict),
)


class Document:
    """Writes the document of some models."""

    def __init__(self, models: Mapping[str, Graph], swap: bool = False) -> None:
        self.models = models
        self.taken = {*models, *load().ops, *RESERVED, *STRUCTURAL, *WIRING, *HELPERS, "layers"}
        self.writer = Writer(swap)

    # --- names --------------------------------------------------------------------------------------------
    def free(self, name: str) -> str:
        """A block's name that nothing else has, `conv2` say: `conv_2` is the third use of a block `conv`."""
        found, count = name, 1
        while found in self.taken:
            count += 1
            found = f"{name}{count}"
        self.taken.add(found)
        return found

    # --- blocks -------------------------------------------------------------------------------------------
    def data(self, runs: Sequence[Run]) -> dict[str, Any]:
        """The document; `runs` are the models', folded."""
        blocks = {name: self.block(name, uses) for name, uses in _uses(runs)}
        models = {name: self.model(name, run) for name, run in zip(self.models, runs, strict=True)}
        others = {name: model for name, model in models.items() if name != ENTRY}
        data: dict[str, Any] = {}
        if blocks:
            names = self.writer.block_names
            data["blocks"] = {names[name]: written(block) for name, block in blocks.items()}
        if others:
            data["models"] = others
        return data | ({ENTRY: models[ENTRY]} if ENTRY in models else {})

    def block(self, name: str, uses: Sequence[Call]) -> dict[str, Any]:
        """A block, and from then on what each of its uses gives to its parameters."""
        uses = sorted(uses, key=lambda use: len(set(use.sources)) < len(use.sources))
        writer, first = self.writer, uses[0]
        writer.block_names[name] = self.free(block_name(uses, lambda c: writer.block_names[c.block]))
        columns: list[Column] = []

        def take(kind: str, values: tuple[Value, ...]) -> Column:
            columns.append(Column(kind, values))
            return columns[-1]

        flow = tuple(use.source for use in uses)
        inputs = input_names(first)
        writer.begin({})
        writer.steps([first.body], _literal, flow[:1])
        writer.begin(local_names(first, inputs, writer.wanted))
        steps = writer.steps([use.body for use in uses], take, flow)
        params = writer.params[name] = Params(fields_for(settle(columns), ""), uses, usual_value)
        body: dict[str, Any] = {}
        if params.fields:
            body["params"] = {f.name: _declared(f, params.usual.get(f.name)) for f in params.fields}
        if len(inputs) > 1:
            body["inputs"] = writer.inputs[name] = inputs
        leaf = first.body.items[0]
        if isinstance(leaf, Leaf) and leaf.weights:
            body["weights"] = writer.weights(leaf, steps[0]["formula"].columns)
        return body | {"layers": steps}

    # --- models -------------------------------------------------------------------------------------------
    def model(self, name: str, run: Run) -> dict[str, Any]:
        """One model."""
        graph, writer = self.models[name], self.writer
        data = {key: item for key, item in flat_model(graph).items() if key in ("inputs", "weights")}
        own = {weight.name for item in leaves(run) for weight in item.weights}
        if "weights" in data:
            data["weights"] = {key: item for key, item in data["weights"].items() if key not in own}
        writer.in_model = True
        writer.begin({})
        writer.steps([run], _literal, (_start(graph),))
        names = model_names(graph, run, writer.wanted, writer.made)
        single = [item for item in run.items if isinstance(item, Leaf)]
        plain = len(single) == len(run.items)
        writer.begin({x.output: Name(x.node.name) for x in single if plain and _told(x)} | names)
        steps = writer.steps([run], _literal, (_start(graph),))
        data = {key: item for key, item in data.items() if item} | {"layers": written(steps)}
        last = data["layers"][-1].get("name") if steps and isinstance(data["layers"][-1], dict) else None
        outputs = {output: names[tensor].text for output, tensor in graph.outputs}
        if outputs != {last: last}:
            data["outputs"] = _outputs(outputs)
        return data if graph.trainable else data | {"trainable": False}


def _outputs(outputs: dict[str, str]) -> Any:
    """A model's outputs as a name, a list of names, or names for tensors."""
    if any(name != tensor for name, tensor in outputs.items()):
        return outputs
    return next(iter(outputs)) if len(outputs) == 1 else list(outputs)


def _start(graph: Graph) -> str | None:
    """What flows at first."""
    return graph.inputs[0].name if len(graph.inputs) == 1 else None


def _told(leaf: Leaf) -> bool:
    """Whether somebody named a layer."""
    single = isinstance(leaf.node.operation, Layer) and len(leaf.node.outputs) == 1
    return single and not is_generated(leaf.node.name, leaf.kind)


def _literal(kind: str, values: tuple[Value, ...]) -> Column:
    """What stands for a value outside blocks and loops."""
    column = Column(kind, values)
    settle([column])
    return column


def _uses(runs: Sequence[Run]) -> list[tuple[str, list[Call]]]:
    """All uses of each block, blocks before those that use them."""
    found: dict[str, list[Call]] = {}
    for call in (call for run in runs for call in _calls(run)):
        found.setdefault(call.block, []).append(call)
    ordered: dict[str, list[Call]] = {}

    def visit(name: str) -> None:
        for inner in _calls(found[name][0].body):
            visit(inner.block)
        ordered.setdefault(name, found[name])

    for name in found:
        visit(name)
    return list(ordered.items())


def _calls(run: Run) -> list[Call]:
    return [item for inner in all_runs(run) for item in inner.items if isinstance(item, Call)]


def _declared(found: Field, usual: Value | None) -> Any:
    """The declaration of a parameter: its default, or its type; null takes any."""
    if usual is not None:
        return usual.data
    return {"type": _type(found)} if _type(found) else None


def _type(found: Field) -> str:
    """The type of a parameter's values; empty where they have several, or are null."""
    data = [value.data for value in found.values]
    return next((name for name, kind in TYPES if all(isinstance(item, kind) for item in data)), "")


def usual_value(found: Field) -> Value | None:
    """The value of a parameter that goes without saying; None where there is none."""
    if found.kind in CHANNELS:
        return None
    ((usual, count),) = Counter(found.values).most_common(1)
    if not _type(found):
        return next((value for value in found.values if value.data is None), None)
    often = count * 2 >= len(found.values)
    return usual if often and not isinstance(usual.data, dict) else None
