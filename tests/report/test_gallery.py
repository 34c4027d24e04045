"""Examples as pictures: which panels there are, what stands below them, and how numbers become colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from specc.inference.classes import Meaning
from specc.inference.examples import Examples, is_image
from specc.report.gallery import draw_examples
from specc.report.gallery.colours import coloured, displayable, palette
from specc.report.gallery.panels import board_of, probabilities, scores_of

pytestmark = pytest.mark.slow

Array = np.ndarray[Any, Any]
IMAGES = np.linspace(0, 1, 2 * 6 * 4, dtype=np.float32).reshape(2, 6, 4, 1)
LOGITS = Meaning("categorical", from_logits=True, names=("wall", "cell"))


def masks() -> Examples:
    truth = np.zeros((2, 6, 4, 1), np.int32)
    truth[:, 3:] = 1
    logits = np.stack([1.0 - truth[..., 0], truth[..., 0]], axis=-1).astype(np.float32)
    logits[1, 3, :] = [5.0, -5.0]  # one row of pixels of the second example is wrong
    return Examples("net: test", {"image": IMAGES}, {"mask": truth}, {"mask": logits}, {"mask": LOGITS})


def test_masks_stand_beside_their_image() -> None:
    board = board_of(masks())
    assert [panel.title for panel in board.rows[0]] == ["image", "mask: truth", "mask: prediction"]
    assert board.classes == ("wall", "cell")
    _, truth, found = board.rows[0]
    np.testing.assert_array_equal(truth.image, found.image)
    np.testing.assert_allclose(truth.image[5, 0], palette(2)[1])
    assert found.note == "100.0% of pixels, mean IoU 1.000"
    assert board.rows[1][2].note == "83.3% of pixels, mean IoU 0.708"


def test_pixels_without_a_class_do_not_count() -> None:
    truth = np.array([[0, 1, 255], [0, 1, 255]])
    assert scores_of(truth, np.array([[0, 1, 0], [0, 1, 1]]), 2) == "100.0% of pixels, mean IoU 1.000"
    assert scores_of(np.full((2, 2), -1), np.zeros((2, 2)), 2) == ""
    np.testing.assert_allclose(coloured(truth, 2)[0, 2], [0.5, 0.5, 0.5])


def test_a_mask_of_one_channel_is_a_probability() -> None:
    truth = np.array([0.0, 1.0] * 24, np.float32).reshape(2, 6, 4, 1)
    outputs = {"mask": np.where(truth > 0, 0.9, 0.4).astype(np.float32)}
    board = board_of(Examples("", {"image": IMAGES}, {"mask": truth}, outputs, {"mask": Meaning("binary")}))
    assert board.rows[0][2].note.startswith("100.0% of pixels")


def test_classes_are_written_below_and_wrong_ones_marked() -> None:
    outputs = {"kind": np.array([[0.9, 0.1], [0.7, 0.3]])}
    meanings = {"kind": Meaning("categorical", names=("cat", "dog"))}
    for truth in (np.array([0, 1]), np.array([[0], [1]]), np.array([[1.0, 0.0], [0.0, 1.0]])):
        board = board_of(Examples("", {"image": IMAGES}, {"kind": truth}, outputs, meanings))
        (first,), (second,) = board.rows
        assert (first.note, first.right) == ("cat 90%", True)
        assert (second.note, second.right) == ("cat 70%, not dog", False)


def test_a_binary_class_of_one_unit() -> None:
    sure = probabilities(np.array([[0.0], [2.0]]), Meaning("binary", from_logits=True))
    np.testing.assert_allclose(sure, [[0.5, 0.5], [0.119203, 0.880797]], atol=1e-6)


def test_images_that_come_out_stand_beside_their_target() -> None:
    outputs = {"better": np.clip(IMAGES - 0.1, 0, 1)}
    board = board_of(Examples("", {"image": IMAGES}, {"better": IMAGES}, outputs))
    assert [panel.title for panel in board.rows[0]] == ["image", "better: target", "better: output"]
    assert board.rows[1][2].note == "mean absolute error 0.1"


def test_numbers_are_written_below() -> None:
    examples = Examples("", {"image": IMAGES}, {"age": np.array([30, 41])}, {"age": np.array([[31.5], [40]])})
    assert [row[0].note for row in board_of(examples).rows] == ["age 31.5, true 30", "age 40, true 41"]
    several = np.array([[1.0, 2.0], [3.0, 4.0]])
    examples = Examples("", {"image": IMAGES}, {"place": several}, {"place": several + 1})
    assert board_of(examples).rows[0][0].note == "place 2 3\ntrue 1 2"


@pytest.mark.parametrize(
    ("values", "shown"),
    [
        (np.array([0, 255], np.uint8), [0, 1]),
        (np.array([0.0, 0.5]), [0, 0.5]),
        (np.array([-1.0, 1.0]), [0, 1]),
        (np.array([0.0, 127.5]), [0, 0.5]),
        (np.array([-3.0, 7.0]), [0, 1]),
        (np.array([np.nan, 1.0]), [0, 1]),
    ],
)
def test_any_range_of_numbers_can_be_seen(values: Array, shown: list[float]) -> None:
    found = displayable(values.reshape(1, 1, 2, 1))
    np.testing.assert_allclose(found[0, 0, :, 0], shown)
    assert found.shape == (1, 1, 2, 3)


def test_colours_of_many_classes_differ() -> None:
    assert len({tuple(colour) for colour in palette(40).round(4).tolist()}) == 40


@pytest.mark.parametrize("ending", ["png", "svg"])
def test_a_picture_is_written(tmp_path: Path, ending: str) -> None:
    draw_examples(masks(), tmp_path / f"a.{ending}")
    assert (tmp_path / f"a.{ending}").stat().st_size > 1000


@pytest.mark.parametrize(
    ("shape", "picture"),
    [((8, 8, 1), True), ((None, None, 3), True), ((8, 8, 2), False), ((8, 8), False), ((1, 1, 3), False)],
)
def test_what_is_an_image(shape: tuple[int | None, ...], picture: bool) -> None:
    assert is_image(shape) is picture
