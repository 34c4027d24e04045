"""Boxes upon a picture."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from specc.inference.classes import Meaning
from specc.inference.examples import Examples
from specc.report.gallery.frames import Frame, draw_frames, frames_of
from specc.report.gallery.panels import board_of

pytestmark = pytest.mark.slow

TRUTH = np.array([[8, 6, 4, 2, 3], [0, 0, 0, 0, 1], [5, 5, 2, 2, -1]], np.float32)
FOUND = np.array([[8, 6, 4, 4, 0.75, 3], [2, 2, 2, 2, 0.125, 1]], np.float32)
FRAMES = (Frame((8, 6, 4, 2), "3", True), Frame((8, 6, 4, 4), "3 75%", False))


def test_padding_and_doubts_are_not_drawn() -> None:
    assert frames_of(FOUND, TRUTH) == FRAMES
    assert frames_of(FOUND, None) == FRAMES[1:]


def test_frames_lie_upon_the_image_they_are_found_in() -> None:
    images, none = np.zeros((2, 16, 16, 1)), np.zeros((2, 6))
    examples = Examples(
        "two",
        {"image": images},
        {"boxes": np.stack([TRUTH, 0 * TRUTH])},
        {"scores": np.zeros((2, 9, 4)), "boxes": np.stack([FOUND, none])},
        {"scores": Meaning("binary"), "boxes": Meaning("boxes")},
    )
    assert [[panel.frames for panel in row] for row in board_of(examples).rows] == [[FRAMES], [()]]


def test_a_frame_goes_around_its_pixels() -> None:
    axes = Figure().subplots()
    draw_frames(axes, FRAMES[:1])
    (patch,) = axes.patches
    assert isinstance(patch, Rectangle)
    assert (patch.get_x(), patch.get_y(), patch.get_width(), patch.get_height()) == (4.5, 5.5, 2, 4)


def test_padding_is_not_drawn_whatever_its_class() -> None:
    truth = np.array([[-1.0, -1, -1, -1, 2], [9, 9, 4, 0, 1], [8, 8, 4, 4, 1]])
    (frame,) = frames_of(np.zeros((0, 6)), truth, ("mouse", "owl"))
    assert (frame.box, frame.label) == ((8.0, 8.0, 4.0, 4.0), "owl")


def test_an_output_of_one_box_is_drawn_upon_the_image() -> None:
    images, found = np.zeros((2, 16, 8, 1)), np.array([[1.0, 2, 5, 8], [0, 0, 4, 4]])
    examples = Examples("", {"image": images}, {"box": found + 1}, {"box": found}, boxes={"box": "xyxy"})
    (first,), _ = board_of(examples).rows
    assert first.frames == (Frame((6, 4, 6, 4), "", True), Frame((5, 3, 6, 4), "box", False))
    assert not first.note
    alone = Examples("", {"image": images}, {}, {"box": found / 8}, boxes={"box": "rel_xyxy"})
    (first,), _ = board_of(alone).rows
    assert first.frames == (Frame((10, 3, 12, 4), "box", False),)
