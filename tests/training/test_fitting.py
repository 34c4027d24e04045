"""Training gives what Keras's own `fit` gives, from the same weights and data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from training_case import BASE, Case, build, losses, section_of, trained, weights

from specc.source.diagnostic import SpecError
from specc.training.compiling import choose_steps, forward_work
from specc.training.folder import read

pytestmark = pytest.mark.slow


def fitted(model: keras.Model, data: Any, epochs: int = 3, **settings: Any) -> list[float]:
    """The losses of a plain `fit`."""
    loss: list[float] = model.fit(data, epochs=epochs, verbose=0, shuffle=False, **settings).history["loss"]
    return loss


def plain(model: keras.Model | None = None, **settings: Any) -> keras.Model:
    model = model or build()
    settings.setdefault("loss", "sparse_categorical_crossentropy")
    model.compile("adam", jit_compile=False, **settings)
    return model


def test_the_losses_are_those_of_plain_fit(tmp_path: Path) -> None:
    folder, _ = trained(BASE + "epochs: 3\nmetrics: [accuracy]\n", tmp_path)
    model = plain(metrics=["accuracy"])
    history = model.fit(
        Case().rows("train").map(lambda b: (b["x"], b["label"])), epochs=3, verbose=0, shuffle=False
    ).history
    np.testing.assert_allclose(losses(folder), history["loss"], rtol=1e-6)
    np.testing.assert_allclose(losses(folder, "accuracy"), history["accuracy"], rtol=1e-6)


def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    _, first = trained(BASE + "epochs: 3\n", tmp_path / "a")
    _, second = trained(BASE + "epochs: 3\n", tmp_path / "b")
    for one, other in zip(weights(first), weights(second), strict=True):
        np.testing.assert_array_equal(one, other)


def test_several_steps_an_execution_change_nothing(tmp_path: Path) -> None:
    runs = [trained(BASE + f"epochs: 2\nsteps_per_execution: {n}\n", tmp_path / str(n)) for n in (1, 4, 32)]
    for folder, model in runs[1:]:
        assert losses(folder) == losses(runs[0][0])
        for one, other in zip(weights(model), weights(runs[0][1]), strict=True):
            np.testing.assert_array_equal(one, other)


def test_sample_weights_are_keras_s(tmp_path: Path) -> None:
    folder, _ = trained(BASE + "epochs: 3\nsample_weight: weight\n", tmp_path)
    data = Case().rows("train").map(lambda b: (b["x"], b["label"], b["weight"]))
    np.testing.assert_allclose(losses(folder), fitted(plain(), data), rtol=1e-6)


def test_class_weights_are_keras_s(tmp_path: Path) -> None:
    folder, _ = trained(BASE + "epochs: 3\nclass_weight: {1: 5.0}\n", tmp_path)
    data = Case().rows("train").map(lambda b: (b["x"], b["label"]))
    expected = fitted(plain(), data, class_weight={0: 1.0, 1: 5.0})
    np.testing.assert_allclose(losses(folder), expected, rtol=1e-6)


def test_class_and_sample_weights_multiply(tmp_path: Path) -> None:
    folder, _ = trained(BASE + "epochs: 2\nclass_weight: [1, 5]\nsample_weight: weight\n", tmp_path)

    def weigh(batch: Any) -> Any:
        by_class = keras.ops.where(batch["label"] == 1, 5.0, 1.0)
        return batch["x"], batch["label"], batch["weight"] * by_class

    expected = fitted(plain(), Case().rows("train").map(weigh), epochs=2)
    np.testing.assert_allclose(losses(folder), expected, rtol=1e-6)


def test_several_outputs_with_weights_of_one_of_them(tmp_path: Path) -> None:
    text = (
        "optimizer: adam\nloss: {label: sparse_categorical_crossentropy, other: mse}\n"
        "loss_weights: {other: 0.5}\nmetrics: {label: [accuracy]}\n"
        "class_weight: {label: [1, 3]}\nsample_weight: {other: weight}\nepochs: 2\n"
    )
    folder, _ = trained(text, tmp_path, model=build("label", "other"))
    model = plain(
        build("label", "other"),
        loss={"label": "sparse_categorical_crossentropy", "other": "mse"},
        loss_weights={"label": 1.0, "other": 0.5},
    )

    def weigh(b: Any) -> Any:
        by_class = keras.ops.where(b["label"] == 1, 3.0, 1.0)
        return b["x"], {"label": b["label"], "other": b["other"]}, {"label": by_class, "other": b["weight"]}

    expected = fitted(model, Case().rows("train").map(weigh), epochs=2)
    np.testing.assert_allclose(losses(folder), expected, rtol=1e-6)
    assert {"label_loss", "other_loss", "label_accuracy"} <= set(folder.record.metrics)


def test_an_output_without_a_loss_needs_no_target(tmp_path: Path) -> None:
    folder, _ = trained(BASE, tmp_path, model=build("label", "other"))
    model = plain()
    expected = fitted(model, Case().rows("train").map(lambda b: (b["x"], b["label"])), epochs=1)
    # both models draw the weights of `hidden` and `label` in the same order
    np.testing.assert_allclose(losses(folder), expected, rtol=1e-6)


def test_early_stopping_stops(tmp_path: Path) -> None:
    text = BASE + "epochs: 40\ncallbacks: [{EarlyStopping: {monitor: loss, min_delta: 10.0, patience: 2}}]\n"
    folder, _ = trained(text, tmp_path)
    assert folder.record.epochs == 3
    assert folder.record.status == "finished"


def test_callbacks_write_into_the_run_s_folder(tmp_path: Path) -> None:
    text = BASE + (
        "epochs: 2\ncallbacks:\n- {CSVLogger: {filename: logs/more.csv}}\n"
        "- {ModelCheckpoint: {filepath: 'each-{epoch}.keras'}}\n"
    )
    trained(text, tmp_path)
    assert (tmp_path / "logs" / "more.csv").is_file()
    assert (tmp_path / "each-2.keras").is_file()


def test_the_best_epoch_is_kept_and_tested(tmp_path: Path) -> None:
    data = Case(("train", "validation", "test"))
    text = (
        "optimizer: {Adam: {learning_rate: 0.5}}\nloss: {label: sparse_categorical_crossentropy}\nepochs: 6\n"
    )
    folder, _ = trained(text, tmp_path, data=data)
    values = losses(folder, "val_loss")
    assert folder.record.best_epoch == values.index(min(values)) + 1
    assert folder.record.best["val_loss"] == min(values)
    columns = data.columns["test"]
    best = keras.models.load_model(folder.best)
    loss = best.evaluate(columns["x"], columns["label"], batch_size=16, verbose=0, return_dict=True)["loss"]
    np.testing.assert_allclose(folder.record.test["loss"], loss, rtol=1e-6)


def test_last_keras_goes_on_in_plain_keras(tmp_path: Path) -> None:
    folder, model = trained(BASE + "epochs: 2\n", tmp_path)
    loaded = keras.models.load_model(folder.last)
    assert int(loaded.optimizer.iterations) == 12
    for one, other in zip(weights(loaded), weights(model), strict=True):
        np.testing.assert_array_equal(one, other)


def test_stages_carry_weights_and_optimizer_on(tmp_path: Path) -> None:
    whole, _ = trained(BASE + "epochs: 4\n", tmp_path / "a", data=Case())
    parts, model = trained(BASE + "stages: [{epochs: 1}, {epochs: 3}]\n", tmp_path / "b", data=Case())
    assert int(model.optimizer.iterations) == 24
    assert losses(parts) == losses(whole)


def test_a_named_optimizer_starts_anew(tmp_path: Path) -> None:
    text = BASE + "stages: [{epochs: 1}, {epochs: 1, optimizer: sgd}]\n"
    _, model = trained(text, tmp_path)
    assert isinstance(model.optimizer, keras.optimizers.SGD)
    assert int(model.optimizer.iterations) == 6


def test_frozen_layers_stay_and_the_optimizer_takes_them_later(tmp_path: Path) -> None:
    model = build()
    before = model.get_layer("hidden").get_weights()[0].copy()
    text = BASE + "stages: [{epochs: 1, freeze: hid*}]\n"
    trained(text, tmp_path / "a", model=model)
    np.testing.assert_array_equal(model.get_layer("hidden").get_weights()[0], before)
    model = build()
    text = BASE + "stages: [{epochs: 1, freeze: hidden, name: head}, {epochs: 1}]\n"
    folder, _ = trained(text, tmp_path / "b", model=model)
    assert not np.array_equal(model.get_layer("hidden").get_weights()[0], before)
    assert folder.metrics.read_text().startswith("epoch,stage,loss\n1,head,")


def test_a_pattern_without_a_layer_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        trained(BASE + "freeze: hiden\n", tmp_path)
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("freeze-unmatched", "did you mean `hidden`?")


def test_steps_per_epoch_goes_round(tmp_path: Path) -> None:
    folder, model = trained(BASE + "epochs: 5\nsteps_per_epoch: 4\n", tmp_path)
    assert folder.record.epochs == 5
    assert int(model.optimizer.iterations) == 20


def test_epochs_can_be_overridden(tmp_path: Path) -> None:
    folder, _ = trained(BASE + "epochs: 50\n", tmp_path, epochs=2)
    assert folder.record.epochs == 2


def test_steps_per_execution_is_even_and_bounded() -> None:
    work = forward_work(build())
    assert choose_steps(work, 43, 32) == 22
    assert choose_steps(work, 5, 32) == 5
    assert choose_steps(work, 10**6, 32) == 32
    assert choose_steps(work, 100, 10**9) == 1


def test_a_run_can_be_read_again(tmp_path: Path) -> None:
    folder, _ = trained(BASE, tmp_path)
    assert read(tmp_path) == folder


def test_mixed_precision_is_a_setting_of_the_section() -> None:
    assert section_of(BASE + "precision: mixed_float16\n").precision == "mixed_float16"
