"""Programs on two devices: they train as one does, and what cannot be so is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SPEC = """
specc: 1
models:
  encoder: {inputs: {x: [6]}, layers: [{Dense: {units: 3, activation: tanh, kernel_regularizer: {L2: 0.1}}}]}
  decoder: {inputs: {code: [3]}, layers: [{Dense: 6}]}
  slow: {average_of: encoder, momentum: 0.9}
data:
  source: {npz: images.npz}
  split: {train: 40, validation: 17}
  batch_size: 16
  fields: {x: {shape: [6]}}
train:
  derive: {code: encoder(x), decoded: decoder(code)}
  state: {mean_code: {shape: [3], update: "0.5 * mean_code + 0.5 * mean(code, axis=0)"}}
  update:
    - models: [encoder, decoder]
      optimizer: {SGD: 0.1}
      loss:
        reconstruction: mean(square(decoded - x))
        contraction: mean(sum(square(jacobian(code, x)), axis=[1, 2]))
        centre: mean(square(code - mean_code))
        level: MeanSquaredError(mean(x, axis=1), mean(decoded, axis=1))
        whole: MeanSquaredError(x, decoded)
      loss_weights: {contraction: 0.1}
  metrics: {slow_error: mean(square(decoder(slow(x)) - x))}
  epochs: 2
"""
SCRIPT = """
import json
import sys

import keras
import tensorflow as tf

import specc
from specc.training.programs.draws import Draws
from specc.training.strategy import open_strategy

root, way, devices = sys.argv[1], sys.argv[2], sys.argv[3:]
run = specc.train(f"{root}/spec.yaml", run_dir=f"{root}/{way}", devices=devices, verbose="silent")
strategy = open_strategy("auto", devices)
with strategy.scope():
    draws = Draws(3)
numbers = strategy.experimental_local_results(strategy.run(lambda: keras.random.normal([4], seed=draws)))
print(json.dumps({"metrics": run.record.metrics, "draws": [part.numpy().tolist() for part in numbers]}))
"""


def trained(folder: Path, *devices: str) -> dict[str, Any]:
    """What a process of its own prints: the CPU can be split only before it is used."""
    way = f"{len(devices)}"
    command = [sys.executable, "-c", SCRIPT, str(folder), way, *devices]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def test_two_devices_train_as_one_does_and_draw_numbers_of_their_own(tmp_path: Path) -> None:
    import keras

    np.savez(tmp_path / "images.npz", x=np.random.default_rng(0).random((57, 6), "float32"))
    (tmp_path / "spec.yaml").write_text(SPEC, encoding="utf-8")
    alone, both = trained(tmp_path, "cpu:0"), trained(tmp_path, "cpu:0", "cpu:1")
    assert alone["metrics"] == pytest.approx(both["metrics"], rel=1e-4)
    for name in ("encoder", "decoder", "slow"):
        one, mirrored = (
            keras.models.load_model(tmp_path / way / "trained" / f"{name}.keras").get_weights()
            for way in ("1", "2")
        )
        for mine, other in zip(one, mirrored, strict=True):
            np.testing.assert_allclose(mine, other, rtol=1e-4, atol=1e-5)
    (drawn,), (first, second) = alone["draws"], both["draws"]
    assert drawn == first
    assert np.abs(np.subtract(first, second)).min() > 1e-3


TOLD = """
import sys

from specc.frontend.load import load_spec
from specc.source.diagnostic import Reporter, SpecError
from specc.training.train import train

reporter = Reporter()
spec = load_spec(sys.argv[1])
try:
    train(spec, devices=["cpu:0", "cpu:1"], reporter=reporter, verbose="silent")
except SpecError as error:
    print(" ".join(sorted({diagnostic.code for diagnostic in error.diagnostics})))
"""


def test_what_two_devices_cannot_do_is_told(tmp_path: Path) -> None:
    np.savez(tmp_path / "images.npz", x=np.random.default_rng(0).random((58, 6), "float32"))
    text = SPEC.replace("train: 40", "train: 33").replace("    - models", "    - every: 2\n      models")
    text = text.replace("{Dense: 6}", "{Dropout: 0.5}, {Dense: 6}")
    (tmp_path / "spec.yaml").write_text(text + "  jit_compile: true\n", encoding="utf-8")
    command = [sys.executable, "-c", TOLD, str(tmp_path / "spec.yaml")]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert done.stdout.split() == ["training-left-out", "training-same-draws", "training-strategy"]
