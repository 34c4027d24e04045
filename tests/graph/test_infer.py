"""Shapes of whole specs, through blocks, repeats, models and formulas; without Keras."""

import pytest

from specc.catalog.rules.dims import render
from specc.frontend.load import load_spec
from specc.graph.cost import Costs
from specc.graph.infer import infer_models
from specc.graph.measure import number
from specc.graph.memory import MemoryPlan
from specc.source.diagnostic import SpecError


def types_of(tmp_path, text):
    path = tmp_path / "spec.yaml"
    path.write_text("specc: 1\n" + text)
    return infer_models(load_spec(path).models)


def shape(types, tensor, model="model"):
    return render(types[model].tensors[tensor].shape)


def problems(tmp_path, text):
    with pytest.raises(SpecError) as caught:
        types_of(tmp_path, text)
    return caught.value.diagnostics


BLOCKS = """
blocks:
  conv:
    params: {filters: {type: integer}}
    layers:
      - Conv2D: {filters: $filters, kernel_size: 3, padding: same}
      - BatchNormalization
model:
  inputs: {image: [32, 32, 3]}
  layers:
    - repeat: {i: 3}
      layers:
        - conv: {filters: $(8 * 2 ** i)}
          name: c$(i)
        - MaxPooling2D: 2
    - Flatten
    - Dense: 10
      name: label
"""


def test_blocks_and_repeats(tmp_path):
    types = types_of(tmp_path, BLOCKS)
    assert [shape(types, f"c{i}") for i in range(3)] == [
        "[batch, 32, 32, 8]",
        "[batch, 16, 16, 16]",
        "[batch, 8, 8, 32]",
    ]
    assert shape(types, "label") == "[batch, 10]"
    assert types["model"].calls["label"].parameters == 4 * 4 * 32 * 10 + 10


def test_open_sizes_go_through(tmp_path):
    types = types_of(
        tmp_path,
        """
model:
  inputs: {sound: [null, 2]}
  layers:
    - Conv1D: {filters: 4, kernel_size: 3, strides: 2}
      name: a
    - MaxPooling1D: {pool_size: 2, padding: same}
      name: b
""",
    )
    assert shape(types, "a") == "[batch, (sound.1 + 1) // 2 - 1, 4]"
    assert shape(types, "b") == "[batch, (sound.1 + 1) // 4, 4]"


MODELS = """
models:
  tower:
    inputs: {x: [null, 8]}
    layers:
      - Dense: 16
      - GlobalAveragePooling1D
  both:
    inputs: {x: [null, 8]}
    layers:
      - Dense: 3
        name: a
      - Dense: 5
        name: b
    outputs: [a, b]
model:
  inputs: {left: [7, 8], right: [null, 8]}
  layers:
    - tower:
      from: left
      name: l
    - tower:
      from: right
      name: r
    - formula: sum(l * r, axis=-1, keepdims=True)
      name: near
    - both:
      from: left
      name: two
    - formula: concatenate([two.a, two.b], axis=-1)
      name: joined
  outputs: [near, joined]
"""


def test_models_are_called_with_the_shapes_given_and_own_their_weights(tmp_path):
    types = types_of(tmp_path, MODELS)
    assert shape(types, "l") == shape(types, "r") == "[batch, 16]"
    assert shape(types, "near") == "[batch, 1]"
    assert shape(types, "joined") == "[batch, 7, 8]"
    assert sum(call.parameters for call in types["model"].calls.values()) == 0
    assert sum(call.parameters for call in types["tower"].calls.values()) == 8 * 16 + 16


def test_weights_and_formulas(tmp_path):
    types = types_of(
        tmp_path,
        """
model:
  inputs: {tokens: {shape: [6], dtype: int32}}
  weights: {place: {shape: [6, 4]}}
  layers:
    - Embedding: {input_dim: 9, output_dim: 4}
      name: words
    - formula: words + place
      name: sum
    - formula: sum[:, -1, None] @ transpose(sum, axes=[0, 2, 1])
      name: product
""",
    )
    assert shape(types, "sum") == "[batch, 6, 4]"
    assert shape(types, "product") == "[batch, 1, 6]"


def test_a_model_that_follows_another_has_its_shapes(tmp_path):
    text = MODELS.replace("model:\n", "  slow: {average_of: tower, momentum: 0.9}\nmodel:\n", 1)
    text = text.replace("    - tower:\n      from: right", "    - slow:\n      from: right")
    types = types_of(tmp_path, text)
    assert shape(types, "r") == "[batch, 16]"
    assert not types["slow"].graph.trainable


def test_every_clash_is_told_and_what_follows_from_one_is_not(tmp_path):
    text = """
model:
  inputs: {a: [4, 3], b: [4, 2]}
  layers:
    - Add:
      from: [a, b]
      name: first
    - Dense: 3
    - formula: a @ b
      name: second
    - Dense: 2
      name: label      # of what does not exist: no error of its own
    - Concatenate: {axis: 1}
      from: [a, b]
      name: third
  outputs: [label, first, third]
"""
    told = [d for d in problems(tmp_path, text) if d.severity == "error"]
    assert [(d.code, d.span.line) for d in told] == [("shape-mismatch", line) for line in (6, 10, 14)]


def test_models_within_models_take_no_exponential_time(tmp_path):
    lines = ["models:", "  m0: {inputs: {x: [null, 8]}, layers: [{Dense: 8}]}"]
    for depth in range(1, 31):
        uses = f"[{{m{depth - 1}: , name: a}}, {{m{depth - 1}: , name: b}}]"
        lines.append(f"  m{depth}: {{inputs: {{x: [null, 8]}}, layers: {uses}}}")
    lines += ["model:", "  inputs: {x: [4, 8]}", "  layers: [m30]"]
    types = types_of(tmp_path, "\n".join(lines))
    (call,) = [c for c in types["model"].calls.values() if c.multiply_adds]
    assert number(call.multiply_adds, {"batch": 1}) == 2**30 * 4 * 8 * 8
    costs = Costs(types["model"], types)
    assert number(costs.training_multiply_adds(), {"batch": 1}) < 3 * 2**30 * 4 * 8 * 8
    assert MemoryPlan(costs).at({"batch": 1}).weights == 4 * (8 * 8 + 8)


def test_frozen_parts_keep_only_what_training_reads(tmp_path):
    text = """
models:
  backbone:
    inputs: {x: [8]}
    trainable: false
    layers:
      - Dense: 100
      - Dense: 16
model:
  inputs: {x: [8]}
  layers:
    - backbone
    - Dense: 3
      name: label
"""
    types = types_of(tmp_path, text)
    costs = Costs(types["model"], types)
    memory = MemoryPlan(costs).at({"batch": 10})
    assert memory.gradients == 4 * (16 * 3 + 3)
    assert memory.kept == 4 * 10 * (16 + 3)
    rows = {row.kind: row for row in costs.rows()}
    assert rows["backbone"].training == rows["backbone"].multiply_adds
    assert rows["backbone"].trainable == 0
