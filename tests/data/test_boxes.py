"""Boxes: formats, and how they follow their image through transforms and random changes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_case import codes, section
from image_case import batches, opened, png

from specc.data.boxes import from_corners, to_corners
from specc.data.dataset import Dataset, Wanted
from specc.data.open import open_data
from specc.data.ports import Port
from specc.frontend.sections.data_types import BOX_FORMATS
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]

SAME: dict[str, list[float]] = {
    "xyxy": [10, 20, 40, 30],
    "yxyx": [20, 10, 30, 40],
    "xywh": [10, 20, 30, 10],
    "yxhw": [20, 10, 10, 30],
    "center_xywh": [25, 25, 30, 10],
    "center_yxhw": [25, 25, 10, 30],
    "rel_xyxy": [0.1, 0.4, 0.4, 0.6],
    "rel_yxyx": [0.4, 0.1, 0.6, 0.4],
    "rel_xywh": [0.1, 0.4, 0.3, 0.2],
    "rel_yxhw": [0.4, 0.1, 0.2, 0.3],
    "rel_center_xywh": [0.25, 0.5, 0.3, 0.2],
    "rel_center_yxhw": [0.5, 0.25, 0.2, 0.3],
}
"""One box in an image of 50×100 (height, width)."""


def stack(parts: Any) -> Array:
    return np.stack(parts, axis=-1)


@pytest.mark.parametrize("form", BOX_FORMATS)
def test_formats_say_the_same(form: Any) -> None:
    corners = to_corners(np.array(SAME[form]), form, (50, 100), stack)
    np.testing.assert_allclose(corners, SAME["xyxy"])
    np.testing.assert_allclose(from_corners(corners, form, (50, 100), stack), SAME[form])


SIZES = ((40, 60), (30, 30), (64, 32))


def draw(folder: Path, sizes: Any = SIZES) -> None:
    """Images with one to three bright rectangles, and their boxes as `xyxy` in a file of JSON lines."""
    random = np.random.default_rng(5)
    lines = []
    for number, (height, width) in enumerate(sizes):
        pixels = np.zeros((height, width, 1), np.uint8)
        boxes = []
        for _ in range(number % 3):
            top, left = int(random.integers(4, height - 16)), int(random.integers(4, width - 16))
            boxes.append([left, top, left + 10, top + 8])
            pixels[top : top + 8, left : left + 10] = 255
        png(folder / f"{number}.png", pixels)
        lines.append(json.dumps({"image": f"{number}.png", "boxes": boxes, "kinds": [1] * len(boxes)}))
    (folder / "a.jsonl").write_text("\n".join(lines), encoding="utf-8")


def boxed(
    folder: Path, transform: str = "", augment: str = "", form: str = "xyxy", batch: int = 1
) -> Dataset:
    text = f"""
source: {{jsonl: a.jsonl}}
fields:
  image: {{decode: image, shape: [null, null, 1], transform: [{transform}]}}
  boxes: {{boxes: {form}, shape: [null, 4], pad: -1}}
  kinds: {{shape: [null], pad: -1}}
