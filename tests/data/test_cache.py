"""Examples that are kept, and examples that are not: how often files are decoded, and how many at a time."""

from __future__ import annotations

import gc
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_case import codes
from image_case import batches, opened, paired, pixels, png

from specc.data import cache, fields, images
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow

VARYING = """
source: {images: {image: 'image/*.png', mask: 'mask/*.png'}}
fields:
  image: {shape: [null, null, 1], transform: [{Rescaling: 0.5}]}
  mask: {shape: [null, null, 1]}
batch_size: 3
"""


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the images that are decoded, as it happens."""
    names: list[str] = []
    decode = images.decode_image

    def counted(source: Any, name: str, *more: Any) -> Any:
        names.append(name)
        return decode(source, name, *more)

    monkeypatch.setattr(fields, "decode_image", counted)
    return names


def write(folder: Path) -> None:
    for number in range(7):
        png(folder / f"image/{number}.png", pixels(number, 4 + number, 5))
        png(folder / f"mask/{number}.png", pixels(number + 50, 4 + number, 5))


@pytest.mark.parametrize("kind", ["memory", "disk", "false", "auto"])
def test_what_is_kept_is_what_is_read(tmp_path: Path, kind: str, decoded: list[str]) -> None:
    write(tmp_path)
    plain = batches(opened(tmp_path, VARYING, "image", "mask"), training=True)
    data = opened(tmp_path, f"{VARYING}cache: {kind}", "image", "mask")
    decoded.clear()
    first = batches(data, training=True)
    for (_, one), (_, other) in zip(plain, first, strict=True):
        np.testing.assert_array_equal(one["image"], other["image"])
        np.testing.assert_array_equal(one["mask"], other["mask"])
        assert one["image"].dtype == other["image"].dtype
    passes = len(decoded)
    batches(data, training=True)
    again = len(decoded) - passes
    assert again == (0 if kind in ("memory", "disk") else 14)


def test_rows_of_one_shape_are_kept_on_the_disk_too(tmp_path: Path, decoded: list[str]) -> None:
    paired(tmp_path)
    text = "source: {images: {image: 'image/*.png', mask: 'mask/*.png'}}\n"
    data = opened(tmp_path, f"{text}cache: disk", "mask", image=[16, 16, 1])
    one, two = batches(data), batches(data)
    np.testing.assert_array_equal(one[0][0], two[0][0])
    (folder,) = data._folders
    assert sorted(path.name for path in folder.path.iterdir()) == ["image.bin", "mask.bin"]
    where = folder.path
    del data, folder
    gc.collect()
    assert not where.exists()


def test_nothing_is_kept_where_nothing_shall_be(tmp_path: Path, decoded: list[str]) -> None:
    paired(tmp_path)
    text = "{source: {images: 'image/*.png'}, cache: false}"
    data = opened(tmp_path, text, image=[16, 16, 1])
    decoded.clear()
    batches(data)
    batches(data)
    assert 16 <= len(decoded) <= 17  # the first image once more, to see what it is


def test_a_folder_of_any_size_streams(tmp_path: Path, decoded: list[str]) -> None:
    for number in range(200):
        png(tmp_path / f"{number:03}.png", pixels(number, 8 + number % 3, 8))
    text = (
        "{source: {images: '*.png'}, fields: {image: {shape: [null, null, 1]}}, batch_size: 2, cache: false}"
    )
    data = opened(tmp_path, text, image=[None, None, 1])  # type: ignore[list-item]
    decoded.clear()
    waiting = []
    for number, _ in enumerate(data.pipeline("train", training=True).once, start=1):
        waiting.append(len(decoded) - 2 * number)
    assert number == 100
    assert 200 <= len(decoded) <= 201
    assert max(waiting) < 60, "images that were decoded and not yet used"


def test_what_is_drawn_at_random_cannot_be_kept(tmp_path: Path) -> None:
    png(tmp_path / "a.png", pixels(1, 8, 8))
    text = """
source: {images: '*.png'}
fields: {image: {transform: [{RandomCrop: {height: 3, width: 3}}]}}
cache: memory
"""
    with pytest.raises(SpecError) as caught:
        batches(opened(tmp_path, text, "image"), training=True)
    assert codes(caught.value) == ["data-cache"]


def test_a_disk_without_room_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write(tmp_path)
    monkeypatch.setattr(cache, "LEAST_FREE", 1 << 60)
    with pytest.raises(SpecError, match="are free") as caught:
        batches(opened(tmp_path, f"{VARYING}cache: disk", "image"))
    assert codes(caught.value) == ["data-cache"]
