"""Generated source, run by Keras alone: the same weights give the same outputs as what specc builds."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from source_cases import CASES

import specc
from specc.frontend.load import load_spec
from specc.lower.models import build_models
from specc.python.module import to_source

pytestmark = pytest.mark.slow

SPECS = Path(__file__).parents[2] / "specs"
ZOO: dict[str, dict[str, Any]] = {
    "attention/attention_tokens": {},
    "cnn/mobilenet_v3": {"size": 32, "variant": "small"},
    "cnn/resnet": {"depth": 18, "size": 32},
    "detection/ssd_digits": {},
    "lenet/lenet_digits": {},
    "multi/multi_input_output": {},
    "rnn/lstm_forecast": {},
    "segmentation/deeplab_v3_plus": {"size": 32},
    "segmentation/segnet": {"size": 32, "filters": 4},
    "segmentation/unet_plus_plus": {"size": 16, "filters": 2},
    "siamese/siamese_digits": {},
    "tabular/wide_and_deep": {},
    "transformer/gpt3": {"vocabulary": 64, "context": 16, "width": 32, "layers": 2, "heads": 2},
}
"""Specs of the zoo, small."""

CHILD = """
import runpy, sys
from pathlib import Path
sys.modules["specc"] = None
import keras
import numpy as np

for source in sorted(Path(".").glob("*.py")):
    made = runpy.run_path(str(source))
    model = made["build_model"]()
    model.load_weights(f"{source.stem}.weights.h5")
    given = dict(np.load(f"{source.stem}.given.npz"))
    found = model(next(iter(given.values())) if len(given) == 1 else given)
    found = found if isinstance(found, dict) else {"only": found}
    trained = [int(weight.trainable) for weight in model.weights]
    np.savez(f"{source.stem}.found.npz", trained=trained, **found)
    if "compile_model" in made:
        made["compile_model"](model)
"""


def given_to(model: keras.Model) -> dict[str, Any]:
    random = np.random.default_rng(3)
    found: dict[str, Any] = {}
    for tensor in model.inputs:
        shape = [2, *(size or 16 for size in tensor.shape[1:])]
        whole = random.integers(0, 2, shape).astype(tensor.dtype)
        found[tensor.name] = random.random(shape).astype("float32") if "float" in tensor.dtype else whole
    return found


def prepare(name: str, source: str, model: keras.Model, folder: Path) -> dict[str, np.ndarray]:
    """Write what the other process needs; gives what comes out here."""
    random = np.random.default_rng(1)
    for weight in model.weights:
        if "float" in weight.dtype:
            weight.assign(random.random(weight.shape) * 0.2 + ("variance" in weight.path))
    model.save_weights(folder / f"{name}.weights.h5")
    given = given_to(model)
    np.savez(folder / f"{name}.given.npz", **given)
    (folder / f"{name}.py").write_text(source, encoding="utf-8")
    found = model(next(iter(given.values())) if len(given) == 1 else given)
    outputs = found if isinstance(found, dict) else {"only": found}
    trained = np.asarray([int(weight.trainable) for weight in model.weights])
    return {key: keras.ops.convert_to_numpy(value) for key, value in outputs.items()} | {"trained": trained}


def built(path: Path, params: dict[str, Any]) -> tuple[str, keras.Model]:
    spec = load_spec(path, params.items())
    return to_source(spec), build_models(spec)["model"]


def test_source_builds_the_same_models(tmp_path: Path) -> None:
    expected = {}
    for key, params in ZOO.items():
        name = key.replace("/", "_")
        expected[name] = prepare(name, *built(SPECS / f"{key}.yaml", params), tmp_path)
    for name, text in CASES.items():
        path = tmp_path / f"{name}.yaml"
        path.write_text(f"specc: 1\n{text}", encoding="utf-8")
        expected[name] = prepare(name, *built(path, {}), tmp_path)
    environment = {**os.environ, "TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
    done = subprocess.run(
        [sys.executable, "-c", CHILD],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    for name, outputs in expected.items():
        found = dict(np.load(tmp_path / f"{name}.found.npz"))
        assert list(found["trained"]) == list(outputs["trained"]), name
        assert found.keys() == outputs.keys(), name
        for key, value in outputs.items():
            np.testing.assert_allclose(found[key], value, rtol=1e-6, atol=1e-6, err_msg=f"{name}: {key}")


def test_parameters_of_the_source_do_what_those_of_the_spec_do() -> None:
    path = SPECS / "cnn/resnet.yaml"
    made: dict[str, Any] = {"__name__": "generated"}
    exec(compile(specc.to_python(path), "resnet.py", "exec"), made)
    model = made["build_model"](depth=34, size=32, classes=7)
    spec = load_spec(path, {"depth": 34, "size": 32, "classes": 7}.items())
    expected = build_models(spec)["model"]
    assert [tuple(w.shape) for w in model.weights] == [tuple(w.shape) for w in expected.weights]
    assert model.count_params() == expected.count_params()
