"""A run that was opened again: its model, its metrics, its predictions."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

from specc.frontend.load import load_spec
from specc.inference.run import Run, open_run
from specc.source.diagnostic import SpecError
from specc.training.train import train

pytestmark = pytest.mark.slow

SPEC = """specc: 1
name: flowers
seed: 1
model:
  inputs: {size: [2]}
  layers:
    - Dense: {units: 8, activation: relu}
    - Dense: 2
      name: kind
data:
  source: {csv: flowers.csv, drop_missing: true}
  split: {train: 0.6, validation: 0.2, test: 0.2}
  fields:
    size: {column: [length, width], transform: [Normalization]}
    kind: {transform: [{StringLookup: {num_oov_indices: 0}}]}
  batch_size: 8
train:
  optimizer: {Adam: {learning_rate: 0.05}}
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy]
  class_weight: [1, 2]
  epochs: 6
"""


def rows(count: int) -> list[list[Any]]:
    random = np.random.default_rng(2)
    found = []
    for _ in range(count):
        length, width = random.uniform(1, 9, 2).round(2)
        found.append([length, width, "rose" if length > width else "iris"])
    return found


def write_csv(path: Path, header: list[str], lines: list[list[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *lines])
    return path


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with data, spec and a run."""
    folder = tmp_path_factory.mktemp("flowers")
    write_csv(folder / "flowers.csv", ["length", "width", "kind"], rows(120))
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    train(load_spec(folder / "spec.yaml"), run_dir=folder / "run", verbose="silent")
    return folder


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(home)
    return open_run("run")


