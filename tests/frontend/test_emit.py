"""`specc resolve`: what is written back is flat, says the same, and says it again when it is read."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from specc.catalog.objects import plain
from specc.frontend.emit import document, emit
from specc.frontend.expressions.formula import unparse
from specc.frontend.load import load_spec
from specc.frontend.project import Reference
from specc.frontend.spec import Spec
from specc.graph.ir import Formula, Graph, Layer, Node

SPECS: dict[str, str] = {
    "loops": """
params: {filters: 4, depth: 2}
blocks:
  conv:
    params: {filters: {type: integer}}
    layers:
      - repeat: 2
        layers: [{Conv2D: {filters: $filters, kernel_size: 3, padding: same}}, BatchNormalization]
model:
  inputs: {image: [16, 16, 1]}
  layers:
    - repeat: {level: $depth}
      layers:
        - {conv: $(filters * 2 ** level), name: skip$(level)}
        - MaxPooling2D: 2
    - repeat: {level: $(reversed(range(depth)))}
      layers:
        - Conv2DTranspose: {filters: $(filters * 2 ** level), kernel_size: 2, strides: 2}
        - {Concatenate: , from: [skip$(level), previous]}
    - {Conv2D: {filters: 2, kernel_size: 1}, name: mask}
""",
    "wires": """
model:
  inputs: {x: {shape: [null], dtype: int32}, h: [4], c: [4]}
  layers:
    - {Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}, from: x, name: e}
    - {LSTM: {units: 4, return_sequences: true, return_state: true},
       from: {sequences: e, initial_state: [h, c]}, outputs: [s, h1, c1]}
    - {MultiHeadAttention: {num_heads: 1, key_dim: 4}, from: {query: s, value: e},
       call: {use_causal_mask: true}, name: m}
    - {Add: , from: [m, s], name: out}
  outputs: {sequence: out, state: h1}
""",
    "models": """
models:
  tower: {inputs: {t: [4]}, layers: [{Dense: 4, name: d}], trainable: false}
  pair:
    inputs: {a: [4], b: [4]}
    layers: [{Add: , from: [a, b], name: u}, {Multiply: , from: [a, b], name: v}]
    outputs: [u, v]
  slow: {average_of: tower, momentum: 0.9}
model:
  inputs: {x: [4], y: [4]}
  layers:
    - {tower: , from: x, name: one}
    - {tower: , from: y}
    - {pair: , from: {a: one, b: previous}, name: p}
    - {slow: , from: p.u, name: s}
    - {Add: , from: [s, p.v]}
""",
    "formulas": """
let: {scale: -2, shape: [2, 2]}
model:
  inputs: {mean: [4]}
  weights:
    w: {shape: [4], initializer: {RandomNormal: {stddev: 0.1}}}
    fixed: {shape: [1, 4], trainable: false}
  layers:
    - {formula: "arange(4) / 4", name: c}
    - {formula: "mean(mean, axis=-1, keepdims=True) ** $scale * mean[:, ::-1] + c", name: f}
    - formula: previous - w + fixed
    - formula: reshape(previous, $([-1] + shape))
""",
    "dollars": """
name: $$a
model:
  inputs: {x: {shape: [1], dtype: string}}
  layers:
    - StringLookup: {vocabulary: ["$$", "a$$b", "$$$$x"], output_mode: one_hot}
    - {Dense: 2, name: d}
""",
    "frozen": """
blocks:
  b: {layers: [{Dense: 4, name: d}, {reuse: d}, {formula: previous * 2}, {residual: [{Dropout: 0.1}]}]}
model:
  inputs: {x: [4]}
  layers: [{b: , trainable: false, name: f}, {b: }, {Dense: 1, when: false}]
""",
    "training": """
params: {classes: 3, rate: 1e-3}
model:
  inputs: {x: [4]}
  layers: [{Dense: $classes, name: label}]
train:
  optimizer: {Adam: {learning_rate: $rate}}
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  epochs: $(classes * 2)
""",
}


def load(folder: Path, text: str) -> Spec:
    path = folder / "main.yaml"
    path.write_text(text, encoding="utf-8")
    return load_spec(path)


def node(found: Node) -> Any:
    """A node without places."""
    operation: Any = found.operation
    if isinstance(operation, Layer):
        operation = (operation.object.kind, plain(operation.object.arguments))
    if isinstance(operation, Formula):
        operation = unparse(operation.expression)
    wires = sorted((name, wire) for name, wire in found.inputs if name)
    first = [wire for name, wire in found.inputs if not name]
    return found.name, operation, first, wires, found.outputs, found.settings, found.trainable, found.flows


def same(one: Graph | Reference, other: Graph | Reference) -> None:
    if isinstance(one, Reference):
        assert replace(one, span=other.span) == other
        return
    assert isinstance(other, Graph)
    assert [node(n) for n in one.nodes] == [node(n) for n in other.nodes]
    for mine, its in zip(one.inputs, other.inputs, strict=True):
        assert replace(mine, span=its.span) == its
    for weight, its_weight in zip(one.weights, other.weights, strict=True):
        assert (weight.name, weight.shape, weight.trainable) == (
            its_weight.name,
            its_weight.shape,
            its_weight.trainable,
        )
        assert plain(weight.initializer) == plain(its_weight.initializer)
    assert (one.outputs, one.trainable) == (other.outputs, other.trainable)


@pytest.mark.parametrize("name", SPECS)
def test_resolving_again_changes_nothing(name: str, tmp_path: Path) -> None:
    spec = load(tmp_path, f"specc: 1\n{SPECS[name]}")
    flat = emit(spec)
    again = load(tmp_path, flat)
    assert emit(again) == flat
    assert list(again.models) == list(spec.models)
    for model in spec.models:
        same(spec.models[model], again.models[model])
    assert (again.name, again.seed) == (spec.name, spec.seed)


@pytest.mark.parametrize("name", SPECS)
def test_nothing_is_left_to_compute(name: str, tmp_path: Path) -> None:
    data = document(load(tmp_path, f"specc: 1\n{SPECS[name]}"))
    assert not {"params", "let", "blocks", "import", "extends"} & data.keys()
    for model in [*data.get("models", {}).values(), data["model"]]:
        for step in model.get("layers", []):
            assert not {"repeat", "branches", "residual", "when"} & step.keys()


def test_dollars_survive(tmp_path: Path) -> None:
    spec = load(tmp_path, f"specc: 1\n{SPECS['dollars']}")
    for found in (spec, load(tmp_path, emit(spec))):
        graph = found.models["model"]
        assert isinstance(graph, Graph) and isinstance(graph.nodes[0].operation, Layer)
        assert graph.nodes[0].operation.object.arguments["vocabulary"] == ["$", "a$b", "$$x"]


def test_sections_are_resolved(tmp_path: Path) -> None:
    data = document(load(tmp_path, f"specc: 1\n{SPECS['training']}"))
    assert data["train"]["epochs"] == 6
    assert data["train"]["optimizer"] == {"Adam": {"learning_rate": 1e-3}}
