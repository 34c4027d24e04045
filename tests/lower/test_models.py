"""Specs against the same models written by hand in Keras: what they compute, train, save and are called."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from specc.frontend.load import load_spec
from specc.frontend.project import Interface, Reference
from specc.lower.models import build_models
from specc.lower.references import build_reference
from specc.source.diagnostic import SpecError
from specc.source.span import Span

pytestmark = pytest.mark.slow

Build = Callable[[str], dict[str, keras.Model]]


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def run(text: str) -> dict[str, keras.Model]:
        path = tmp_path / "main.yaml"
        path.write_text(f"specc: 1\n{text}", encoding="utf-8")
        return build_models(load_spec(path))

    return run


def numbers(*shape: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def same(model: keras.Model, reference: keras.Model, given: Any) -> None:
    """Both compute the same with the same weights."""
    assert [w.shape for w in model.weights] == [w.shape for w in reference.weights]
    model.set_weights([numbers(*w.shape, seed=i) * 0.3 for i, w in enumerate(model.get_weights())])
    reference.set_weights(model.get_weights())
    found, expected = model(given), reference(given)
    for one, other in zip(keras.tree.flatten(found), keras.tree.flatten(expected), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-5)


# --- against hand-written Keras ---------------------------------------------------------------------------
def test_a_residual_network(build: Build) -> None:
    model = build("""
blocks:
  unit:
    params: {filters: {type: integer}, strides: 1}
    layers:
      - residual:
          - {Conv2D: {filters: $filters, kernel_size: 3, strides: $strides, padding: same}}
          - BatchNormalization
          - Activation: relu
        shortcut:
          - {Conv2D: {filters: $filters, kernel_size: 1, strides: $strides}, when: $(strides > 1)}
model:
  inputs: {image: [8, 8, 4]}
  layers: [unit: 4, {unit: {filters: 6, strides: 2}}, GlobalAveragePooling2D, {Dense: 3, name: label}]
""")["model"]
    image = x = keras.Input((8, 8, 4))
    for filters, strides in ((4, 1), (6, 2)):
        body = layers.Conv2D(filters, 3, strides, padding="same")(x)
        body = layers.Activation("relu")(layers.BatchNormalization()(body))
        x = layers.Add()([layers.Conv2D(filters, 1, strides)(x) if strides > 1 else x, body])
    reference = keras.Model(image, layers.Dense(3)(layers.GlobalAveragePooling2D()(x)))
    shapes = [sorted(tuple(w.shape) for w in built.weights) for built in (model, reference)]
    assert shapes[0] == shapes[1]
    by_shape = {tuple(w.shape): numbers(*w.shape, seed=i) ** 2 for i, w in enumerate(model.weights)}
    for built in (model, reference):
        built.set_weights([by_shape[tuple(w.shape)] for w in built.weights])
    np.testing.assert_allclose(model(numbers(2, 8, 8, 4)), reference(numbers(2, 8, 8, 4)), rtol=1e-4)


def test_the_skips_of_a_u_net(build: Build) -> None:
    model = build("""
params: {depth: 2}
model:
  inputs: {image: [8, 8, 1]}
  layers:
    - repeat: {level: $depth}
      layers:
        - {Conv2D: {filters: $(2 ** level), kernel_size: 3, padding: same}, name: skip$(level)}
        - MaxPooling2D: 2
    - repeat: {level: $(reversed(range(depth)))}
      layers:
        - Conv2DTranspose: {filters: $(2 ** level), kernel_size: 2, strides: 2}
        - {Concatenate: , from: [skip$(level), previous]}
""")["model"]
    image = x = keras.Input((8, 8, 1))
    skips = []
    for level in range(2):
        skips.append(layers.Conv2D(2**level, 3, padding="same")(x))
        x = layers.MaxPooling2D(2)(skips[-1])
    for level in (1, 0):
        x = layers.Concatenate()([skips[level], layers.Conv2DTranspose(2**level, 2, 2)(x)])
    same(model, keras.Model(image, x), numbers(2, 8, 8, 1))


def test_an_lstm_with_states(build: Build) -> None:
    model = build("""