shuffle: false
batch_size: {batch}
augment: [{augment}]
"""
    wanted = Wanted((Port("image", (None, None, 1)),), ("boxes", "kinds"))
    return open_data(section(text), wanted, root=folder, seed=0)


def bright(image: Array) -> Array:
    """The box around what is bright in an image, as left, top, right, bottom."""
    rows, columns = np.nonzero(image[..., 0] > 127)
    return np.array([columns.min(), rows.min(), columns.max() + 1, rows.max() + 1])


@pytest.mark.parametrize(
    "transform",
    [
        "",
        "{Resizing: {height: 80, width: 120}}",
        "{Resizing: {height: 50, width: 50, pad_to_aspect_ratio: true}}",
        "{Resizing: {height: 72, width: 72, crop_to_aspect_ratio: true}}",
        "{CenterCrop: {height: 26, width: 26}}",
        "{Rescaling: 2.0}, {Resizing: {height: 60, width: 60}}, {CenterCrop: {height: 52, width: 48}}",
    ],
)
def test_boxes_follow_the_transforms_of_their_image(tmp_path: Path, transform: str) -> None:
    draw(tmp_path)
    found = batches(boxed(tmp_path, transform))
    assert [target["boxes"].shape[1] for _, target in found] == [0, 1, 2]
    image, target = found[1]
    np.testing.assert_allclose(target["boxes"][0, 0], bright(image[0]), atol=1.01)


def test_rows_with_fewer_boxes_are_padded(tmp_path: Path) -> None:
    draw(tmp_path, [(40, 40)] * 3)
    ((_, target),) = batches(boxed(tmp_path, batch=3))
    assert target["boxes"].shape == (3, 2, 4)
    assert (target["boxes"][0] == -1).all()
    assert target["kinds"].tolist() == [[-1, -1], [1, -1], [1, 1]]


def test_a_box_that_is_cut_away_becomes_padding_in_its_place(tmp_path: Path) -> None:
    png(tmp_path / "0.png", np.zeros((40, 40, 1), np.uint8))
    boxes = [[0, 0, 5, 5], [15, 15, 25, 60], [3, 3, 3, 9]]
    line = {"image": "0.png", "boxes": boxes, "kinds": [1, 2, 3]}
    (tmp_path / "a.jsonl").write_text(json.dumps(line), encoding="utf-8")
    ((_, target),) = batches(boxed(tmp_path, "{CenterCrop: {height: 20, width: 20}}"))
    assert target["boxes"][0].tolist() == [[-1] * 4, [5, 5, 15, 20], [-1] * 4]
    assert target["kinds"][0].tolist() == [1, 2, 3]


MOVES = {
    "RandomFlip": "horizontal_and_vertical",
    "RandomTranslation": "{height_factor: 0.2, width_factor: 0.2, fill_mode: constant}",
    "RandomZoom": "{height_factor: 0.2, fill_mode: constant}",
    "RandomRotation": "{factor: 0.02, fill_mode: constant}",
    "RandomShear": "{x_factor: 0.1, y_factor: 0.1, fill_mode: constant}",
    "RandomPerspective": "{factor: 1.0, scale: 0.1}",
    "RandomCrop": "{height: 36, width: 44}",
    "RandomBrightness": "0.1",
    "RandomErasing": "{factor: 0.0}",
}


STIRRING = ("RandomTranslation", "RandomZoom", "RandomRotation", "RandomShear")


@pytest.mark.parametrize("kind", MOVES)
def test_boxes_follow_random_changes(tmp_path: Path, kind: str) -> None:
    draw(tmp_path, [(48, 56)] * 8)
    first = "{RandomCrop: {height: 47, width: 56}}, "  # some layers want sizes that are known
    data = boxed(tmp_path, augment=f"{first}{{{kind}: {MOVES[kind]}}}")
    compared = moved = 0
    for (image, target), (_, before) in zip(batches(data, training=True), batches(data), strict=True):
        boxes = target["boxes"][0]
        if len(boxes) != 1 or (boxes == -1).any():
            continue
        np.testing.assert_allclose(boxes[0], bright(image[0]), atol=2.6)
        compared += 1
        moved += not np.array_equal(boxes, before["boxes"][0])
    assert compared >= 1
    assert moved or kind not in STIRRING


def test_boxes_in_any_format_are_augmented_alike(tmp_path: Path) -> None:
    draw(tmp_path, [(48, 56)] * 4)
    text = (tmp_path / "a.jsonl").read_text("utf-8").splitlines()
    plain = batches(
        boxed(tmp_path, augment="{RandomFlip: horizontal}, {RandomCrop: {height: 30, width: 30}}"),
        training=True,
    )
    for form in ("rel_yxyx", "center_yxhw"):
        lines = [json.loads(line) for line in text]
        for line in lines:
            corners = np.array(line["boxes"], float).reshape(-1, 4)
            line["boxes"] = from_corners(corners, form, (48, 56), stack).tolist()
        (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
        data = boxed(
            tmp_path, augment="{RandomFlip: horizontal}, {RandomCrop: {height: 30, width: 30}}", form=form
        )
        for (_, one), (_, other) in zip(plain, batches(data, training=True), strict=True):
            there = (one["boxes"] != -1).all(axis=-1)
            assert (there == (other["boxes"] != -1).all(axis=-1)).all()
            corners = to_corners(other["boxes"], form, (30, 30), stack)
            np.testing.assert_allclose(corners[there], one["boxes"][there], atol=1e-3)


WRONG = {
    "fields: {image: {decode: image, transform: [Flatten]}, boxes: {boxes: xyxy}}": "Flatten",
    "fields: {image: {decode: image}, kinds: {boxes: xyxy}}": "kinds",
    "fields: {boxes: {boxes: xyxy}}": "which image",
    "fields: {image: {decode: image}, boxes: {boxes: xyxy}}, augment: RandomElasticTransform": "Elastic",
}


@pytest.mark.parametrize("text", WRONG)
def test_what_boxes_cannot_follow_is_refused(tmp_path: Path, text: str) -> None:
    draw(tmp_path, [(40, 40)] * 2)
    wanted = ("kinds",) if "kinds" in text else ("boxes",)
    with pytest.raises(SpecError, match=WRONG[text]) as caught:
        opened(
            tmp_path,
            f"{{source: {{jsonl: a.jsonl}}, {text}}}",
            *wanted,
            image=None if "which" in WRONG[text] else [40, 40, 1],
        )
    assert codes(caught.value) == ["data-boxes"]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("{image: image}", "data-setting"),
        ("{boxes: xyxy, dtype: int32}", "data-setting"),
        ("{boxes: corners}", "data-setting"),
        ("{boxes: xyxy, pad: none}", "data-setting"),
        ("{boxes: xyxy, image: picture}", "data-reference"),
    ],
)
def test_wrong_settings_are_told(field: str, code: str) -> None:
    with pytest.raises(SpecError) as caught:
        section(f"{{source: {{jsonl: a.jsonl}}, fields: {{image: {{decode: image}}, boxes: {field}}}}}")
    assert codes(caught.value) == [code]


def test_a_layer_that_wants_known_sizes_is_told_of(tmp_path: Path) -> None:
    draw(tmp_path)
    with pytest.raises(SpecError, match="`RandomErasing` fails") as caught:
        batches(boxed(tmp_path, augment="{RandomErasing: 0.5}"), training=True)
    assert codes(caught.value) == ["data-augment"]


def test_one_box_an_image_stands_in_four_columns_of_a_csv(tmp_path: Path) -> None:
    pixels = np.zeros((20, 40, 1), np.uint8)
    pixels[5:10, 8:24] = 255
    png(tmp_path / "photos/a.png", pixels)
    (tmp_path / "a.csv").write_text(
        "image,left,top,right,bottom,kind\na.png,8,5,24,10,cat\n", encoding="utf-8"
    )
    text = """
