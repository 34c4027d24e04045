"""Graphs as flat documents: what is written reads back as the same graph."""

import pytest

from specc.decompile.flat import flat
from specc.decompile.same import same_up_to_names
from specc.frontend.load import load_spec
from specc.source.dump import dump

STATES = """
inputs: {x: {shape: [null], dtype: int32}, h: [4], c: [4]}
layers:
  - {Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}, from: x, name: e}
  - {LSTM: {units: 4, return_sequences: true, return_state: true},
     from: {sequences: e, initial_state: [h, c]}, outputs: [s, h1, c1]}
  - {MultiHeadAttention: {num_heads: 1, key_dim: 4}, from: {query: s, value: e},
     call: {use_causal_mask: true}}
  - {Add: , from: [previous, s], name: out}
outputs: {sequence: out, state: h1}
"""
FORMULAS = """
inputs: {mean: [4]}
weights: {w: {shape: [4], initializer: {RandomNormal: 0.1}}, fixed: {shape: [1, 4], trainable: false}}
layers:
  - {Dense: {units: 4, kernel_regularizer: {L2: 1.0e-4}}, trainable: false, name: d}
  - formula: mean(previous, axis=-1, keepdims=True) * mean[:, ::-1] + w
  - {reuse: d}
  - formula: previous - w + fixed
"""
MODEL = {"states": STATES, "formulas": FORMULAS}


def loaded(text, folder):
    (folder / "m.yaml").write_text(text, encoding="utf-8")
    return load_spec(folder / "m.yaml").models


@pytest.mark.parametrize("name", MODEL)
def test_what_is_written_reads_back_the_same(name, tmp_path):
    indented = MODEL[name].replace("\n", "\n  ")
    models = loaded(f"specc: 1\nmodel:{indented}\n", tmp_path)
    again = loaded("specc: 1\n" + dump(flat(models)), tmp_path)
    assert same_up_to_names(again["model"], models["model"])


def test_models_within(tmp_path):
    text = """specc: 1
models:
  pair:
    inputs: {a: [4], b: [4]}
    layers: [{Add: , from: [a, b], name: u}, {Dense: 4, name: v}]
    outputs: [u, v]
    trainable: false
model:
  inputs: {x: [4], y: [4]}
  layers:
    - {pair: , from: {a: x, b: y}, name: p}
    - {Multiply: , from: [p.u, p.v]}
    - {Activation: relu}
"""
    models = loaded(text, tmp_path)
    data = flat(models)
    assert data["model"]["layers"] == [
        {"pair": None, "from": {"a": "x", "b": "y"}, "name": "p"},
        {"Multiply": None, "from": ["p.u", "p.v"]},
        {"Activation": "relu"},
    ]
    again = loaded("specc: 1\n" + dump(data), tmp_path)
    assert all(same_up_to_names(again[name], models[name]) for name in models)