model:
  inputs: {x: [5, 3], h: [4], c: [4]}
  layers:
    - LSTM: {units: 4, return_state: true}
      from: {sequences: x, initial_state: [h, c]}
      outputs: [y, h1, c1]
    - {LSTM: {units: 4}, from: {sequences: x, initial_state: [h1, c1]}, name: z}
  outputs: {last: y, hidden: h1, again: z}
""")["model"]
    x, h, c = keras.Input((5, 3), name="x"), keras.Input((4,), name="h"), keras.Input((4,), name="c")
    y, h1, c1 = layers.LSTM(4, return_state=True)(x, initial_state=[h, c])
    z = layers.LSTM(4)(x, initial_state=[h1, c1])
    reference = keras.Model({"x": x, "h": h, "c": c}, {"last": y, "hidden": h1, "again": z})
    same(model, reference, {"x": numbers(2, 5, 3), "h": numbers(2, 4), "c": numbers(2, 4, seed=1)})
    assert list(model.output) == ["last", "hidden", "again"]


def test_attention_with_keyword_inputs_and_a_mask(build: Build) -> None:
    model = build("""
model:
  inputs: {x: [5, 8], memory: [3, 8], seen: {shape: [5, 3], dtype: bool}}
  layers:
    - {MultiHeadAttention: {num_heads: 2, key_dim: 4}, from: {query: x, value: memory, attention_mask: seen}}
""")["model"]
    x, memory, seen = keras.Input((5, 8)), keras.Input((3, 8)), keras.Input((5, 3), dtype="bool")
    out = layers.MultiHeadAttention(2, 4)(query=x, value=memory, attention_mask=seen)
    reference = keras.Model({"x": x, "memory": memory, "seen": seen}, out)
    seen_now = np.random.default_rng(0).random((2, 5, 3)) > 0.4
    seen_now[..., 0] = True
    same(model, reference, {"x": numbers(2, 5, 8), "memory": numbers(2, 3, 8), "seen": seen_now})


def test_masks_reach_the_layers_that_take_them(build: Build) -> None:
    model = build("""
model:
  inputs: {tokens: {shape: [null], dtype: int32}}
  layers: [{Embedding: {input_dim: 9, output_dim: 4, mask_zero: true}}, {Bidirectional: {layer: {LSTM: 3}}}]
""")["model"]
    tokens = keras.Input((None,), dtype="int32")
    embedded = layers.Embedding(9, 4, mask_zero=True)(tokens)
    reference = keras.Model(tokens, layers.Bidirectional(layers.LSTM(3))(embedded))
    same(model, reference, np.array([[1, 2, 3, 0, 0], [4, 0, 0, 0, 0]]))


def test_a_shared_model(build: Build) -> None:
    models = build("""
models:
  tower: {inputs: {t: [4]}, layers: [{Dense: {units: 3, activation: tanh}}]}
model:
  inputs: {left: [4], right: [4]}
  layers:
    - {tower: , from: left, name: a}
    - {tower: , from: right, name: b}
    - formula: sum(square(a - b), axis=-1, keepdims=True)
""")
    left, right = keras.Input((4,)), keras.Input((4,))
    shared = layers.Dense(3, activation="tanh")
    distance = ops.sum(ops.square(shared(left) - shared(right)), axis=-1, keepdims=True)
    reference = keras.Model({"left": left, "right": right}, distance)
    assert models["model"].count_params() == models["tower"].count_params() == 15
    same(models["model"], reference, {"left": numbers(2, 4), "right": numbers(2, 4, seed=1)})


def test_several_inputs_and_outputs_are_called_by_name(build: Build) -> None:
    model = build("""
