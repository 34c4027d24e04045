"""Training that begins with the weights of another run."""

from __future__ import annotations

import json
from pathlib import Path

import keras
import numpy as np
import pytest
from click.testing import CliRunner

from specc.cli.main import cli
from specc.frontend.load import load_spec
from specc.source.diagnostic import SpecError
from specc.training.train import train

pytestmark = pytest.mark.slow

NET = """specc: 1
name: net
params: {classes: 10, width: 6}
models:
  features:
    inputs: {image: [8, 8]}
    layers:
      - Flatten
      - Dense: {units: $width, activation: relu}
        name: hidden
      - BatchNormalization:
        name: norm
model:
  inputs: {image: [8, 8]}
  layers:
    - features
    - Dense: {units: $classes, activation: softmax}
      name: label
data:
  source: {dataset: digits, filter: label < $classes}
  split: {train: 20, test: 20, per: label}
  fields: {image: {transform: [{Rescaling: 0.0625}]}}
train:
  optimizer: adam
  loss: sparse_categorical_crossentropy
  metrics: [accuracy]
"""
STAGES = """  initial_weights: {from: base, only: features}
  stages:
    - {name: head, freeze: features}
    - {name: all, optimizer: {SGD: {learning_rate: 0.1}}}
"""


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a spec and the run of it, `base`."""
    folder = tmp_path_factory.mktemp("transfer")
    (folder / "net.yaml").write_text(NET)
    (folder / "later.yaml").write_text(NET + STAGES)
    train(load_spec(folder / "net.yaml"), run_dir=folder / "base", verbose="silent", epochs=2)
    return folder


def weights(path: Path, name: str) -> list[np.ndarray]:
    layer = keras.models.load_model(path).get_layer("features").get_layer(name)
    return [np.asarray(value) for value in layer.get_weights()]


def test_what_is_frozen_stays_the_bases_and_is_normalised_as_there(base: Path, tmp_path: Path) -> None:
    spec = load_spec(base / "later.yaml", ["classes=5"], ["train.stages=[{freeze: features, name: head}]"])
    told: list[str] = []
    run = train(spec, run_dir=tmp_path / "run", verbose="line", log=told.append)
    for name in ("hidden", "norm"):
        for mine, theirs in zip(
            weights(run.last, name), weights(base / "base" / "best.keras", name), strict=True
        ):
            np.testing.assert_array_equal(mine, theirs)
    assert any(line.startswith("initial weights from base: ") for line in told)
    report = json.loads((run.path / "initial_weights.json").read_text())
    assert {row["layer"]: row["fate"] for row in report["rows"]} == {
        "features.hidden": "moved",
        "features.norm": "moved",
        "label": "left out",
    }
    assert report["moved"] == 64 * 6 + 6 + 4 * 6


def test_what_is_unfrozen_later_is_trained(base: Path, tmp_path: Path) -> None:
    run = train(load_spec(base / "later.yaml", ["classes=5"]), run_dir=tmp_path / "run", verbose="silent")
    assert not np.array_equal(
        weights(run.last, "hidden")[0], weights(base / "base" / "best.keras", "hidden")[0]
    )


def test_a_path_that_is_given_may_lie_anywhere(base: Path, tmp_path: Path) -> None:
    net = tmp_path / "net.yaml"
    net.write_text(NET)
    arguments = ["train", str(net), "-p", "classes=5", "--run-dir", str(tmp_path / "run")]
    found = CliRunner().invoke(cli, [*arguments, "--initial-weights", str(base / "base" / "last.keras")])
    assert found.exit_code == 0, found.output
    assert "label" in found.output and "shapes differ: [6, 5] here, [6, 10] in the source" in found.output


def test_nothing_is_written_where_nothing_can_be_moved(base: Path, tmp_path: Path) -> None:
    spec = load_spec(base / "net.yaml", ["width=7", "classes=4"])
    with pytest.raises(SpecError) as caught:
        train(spec, run_dir=tmp_path / "run", initial_weights=base / "base", verbose="silent")
    assert [d.code for d in caught.value.diagnostics] == ["weights-unmatched"]
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize(("named", "code"), [("../base", "outside-folder"), ("runs/none", "missing-file")])
def test_a_path_in_the_spec_lies_below_it(base: Path, tmp_path: Path, named: str, code: str) -> None:
    spec = load_spec(base / "net.yaml", (), [f"train.initial_weights={named}"])
    with pytest.raises(SpecError) as caught:
        train(spec, run_dir=tmp_path / "run", verbose="silent")
    assert [d.code for d in caught.value.diagnostics] == [code]


def test_a_given_path_that_is_missing_is_told(base: Path, tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        train(load_spec(base / "net.yaml"), run_dir=tmp_path / "run", initial_weights=tmp_path / "none")
    assert [d.code for d in caught.value.diagnostics] == ["missing-file"]


@pytest.mark.parametrize("given", [True, False])
def test_a_program_begins_with_its_own_models(base: Path, tmp_path: Path, given: bool) -> None:
    written = "" if given else "  initial_weights: base\n"
    program = "  update: [{models: model, loss: {size: mean(model(image))}}]\n"
    text = NET.split("  loss:")[0] + written + program
    (tmp_path / "net.yaml").write_text(text)
    with pytest.raises(SpecError) as caught:
        path = base / "base" if given else None
        train(load_spec(tmp_path / "net.yaml"), run_dir=tmp_path / "run", initial_weights=path)
    found = caught.value.diagnostics[0]
    assert found.code == "training-program" and "initial_weights" in found.title
