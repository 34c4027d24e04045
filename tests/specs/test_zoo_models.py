"""Every spec of the zoo compiles, resolves to the same architecture, trains, and is plain Keras."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from zoo_files import FILES, LIGHT, ROOT, name_of, params_of

import specc
from specc.frontend.load import load_spec

pytestmark = pytest.mark.slow

LOAD_AND_CALL = """
import pathlib, sys
import keras, numpy as np
for folder in pathlib.Path(sys.argv[1]).iterdir():
    model = keras.models.load_model(folder / "model.keras")
    given = dict(np.load(folder / "inputs.npz"))
    found = model(given if len(given) > 1 else next(iter(given.values())))
    np.savez(folder / "outputs.npz", *[np.asarray(tensor) for tensor in keras.tree.flatten(found)])
assert "specc" not in sys.modules
"""

Arrays = dict[str, np.ndarray[Any, Any]]


def examples_for(model: keras.Model) -> Arrays:
    """Two made-up examples by input."""
    random = np.random.default_rng(3)
    found: Arrays = {}
    for tensor in keras.tree.flatten(model.input):
        unknown = 32 if len(tensor.shape) == 4 else 5  # a picture is halved again and again
        shape = [2, *(size or unknown for size in tensor.shape[1:])]
        whole = "int" in tensor.dtype
        found[tensor.name] = random.integers(0, 4, shape) if whole else random.normal(size=shape)
    return found


def call(model: keras.Model, given: Arrays) -> list[Any]:
    found = model(given if len(given) > 1 else next(iter(given.values())))
    return [keras.ops.convert_to_numpy(tensor) for tensor in keras.tree.flatten(found)]


@pytest.fixture(scope="module")
def expected_and_found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[list[Any], list[Any]]]:
    """By model: what it gives before it is saved, and loaded in a Python that does not import specc."""
    root = tmp_path_factory.mktemp("saved")
    expected = {}
    for path in LIGHT:
        for position, name in enumerate(load_spec(path, params_of(path).items()).models):
            folder = root / f"{path.parent.name}-{path.stem}-{position}"
            folder.mkdir()
            model = specc.compile(path, params_of(path), model=name)
            given = examples_for(model)
            expected[folder.name] = call(model, given)
            model.save(folder / "model.keras")
            np.savez(folder / "inputs.npz", allow_pickle=False, **given)
    subprocess.run([sys.executable, "-c", LOAD_AND_CALL, str(root)], check=True, cwd=root)
    return {
        name: (tensors, list(np.load(root / name / "outputs.npz").values()))
        for name, tensors in expected.items()
    }


@pytest.mark.parametrize("path", LIGHT, ids=name_of)
def test_resolving_keeps_the_architecture(path: Path, tmp_path: Path) -> None:
    flat = tmp_path / "flat.yaml"
    flat.write_text(specc.resolve(path, params_of(path)), encoding="utf-8")
    models, again = specc.compile_models(path, params_of(path)), specc.compile_models(flat)
    assert {name: model.to_json() for name, model in models.items()} == {
        name: model.to_json() for name, model in again.items()
    }
    assert specc.resolve(flat) == flat.read_text(encoding="utf-8")


@pytest.mark.parametrize("path", LIGHT, ids=name_of)
def test_a_saved_model_is_plain_keras(
    path: Path, expected_and_found: dict[str, tuple[list[Any], list[Any]]]
) -> None:
    prefix = f"{path.parent.name}-{path.stem}-"
    mine = {name: pair for name, pair in expected_and_found.items() if name.startswith(prefix)}
    assert mine
    for expected, found in mine.values():
        for before, after in zip(expected, found, strict=True):
            np.testing.assert_allclose(before, after, rtol=1e-5, atol=1e-6)


QUALITY: dict[str, dict[str, float]] = {
    "mlp/mlp_wine": {"accuracy": 0.94},
    "mlp/regression_diabetes": {"mae": -52.0},
    "lenet/lenet_digits": {"accuracy": 0.98},
    "multi/multi_input_output": {"label_accuracy": 0.95, "odd_accuracy": 0.95},
    "siamese/siamese_digits": {"accuracy": 0.9, "auc": 0.95},
    "rnn/lstm_next_row": {"mae": -0.16},
    "tabular/wide_and_deep": {"accuracy": 0.93, "auc": 0.97},
    "tabular/mlp_iris_csv": {"accuracy": 0.93},
    "tabular/regression_wine_quality": {"mae": -0.8},
    "rnn/lstm_forecast": {"mae": -1.0},
    "attention/attention_tokens": {"accuracy": 0.9},
    "text/text_cnn": {"accuracy": 0.9},
    "lenet/lenet_mnist": {"accuracy": 0.9},
    "cnn/resnet_digits": {"accuracy": 0.95},
    "cnn/lenet5": {"accuracy": 0.85},
}
"""What a trained model reaches on its test split; errors, to stay below, are negative."""

TRAINED_ELSEWHERE = {
    "detection/retinanet": "test_detection.py",
    "siamese/contrastive_digits": "test_embeddings.py",
    "siamese/triplet_digits": "test_embeddings.py",
    "detection/ssd_digits": "test_detection.py",
    "segmentation/unet_paper": "test_segmentation_models.py",
    "segmentation/membrane": "test_segmentation_models.py",
    "transfer/base_digits": "test_initial.py",
    "transfer/base_mnist": "test_initial.py",
    "transfer/transfer_digits": "test_initial.py",
    "transfer/transfer_mnist": "test_initial.py",
    "anomaly/reconstruction": "test_zoo_programs.py",
    "autoencoder/denoising": "test_zoo_programs.py",
    "contrastive/clip": "test_zoo_programs.py",
    "distillation/distillation": "test_zoo_programs.py",
    "super_resolution/espcn": "test_zoo_programs.py",
    "autoencoder/autoencoder": "test_objectives.py",
    "autoencoder/contractive": "test_objectives.py",
    "autoencoder/sparse": "test_objectives.py",
    "autoencoder/vae": "test_objectives.py",
    "autoencoder/vq_vae": "test_objectives.py",
    "contrastive/simclr": "test_objectives.py",
    "diffusion/ddpm": "test_objectives.py",
    "gan/auxiliary_classifier": "test_objectives.py",
    "gan/conditional": "test_objectives.py",
    "gan/cyclegan": "test_objectives.py",
    "gan/dcgan": "test_objectives.py",
    "gan/hinge": "test_objectives.py",
    "gan/least_squares": "test_objectives.py",
    "gan/pix2pix": "test_objectives.py",
    "gan/wgan_gp": "test_objectives.py",
    "super_resolution/srgan": "test_objectives.py",
}
"""Programs, and those that take minutes: another file trains a small one, or looks at it in another way."""

SHORTER = {"lenet/lenet_mnist": 4, "cnn/lenet5": 8}
"""Epochs of those that would take long."""


@pytest.mark.parametrize("name", QUALITY)
def test_training_reaches_its_quality(name: str, tmp_path: Path) -> None:
    if name in FILES:
        FILES[name](tmp_path)
    run = specc.train(
        ROOT / f"{name}.yaml",
        run_dir=tmp_path / "run",
        data_root=tmp_path if name in FILES else None,
        epochs=SHORTER.get(name),
        verbose="silent",
    )
    reached = run.record.test
    for metric, least in QUALITY[name].items():
        value = reached[metric]
        assert value is not None
        assert (value if least > 0 else -value) >= least, reached


def test_every_spec_with_data_is_trained() -> None:
    with_data = {name_of(path) for path in LIGHT if "\ndata:" in path.read_text(encoding="utf-8")}
    assert with_data <= set(QUALITY) | set(TRAINED_ELSEWHERE)
