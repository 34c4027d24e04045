"""What a step and an evaluation of a program compute, and how often."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from program_case import trainer_of

pytestmark = pytest.mark.slow

SHARED = """
specc: 1
models:
  teacher: {inputs: {x: [4]}, layers: [{Dense: 3}], trainable: false}
  one: {inputs: {x: [4]}, layers: [{Dense: 3}]}
  other: {inputs: {x: [4]}, layers: [{Dense: 3}]}
data: {source: {npz: rows.npz}, fields: {x: {shape: [4]}}}
train:
  optimizer: sgd
  derive: {known: teacher(x), learnt: one(x)}
  update:
    - {models: [one], repeat: 2, loss: {first: mean(square(learnt - known))}}
    - models: [other]
      loss: {second: mean(square(other(x) - known)), third: mean(square(other(x) - learnt))}
"""


def test_what_updates_share_is_computed_once_and_only_what_stays_the_same(tmp_path: Path) -> None:
    import tensorflow as tf

    trainer, _ = trainer_of(tmp_path, SHARED)
    step = tf.function(trainer.train_step)
    graph = step.get_concrete_function({"x": tf.zeros([2, 4])}).graph
    products = [operation.name for operation in graph.get_operations() if operation.type == "MatMul"]
    forward = [name for name in products if "gradient" not in name]
    assert sum(name.startswith("teacher") for name in forward) == 1
    assert sum(name.startswith("one") for name in forward) == 3  # it has moved in between
    assert sum(name.startswith("other") for name in forward) == 1


def test_what_only_follows_is_no_work(tmp_path: Path) -> None:
    following = SHARED.replace("data:", "  slow: {average_of: one, momentum: 0.9}\ndata:", 1)
    trainer, _ = trainer_of(tmp_path, following)
    assert trainer.averages
    assert trainer.work() == 3 * 3 * 15  # passes, models, weights


SLOPES = """
specc: 1
models:
  net: {inputs: {x: [4]}, layers: [{Dense: 3}]}
data: {source: {npz: rows.npz}, fields: {x: {shape: [4]}}}
train:
  optimizer: {SGD: 0.0}
  derive: {scaled: 2 * x, far: 3 * scaled, out: net(scaled), by_x: "grad(out, x)", near: "grad(out, scaled)"}
  update:
    - models: [net]
      repeat: 2
      loss: {steep: mean(square(by_x)), flat: mean(square(near)), far: mean(square(net(far)))}
"""


def test_a_gradient_goes_through_what_several_updates_need(tmp_path: Path) -> None:
    import tensorflow as tf

    trainer, _ = trainer_of(tmp_path, SLOPES)
    logs = trainer.train_step({"x": tf.ones([2, 4])})
    kernel = trainer.parts["net"].get_weights()[0]
    flat = np.square(kernel.sum(axis=1)).mean()
    np.testing.assert_allclose(logs["flat"], flat, rtol=1e-5)
    np.testing.assert_allclose(logs["steep"], 4 * flat, rtol=1e-5)


MEASURED = """
specc: 1
models:
  net: {inputs: {x: [4]}, layers: [BatchNormalization, {Dense: 4}]}
data: {source: {npz: rows.npz}, fields: {x: {shape: [4]}}}
train:
  optimizer: sgd
  derive: {noise: "random.normal(shape(x), 0.0, 1.0, 'float32', 7)"}
  update:
    - models: [net]
      loss: {error: "mean(square(net(x, training=True) - noise))"}
  metrics: {alike: "CosineSimilarity(x, x)", apart: "-CosineSimilarity(x, x)"}
"""


def test_an_evaluation_moves_nothing_whatever_formulas_say(tmp_path: Path) -> None:
    import tensorflow as tf

    trainer, _ = trainer_of(tmp_path, MEASURED)
    before = trainer.parts["net"].get_weights()
    batches = tf.data.Dataset.from_tensors({"x": np.random.default_rng(0).random((8, 4), "float32")})
    found = trainer.evaluate(batches, verbose=0, return_dict=True)
    for mine, kept in zip(trainer.parts["net"].get_weights(), before, strict=True):
        np.testing.assert_array_equal(mine, kept)
    assert found["alike"] == pytest.approx(1.0)  # the metric of that name; within a formula it is the loss
    assert found["apart"] == pytest.approx(1.0)


ADDING = """
specc: 1
models:
  net: {inputs: {x: [4]}, layers: [{Dense: {units: 3, activity_regularizer: L2, kernel_regularizer: L2}}]}
  other: {inputs: {h: [3]}, layers: [{Dense: 1}]}
data: {source: {npz: rows.npz}, fields: {x: {shape: [4]}}}
train:
  optimizer: {SGD: 0.0}
  update:
    - {models: [net], loss: {first: mean(square(net(x)))}}
    - {models: [net, other], loss: {second: mean(square(other(net(2 * x))))}}
"""


def test_what_layers_add_counts_alike_in_training_and_evaluation(tmp_path: Path) -> None:
    import tensorflow as tf

    trainer, _ = trainer_of(tmp_path, ADDING)
    batch = {"x": tf.constant(np.random.default_rng(0).random((8, 4), "float32"))}
    trained = float(trainer.train_step(batch)["loss"])
    found = trainer.evaluate(tf.data.Dataset.from_tensors(batch), verbose=0, return_dict=True)
    assert found["loss"] == pytest.approx(trained, rel=1e-5)
