"""What is wrong with images is told before training, with a way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from data_case import write
from image_case import batches, opened, pixels, png

from specc.source.diagnostic import Diagnostic, SpecError

pytestmark = pytest.mark.slow

TABLE = """
source: {csv: t.csv}
fields: {image: {column: file, decode: image}, box: {column: [a, b, c, d], boxes: xyxy}}
"""


def refused(root: Path, text: str, *targets: str, image: list[int]) -> Diagnostic:
    with pytest.raises(SpecError) as caught:
        opened(root, text, *targets, image=image)
    (found,) = caught.value.diagnostics
    return found


@pytest.mark.parametrize(
    ("channels", "image", "help"),
    [
        (4, [6, 5, 3], "`shape: [null, null, 3]`"),
        (3, [4, 5, 3], "`transform: [{Resizing: {height: 4, width: 5}}]`"),
        (1, [4, 4, 3], "`shape: [null, null, 3]` and `transform: [{Resizing: {height: 4, width: 4}}]`"),
    ],
)
def test_how_images_become_what_the_input_takes(
    tmp_path: Path, channels: int, image: list[int], help: str
) -> None:
    png(tmp_path / "a.png", pixels(1, channels=channels))
    found = refused(tmp_path, "{source: {images: '*.png'}}", image=image)
    assert found.code == "data-shape"
    assert found.help == f"say {help} in the field to convert all of them"


def test_all_images_that_are_not_there_are_told_at_once(tmp_path: Path) -> None:
    png(tmp_path / "0.png", pixels(1))
    rows = [f"{number}.png,0,0,4,4" for number in range(9)]
    write(tmp_path / "t.csv", "\n".join(["file,a,b,c,d", *rows, ""]))
    found = refused(tmp_path, TABLE, "box", image=[6, 5, 1])
    assert found.title == "there is no image `1.png`"
    assert found.notes[0] == "8 of 9 images are not there: also `2.png`, `3.png`, `4.png`, `5.png`, …"
    assert "base: DIR" in found.help


def test_boxes_of_an_image_that_cannot_be_read_are_not_told_of_as_well(tmp_path: Path) -> None:
    write(tmp_path / "t.csv", "file,a,b,c,d\n0.png,0,0,4,4\n1.png,0,0,4,4\n")
    found = refused(tmp_path, TABLE, "box", image=[6, 5, 1])
    assert found.title == "the image `0.png` cannot be read"
    missing = f"No such file or directory: {tmp_path / '0.png'}"
    assert found.notes == (missing, "none of 2 images that were looked at can be used")
    assert "base: DIR" in found.help


def test_why_an_image_is_damaged_is_said_without_tensorflows_graph(tmp_path: Path) -> None:
    whole = png(tmp_path / "a.png", pixels(1)).read_bytes()
    (tmp_path / "a.png").write_bytes(whole[:60])
    found = refused(tmp_path, "{source: {images: '*.png'}}", image=[6, 5, 1])
    assert found.notes == ("Invalid PNG data, size 60",)


@pytest.mark.parametrize("first", [0, 3])
def test_all_damaged_images_are_told_at_once(tmp_path: Path, first: int) -> None:
    """Of all splits, in order."""
    for number in range(40):
        whole = png(tmp_path / f"{number:02}.png", pixels(number)).read_bytes()
        if first <= number < first + 3:
            (tmp_path / f"{number:02}.png").write_bytes(whole[: 20 * (number - first)])
    with pytest.raises(SpecError) as caught:
        batches(opened(tmp_path, "{source: {images: '*.png'}, split: {train: 0.5, test: 0.5}}", "image"))
    (found,) = caught.value.diagnostics
    names = [f"`{tmp_path / name}`" for name in (f"{number:02}.png" for number in range(first, first + 3))]
    assert found.notes[-1] == f"of 40 images that were looked at, 3 cannot be used: {', '.join(names)}"


def test_one_damaged_image_is_told_alone(tmp_path: Path) -> None:
    for number in range(3):
        png(tmp_path / f"{number}.png", pixels(number))
    (tmp_path / "1.png").write_bytes(b"")
    with pytest.raises(SpecError) as caught:
        batches(opened(tmp_path, "source: {images: '*.png'}", "image"))
    assert not caught.value.diagnostics[0].notes
