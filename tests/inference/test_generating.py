"""`specc generate`: examples of trained models, from Python and from the command line."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

pytestmark = pytest.mark.slow

SPEC = """
specc: 1
models:
  decoder:
    inputs: {code: [2], label: {shape: [], dtype: int32}}
    layers:
      - Embedding: {input_dim: 3, output_dim: 2}
        from: label
      - Add:
        from: [previous, code]
      - Dense: {units: 16, activation: sigmoid}
      - Reshape: [4, 4, 1]
data:
  source: {npz: images.npz}
  split: {train: 6, test: 2, shuffle: false}
  fields: {image: {shape: [4, 4, 1]}, label: {shape: [], dtype: int32}}
  batch_size: 3
train:
  optimizer: adam
  update:
    - models: [decoder]
      loss:
        error: mean(square(decoder(random.normal([batch, 2]), label) - image))
generate:
  samples:
    inputs: {label: {shape: [], dtype: int32}}
    derive: {code: "random.normal([batch, 2])"}
    outputs: {image: "decoder(code, label)"}
  rounds:
    derive: {total: "zeros([batch, 4, 4, 1])"}
    repeat: {t: 4}
    step: {total: "total + cast(t, 'float32') / 10"}
    outputs: {image: total, truth: image}
  codes:
    outputs: {code: "random.normal([batch, 2])"}
  of_code:
    inputs: {code: [2]}
    outputs: {image: "decoder(code, zeros([batch], dtype='int32'))"}
  slopes:
    derive: {energy: "sum(image ** 2, axis=[1, 2, 3])"}
    outputs: {slope: "grad(energy, image)", image: image}
  nothing:
    outputs: {image: "image / 0"}
  counted:
    derive: {mix: "split(zeros([batch, 2]), batch)"}
    outputs: {mix: "mix[0]"}
