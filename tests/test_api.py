"""The Python interface."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import specc

SPEC = """specc: 1
name: net
params: {width: 4}
model:
  inputs: {image: [8, 8]}
  layers:
    - Flatten
    - Dense: {units: $width, activation: relu}
    - Dense: 10
      name: label
data:
  source: {dataset: digits}
  split: {train: 0.6, test: 0.4}
  batch_size: 128
train:
  optimizer: adam
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy]
"""


@pytest.fixture
def spec(tmp_path: Path) -> Path:
    path = tmp_path / "net.yaml"
    path.write_text(SPEC, encoding="utf-8")
    return path


def test_checking_gives_a_report(spec: Path) -> None:
    report = specc.check(spec)
    assert report.ok
    assert bool(report)
    assert str(report) == "no problems"
    spec.write_text(SPEC.replace("Flatten", "Flaten"), encoding="utf-8")
    report = specc.check(spec)
    assert [d.code for d in report.errors] == ["unknown-layer"]
    assert "did you mean `Flatten`?" in str(report)
    assert "Flaten" in str(report)


def test_resolving_fills_parameters_in(spec: Path) -> None:
    assert "units: 9" in specc.resolve(spec, {"width": 9})
    assert "epochs: 3" in specc.resolve(spec, overrides={"train.epochs": 3})
    with pytest.raises(specc.SpecError):
        specc.resolve(spec, {"wide": 9})


def test_neither_importing_nor_checking_loads_tensorflow(spec: Path) -> None:
    code = (
        "import sys, specc; specc.check(sys.argv[1]); specc.resolve(sys.argv[1]);"
        "print([m for m in ('tensorflow', 'keras', 'numpy', 'matplotlib', 'click') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code, str(spec)], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.slow
def test_compiling_gives_plain_keras(spec: Path) -> None:
    import keras

    model = specc.compile(spec, {"width": 3})
    assert isinstance(model, keras.Model)
    assert model.get_layer("label").kernel.shape == (3, 10)
    assert model.optimizer is not None
    assert list(specc.compile_models(spec)) == ["model"]


@pytest.mark.slow
def test_training_gives_a_run(spec: Path, tmp_path: Path) -> None:
    lines: list[str] = []
    run = specc.train(
        spec, overrides={"train.epochs": 2}, run_dir=tmp_path / "run", verbose="line", log=lines.append
    )
    assert len(lines) == 2
    assert (tmp_path / "run" / "curves.png").is_file()
    again = specc.open_run(tmp_path / "run")
    assert again.record == run.record
    outputs = again.predict(np.zeros((3, 8, 8), "float32"))
    assert outputs["label"].shape == (3, 10)
    assert again.evaluate() == pytest.approx(run.record.test, rel=1e-6)


@pytest.mark.slow
def test_a_registered_layer_can_be_named(spec: Path) -> None:
    import keras

    class Doubled(keras.layers.Layer):  # type: ignore[misc]
        def call(self, inputs: object) -> object:
            return inputs * 2  # type: ignore[operator]

    specc.register("ApiDoubled", Doubled)
    spec.write_text(SPEC.replace("- Flatten", "- ApiDoubled\n    - Flatten"), encoding="utf-8")
    assert isinstance(specc.compile(spec).layers[1], Doubled)
