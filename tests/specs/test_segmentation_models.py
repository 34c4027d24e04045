"""The segmentation specs with Keras: over networks of `keras.applications`, unpooling, learning."""

from __future__ import annotations

import shutil
from pathlib import Path

import keras
import numpy as np
import pytest
from counterparts import path_of, weightless
from variants import VARIANTS, Variant
from zoo_files import ROOT

import specc

pytestmark = pytest.mark.slow

FOLDER = ROOT / "segmentation"
COUNTED = [variant for variant in VARIANTS if variant.parameters]

UNPOOL = """
specc: 1
extends: masks.yaml
import: {segnet: segnet.yaml}
params: {size: 4, channels: 1}
model:
  inputs:
    image: ["$size", "$size", "$channels"]
  layers:
    - segnet.pool: {size: 2, filters: 1}
      name: pool
    - segnet.unpool: {size: 2, filters: 1}
      from: {x: pool.largest, place: pool.place}
      name: mask
"""


@pytest.mark.parametrize("variant", COUNTED, ids=lambda variant: variant.label)
def test_over_an_application(variant: Variant) -> None:
    with weightless():
        model = specc.compile_models(path_of(variant), variant.params)["model"]
    assert model.output_shape == (*model.input_shape[:3], variant.params.get("classes", 2))
    assert model.count_params() == variant.parameters
    assert variant.agrees(sum(int(np.prod(weight.shape)) for weight in model.trainable_weights))


def test_unpooling_puts_each_where_it_was_largest(tmp_path: Path) -> None:
    for name in ("masks.yaml", "segnet.yaml"):
        shutil.copy(FOLDER / name, tmp_path)
    path = tmp_path / "unpool.yaml"
    path.write_text(UNPOOL, encoding="utf-8")
    image = np.array([[5, 1, 2, 2], [3, 4, 2, 2], [0, 7, 6, 8], [9, 0, 1, 3]], "float32")
    found = specc.compile_models(path)["model"](image[None, ..., None])
    wanted = [[5, 0, 2, 0], [0, 0, 0, 0], [0, 0, 0, 8], [9, 0, 0, 0]]  # of equal ones, the first
    np.testing.assert_array_equal(np.asarray(found)[0, ..., 0], wanted)


def write_squares(folder: Path) -> None:
    """Forty noisy images of 32×32 pixels with a bright rectangle, and where it is."""
    random = np.random.default_rng(0)
    for name in ("image", "label"):
        (folder / name).mkdir()
    for index in range(40):
        mask = np.zeros((32, 32, 1))
        (top, left), (height, width) = random.integers(2, 16, 2), random.integers(6, 14, 2)
        mask[top : top + height, left : left + width] = 255
        image = np.clip(mask / 2 + random.normal(60, 20, mask.shape), 0, 255)
        keras.utils.save_img(folder / "image" / f"{index}.png", image, scale=False)
        keras.utils.save_img(folder / "label" / f"{index}.png", mask, scale=False)


@pytest.mark.parametrize(("name", "size", "epochs"), [("unet", 32, 20), ("unet_paper", 60, 10)])
def test_learns_squares(name: str, size: int, epochs: int, tmp_path: Path) -> None:
    write_squares(tmp_path)
    run = specc.train(
        FOLDER / f"{name}.yaml",
        {"size": size, "filters": 4, "depth": 2},
        {"train.optimizer.Adam.learning_rate": 3e-3},
        run_dir=tmp_path / "run",
        data_root=tmp_path,
        epochs=epochs,
        verbose="silent",
    )
    reached = run.record.test["iou"]
    assert reached is not None and reached > 0.7