"""


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    import specc

    folder = tmp_path_factory.mktemp("generating")
    rng = np.random.default_rng(0)
    images, labels = rng.random((8, 4, 4, 1), "float32"), np.arange(8) % 3
    np.savez(folder / "images.npz", image=images, label=labels)
    (folder / "spec.yaml").write_text(SPEC, encoding="utf-8")
    specc.train(folder / "spec.yaml", run_dir=folder / "run", verbose="silent")
    return folder / "run"


def test_the_same_seed_makes_the_same_examples(run: Path) -> None:
    import specc

    opened = specc.open_run(run)
    first, again, other = (opened.generate(5, seed=seed, inputs={"label": 1})["image"] for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert np.abs(first - other).max() > 1e-3
    assert first.shape == (5, 4, 4, 1)


def test_inputs_are_taken_in_turn(run: Path) -> None:
    import keras

    import specc

    opened = specc.open_run(run)
    made = opened.generate(4, inputs={"label": [0, 2]}, name="samples")["image"]
    code = keras.random.normal([4, 2], seed=keras.random.SeedGenerator(0))
    by_hand = opened.models["decoder"]({"code": code, "label": keras.ops.array([0, 2, 0, 2])})
    np.testing.assert_allclose(made, by_hand, rtol=1e-5)


def test_rounds_carry_on_and_fields_come_from_the_data(run: Path) -> None:
    import specc

    opened = specc.open_run(run)
    made = opened.generate(3, name="rounds", data_root=run.parent)
    np.testing.assert_allclose(made["image"], 0.6, rtol=1e-6)
    images = np.load(run.parent / "images.npz")["image"]
    np.testing.assert_array_equal(made["truth"], images[[6, 7, 6]])


def test_the_command_draws_what_are_images(run: Path, tmp_path: Path) -> None:
    from matplotlib.image import imread

    from specc.cli.main import cli

    call = CliRunner().invoke
    made = call(cli, ["generate", str(run), "-i", "label=0..2", "-n", "9", "-o", str(tmp_path / "grid.png")])
    assert made.exit_code == 0, made.output
    assert imread(tmp_path / "grid.png").shape[:2] == (3 * 66 + 2, 3 * 66 + 2)
    made = call(cli, ["generate", str(run), "-i", "label=1", "-n", "2", "-o", str(tmp_path / "each")])
    assert sorted(path.name for path in (tmp_path / "each").iterdir()) == ["00000.png", "00001.png"], (
        made.output
    )
    made = call(cli, ["generate", str(run), "--name", "codes", "-o", str(tmp_path / "codes.npz")])
    assert np.load(tmp_path / "codes.npz")["code"].shape == (16, 2), made.output


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--name", "sampls"], "generate-missing"),
        (["-i", "lable=1"], "generate-input"),
        (["--name", "codes"], "generate-output"),
        (["--name", "nothing"], "generate-output"),
        (["--name", "of_code"], "generate-input"),
        (["-i", "label=1.5"], "generate-input"),
        (["-i", "label=1e12"], "generate-input"),
    ],
)
def test_what_cannot_be_made_is_said(run: Path, arguments: list[str], code: str, tmp_path: Path) -> None:
    from specc.cli.main import cli

    options = [*arguments, "--data", str(run.parent)]
    made = CliRunner().invoke(cli, ["generate", str(run), *options, "-o", str(tmp_path / "no.png")])
    assert made.exit_code == 2
    assert f"error[{code}]" in made.output
    assert not list(tmp_path.iterdir())


def test_formulas_that_fail_are_told(run: Path, tmp_path: Path) -> None:
    from specc.cli.main import cli

    arguments = ["generate", str(run), "-i", "label=7", "-o", str(tmp_path / "no.png")]
    made = CliRunner().invoke(cli, arguments)
    assert made.exit_code == 1
    for told in ("generate-failed", "this cannot be computed", "7 is not in [0, 3)"):
        assert told in made.output
    made = CliRunner().invoke(
        cli, ["generate", str(run), "--name", "counted", "-o", str(tmp_path / "no.png")]
    )
    assert made.exit_code == 1
    assert "generate-failed" in made.output and "split(zeros" in made.output


def test_gradients_come_through_what_is_derived(run: Path) -> None:
    import specc

    made = specc.open_run(run).generate(2, name="slopes", data_root=run.parent)
    np.testing.assert_allclose(made["slope"], 2 * made["image"], rtol=1e-6)


def test_an_input_with_the_name_of_a_models_input_is_given(run: Path) -> None:
    import specc

    opened = specc.open_run(run)
    made = opened.generate(2, name="of_code", inputs={"code": [[0.5, -1.0]]})["image"]
    by_hand = opened.models["decoder"]({"code": np.array([[0.5, -1.0]]), "label": np.zeros(1, "int32")})
    np.testing.assert_allclose(made, np.repeat(by_hand, 2, axis=0), rtol=1e-6)


def test_an_image_is_numbers_from_0_to_1_of_the_channels_wanted(run: Path, tmp_path: Path) -> None:
    import specc
    from specc.report.samples import save

    pixels = np.arange(0, 160, 10, dtype="uint8").reshape(4, 4, 1)
    save(pixels, tmp_path / "grey.png")  # as `specc generate` writes it: with colours
    opened = specc.open_run(run)
    made = opened.generate(2, name="rounds", inputs={"image": tmp_path / "grey.png"})
    np.testing.assert_allclose(made["truth"], np.stack([pixels, pixels]) / 255, atol=1e-6)


def test_a_program_is_not_shown(run: Path) -> None:
    from specc.cli.main import cli

    made = CliRunner().invoke(cli, ["show", str(run)])
    assert made.exit_code == 2
    assert "error[nothing-to-show]" in made.output and "specc generate" in made.output


def test_a_spec_without_the_section_is_told(tmp_path: Path, run: Path) -> None:
    import shutil

    from specc.cli.main import cli

    copied = tmp_path / "run"
    shutil.copytree(run, copied)
    text = (copied / "spec.yaml").read_text(encoding="utf-8")
    (copied / "spec.yaml").write_text(text[: text.index("generate:")], encoding="utf-8")
    made = CliRunner().invoke(cli, ["generate", str(copied)])
    assert made.exit_code == 2
    assert "error[generate-missing]" in made.output


def test_a_picture_of_several_outputs_says_what_it_leaves_out(run: Path, tmp_path: Path) -> None:
    from specc.cli.main import cli

    way = ["generate", str(run), "--name", "rounds", "--data", str(run.parent), "-o", str(tmp_path / "p.png")]
    made = CliRunner().invoke(cli, [*way, "-n", "25"])
    assert "the first 24 of 25 examples of image, truth" in made.output
    made = CliRunner().invoke(cli, [*way, "-i", "image=1", "-i", "image=2"])
    assert made.exit_code == 2
    assert "`image` is given twice" in made.output


def test_a_field_that_reads_images_is_given_as_they_are_read(tmp_path: Path) -> None:
    import specc
    from specc.report.samples import save

    (tmp_path / "photos").mkdir()
    pixels = np.random.default_rng(0).integers(0, 256, (3, 4, 4, 1), dtype="uint8")
    for number, image in enumerate(pixels):
        save(image, tmp_path / "photos" / f"{number}.png")
    spec = """
specc: 1
model: {inputs: {photo: [4, 4, 1]}, layers: [{Conv2D: {filters: 1, kernel_size: 1}}]}
data:
  source: {images: photos/*.png}
  fields:
    photo: {column: image, shape: [4, 4, 1], transform: [{Rescaling: {scale: 0.01, offset: -1}}]}
  batch_size: 2
train:
  optimizer: adam
  update:
    - models: [model]
      loss: {error: mean(square(model(photo) - photo))}
generate: {outputs: {seen: photo}}
"""
    (tmp_path / "spec.yaml").write_text(spec, encoding="utf-8")
    run = specc.train(tmp_path / "spec.yaml", run_dir=tmp_path / "run", verbose="silent")
    made = run.generate(2, inputs={"photo": tmp_path / "photos" / "2.png"})["seen"]
    np.testing.assert_allclose(made, np.stack([pixels[2], pixels[2]]) * 0.01 - 1, atol=1e-5)
    own = run.generate(3, split="train", data_root=tmp_path)["seen"]
    np.testing.assert_allclose(own[2], made[0], atol=1e-6)
