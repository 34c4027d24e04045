"""Random changes of images: crops that are cut alike of all that belongs together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from data_case import codes, section
from image_case import batches, opened, paired, png

from specc.data.augment import Augment, BoxField
from specc.data.crops import crop_together
from specc.data.dataset import Wanted
from specc.data.failure import Failures
from specc.data.moves import COLOURING
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


def scenes(height: int = 37, width: int = 53, count: int = 16) -> dict[str, tf.Tensor]:
    """Images of an odd size with a bright rectangle, masks that are 7 on it, and its box."""
    random = np.random.default_rng(1)
    image = np.zeros((count, height, width, 3), np.float32)
    mask = np.zeros((count, height, width, 1), np.int32)
    boxes = np.full((count, 2, 4), -1, np.float32)
    for row in range(count):
        top, left = int(random.integers(8, height - 16)), int(random.integers(8, width - 16))
        image[row, top : top + 7, left : left + 9] = 1
        mask[row, top : top + 7, left : left + 9] = 7
        boxes[row, 0] = [left, top, left + 9, top + 7]
    return {"image": tf.constant(image), "mask": tf.constant(mask), "boxes": tf.constant(boxes)}


def augmented(layer: str, batch: dict[str, tf.Tensor], boxes: bool = True) -> dict[str, tf.Tensor]:
    objects = section(f"{{source: {{npz: a.npz}}, augment: [{layer}]}}").augment
    fields = [BoxField("boxes", "image", "xyxy", -1.0)] if boxes else []
    return Augment(objects, None, fields, Failures())(batch, PlacedSeed(root_seed(3)))


MOVING = (
    "{RandomFlip: horizontal_and_vertical}",
    "{RandomTranslation: {height_factor: 0.2, width_factor: 0.2, fill_mode: constant}}",
    "{RandomZoom: {height_factor: [-0.3, 0.3], width_factor: [-0.3, 0.3], fill_mode: constant}}",
    "{RandomRotation: {factor: 0.1, fill_mode: constant}}",
    "{RandomShear: {x_factor: 0.4, y_factor: 0.3, fill_mode: constant}}",
    "{RandomPerspective: {factor: 1.0, scale: 0.3}}",
)


@pytest.mark.parametrize("layer", MOVING)
def test_masks_and_boxes_follow_their_image_at_odd_sizes(layer: str) -> None:
    before = scenes()
    found = augmented(layer, before)
    image, mask, boxes = (found[name].numpy() for name in ("image", "mask", "boxes"))
    assert not np.array_equal(mask, before["mask"])
    assert set(np.unique(mask)) == {0, 7}
    assert ((image.mean(-1) > 0.5) != (mask[..., 0] == 7)).mean() < 0.002
    assert (boxes[:, 1] == -1).all()
    compared = 0
    for labels, (box, _) in zip(mask[..., 0], boxes, strict=True):
        rows, columns = np.nonzero(labels)
        seen = np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])
        if seen[:2].min() > 0 and seen[2] < 53 and seen[3] < 37:  # wholly within the image
            np.testing.assert_allclose(box, seen, atol=1.5)
            compared += 1
    assert compared > 8


def test_masks_follow_an_elastic_image_and_keep_their_classes() -> None:
    layer = "{RandomElasticTransform: {factor: 1.0, scale: 1.0, value_range: [0, 1]}}"
    before = scenes()
    found = augmented(layer, before, boxes=False)
    image, mask = found["image"].numpy(), found["mask"].numpy()
    assert not np.array_equal(mask, before["mask"])
    assert set(np.unique(mask)) == {0, 7}
    assert ((image.mean(-1) > 0.5) != (mask[..., 0] == 7)).mean() < 0.002


COLOURS = {"RandomHue": "0.1", "RandomSharpness": "0.5", "RandomErasing": "{factor: 0.5}"}


@pytest.mark.parametrize("kind", COLOURING)
def test_boxes_and_masks_stay_where_colours_change(kind: str) -> None:
    before = scenes(count=2)
    found = augmented(f"{{{kind}: {COLOURS.get(kind, '1')}}}", before)
    np.testing.assert_array_equal(found["boxes"], before["boxes"])
    np.testing.assert_array_equal(found["mask"], before["mask"])


def test_whole_numbers_that_a_model_takes_as_floats_are_an_image(tmp_path: Path) -> None:
    png(tmp_path / "a.png", np.full((8, 8, 3), 100, np.uint8))
    text = "{source: {images: '*.png'}, augment: [{RandomBrightness: 0.5}]}"
    (image,) = batches(opened(tmp_path, text, image=[8, 8, 3]), training=True)
    assert len(np.unique(image)) == 1
    assert image[0, 0, 0, 0] != 100


def test_colours_of_a_mask_alone_are_refused(tmp_path: Path) -> None:
    png(tmp_path / "a.png", np.full((8, 8, 3), 100, np.uint8))
    text = "{source: {images: '*.png'}, fields: {image: {augment: [{RandomBrightness: 0.5}]}}}"
    with pytest.raises(SpecError, match="changes nothing") as caught:
        opened(tmp_path, text, "image")
    assert codes(caught.value) == ["data-augment"]