source: {csv: a.csv, base: photos}
fields:
  image: {decode: image, transform: [{Resizing: {height: 40, width: 40, interpolation: nearest}}]}
  box: {column: [left, top, right, bottom], boxes: xyxy}
  kind: {transform: [{StringLookup: {num_oov_indices: 0}}]}
augment: {RandomFlip: horizontal_and_vertical}
"""
    data = opened(tmp_path, text, "box", "kind", image=[40, 40, 1])
    ((image, target),) = batches(data)
    assert target["box"].tolist() == [[8, 10, 24, 20]]
    np.testing.assert_array_equal(target["box"][0], bright(image[0]))
    ((image, target),) = batches(data, training=True)
    np.testing.assert_allclose(target["box"][0], bright(image[0]), atol=1e-3)


def test_parts_of_images_that_are_padded_are_refused(tmp_path: Path) -> None:
    draw(tmp_path)
    with pytest.raises(SpecError, match="padded in each batch") as caught:
        batches(boxed(tmp_path, form="rel_xyxy", batch=2))
    assert codes(caught.value) == ["data-boxes"]
    assert "`boxes: xyxy`" in caught.value.diagnostics[0].help
    assert len(batches(boxed(tmp_path, form="rel_xyxy"))) == 3
    assert len(batches(boxed(tmp_path, "{Resizing: {height: 30, width: 30}}", form="rel_xyxy", batch=3))) == 1