model:
  inputs: {a: [3], b: [2]}
  layers: [{Concatenate: , from: [a, b]}, {Dense: 1, name: score}, {Dense: 4, from: a, name: kind}]
  outputs: [score, kind]
""")["model"]
    found = model({"a": numbers(2, 3), "b": numbers(2, 2)})
    assert {name: tuple(value.shape) for name, value in found.items()} == {"score": (2, 1), "kind": (2, 4)}
    assert set(model.input) == {"a", "b"}
    model.compile(optimizer="sgd", loss={"score": "mse", "kind": "mse"})
    given = {"a": numbers(4, 3), "b": numbers(4, 2)}
    model.fit(given, {"score": numbers(4, 1), "kind": numbers(4, 4)}, epochs=1, verbose=0)


def test_reuse_with_call_arguments(build: Build) -> None:
    model = build("""
model:
  inputs: {tokens: {shape: [5], dtype: int32}}
  layers:
    - {ReversibleEmbedding: {input_dim: 7, output_dim: 4}, name: table}
    - {reuse: table, call: {reverse: true}}
""")["model"]
    tokens = keras.Input((5,), dtype="int32")
    table = layers.ReversibleEmbedding(7, 4)
    same(model, keras.Model(tokens, table(table(tokens), reverse=True)), np.array([[1, 2, 3, 4, 5]]))
    assert model.count_params() == 28


def test_layers_that_hold_models_and_layers(build: Build) -> None:
    models = build("""
models:
  frames: {inputs: {image: [4, 4, 1]}, layers: [{Conv2D: {filters: 2, kernel_size: 3}}, Flatten]}
model:
  inputs: {video: [3, 4, 4, 1]}
  layers: [{TimeDistributed: {layer: frames}}, {Bidirectional: {layer: {GRU: 2}, merge_mode: sum}}]
""")
    video, image = keras.Input((3, 4, 4, 1)), keras.Input((4, 4, 1))
    frames = keras.Model(image, layers.Flatten()(layers.Conv2D(2, 3)(image)))
    x = layers.Bidirectional(layers.GRU(2), merge_mode="sum")(layers.TimeDistributed(frames)(video))
    same(models["model"], keras.Model(video, x), numbers(2, 3, 4, 4, 1))


def test_freezing_reaches_every_layer(build: Build) -> None:
    models = build("""
models:
  base: {inputs: {t: [4]}, layers: [{Dense: 4, name: d}], trainable: false}
blocks:
  b: {layers: [Dense: 4, Dense: 4]}
model:
  inputs: {x: [4]}
  layers: [base, {b: , trainable: false}, Dense: 1]
