"""Training programs against training steps written by hand, from the same weights, data and draws."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from program_case import trainer_of

pytestmark = pytest.mark.slow

MODELS = """
specc: 1
models:
  generator:
    inputs: {noise: [4]}
    layers: [{Dense: {units: 16, activation: relu}}, {Dense: 64}, {Reshape: [8, 8, 1]}]
  critic:
    inputs: {image: [8, 8, 1]}
    layers: [{Conv2D: {filters: 4, kernel_size: 3, strides: 2}}, {LeakyReLU: 0.2}, Flatten, {Dense: 1}]
data:
  source: {npz: images.npz}
  fields: {image: {shape: [8, 8, 1]}}
"""
WGAN = """
train:
  optimizer: {Adam: {learning_rate: 1e-2, beta_1: 0.5}}
  derive:
    fake: generator(random.normal([batch, 4]))
    mix: random.uniform([batch, 1, 1, 1])
    between: mix * image + (1 - mix) * fake
    slope: sqrt(sum(square(grad(critic(between), between)), axis=[1, 2, 3]) + 1e-12)
  update:
    - models: [critic]
      repeat: 2
      loss:
        wasserstein: mean(critic(fake)) - mean(critic(image))
        penalty: mean(square(slope - 1))
      loss_weights: {penalty: 10.0}
    - models: [generator]
      loss: {adversarial: -mean(critic(fake))}
"""
CONTRACTIVE = """
specc: 1
models:
  encoder:
    inputs: {x: [6]}
    layers:
      - Dense: {units: 3, activation: sigmoid, activity_regularizer: {L1: 0.1}, kernel_regularizer: {L2: 0.1}}
  decoder: {inputs: {code: [3]}, layers: [{Dense: 6}]}
  slow: {average_of: encoder, momentum: 0.9}
data:
  source: {npz: images.npz}
  fields: {x: {shape: [6]}}
train:
  derive: {code: encoder(x)}
  state: {mean_code: {shape: [3], update: "0.5 * mean_code + 0.5 * mean(code, axis=0)"}}
  update:
    - models: [encoder, decoder]
      optimizer: {SGD: 0.1}
      loss:
        reconstruction: mean(square(decoder(code) - x))
        contraction: mean(sum(square(jacobian(code, x)), axis=[1, 2]))
        centre: mean(square(code - mean_code))
      loss_weights: {contraction: 0.1}
  metrics: {slow_error: mean(square(decoder(slow(x)) - x)), accuracy: "MeanSquaredError(x, decoder(code))"}