def test_the_model_has_the_best_weights(run: Run) -> None:
    expected = keras.models.load_model(run.folder.best).get_weights()
    for one, other in zip(run.model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_evaluating_gives_what_training_recorded(run: Run) -> None:
    assert run.evaluate() == pytest.approx(run.record.test, rel=1e-6)
    best = {name.removeprefix("val_"): v for name, v in run.record.best.items() if name.startswith("val_")}
    assert run.evaluate("validation") == pytest.approx(best, rel=1e-6)
    assert run.record.test["accuracy"] > 0.8


def test_evaluating_other_data(run: Run, tmp_path: Path) -> None:
    lines = rows(120)
    path = write_csv(tmp_path / "other.csv", ["width", "kind", "length"], [[w, k, n] for n, w, k in lines])
    columns = {
        "length": [line[0] for line in lines],
        "width": [line[1] for line in lines],
        "kind": [line[2] for line in lines],
    }
    assert run.evaluate(data=path) == pytest.approx(run.evaluate(data=columns), rel=1e-6)
    assert run.evaluate(data=path)["accuracy"] > 0.8


def test_predicting_a_file_without_targets(run: Run, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "new.csv", ["length", "width"], [[9, 1], [1, 9], [8, 2]])
    outputs = run.predict(path)
    assert {name: values.shape for name, values in outputs.items()} == {"kind": (3, 2)}
    columns = {"length": np.array([9.0, 1, 8]), "width": np.array([1.0, 9, 2])}
    np.testing.assert_allclose(run.predict(columns)["kind"], outputs["kind"], rtol=1e-5)


def test_no_row_is_left_out_of_predictions(run: Run, tmp_path: Path) -> None:
    path = write_csv(tmp_path / "new.csv", ["length", "width"], [[9, 1], [1, ""], [8, 2]])
    with pytest.raises(SpecError) as caught:
        run.predict(path)
    assert code(caught) == "data-missing"


def test_predictions_are_what_the_formula_of_the_model_gives(run: Run) -> None:
    """Normalised with what was learnt from the training rows, then the two layers."""
    (step,) = json.loads(run.folder.fitted.read_text())["fields"]["size"]
    mean, variance = (np.array(step["state"][name]) for name in ("mean", "variance"))
    x = (np.array([[3.0, 5.0]]) - mean) / np.sqrt(variance)
    k1, b1, k2, b2 = run.model.get_weights()
    expected = np.maximum(x @ k1 + b1, 0) @ k2 + b2
    found = run.predict({"length": [3.0], "width": [5.0]})["kind"]
    np.testing.assert_allclose(found, expected.reshape(found.shape), rtol=1e-4)


def test_predictions_as_csv_name_the_classes(run: Run, tmp_path: Path) -> None:
    outputs = run.predict({"length": [9.0, 1.0], "width": [1.0, 9.0]})
    run.write_predictions(tmp_path / "out.csv", outputs)
    with (tmp_path / "out.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [line["kind"] for line in lines] == ["rose", "iris"]
    assert float(lines[0]["kind_rose"]) + float(lines[0]["kind_iris"]) == pytest.approx(1)
    run.write_predictions(tmp_path / "out.npz", outputs)
    np.testing.assert_array_equal(np.load(tmp_path / "out.npz")["kind"], outputs["kind"])


def code(caught: pytest.ExceptionInfo[SpecError]) -> str:
    return caught.value.diagnostics[0].code


def test_data_that_lacks_a_column_is_refused(run: Run) -> None:
    with pytest.raises(SpecError) as caught:
        run.predict({"length": [1.0]})
    assert code(caught) == "data-column"


@pytest.mark.parametrize(
    "data",
    ["nowhere.csv", {"length": [1.0], "width": [1.0, 2.0]}, [1.0, 2.0], {"length": [], "width": []}],
)
def test_data_that_makes_no_rows_is_refused(run: Run, data: Any) -> None:
    with pytest.raises(SpecError) as caught:
        run.predict(data)
    assert code(caught) == "run-data"


def test_data_elsewhere_must_be_allowed(home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    run = open_run(home / "run")
    with pytest.raises(SpecError) as caught:
        run.evaluate()
    assert code(caught) == "run-data"
    assert run.evaluate(data_root=home) == pytest.approx(run.record.test, rel=1e-6)


def copied(home: Path, folder: Path) -> Path:
    folder.mkdir()
    for path in (home / "run").iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    return folder


def test_damaged_runs_are_refused(home: Path, tmp_path: Path) -> None:
    for name in ("spec.yaml", "best.keras"):
        folder = copied(home, tmp_path / name)
        (folder / name).unlink()
        with pytest.raises(SpecError) as caught:
            _ = open_run(folder).model
        assert code(caught) == "run-invalid"
    folder = copied(home, tmp_path / "garbage")
    (folder / "best.keras").write_bytes(b"garbage")
    with pytest.raises(SpecError) as caught:
        _ = open_run(folder).model
    assert code(caught) == "run-invalid"
    folder = copied(home, tmp_path / "others")
    (folder / "spec.yaml").write_text(SPEC.replace("units: 8", "units: 9"))
    with pytest.raises(SpecError) as caught:
        _ = open_run(folder).model
    assert code(caught) == "run-invalid"


def test_damaged_weights_are_told_as_such(home: Path, tmp_path: Path) -> None:
    best = copied(home, tmp_path / "run") / "best.keras"
    best.write_bytes(best.read_bytes()[:200])
    with pytest.raises(SpecError) as caught:
        _ = open_run(tmp_path / "run").model
    assert "is damaged" in caught.value.diagnostics[0].notes[0]


@pytest.mark.parametrize("name", ["spec.yaml", "best.keras", "fitted.json"])
def test_links_out_of_the_run_are_refused(home: Path, tmp_path: Path, name: str) -> None:
    file = copied(home, tmp_path / "run") / name
    file.rename(tmp_path / name)
    file.symlink_to(tmp_path / name)
    run = open_run(tmp_path / "run")
    with pytest.raises(SpecError) as caught:
        _ = (run.spec, run.fitted, run.model)
    assert caught.value.diagnostics[0].notes == (f"`{name}` is a link that leads out of the folder",)


def test_a_batch_has_a_row(run: Run) -> None:
    with pytest.raises(SpecError) as caught:
        run.predict({"length": [1.0], "width": [2.0]}, batch_size=0)
    assert code(caught) == "bad-option"


@pytest.mark.parametrize("option", [{"epochs": 0}, {"epochs": 2**31}, {"verbose": "lines"}])
def test_options_of_training_are_checked(home: Path, tmp_path: Path, option: dict[str, Any]) -> None:
    with pytest.raises(SpecError) as caught:
        train(load_spec(home / "spec.yaml"), run_dir=tmp_path / "run", **option)
    assert code(caught) == "bad-option"
    assert not (tmp_path / "run").exists()