""")
    assert models["model"].count_params() == 65
    assert sum(int(np.prod(w.shape)) for w in models["model"].trainable_weights) == 5


# --- formulas ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("formula", "expected"),
    [
        ("x - [1, 2, 3, 4]", lambda x: x - np.array([1, 2, 3, 4])),
        ("[0.5, 1, 1, 1] * x", lambda x: np.array([0.5, 1, 1, 1]) * x),
        ("x * exp(-9.21 * arange(4) / 4)", lambda x: x * np.exp(-9.21 * np.arange(4) / 4)),
        ("x + arange(4) / 4", lambda x: x + np.arange(4) / 4),
        ("where((x > 0) & ~(x > 1), x, 0)", lambda x: np.where((x > 0) & ~(x > 1), x, 0)),
        ("cast((x > 0) | (x < -1), 'float32')", lambda x: ((x > 0) | (x < -1)).astype("float32")),
        ("cast((x > 0) ^ (x < 1), 'float32')", lambda x: ((x > 0) ^ (x < 1)).astype("float32")),
        ("-x ** 2 + +x", lambda x: -(x**2) + x),
        ("x // 0.3 + x % 0.3", lambda x: x // 0.3 + x % 0.3),
        ("x[:, ::-1][:, 1:3]", lambda x: x[:, ::-1][:, 1:3]),
        ("x[:, None, 0]", lambda x: x[:, None, 0]),
        ("x[..., -1:]", lambda x: x[..., -1:]),
        ("einsum('bi,bj->bij', x, x)", lambda x: np.einsum("bi,bj->bij", x, x)),
        ("concatenate([x, x * 2], axis=-1)", lambda x: np.concatenate([x, x * 2], axis=-1)),
        ("x @ transpose(ones([2, 4]))", lambda x: x @ np.ones((4, 2))),
        (
            "(x - mean(x, axis=-1, keepdims=True)) / std(x)",
            lambda x: (x - x.mean(-1, keepdims=True)) / x.std(),
        ),
        ("x * $scale + $list[0]", lambda x: x * -2 + 3),
        ("cast(x == x, 'float32') + cast(x != x, 'float32')", lambda x: np.ones_like(x)),
        ("split(x, 2, axis=-1)[1]", lambda x: x[:, 2:]),
    ],
)
def test_formulas_are_numpys(
    build: Build, formula: str, expected: Callable[[Any], Any], tmp_path: Path
) -> None:
    text = "let: {scale: -2, list: [3]}\nmodel:\n  inputs: {x: [4]}\n  layers:\n    - formula: "
    model = build(f'{text}"{formula}"\n')["model"]
    given = numbers(3, 4)
    found = model(given)
    np.testing.assert_allclose(found, expected(given), rtol=1e-4, atol=1e-5)
    assert keras.backend.standardize_dtype(found.dtype) == "float32"
    model.save(tmp_path / "m.keras")
    again = keras.models.load_model(tmp_path / "m.keras")
    np.testing.assert_array_equal(again(given), found)


def test_dtypes_of_integers(build: Build) -> None:
    text = "model:\n  inputs: {t: {shape: [4], dtype: int32}}\n  layers:\n    - formula: "
    given = np.array([[1, 2, 3, 4]])
    for formula, dtype in [
        ("t - [1, 2, 3, 4]", "int32"),
        ("t + 1", "int32"),
        ("t / 2", "float32"),
        ("t * [0.5, 1, 1, 1]", "float32"),
        ("t & 1", "int32"),
        ("t > 2", "bool"),
        ("cumsum(ones_like(t), axis=1) - 1", "int32"),
    ]:
        assert keras.backend.standardize_dtype(build(text + f'"{formula}"')["model"](given).dtype) == dtype, (
            formula
        )


# --- weights ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [[], [4], [3, 4], [1, 3, 4]])
def test_weights_are_parameters_that_train_and_are_saved(
    build: Build, shape: list[int], tmp_path: Path
) -> None:
    model = build(f"""
model:
  inputs: {{x: [3, 4]}}
  weights: {{w: {{shape: {shape}, initializer: ones}}}}
  layers: [formula: x * w]
""")["model"]
    assert model.count_params() == int(np.prod(shape))
    given = numbers(5, 3, 4)
    np.testing.assert_allclose(model(given), given, rtol=1e-6)
    model.compile(optimizer=keras.optimizers.SGD(0.1), loss="mse")
    model.fit(given, given * 3, epochs=20, batch_size=5, verbose=0)
    assert np.all(np.abs(model.get_weights()[0]) > 1.05)
    model.save(tmp_path / "m.keras")
    np.testing.assert_array_equal(keras.models.load_model(tmp_path / "m.keras")(given), model(given))


def test_weights_that_do_not_train(build: Build) -> None:
    model = build("""
model:
  inputs: {x: [4]}
  weights: {w: {shape: [4], trainable: false}}
  layers: [formula: x + w]
""")["model"]
    assert (len(model.trainable_weights), len(model.weights)) == (0, 1)


# --- names, seeds, files ----------------------------------------------------------------------------------
NAMED = """
name: named
seed: 3
models:
  tower: {inputs: {t: [4]}, layers: [Dense: 4, {formula: t * 2 + previous}]}
