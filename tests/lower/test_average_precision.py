"""Mean average precision, held to a plain one that looks at every box."""

from __future__ import annotations

import keras
import numpy as np
import pytest
import tensorflow as tf

from specc.lower.average_precision import BINS, MeanAveragePrecision
from specc.lower.own import leave_out_of_file

pytestmark = pytest.mark.slow

Array = np.ndarray


def overlap(one: Array, other: Array) -> float:
    low = np.maximum(one[:2] - one[2:4] / 2, other[:2] - other[2:4] / 2)
    high = np.minimum(one[:2] + one[2:4] / 2, other[:2] + other[2:4] / 2)
    both = np.prod(np.maximum(high - low, 0))
    return float(both / (np.prod(one[2:4]) + np.prod(other[2:4]) - both))


def plain_average_precision(true: Array, found: Array, kind: int, threshold: float) -> float | None:
    """Of one class, box by box in the order of all scores; None where it never occurs."""
    truths = [[box for box in image if box[4] == kind] for image in true]
    total = sum(map(len, truths))
    if not total:
        return None
    boxes = [
        (image, box) for image, rows in enumerate(found) for box in rows if box[5] == kind and box[4] > 0
    ]
    taken: set[tuple[int, int]] = set()
    right = []
    for image, box in sorted(boxes, key=lambda pair: -pair[1][4]):
        fits = [(overlap(t, box), k) for k, t in enumerate(truths[image]) if (image, k) not in taken]
        best = max(fits, default=(0.0, -1))
        right.append(best[0] >= threshold)
        if right[-1]:
            taken.add((image, best[1]))
    hits = np.cumsum(right)
    precision = hits / np.arange(1, len(right) + 1)
    return float(sum(precision[i:].max() for i, hit in enumerate(right) if hit) / total)


def plain_mean(true: Array, found: Array, classes: int, threshold: float) -> float:
    areas = [plain_average_precision(true, found, kind, threshold) for kind in range(classes)]
    return float(np.mean([area for area in areas if area is not None]))


def random_case(random: np.random.Generator, images: int = 12) -> tuple[Array, Array]:
    """True boxes [images, 4, 5], some of them padding, and boxes near to them [images, 10, 6]."""
    true = np.zeros((images, 4, 5), np.float32)
    true[..., :2] = random.uniform(10, 60, (images, 4, 2))
    true[..., 2:4] = random.uniform(8, 24, (images, 4, 2))
    true[..., 4] = random.integers(-1, 3, (images, 4))
    near = np.concatenate([true, true, true[:, :2]], axis=1)
    found = np.zeros((images, 10, 6), np.float32)
    found[..., :4] = near[..., :4] + random.normal(0, 1.5, (images, 10, 4))
    found[..., 5] = np.where(random.uniform(size=(images, 10)) < 0.8, near[..., 4], random.integers(0, 3))
    found[..., 5] = np.maximum(found[..., 5], 0)
    scores = random.permutation(BINS)[: images * 10] / BINS  # apart: within a bin there is no order
    found[..., 4] = scores.reshape(images, 10)
    return true, found


@pytest.mark.parametrize("threshold", [0.5, 0.75])
def test_is_what_a_plain_one_gives(threshold: float) -> None:
    metric = MeanAveragePrecision(3, iou_threshold=threshold)
    update = tf.function(metric.update_state)
    for seed in range(10):
        true, found = random_case(np.random.default_rng(seed))
        metric.reset_state()
        for part in (slice(0, 6), slice(6, 12)):
            update(tf.constant(true[part]), tf.constant(found[part]))
        expected = plain_mean(true, found, 3, threshold)
        assert 0.05 < expected < 0.95
        assert float(metric.result()) == pytest.approx(expected, abs=1e-5), seed


def test_right_boxes_are_whole_and_duplicates_are_wrong() -> None:
    metric = MeanAveragePrecision(2)
    true = np.array([[[10, 10, 8, 8, 1], [30, 30, 8, 8, 1]]], np.float32)
    first, second = [10, 10, 8, 8, 0.9, 1], [30, 30, 8, 8, 0.5, 1]
    metric.update_state(true, np.array([[first, second]], np.float32))
    assert float(metric.result()) == pytest.approx(1.0)
    metric.reset_state()
    again = [10, 10, 8, 8, 0.7, 1]
    metric.update_state(true, np.array([[first, again, second]], np.float32))
    assert float(metric.result()) == pytest.approx((1 + 2 / 3) / 2)


def test_an_image_without_boxes_has_only_wrong_ones() -> None:
    metric = MeanAveragePrecision(2)
    found = np.array([[[10, 10, 8, 8, 0.9, 1]]], np.float32)
    metric.update_state(np.zeros((1, 0, 5), np.float32), found)
    assert float(metric.result()) == 0
    metric.update_state(np.array([[[10, 10, 8, 8, 1]]], np.float32), found)
    assert float(metric.result()) == pytest.approx(0.5)


def test_padding_is_no_box_whatever_its_class() -> None:
    metric = MeanAveragePrecision(2)
    true = np.array([[[10, 10, 8, 8, 0], [-1, -1, -1, -1, 1], [5, 5, 0, 4, 1]]], np.float32)
    metric.update_state(true, np.array([[[10, 10, 8, 8, 0.9, 0]]], np.float32))
    assert float(metric.result()) == pytest.approx(1.0)


def test_a_class_that_is_none_counts_for_nothing() -> None:
    metric = MeanAveragePrecision(2)
    true = np.array([[[10, 10, 8, 8, 0], [30, 30, 8, 8, 2]]], np.float32)
    found = [[10, 10, 8, 8, 0.9, 0], [30, 30, 8, 8, 0.8, 2], [30, 30, 8, 8, 0.7, -1]]
    metric.update_state(true, np.array([found], np.float32))
    assert float(metric.result()) == pytest.approx(1.0)


def test_fit_and_a_saved_file_know_it() -> None:
    inputs = keras.Input((2,))
    boxes = keras.layers.Reshape((3, 6))(keras.layers.Dense(18)(inputs))
    model = keras.Model(inputs, {"y": keras.layers.Dense(1)(inputs), "boxes": boxes})
    model.compile(
        "sgd", loss={"y": "mse"}, metrics={"y": ["mae"], "boxes": [MeanAveragePrecision(2, name="map")]}
    )
    leave_out_of_file(model)
    assert model.get_compile_config()["metrics"] == {"y": ["mae"], "boxes": []}
    true = np.ones((4, 2, 5), np.float32)
    logs = model.evaluate(np.ones((4, 2)), {"y": np.ones((4, 1)), "boxes": true}, verbose=0, return_dict=True)
    assert "boxes_map" in logs
    again = MeanAveragePrecision.from_config(MeanAveragePrecision(2, 0.75).get_config())
    assert (again.num_classes, again.iou_threshold) == (2, 0.75)
