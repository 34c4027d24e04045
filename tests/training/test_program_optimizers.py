"""What optimizers and callbacks do in programs with several updates."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SPEC = """
specc: 1
models:
  one: {{inputs: {{x: [4]}}, layers: [{{Dense: 4}}]}}
  other: {{inputs: {{x: [4]}}, layers: [{{Dense: 4}}]}}
data: {{source: {{npz: rows.npz}}, batch_size: 2, fields: {{x: {{shape: [4]}}}}}}
train:
  optimizer: {optimizer}
  update:
    - {{models: [other], loss: {{second: "{scale} * mean(square(other(x) - x))"}}}}
    - {{models: [one], every: 2, repeat: 2, loss: {{first: "{scale} * mean(square(one(x) - x))"}}}}
  {more}
"""


def trainer_of(folder: Path, optimizer: str, scale: float = 1.0, more: str = "") -> Any:
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.training.programs.build import build_trainer
    from specc.training.train import dtype_policy

    path = folder / "spec.yaml"
    path.write_text(SPEC.format(optimizer=optimizer, scale=scale, more=more), encoding="utf-8")
    spec = load_spec(path)
    assert spec.train is not None
    with dtype_policy(spec.train.precision):
        models = build_models(spec)
    return build_trainer(spec.train.programs[0], spec, models)


def batches() -> Any:
    import tensorflow as tf

    rows = np.random.default_rng(0).random((10, 4), "float32")
    return tf.data.Dataset.from_tensor_slices({"x": rows}).batch(2)


def test_each_update_ends_with_the_averages_that_its_optimizer_kept(tmp_path: Path) -> None:
    import keras

    optimizer = "{SGD: {learning_rate: 0.3, use_ema: true, ema_momentum: 0.9}}"
    trainer = trainer_of(tmp_path, optimizer)
    other = keras.models.clone_model(trainer.parts["other"])
    other.set_weights(trainer.parts["other"].get_weights())
    by_hand = keras.optimizers.SGD(0.3, use_ema=True, ema_momentum=0.9)
    other.compile(by_hand, loss="mse")
    other.fit(batches().map(lambda batch: (batch["x"], batch["x"])), verbose=0)
    trainer.fit(batches(), verbose=0)
    trainer.finish()
    for mine, theirs in zip(trainer.parts["other"].get_weights(), other.get_weights(), strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-5, atol=1e-6)
    kept = trainer.update_optimizers[1]._model_variables_moving_average
    for mine, average in zip(trainer.parts["one"].get_weights(), kept, strict=True):
        np.testing.assert_array_equal(mine, average)


def test_small_losses_move_weights_in_sixteen_bits(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, "{SGD: 1e5}", 1e-8, "precision: mixed_float16")
    before = trainer.parts["other"].get_weights()[0]
    trainer.fit(batches(), verbose=0)
    assert np.abs(trainer.parts["other"].get_weights()[0] - before).max() > 1e-4


def test_the_loss_is_the_sum_of_the_means_of_all_terms(tmp_path: Path) -> None:
    trainer = trainer_of(tmp_path, "{SGD: 0.1}")
    logs = trainer.fit(batches(), verbose=0).history
    assert logs["loss"][0] == pytest.approx(logs["first"][0] + logs["second"][0], rel=1e-6)


def test_callbacks_leave_the_files_of_a_run_alone(tmp_path: Path) -> None:
    import specc
    from specc.source.diagnostic import SpecError

    np.savez(tmp_path / "rows.npz", x=np.ones((4, 4), "float32"))
    more = "callbacks: [{CSVLogger: trained/log.csv}]"
    (tmp_path / "spec.yaml").write_text(SPEC.format(optimizer="sgd", scale=1.0, more=more), encoding="utf-8")
    with pytest.raises(SpecError) as raised:
        specc.train(tmp_path / "spec.yaml", run_dir=tmp_path / "run", verbose="silent")
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == ["callback-path"]
    assert not (tmp_path / "run").exists()


def test_one_learning_rate_of_several_is_not_lowered_alone(tmp_path: Path) -> None:
    from specc.source.diagnostic import SpecError

    with pytest.raises(SpecError) as raised:
        trainer_of(tmp_path, "sgd", more="callbacks: [{ReduceLROnPlateau: {monitor: loss}}]")
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == ["training-program"]