model:
  inputs: {x: [4], mean: [4]}
  weights: {w: {shape: [4]}}
  layers:
    - {tower: , from: x, name: a}
    - {formula: mean(mean) + w - a, name: f}
    - formula: expand_dims(f, 1)
    - Bidirectional: {layer: {LSTM: 2}}
    - {Dense: 2, name: out}
"""


def test_names_do_not_depend_on_what_was_built_before(build: Build) -> None:
    first = build(NAMED)["model"]
    layers.Dense(3)(layers.Dense(2)(keras.Input((3,))) * 2 + 1)
    second = build(NAMED)["model"]
    assert first.to_json() == second.to_json()
    assert first.name == "named"
    assert {"f", "out"} <= {layer.name for layer in first.layers}
    assert [w.path for w in first.weights] == [w.path for w in second.weights]


def test_the_same_seed_gives_the_same_weights(build: Build) -> None:
    one, same_seed, other = (build(NAMED.replace("seed: 3", f"seed: {s}"))["model"] for s in (3, 3, 4))
    for mine, its in zip(one.get_weights(), same_seed.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, its)
    assert any(not np.array_equal(m, i) for m, i in zip(one.get_weights(), other.get_weights(), strict=True))


RELOAD = """
import sys
sys.modules["specc"] = None
import keras, numpy as np
model = keras.models.load_model(sys.argv[1])
given = np.load(sys.argv[2])
np.save(sys.argv[3], model.predict({k: given[k] for k in given.files}, verbose=0))
assert not [name for name in sys.modules if name.startswith("specc.")]
"""


def test_the_file_loads_where_specc_is_not(build: Build, tmp_path: Path) -> None:
    model = build(NAMED)["model"]
    given = {"x": numbers(3, 4), "mean": numbers(3, 4, seed=1)}
    model.save(tmp_path / "m.keras")
    np.savez(tmp_path / "in.npz", **given)
    files = [str(tmp_path / name) for name in ("m.keras", "in.npz", "out.npy")]
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2"}
    command = [sys.executable, "-c", RELOAD, *files]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_array_equal(np.load(tmp_path / "out.npy"), model.predict(given, verbose=0))


# --- errors -----------------------------------------------------------------------------------------------
def test_errors_of_keras_stand_at_the_step(build: Build) -> None:
    with pytest.raises(SpecError) as refused:
        build("""
blocks:
  head: {layers: [{StringLookup: {vocabulary: [a, a]}}]}
model:
  inputs: {x: {shape: [1], dtype: string}}
  layers: [head]
""")
    (told,) = refused.value.diagnostics
    assert told.code in ("keras-error", "keras-refuses")
    assert told.span is not None and told.span.line == 4


def test_what_a_formula_cannot_is_told_at_the_step(build: Build) -> None:
    with pytest.raises(SpecError) as refused:
        build("model:\n  inputs: {x: [4]}\n  layers:\n    - formula: split(x, 2, axis=-1)\n")
    (told,) = refused.value.diagnostics
    assert told.span is not None and told.span.line == 5
    assert "several tensors" in told.title


def test_weights_that_cannot_be_fetched(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(**_: Any) -> keras.Model:
        raise Exception("URL fetch failure on https://host/w.h5: None -- no network")  # as Keras raises it

    monkeypatch.setattr(keras.applications, "ResNet50", fail)
    settings = {"application": "ResNet50", "weights": "imagenet"}
    place = Span("spec.yaml", 3, 1, 3, 5)
    reference = Reference("base", "application", settings, Interface(("input",), ("output",)), place)
    with pytest.raises(SpecError) as refused:
        build_reference(reference, {}, None)  # type: ignore[arg-type]
    (told,) = refused.value.diagnostics
    assert (told.code, told.span) == ("weights-not-fetched", place)
    assert "--set models.base.weights=null" in told.help