"""


def five_steps(trainer: Any, by_hand: Callable[[Any], None], batches: Any) -> None:
    import tensorflow as tf

    step = tf.function(trainer.train_step)
    for batch in batches:
        step(batch)
        by_hand(batch)


def assert_alike(models: Any, others: Any) -> None:
    for name, model in models.items():
        for mine, other in zip(model.get_weights(), others[name].get_weights(), strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_a_gradient_penalty_is_that_of_a_step_by_hand(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    trainer, others = trainer_of(tmp_path, MODELS + WGAN)
    generator, critic = others["generator"], others["critic"]
    draws = keras.random.SeedGenerator(3)
    first, second = (keras.optimizers.Adam(1e-2, beta_1=0.5) for _ in range(2))
    first.build(critic.trainable_variables)
    second.build(generator.trainable_variables)

    def fake(size: Any) -> Any:
        return generator(keras.random.normal([size, 4], seed=draws), training=True)

    @tf.function  # type: ignore[untyped-decorator]
    def by_hand(batch: Any) -> None:
        image, size = batch["image"], tf.shape(batch["image"])[0]
        for _ in range(2):
            with tf.GradientTape() as tape:
                forged = fake(size)
                loss = tf.reduce_mean(critic(forged)) - tf.reduce_mean(critic(image))
                mix = keras.random.uniform([size, 1, 1, 1], seed=draws)
                between = mix * image + (1 - mix) * forged
                with tf.GradientTape() as inner:
                    inner.watch(between)
                    scores = critic(between)
                slopes = tf.reduce_sum(tf.square(inner.gradient(scores, between)), [1, 2, 3])
                loss += 10.0 * tf.reduce_mean(tf.square(tf.sqrt(slopes + 1e-12) - 1))
            weights = critic.trainable_variables
            first.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        with tf.GradientTape() as tape:
            loss = -tf.reduce_mean(critic(fake(size)))
        weights = generator.trainable_variables
        second.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))

    rng = np.random.default_rng(0)
    five_steps(trainer, by_hand, [{"image": rng.random((8, 8, 8, 1), "float32")} for _ in range(5)])
    assert_alike(trainer.parts, others)


def test_jacobians_penalties_states_and_averages_are_those_by_hand(tmp_path: Path) -> None:
    import keras
    import tensorflow as tf

    trainer, others = trainer_of(tmp_path, CONTRACTIVE)
    encoder, decoder, slow = others["encoder"], others["decoder"], others["slow"]
    optimizer = keras.optimizers.SGD(0.1)
    mean_code = tf.Variable(tf.zeros([3]))

    def by_hand(batch: Any) -> None:
        x = batch["x"]
        with tf.GradientTape() as tape:
            with tf.GradientTape() as inner:
                inner.watch(x)
                code = encoder(x, training=True)
            activity, penalty = encoder.losses
            slopes = inner.batch_jacobian(code, x)
            loss = tf.reduce_mean(tf.square(decoder(code) - x)) + activity + penalty
            loss += 0.1 * tf.reduce_mean(tf.reduce_sum(tf.square(slopes), [1, 2]))
            loss += tf.reduce_mean(tf.square(code - mean_code))
        weights = [*encoder.trainable_variables, *decoder.trainable_variables]
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        mean_code.assign(0.5 * mean_code + 0.5 * tf.reduce_mean(encoder(x), 0))
        for mine, other in zip(slow.weights, encoder.weights, strict=True):
            mine.assign(0.9 * mine.value + 0.1 * other.value)

    rng = np.random.default_rng(0)
    five_steps(trainer, by_hand, [{"x": tf.constant(rng.random((8, 6), "float32"))} for _ in range(5)])
    assert_alike(trainer.parts, others)
    np.testing.assert_allclose(trainer.states["mean_code"].numpy(), mean_code.numpy(), rtol=1e-5)


def test_validation_draws_the_same_numbers_every_time(tmp_path: Path) -> None:
    import tensorflow as tf

    trainer, _ = trainer_of(tmp_path, MODELS + WGAN)
    images = np.random.default_rng(0).random((16, 8, 8, 1), "float32")
    batches = tf.data.Dataset.from_tensor_slices({"image": images}).batch(8)
    first, second = (trainer.evaluate(batches, verbose=0, return_dict=True) for _ in range(2))
    assert first == second
    assert set(first) == {"loss", "wasserstein", "penalty", "adversarial"}


def test_a_program_is_trained_into_a_run(tmp_path: Path) -> None:
    import keras

    import specc

    np.savez(tmp_path / "images.npz", image=np.random.default_rng(0).random((40, 8, 8, 1), "float32"))
    text = MODELS.replace("  fields:", "  split: {train: 24, test: 16}\n  batch_size: 16\n  fields:") + WGAN
    (tmp_path / "spec.yaml").write_text(text + "  epochs: 2\n", encoding="utf-8")
    run = specc.train(tmp_path / "spec.yaml", run_dir=tmp_path / "run", verbose="silent")
    assert run.record.status == "finished"
    assert set(run.record.test) == {"loss", "wasserstein", "penalty", "adversarial"}
    saved = keras.models.load_model(tmp_path / "run" / "trained" / "generator.keras")
    assert saved.input_shape == (None, 4)
    assert not (tmp_path / "run" / "samples").exists()  # nothing says how examples are made
    assert (tmp_path / "run" / "metrics.csv").read_text().splitlines()[0].startswith("epoch,loss")


def test_samples_are_drawn_while_training_and_go_with_an_overwritten_run(tmp_path: Path) -> None:
    import specc

    np.savez(tmp_path / "images.npz", image=np.random.default_rng(0).random((40, 8, 8, 1), "float32"))
    text = MODELS.replace("  fields:", "  batch_size: 20\n  fields:") + WGAN + "  epochs: 2\n"
    made = "generate: {outputs: {image: 'generator(random.normal([batch, 4]))'}}\n"
    (tmp_path / "spec.yaml").write_text(text + made, encoding="utf-8")
    run = tmp_path / "run"
    specc.train(tmp_path / "spec.yaml", run_dir=run, verbose="silent")
    drawn = [path.name for path in sorted((run / "samples").iterdir())]
    assert drawn[-1] == "epoch-0002.png"
    specc.train(tmp_path / "spec.yaml", run_dir=run, verbose="silent", epochs=1, overwrite=True)
    assert [path.name for path in (run / "samples").iterdir()] == ["epoch-0001.png"]


def test_an_update_may_be_made_in_some_steps_only(tmp_path: Path) -> None:
    import tensorflow as tf

    seldom = WGAN.replace("    - models: [generator]\n", "    - models: [generator]\n      every: 3\n")
    trainer, _ = trainer_of(tmp_path, MODELS + seldom)
    step = tf.function(trainer.train_step)
    image = np.random.default_rng(0).random((8, 8, 8, 1), "float32")
    seen = []
    for _ in range(7):
        step({"image": image})
        seen.append([weight.copy() for weight in trainer.parts["generator"].get_weights()])
    moved = [any((a != b).any() for a, b in zip(*pair, strict=True)) for pair in pairwise(seen)]
    assert moved == [False, False, True, False, False, True]


@pytest.mark.parametrize(
    "setting", ["jit_compile: true", "precision: mixed_bfloat16", "precision: mixed_float16"]
)
def test_programs_are_compiled_by_xla_and_in_mixed_precision(setting: str, tmp_path: Path) -> None:
    import specc

    np.savez(tmp_path / "images.npz", image=np.random.default_rng(0).random((32, 8, 8, 1), "float32"))
    text = MODELS.replace("  fields:", "  batch_size: 16\n  fields:") + WGAN + f"  {setting}\n"
    (tmp_path / "spec.yaml").write_text(text, encoding="utf-8")
    run = specc.train(tmp_path / "spec.yaml", run_dir=tmp_path / "run", verbose="silent")
    assert run.record.status == "finished"
    assert np.isfinite(run.record.metrics["loss"])
