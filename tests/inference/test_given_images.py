"""Images that are given to a trained model: folders of them, and tables that name them."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from specc.cli.main import cli
from specc.frontend.load import load_spec
from specc.inference.classes import Meaning, write_predictions
from specc.inference.run import Run, open_run
from specc.source.diagnostic import SpecError
from specc.training.train import train

pytestmark = pytest.mark.slow

SPEC = """specc: 1
model:
  inputs: {image: [6, 6, 3]}
  layers:
    - Flatten
    - Dense: {units: 2, activation: softmax}
      name: kind
data:
  source: {csv: labels.csv, base: photos}
  fields:
    image: {decode: image, transform: [{Resizing: {height: 6, width: 6}}, {Rescaling: 0.01}]}
    kind: {transform: [{StringLookup: {num_oov_indices: 0}}]}
train: {optimizer: adam, loss: sparse_categorical_crossentropy}
"""


def save(path: Path, channels: int, value: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    keras.utils.save_img(path, np.full((8, 8, channels), value), scale=False)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with photos, a table of them, a spec, and a run."""
    folder = tmp_path_factory.mktemp("photos")
    for number in range(4):
        save(folder / f"photos/{number}.png", 3, 60 * number)
    lines = ["image,kind", "0.png,dark", "1.png,dark", "2.png,light", "3.png,light", ""]
    (folder / "labels.csv").write_text("\n".join(lines))
    (folder / "spec.yaml").write_text(SPEC)
    train(load_spec(folder / "spec.yaml"), run_dir=folder / "run", verbose="silent")
    save(folder / "new/a/9.png", 1, 50)  # grey, and the first
    save(folder / "new/a/9.jpg", 3, 150)
    save(folder / "new/7.png", 4, 150)
    return folder


@pytest.fixture
def run(home: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.chdir(home)
    return open_run("run")


def test_predictions_name_the_files_of_a_folder_and_of_those_within(run: Run, tmp_path: Path) -> None:
    assert run.predict_file(Path("new"), tmp_path / "out.csv") == 3
    with (tmp_path / "out.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert list(lines[0]) == ["file", "kind", "kind_light", "kind_dark"]
    assert [line["file"] for line in lines] == ["7.png", "a/9.jpg", "a/9.png"]
    run.predict_file(Path("new"), tmp_path / "out.npz")
    saved = np.load(tmp_path / "out.npz")
    assert saved["file"].tolist() == [line["file"] for line in lines]
    np.testing.assert_allclose(saved["kind"][:, 0], [float(line["kind_light"]) for line in lines], rtol=1e-6)
    run.predict_file(Path("new/7.png"), tmp_path / "out.jsonl")
    assert json.loads((tmp_path / "out.jsonl").read_text())["file"] == "7.png"


def test_images_get_the_channels_that_the_model_takes(run: Run, home: Path) -> None:
    grey = run.predict(Path("new/a/9.png"))["kind"]
    pixels = np.full((1, 8, 8, 3), 50.0)
    model = run.model
    assert isinstance(model, keras.Model)
    np.testing.assert_allclose(grey, model(keras.ops.image.resize(pixels, (6, 6)) * 0.01), rtol=1e-5)


def test_images_that_a_table_names_lie_where_one_says(run: Run, home: Path, tmp_path: Path) -> None:
    table = tmp_path / "table.csv"
    table.write_text("image,kind\n2.png,light\n0.png,dark\n")
    with pytest.raises(SpecError) as caught:
        run.predict(table)
    (found,) = caught.value.diagnostics
    assert found.code == "data-image"
    assert "--data" in found.help
    of_table = run.predict(table, data_root=home / "photos")["kind"]
    np.testing.assert_array_equal(of_table[:1], run.predict(home / "photos/2.png")["kind"])
    assert run.evaluate(data=table, data_root=home / "photos").keys() == {"loss"}
    arguments = ["predict", str(home / "run"), str(table), "-o", str(tmp_path / "out.csv")]
    assert CliRunner().invoke(cli, [*arguments, "--data", str(home / "photos")]).exit_code == 0
    assert (tmp_path / "out.csv").read_text().startswith("kind,")  # lines of a table have their order


def test_an_output_may_be_called_file(tmp_path: Path) -> None:
    outputs = {"file": np.array([[0.5], [0.25]])}
    for name in ("out.npz", "out.csv", "out.jsonl"):
        write_predictions(tmp_path / name, outputs, {"file": Meaning("value")}, ["a.png", "b.png"])
    np.testing.assert_array_equal(np.load(tmp_path / "out.npz")["file"], outputs["file"])
    assert (tmp_path / "out.csv").read_text() == "file\n0.5\n0.25\n"
    assert "a.png" not in (tmp_path / "out.jsonl").read_text()
