"""What a run leaves behind, also where it does not end well."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from training_case import BASE, Case, build, losses, trained, training, weights

from specc.source.diagnostic import Reporter, RunError, SpecError
from specc.training.checking import check
from specc.training.folder import read
from specc.training.train import run
from specc.training.watching import Journal, Keeper, line

pytestmark = pytest.mark.slow


class Interrupt(keras.callbacks.Callback):  # type: ignore[misc]
    """Presses Ctrl-C in the given epoch, counted from 0."""

    def __init__(self, epoch: int) -> None:
        super().__init__()
        self.at = epoch
        self.epoch = -1

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self.epoch = epoch

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        if self.epoch == self.at:
            raise KeyboardInterrupt


def test_ctrl_c_leaves_a_whole_run(tmp_path: Path) -> None:
    folder, model = trained(BASE + "epochs: 9\n", tmp_path, callbacks=[Interrupt(3)])
    assert folder.record.status == "interrupted"
    assert folder.record.epochs == len(losses(folder)) == 3
    assert read(tmp_path) == folder
    for one, other in zip(weights(keras.models.load_model(folder.last)), weights(model), strict=True):
        assert one.shape == other.shape
    assert folder.best.is_file()


def test_ctrl_c_in_the_first_epoch_leaves_a_model_too(tmp_path: Path) -> None:
    folder, _ = trained(BASE + "epochs: 9\n", tmp_path, callbacks=[Interrupt(0)])
    assert (folder.record.status, folder.record.epochs, folder.record.best_epoch) == ("interrupted", 0, None)
    keras.models.load_model(folder.best)


def test_an_infinite_loss_stops_the_run(tmp_path: Path) -> None:
    text = "optimizer: {SGD: {learning_rate: 1.0e+30}}\nloss: {other: mse}\nepochs: 9\n"
    with pytest.raises(RunError) as caught:
        trained(text.replace("other", "label"), tmp_path, model=build("other"), data=renamed())
    (found,) = caught.value.diagnostics
    assert found.code == "training-nan"
    assert read(tmp_path).record.status == "failed"
    assert "in epoch 1" in str(read(tmp_path).record.error)


def renamed() -> Case:
    """The case with the number as the target of the only output."""
    data = Case()
    for columns in data.columns.values():
        columns["label"] = columns["other"]
    return data


def test_what_keras_cannot_do_is_put_in_our_words(tmp_path: Path) -> None:
    data = Case()
    data.columns["train"]["label"][:] = 7
    with pytest.raises(RunError) as caught:
        trained(BASE, tmp_path, data=data)
    (found,) = caught.value.diagnostics
    assert found.code == "training-failed"
    assert found.span is not None
    assert read(tmp_path).record.status == "failed"


def test_a_label_outside_the_classes_is_told_in_one_line(tmp_path: Path) -> None:
    data = Case()
    data.columns["train"]["label"][:] = 7
    with pytest.raises(RunError) as caught:
        run(training(BASE, tmp_path, data=data))
    (found,) = caught.value.diagnostics
    assert found.notes[0].startswith("Received a label value of 7 which is outside the valid range of [0, 2)")
    assert "units" in found.help


def test_what_keras_cannot_compile_leaves_a_failed_run(tmp_path: Path) -> None:
    """Labels that are integers do not fit a loss of one-hot targets: Keras says so before the first step."""
    with pytest.raises(RunError) as caught:
        run(training(BASE.replace("sparse_", ""), tmp_path))
    (found,) = caught.value.diagnostics
    assert found.code == "training-failed"
    assert "sparse_categorical_crossentropy" in found.help
    assert read(tmp_path).record.status == "failed"


class Broken(keras.callbacks.Callback):  # type: ignore[misc]
    """Fails in a way that nobody foresaw."""

    def on_train_begin(self, logs: object = None) -> None:
        raise RecursionError("too deep")


def test_no_run_stays_running(tmp_path: Path) -> None:
    with pytest.raises(RecursionError):
        trained(BASE, tmp_path, callbacks=[Broken()])
    record = read(tmp_path).record
    assert (record.status, record.error) == ("failed", "too deep")


def test_one_line_an_epoch(tmp_path: Path) -> None:
    lines: list[str] = []
    trained(BASE + "epochs: 2\nmetrics: [accuracy]\n", tmp_path, verbose="line", log=lines.append)
    assert [text.split()[:3] for text in lines] == [["epoch", "1/2", "loss"], ["epoch", "2/2", "loss"]]
    assert "accuracy" in lines[0]


def test_a_line_puts_losses_first() -> None:
    text = line(3, 12, {"accuracy": 0.5, "val_accuracy": 0.25, "loss": 1.5, "val_loss": 2.0}, 0.25)
    assert text == "epoch  3/12  loss 1.5  accuracy 0.5  val_loss 2  val_accuracy 0.25  0.2 s"


def test_metrics_of_stages_share_one_file(tmp_path: Path) -> None:
    journal = Journal(training(BASE, tmp_path).folder)
    journal.add("", {"loss": 1})
    journal.add("tune", {"loss": 0.5, "mae": 2})
    journal.add("tune", {"loss": 0.25, "mae": 1})
    text = (tmp_path / "metrics.csv").read_text()
    assert text == "epoch,loss,stage,mae\n1,1.0,,\n2,0.5,tune,2.0\n3,0.25,tune,1.0\n"
    assert journal.last() == {"loss": 0.25, "mae": 1.0}


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_models_are_written_when_there_is_time(tmp_path: Path) -> None:
    made = training(BASE, tmp_path)
    model, clock = made.model, Clock()
    model.compile("sgd", "mse")
    keeper = Keeper(made.folder, model, clock)
    best = weights(model)
    keeper.see(1, {"val_loss": 1.0}, monitor="val_loss")
    assert not made.folder.last.exists()
    model.layers[1].kernel.assign(model.layers[1].kernel + 1)
    clock.now = 100.0
    keeper.see(2, {"val_loss": 2.0}, monitor="val_loss")
    saved = keras.models.load_model(made.folder.best)
    for one, other in zip(weights(saved), best, strict=True):
        np.testing.assert_array_equal(one, other)
    for one, other in zip(weights(keras.models.load_model(made.folder.last)), weights(model), strict=True):
        np.testing.assert_array_equal(one, other)
    assert keeper.best_epoch == 1


def test_a_used_folder_is_refused(tmp_path: Path) -> None:
    trained(BASE, tmp_path)
    with pytest.raises(SpecError):
        training(BASE, tmp_path)


class Lacking(keras.callbacks.Callback):
    """Needs a package that is not there, as TensorBoard may."""

    def on_train_begin(self, logs: object = None) -> None:
        raise ModuleNotFoundError("TensorBoard is not installed")


def test_a_callback_without_its_package_is_told(tmp_path: Path) -> None:
    with pytest.raises(RunError) as caught:
        trained(BASE, tmp_path, callbacks=[Lacking()])
    (found,) = caught.value.diagnostics
    assert (found.code, found.notes) == ("training-failed", ("TensorBoard is not installed",))


@pytest.mark.parametrize("name", ["spec.yaml", "./run.json", "models/a.csv"])
def test_callbacks_keep_off_the_files_of_the_run(tmp_path: Path, name: str) -> None:
    with pytest.raises(SpecError) as caught:
        trained(BASE + f"callbacks: [{{CSVLogger: {name}}}]\n", tmp_path)
    assert [d.code for d in caught.value.diagnostics] == ["callback-path"]


def test_patterns_are_checked_before_training(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        trained(BASE + "freeze: nothing\nunfreeze: [hidden, nought]\n", tmp_path)
    assert [d.code for d in caught.value.diagnostics] == ["freeze-unmatched", "freeze-unmatched"]
    assert not (tmp_path / "last.keras").exists()


@pytest.mark.parametrize(
    ("text", "count"),
    [
        ("callbacks: [{EarlyStopping: {patience: 2}}]\n", 1),
        ("callbacks: [{EarlyStopping: {monitor: loss}}]\n", 0),
        ("callbacks: [{ModelCheckpoint: {filepath: a.keras}}]\n", 0),
        ("validation_steps: 2\n", 1),
    ],
)
def test_watching_a_validation_that_is_not_there_warns(tmp_path: Path, text: str, count: int) -> None:
    reporter = Reporter()
    check(training(BASE + text, tmp_path / "without"), reporter)
    assert [d.code for d in reporter] == ["training-no-effect"] * count
    reporter = Reporter()
    check(training(BASE + text, tmp_path / "with", data=Case(("train", "validation"))), reporter)
    assert not list(reporter)


@pytest.mark.parametrize(("frequency", "count"), [("4", 1), ("epoch", 0)])
def test_a_callback_that_counts_batches_is_told(tmp_path: Path, frequency: str, count: int) -> None:
    callback = f"{{ModelCheckpoint: {{filepath: a.keras, save_freq: {frequency}}}}}"
    reporter = Reporter()
    check(training(BASE + f"steps_per_execution: 8\ncallbacks: [{callback}]\n", tmp_path), reporter)
    assert [d.label for d in reporter] == ["`steps_per_execution` has no effect"] * count
