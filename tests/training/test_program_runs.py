"""Runs of programs: what they carry is evaluated as it was left, and gradients reach through generations."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SPEC = """
specc: 1
models:
  net: {inputs: {image: [6]}, layers: [{Dense: {units: 4, activation: tanh}}]}
data:
  source: {npz: images.npz}
  split: {train: 8, test: 4, shuffle: false}
  fields: {image: {shape: [6]}, label: {shape: [], dtype: int32}}
  batch_size: 4
train:
  optimizer: adam
  derive:
    out: net(image)
    mean: mean(out)
    grad: grad(out, image)
  state: {level: {shape: [], update: level + 1}}
  update:
    - models: [net]
      loss: {error: "mean(square(out)) * level + cast(step, 'float32') * mean(mean) + mean(square(grad))"}
  metrics: {hits: "AUC(cast(label > 0, 'float32'), max(out, axis=-1), thresholds=[0.25, 0.75])", level: level}
  epochs: 2
generate:
  derived:
    derive: {twice: image * 2, energy: net(twice), slope: "grad(energy, twice)"}
    outputs: {slope: slope}
  whole:
    derive: {twice: image * 2}
    outputs: {slope: "grad(net(twice), twice)"}
  walk:
    derive: {x: image * 2}
    repeat: {t: 2}
    step: {energy: net(x), x: "x + grad(energy, x)"}
    outputs: {x: x}
  draws:
    outputs: {noise: "random.normal([batch, 3])"}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Any:
    import specc

    folder = tmp_path_factory.mktemp("carried")
    rng = np.random.default_rng(0)
    np.savez(folder / "images.npz", image=rng.random((12, 6), "float32"), label=np.arange(12) % 3)
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    return specc.train(folder / "spec.yaml", run_dir=folder / "run", verbose="silent")


def opened(run: Any) -> Any:
    import specc

    return specc.open_run(run.path)


def test_a_run_is_evaluated_with_the_steps_and_states_that_it_ended_with(run: Any) -> None:
    found = opened(run).evaluate("test", data_root=run.path.parent)
    assert found["level"] == 4.0
    assert found == pytest.approx(run.record.test, rel=1e-5)


def test_arguments_of_metrics_reach_them(run: Any) -> None:
    from specc.lower.models import build_models
    from specc.training.programs.build import build_trainer

    spec = opened(run).spec
    (program,) = spec.train.programs
    trainer = build_trainer(program, spec, build_models(spec))
    (metric,) = (metric for metric in trainer.metrics if metric.name == "hits")
    assert metric.get_config()["thresholds"] == [0.25, 0.75]


def test_gradients_by_a_name_are_those_of_one_formula(run: Any) -> None:
    made = opened(run)
    root = run.path.parent
    derived = made.generate(4, name="derived", data_root=root)["slope"]
    whole = made.generate(4, name="whole", data_root=root)["slope"]
    assert np.abs(whole).max() > 1e-3
    np.testing.assert_allclose(derived, whole, rtol=1e-6)


def test_rounds_replace_names_one_after_another(run: Any) -> None:
    import tensorflow as tf

    made = opened(run)
    found = made.generate(4, name="walk", data_root=run.path.parent)["x"]
    with np.load(run.path.parent / "images.npz") as held:
        x = tf.constant(held["image"][8:12] * 2)
    for _ in range(2):
        with tf.GradientTape() as tape:
            tape.watch(x)
            energy = made.models["net"](x)
        x = x + tape.gradient(energy, x)
    np.testing.assert_allclose(found, x.numpy(), rtol=1e-5)


def test_no_seed_repeats_a_part_of_another(run: Any) -> None:
    made = opened(run)
    first, other = (made.generate(128, name="draws", seed=seed)["noise"] for seed in (0, 64))
    assert not any((first == row).all(axis=1).any() for row in other)


@pytest.mark.parametrize("seed", [-1, 2**32])
def test_seeds_that_are_none_are_refused(run: Any, seed: int) -> None:
    from specc.source.diagnostic import SpecError

    with pytest.raises(SpecError, match=str(seed)):
        opened(run).generate(1, name="draws", seed=seed)


@pytest.mark.parametrize("wrong", ["damaged", "pickled", "another", "huge"])
def test_a_strangers_states_are_refused(run: Any, tmp_path: Path, wrong: str) -> None:
    from shutil import copytree

    import specc
    from specc.source.diagnostic import SpecError

    folder = tmp_path / "run"
    copytree(run.path, folder)
    file = folder / "trained" / "carried.npz"
    arrays = {
        "pickled": {"steps": np.asarray([{}]), "state.level": np.zeros(())},
        "another": {"steps": np.zeros((), int)},
        "huge": {"steps": np.zeros(10_000), "state.level": np.zeros(())},
    }
    if wrong == "damaged":
        file.write_bytes(b"PK")
    else:
        np.savez(file, **arrays[wrong])
    with pytest.raises(SpecError) as caught:
        specc.open_run(folder).evaluate("test", data_root=run.path.parent)
    assert [(d.code, d.notes[0][:14]) for d in caught.value.diagnostics] == [
        ("run-invalid", "`carried.npz`:")
    ]


class Clock:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_models_of_a_program_are_written_while_it_trains(run: Any, tmp_path: Path) -> None:
    from specc.training.folder import RunFolder
    from specc.training.programs.run import ProgramKeeper

    clock = Clock()
    keeper = ProgramKeeper(RunFolder(tmp_path, run.record), opened(run).models, clock)
    keeper.see(1, {}, monitor="loss")
    assert not list(tmp_path.rglob("*.keras"))
    clock.now = 100.0
    keeper.see(2, {}, monitor="loss")
    assert [path.name for path in tmp_path.rglob("*.keras")] == ["net.keras"]


BROKEN = """
specc: 1
models:
  net: {inputs: {image: [8, 8, 1]}, layers: [{Dense: 1}]}
  features: {load: features.keras, trainable: false}
data:
  source: {images: {image: pictures/*.png}}
  split: {train: 4, test: 2, shuffle: false}
  batch_size: 2
  fields: {image: {}}
train:
  optimizer: sgd
  update:
    - models: [net]
      loss: {error: mean(square(net(image)))}
"""


def refused(folder: Path, text: str) -> Any:
    """What is told of a training where only Keras knows one of the models, and a test image is damaged."""
    import keras

    import specc
    from specc.source.diagnostic import RunError, SpecError

    keras.Sequential([keras.Input((8, 8, 1), name="image"), keras.layers.Dense(1)]).save(
        folder / "features.keras"
    )
    (folder / "pictures").mkdir()
    for number in range(6):
        keras.utils.save_img(folder / "pictures" / f"{number}.png", np.full((8, 8, 1), number))
    last = folder / "pictures" / "5.png"
    last.write_bytes(last.read_bytes()[:50])
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    with pytest.raises((RunError, SpecError)) as raised:
        specc.train(folder / "spec.yaml", run_dir=folder / "run", verbose="silent")
    (diagnostic,) = raised.value.diagnostics
    return diagnostic


def test_damaged_data_is_told_after_training_too(tmp_path: Path) -> None:
    assert refused(tmp_path, BROKEN).code == "data-image"
    assert (tmp_path / "run" / "trained" / "net.keras").is_file()


def test_an_output_that_a_loaded_model_lacks_is_told(tmp_path: Path) -> None:
    lacking = BROKEN.replace("mean(square(net(image)))", "mean(net(image)) + mean(features(image).depth)")
    found = refused(tmp_path, lacking)
    assert found.code == "training-failed"
    assert "depth" in found.notes[0]
