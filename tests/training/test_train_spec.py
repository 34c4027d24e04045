"""`train` on whole specs: what it refuses before it begins, and what a run's folder then holds."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest

from specc.frontend.load import load_spec
from specc.source.diagnostic import Reporter, SpecError
from specc.training.folder import read
from specc.training.train import build_compiled, train

pytestmark = pytest.mark.slow

MODEL = """specc: 1
name: net
seed: 5
params: {width: 6}
model:
  inputs: {image: [8, 8]}
  layers:
    - Flatten
    - Dense: {units: $width, activation: relu}
    - Dense: {units: 10, activation: softmax}
      name: label
"""
DATA = """data:
  source: {dataset: digits}
  split: {train: 0.6, validation: 0.2, test: 0.2}
  fields: {image: {transform: [{Rescaling: 0.0625}]}}
  batch_size: 128
"""
TRAIN = """train:
  optimizer: adam
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  epochs: 2
"""


def write(folder: Path, *parts: str) -> Path:
    path = folder / "net.yaml"
    path.write_text("".join(parts), encoding="utf-8")
    return path


def refused(path: Path, run_dir: Path) -> list[str]:
    with pytest.raises(SpecError) as caught:
        train(load_spec(path), run_dir=run_dir, verbose="silent")
    assert not run_dir.exists(), "nothing is written before all is known to fit"
    return [d.code for d in caught.value.diagnostics]


def test_a_run_holds_all_that_it_takes_to_use_it(tmp_path: Path) -> None:
    spec = load_spec(write(tmp_path, MODEL, DATA, TRAIN), ["width=7"])
    folder = train(spec, run_dir=tmp_path / "run", verbose="silent")
    names = sorted(path.name for path in folder.path.iterdir())
    assert names == ["best.keras", "fitted.json", "last.keras", "metrics.csv", "run.json", "spec.yaml"]
    assert "units: 7" in folder.spec.read_text()
    record = read(tmp_path / "run").record
    assert (record.name, record.status, record.seed, record.epochs) == ("net", "finished", 5, 2)
    assert record.params == {"width": 7}
    assert record.data_root == str(tmp_path.resolve())
    assert record.versions["keras"] == keras.__version__
    assert set(record.test) == {"loss", "accuracy"}
    header = folder.metrics.read_text().splitlines()[0]
    assert header == "epoch,loss,accuracy,val_loss,val_accuracy"
    json.loads(folder.fitted.read_text())


def test_two_runs_of_a_spec_are_equal_to_the_bit(tmp_path: Path) -> None:
    spec = load_spec(write(tmp_path, MODEL, DATA, TRAIN))
    runs = [train(spec, run_dir=tmp_path / name, verbose="silent") for name in "ab"]
    first, second = (keras.models.load_model(run.last).get_weights() for run in runs)
    for one, other in zip(first, second, strict=True):
        np.testing.assert_array_equal(one, other)
    assert runs[0].metrics.read_text() == runs[1].metrics.read_text()


def test_what_training_lacks_is_said(tmp_path: Path) -> None:
    assert refused(write(tmp_path, MODEL, TRAIN), tmp_path / "run") == ["training-missing"]
    assert refused(write(tmp_path, MODEL, DATA), tmp_path / "run") == ["training-missing"]


def test_data_that_does_not_fit_leaves_no_folder(tmp_path: Path) -> None:
    path = write(tmp_path, MODEL.replace("[8, 8]", "[9, 9]"), DATA, TRAIN)
    assert refused(path, tmp_path / "run") == ["data-shape"]


def test_a_folder_in_use_is_refused_and_may_be_overwritten(tmp_path: Path) -> None:
    spec = load_spec(write(tmp_path, MODEL, DATA, TRAIN))
    train(spec, run_dir=tmp_path / "run", epochs=1, verbose="silent")
    with pytest.raises(SpecError) as caught:
        train(spec, run_dir=tmp_path / "run", verbose="silent")
    assert caught.value.diagnostics[0].code == "run-folder-taken"
    folder = train(spec, run_dir=tmp_path / "run", epochs=1, overwrite=True, verbose="silent")
    assert folder.record.epochs == 1


def test_mixed_precision_is_that_of_the_layers_and_ends_with_training(tmp_path: Path) -> None:
    before = keras.config.dtype_policy().name
    path = write(tmp_path, MODEL, DATA, TRAIN + "  precision: mixed_bfloat16\n")
    folder = train(load_spec(path), run_dir=tmp_path / "run", epochs=1, verbose="silent")
    loaded = keras.models.load_model(folder.best)
    assert loaded.get_layer("label").dtype_policy.name == "mixed_bfloat16"
    assert keras.config.dtype_policy().name == before


def test_a_compiled_model_is_ready_for_fit(tmp_path: Path) -> None:
    model = build_compiled(load_spec(write(tmp_path, MODEL, DATA, TRAIN)))
    history = model.fit(np.zeros((4, 8, 8), "float32"), np.zeros(4, "int32"), verbose=0).history
    assert set(history) == {"loss", "accuracy"}


def test_an_unknown_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        build_compiled(load_spec(write(tmp_path, MODEL)), "modle")
    (found,) = caught.value.diagnostics
    assert (found.code, found.help) == ("unknown-model", "did you mean `model`?")


def test_warnings_of_training_go_to_the_reporter(tmp_path: Path) -> None:
    reporter = Reporter()
    spec = load_spec(write(tmp_path, MODEL, DATA, TRAIN))
    train(spec, run_dir=tmp_path / "run", epochs=1, verbose="silent", reporter=reporter)
    assert not list(reporter)
