"""`specc decompile`: a saved model to a spec, and its weights beside it."""

import keras
import numpy as np
import pytest
from click.testing import CliRunner
from keras import layers

import specc
from specc.cli.main import cli

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def model():
    x = keras.Input((8, 8, 1), name="Picture")
    y = x
    for number in (1, 2, 3):
        y = layers.Conv2D(4, 3, padding="same", name=f"Conv_{number}")(y)
        y = layers.ReLU()(layers.BatchNormalization(name=f"bn{number}")(y))
    y = layers.GlobalAveragePooling2D()(y)
    model = keras.Model(
        x, [layers.Dense(3, name="z_kind")(y), layers.Dense(2, name="a_place")(y)], name="Net"
    )
    model.compile("sgd", loss=["mse", "mae"])
    return model


@pytest.fixture
def folder(model, tmp_path, monkeypatch):
    model.save(tmp_path / "net.keras")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments):
    return CliRunner().invoke(cli, ["decompile", *arguments])


def test_a_spec_and_the_weights_that_its_model_loads(folder, model):
    done = run("net.keras", "-o", "net.yaml", "--weights", "net.weights.h5")
    assert done.exit_code == 0, done.stderr
    lines = (folder / "net.yaml").read_text(encoding="utf-8").splitlines()
    assert f"net.yaml: {len(lines)} lines, 0 blocks, {model.count_params()} parameters" in done.stderr
    assert "description: Decompiled from the Keras model `Net` in net.keras." in lines
    again = specc.compile(folder / "net.yaml")
    again.load_weights(folder / "net.weights.h5")
    picture = np.random.default_rng(0).normal(size=(2, 8, 8, 1)).astype("float32")
    wanted, found = model(picture), again(picture)
    np.testing.assert_allclose(found["z_kind"], wanted[0], atol=1e-6)
    np.testing.assert_allclose(found["a_place"], wanted[1], atol=1e-6)


@pytest.mark.parametrize("arguments", [["net.keras"], ["net.keras", "-o", "-"]])
def test_to_the_terminal(folder, arguments):
    done = run(*arguments)
    assert done.exit_code == 0
    assert done.stdout.startswith("# yaml-language-server")
    assert "repeat: 3" in done.stdout
    flat = run("net.keras", "--flat").stdout
    assert "repeat" not in flat
    assert "name: conv_2" in flat


def test_its_own_input_is_not_overwritten(folder):
    before = (folder / "net.keras").read_bytes()
    done = run("net.keras", "-o", "net.keras")
    assert done.exit_code == 2
    assert "[overwrites-input]" in done.stderr
    assert (folder / "net.keras").read_bytes() == before


def test_what_is_no_model_or_no_place_is_told(folder):
    assert "[missing-file]" in run("none.keras").stderr
    done = run("net.keras", "-o", "nowhere/net.yaml")
    assert (done.exit_code, "[unwritable-file]" in done.stderr) == (1, True)
    assert run("net.keras", "--weights", "net.h5").exit_code == 2
