"""The commands that load TensorFlow: what they print and leave behind.

As processes where TensorFlow's own noise must be seen to be gone, otherwise in this one, which is quicker.
"""

import csv
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from specc.cli.main import cli

pytestmark = pytest.mark.slow

SPEC = """\
specc: 1
name: iris
seed: 3
params: {width: 16}
models:
  encoder:
    inputs: {features: [4]}
    layers:
      - Dense: {units: $width, activation: relu}
model:
  inputs: {features: [4]}
  layers:
    - encoder
    - Dense: {units: 3, activation: softmax}
      name: label
data:
  source: {sklearn: iris}
  split: {train: 0.6, validation: 0.2, test: 0.2, stratify: label}
  fields:
    features: {transform: [Normalization]}
train:
  optimizer: {Adam: {learning_rate: 0.02}}
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
  epochs: 15
"""
REFUSED = SPEC.replace("    - encoder\n", "    - Reshape: [3, 3]\n")


@dataclass(frozen=True)
class Done:
    returncode: int
    stdout: str
    stderr: str


def here(*arguments: str, folder: Path) -> Done:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        result = CliRunner().invoke(cli, arguments)
    return Done(result.exit_code, result.stdout, result.stderr)


def specc(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {
        name: value for name, value in os.environ.items() if not name.startswith(("TF_", "SPECC_"))
    }
    command = [sys.executable, "-m", "specc.cli.main", *arguments]
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cli")
    (folder / "iris.yaml").write_text(SPEC, encoding="utf-8")
    (folder / "refused.yaml").write_text(REFUSED, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def trained(folder: Path) -> subprocess.CompletedProcess[str]:
    return specc("train", "iris.yaml", "--run-dir", "runs/iris", folder=folder)


def test_compile_saves_a_plain_keras_model(folder: Path) -> None:
    done = specc("compile", "iris.yaml", "-o", "iris.keras", "-p", "width=8", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == "iris.keras: model iris, 67 parameters\n"
    model = keras.models.load_model(folder / "iris.keras")
    assert model.output_shape == (None, 3)
    assert type(model.optimizer).__name__ == "Adam"


def test_compile_of_another_model(folder: Path) -> None:
    done = here("compile", "iris.yaml", "-o", "encoder.keras", "--model", "encoder", folder=folder)
    assert done.stdout == "encoder.keras: model encoder, 80 parameters\n"
    done = here("compile", "iris.yaml", "-o", "encoder.keras", "--model", "encodr", folder=folder)
    assert done.returncode == 2
    assert "did you mean `encoder`?" in done.stderr


def test_what_keras_refuses_is_told_at_its_step(folder: Path) -> None:
    done = here("compile", "refused.yaml", "-o", "refused.keras", folder=folder)
    assert done.returncode == 2
    assert "refused.yaml:13:" in done.stderr
    assert "- Reshape: [3, 3]" in done.stderr
    assert "Traceback" not in done.stderr
    assert not (folder / "refused.keras").exists()


def test_summary(folder: Path) -> None:
    done = here("summary", "iris.yaml", folder=folder)
    assert (done.returncode, done.stderr) == (0, "")
    assert "model encoder" in done.stdout
    assert "[batch, 3]" in done.stdout
    assert "131 parameters" in done.stdout
    (encoder, model) = json.loads(here("summary", "iris.yaml", "--format", "json", folder=folder).stdout)
    assert [encoder["parameters"], model["parameters"]] == [80, 131]
    assert model["layers"][-1]["outputs"] == [[None, 3]]


def test_train_leaves_a_run(folder: Path, trained: subprocess.CompletedProcess[str]) -> None:
    assert (trained.returncode, trained.stderr) == (0, "")
    lines = trained.stdout.splitlines()
    assert lines[0].startswith("epoch  1/15  loss ")
    assert lines[-1].startswith("test  loss ")
    assert {"run.json", "spec.yaml", "best.keras", "metrics.csv"} <= {
        path.name for path in (folder / "runs" / "iris").iterdir()
    }


@pytest.mark.usefixtures("trained")
class TestRun:
    def test_a_run_is_not_overwritten(self, folder: Path) -> None:
        again = ("train", "iris.yaml", "--run-dir", "runs/iris", "--epochs", "1", "--quiet")
        done = here(*again, folder=folder)
        assert done.returncode == 2
        assert "error[run-folder-taken]" in done.stderr

    def test_evaluate(self, folder: Path) -> None:
        done = here("evaluate", "runs/iris", folder=folder)
        assert done.stderr == ""
        assert done.stdout.startswith("test  loss ")
        found = json.loads(
            here("evaluate", "runs/iris", "--split", "train", "--format", "json", folder=folder).stdout
        )
        assert found["accuracy"] > 0.8

    def test_predict(self, folder: Path) -> None:
        np.savez(folder / "some.npz", features=np.array([[5.1, 3.5, 1.4, 0.2], [6.3, 2.9, 5.6, 1.8]]))
        done = here("predict", "runs/iris", "some.npz", "-o", "out.csv", folder=folder)
        assert (done.stdout, done.stderr) == ("out.csv: 2 rows\n", "")
        rows = list(csv.DictReader((folder / "out.csv").open(encoding="utf-8")))
        assert list(rows[0]) == ["label", "label_0", "label_1", "label_2"]
        assert [row["label"] for row in rows] == ["0", "2"]

    def test_what_is_no_run(self, folder: Path) -> None:
        done = here("evaluate", "runs", folder=folder)
        assert done.returncode == 2
        assert "error[run-invalid]" in done.stderr
