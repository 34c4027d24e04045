"""Random changes of images: crops that are cut alike of all that belongs together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from data_case import codes, section
from image_case import batches, opened, paired, png

from specc.data.crops import crop_together
from specc.data.dataset import Wanted
from specc.data.open import open_data
from specc.data.ports import Port
from specc.data.randomness import PlacedSeed, root_seed
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow

CROPPED = """
source: {images: {image: 'image/*.png', mask: 'mask/*.png'}}
fields:
  image: {dtype: float32}
  mask: {dtype: int32}
augment: [{RandomCrop: {height: 6, width: 10}}, {RandomFlip: horizontal}]
batch_size: 4
"""


def test_image_and_mask_are_cropped_alike_and_each_example_elsewhere(tmp_path: Path) -> None:
    paired(tmp_path)
    data = open_data(
        section(CROPPED), Wanted((Port("image", (None, None, 1)),), ("mask",)), root=tmp_path, seed=3
    )
    whole, cut = batches(data)[0], batches(data, training=True)[0]
    assert whole[0].shape == whole[1].shape == (4, 16, 16, 1)
    assert cut[0].shape == cut[1].shape == (4, 6, 10, 1)
    assert ((cut[0] > 127) == (cut[1] == 1)).all()
    assert len({image.tobytes() for image in cut[0]}) > 1


def test_a_crop_stays_within_the_image_and_reaches_its_borders() -> None:
    rows, columns = np.indices((5, 4), dtype=np.int32)
    place = np.stack([rows, columns], axis=-1)
    images = tf.constant(np.repeat(place[None], 200, axis=0))
    cut, corners = crop_together({"a": images}, 3, 3, PlacedSeed(root_seed(0)))
    np.testing.assert_array_equal(cut["a"][:, 0, 0], corners)
    assert {tuple(corner) for corner in corners.numpy()} == {(y, x) for y in range(3) for x in range(2)}
    np.testing.assert_array_equal(cut["a"][:, -1, -1], corners + 2)


def test_an_image_that_is_too_small_for_its_crop_is_mirrored() -> None:
    image = tf.reshape(tf.range(2), (1, 2, 1, 1))
    cut, _ = crop_together({"a": image}, 5, 1, PlacedSeed(root_seed(0)))
    assert cut["a"][0, :, 0, 0].numpy().tolist() == [0, 1, 1, 0, 0]


def test_a_crop_in_a_field_is_of_that_field_alone(tmp_path: Path) -> None:
    png(tmp_path / "a.png", np.arange(64, dtype=np.uint8).reshape(8, 8, 1))
    text = """
source: {images: '*.png'}
fields: {image: {augment: {RandomCrop: {height: 3, width: 3}}}}
"""
    data = opened(tmp_path, text, "image")
    assert batches(data, training=True)[0][1].shape == (1, 3, 3, 1)
    assert batches(data)[0][1].shape == (1, 8, 8, 1)


def test_images_that_turn_out_to_differ_in_size_are_refused(tmp_path: Path) -> None:
    paired(tmp_path)
    png(tmp_path / "mask/5.png", np.zeros((8, 8, 1), np.uint8))
    data = open_data(
        section(CROPPED.replace("dtype: int32", "dtype: int32, shape: [null, null, 1]")),
        Wanted((Port("image", (None, None, 1)),), ("mask",)),
        root=tmp_path,
        seed=0,
    )
    with pytest.raises(SpecError) as caught:
        batches(data, training=True)
    assert codes(caught.value) == ["data-augment"]
