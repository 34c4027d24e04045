"""`specc show`: a model that finds blobs, drawn; a model that sees no images, refused."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from click.testing import CliRunner

from specc.cli.main import cli

pytestmark = pytest.mark.slow

BLOBS = """\
specc: 1
name: blobs
seed: 1
model:
  inputs: {image: [null, null, 1]}
  layers:
    - Conv2D: {filters: 4, kernel_size: 3, padding: same, activation: relu}
    - Conv2D: {filters: 2, kernel_size: 1}
      name: mask
data:
  source: {images: {image: image/*.png, mask: mask/*.png}}
  split: {train: 8, validation: 2, test: 2}
  fields:
    image: {transform: [{Rescaling: 0.00392156862}]}
    mask: {transform: [{formula: "cast(previous > 127, 'int32')"}]}
  augment: [{RandomCrop: {height: 16, width: 16}}, {RandomFlip: horizontal}]
  batch_size: 4
train:
  optimizer: {Adam: {learning_rate: 0.05}}
  loss: {SparseCategoricalCrossentropy: {from_logits: true}}
  metrics: [accuracy, {MeanIoU: {num_classes: 2, sparse_y_pred: false, name: iou}}]
  steps_per_epoch: 25
  epochs: 3
"""
WINE = """\
specc: 1
model:
  inputs: {features: [13]}
  layers:
    - Dense: {units: 3, activation: softmax}
      name: label
data: {source: {sklearn: wine}, split: {train: 0.8, test: 0.2}}
train: {optimizer: adam, loss: sparse_categorical_crossentropy}
"""


def write_blobs(folder: Path) -> None:
    """Twelve noisy images with a bright disc each, and where it is."""
    random = np.random.default_rng(0)
    rows, columns = np.mgrid[:32, :40]
    for number in range(12):
        y, x = random.uniform(8, 24, 2)
        inside = (rows - y) ** 2 + (columns - x) ** 2 < 36
        image = 60 + 120 * inside + random.normal(0, 15, inside.shape)
        for kind, pixels in (("image", np.clip(image, 0, 255)), ("mask", 255 * inside)):
            path = folder / kind / f"{number}.png"
            path.parent.mkdir(exist_ok=True)
            path.write_bytes(tf.io.encode_png(pixels[..., None].astype(np.uint8)).numpy())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("show")
    write_blobs(folder)
    (folder / "blobs.yaml").write_text(BLOBS, encoding="utf-8")
    (folder / "wine.yaml").write_text(WINE, encoding="utf-8")
    for name in ("blobs", "wine"):
        done = run(folder, "train", f"{name}.yaml", "--run-dir", f"runs/{name}", "-q")
        assert done == 0
    return folder


def run(folder: Path, *arguments: str) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        return CliRunner().invoke(cli, arguments).exit_code


def test_training_leaves_a_picture_where_there_are_images(folder: Path) -> None:
    assert (folder / "runs/blobs/examples.png").stat().st_size > 10_000
    assert not (folder / "runs/wine/examples.png").exists()


def test_a_picture_is_drawn_where_it_is_wanted(folder: Path) -> None:
    (folder / "runs/blobs/examples.png").unlink()
    assert run(folder, "show", "runs/blobs", "-n", "1") == 0
    assert run(folder, "show", "runs/blobs", "-n", "8", "--split", "train", "-o", "all.png") == 0
    drawn = ("runs/blobs/examples.png", "all.png")
    sizes = [tf.io.decode_image((folder / path).read_bytes()).shape for path in drawn]
    assert sizes[1][0] > 5 * sizes[0][0], "eight rows are higher than one"
    assert sizes[1][1] == sizes[0][1]


def test_crops_are_trained_on_and_whole_images_evaluated(folder: Path) -> None:
    record = json.loads((folder / "runs/blobs/run.json").read_text("utf-8"))
    assert record["test"]["iou"] > 0.8
    assert record["test"]["accuracy"] > 0.95


def test_what_cannot_be_drawn_is_refused(folder: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        done = CliRunner().invoke(cli, ["show", "runs/wine"])
    assert done.exit_code == 2
    assert "nothing-to-show" in done.stderr
    assert run(folder, "show", "runs/blobs", "-o", "a.gif") == 2
