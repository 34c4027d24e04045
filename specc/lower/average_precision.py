"""Mean average precision of detected boxes, as a Keras metric of fixed size."""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

BINS = 1000
"""Scores are told apart to a thousandth: the state is a table of classes by scores."""


@keras.saving.register_keras_serializable(package="specc")
class MeanAveragePrecision(keras.metrics.Metric):  # type: ignore[misc]
    """The mean over classes of the area under precision against recall, of boxes found.

    Of `y_true` [batch, n, 5], boxes with their class (y, x, height, width, class; a class below 0, or a box
    without a size, stands for nothing), and `y_pred` [batch, k, 6] (y, x, height, width, score, class; a
    score of 0 stands for nothing), y and x being the middle. From the best score down, a found box is right
    where it overlaps a true box of its class that no other has taken by `iou_threshold` at least. Precision
    at a recall is the best at that recall or a higher one, and the area is exact (Everingham et al. 2010, The
    PASCAL Visual Object Classes Challenge, as of 2010), for scores in steps of 1/1000. Classes that never
    occur do not count, nor do boxes of a class from `num_classes` on.
    """

    def __init__(
        self,
        num_classes: int,
        iou_threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.num_classes = num_classes
        self.iou_threshold = iou_threshold
        shape = (num_classes, BINS)
        self.right = self.add_variable(shape, "zeros", name="right")
        self.wrong = self.add_variable(shape, "zeros", name="wrong")
        self.true = self.add_variable((num_classes,), "zeros", name="true")

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Count the boxes of a batch; `sample_weight` is not taken."""
        if sample_weight is not None:
            raise ValueError("MeanAveragePrecision counts boxes, and takes no weights")
        true = ops.cast(y_true, "float32")
        order = ops.argsort(-ops.cast(y_pred[..., 4], "float32"), axis=1)
        found = ops.take_along_axis(ops.cast(y_pred, "float32"), order[..., None], axis=1)
        exists = ops.logical_and(self._known(true[..., 4]), ops.all(true[..., 2:4] > 0, axis=-1))
        right = matches(true, exists, found, self.iou_threshold)
        shown = ops.cast(ops.logical_and(self._known(found[..., 5]), found[..., 4] > 0), "float32")
        kinds = ops.clip(ops.cast(found[..., 5], "int32"), 0, self.num_classes - 1)
        cells = kinds * BINS + bins(found[..., 4])
        self._add(self.right, cells, right)
        self._add(self.wrong, cells, shown - right)
        kinds = ops.one_hot(ops.cast(true[..., 4], "int32"), self.num_classes)
        self.true.assign_add(ops.sum(kinds * ops.cast(exists, "float32")[..., None], axis=(0, 1)))

    def _known(self, kinds: Any) -> Any:
        return ops.logical_and(kinds >= 0, kinds < self.num_classes)

    def _add(self, table: Any, cells: Any, counts: Any) -> None:
        size = self.num_classes * BINS
        sums = ops.segment_sum(ops.reshape(counts, (-1,)), ops.reshape(cells, (-1,)), num_segments=size)
        table.assign_add(ops.reshape(sums, (self.num_classes, BINS)))

    def result(self) -> Any:
        """The mean average precision, from 0 to 1; 0 where there is no box to find."""
        hits, misses = self.right[:, ::-1], self.wrong[:, ::-1]  # the best scores first
        right, wrong = ops.cumsum(hits, axis=1), ops.cumsum(misses, axis=1)
        precision = right / ops.maximum(right + wrong, 1.0)
        areas = ops.sum(best_from_here(precision) * hits, axis=1) / ops.maximum(self.true, 1.0)
        there = ops.cast(self.true > 0, "float32")
        return ops.sum(areas * there) / ops.maximum(ops.sum(there), 1.0)

    def get_config(self) -> dict[str, Any]:
        own = {"num_classes": self.num_classes, "iou_threshold": self.iou_threshold}
        return {**own, "name": self.name, "dtype": self.dtype}


def bins(scores: Any) -> Any:
    """The bin of each score from 0 to 1."""
    return ops.cast(ops.clip(ops.round(scores * BINS), 1, BINS), "int32") - 1


def best_from_here(values: Any) -> Any:
    """The greatest of each value and those after it on the last axis, of [classes, BINS]."""
    reach = 1
    while reach < BINS:
        values = ops.maximum(values, ops.pad(values[:, reach:], ((0, 0), (0, reach))))
        reach *= 2
    return values


def overlaps(one: Any, other: Any) -> Any:
    """Intersection over union [..., n, k] of boxes [..., n, 4] with boxes [..., k, 4]."""
    a, b = one[..., :, None, :], other[..., None, :, :]
    low = ops.maximum(a[..., :2] - a[..., 2:] / 2, b[..., :2] - b[..., 2:] / 2)
    high = ops.minimum(a[..., :2] + a[..., 2:] / 2, b[..., :2] + b[..., 2:] / 2)
    both = ops.prod(ops.maximum(high - low, 0.0), axis=-1)
    either = ops.prod(a[..., 2:], axis=-1) + ops.prod(b[..., 2:], axis=-1) - both
    return both / ops.maximum(either, 1e-9)


def matches(true: Any, exists: Any, found: Any, threshold: float) -> Any:
    """Whether each found box [batch, k, 6], the best score first, takes a true box: 1 or 0, [batch, k].

    Each takes the one that it overlaps most among those of its class that are left.
    """
    same = ops.logical_and(ops.equal(true[..., 4:], found[:, None, :, 5]), exists[..., None])
    overlap = overlaps(true[..., :4], found[..., :4])
    fits = ops.logical_and(same, ops.logical_and(overlap >= threshold, found[:, None, :, 4] > 0))
    suits = ops.where(fits, overlap, 0.0)  # [batch, n, k]
    count = ops.shape(found)[1]
    suits = ops.pad(suits, ((0, 0), (0, 1), (0, 0)))  # a true box that fits nothing: there may be none

    def take(k: Any, left: Any, right: Any) -> Any:
        mine = ops.take(suits, k, axis=2) * left  # [batch, n]
        took = ops.cast(ops.max(mine, axis=1) > 0, "float32")
        first = ops.one_hot(ops.argmax(mine, axis=1), ops.shape(mine)[1], dtype="float32")
        column = ops.one_hot(k, count, dtype="float32")
        return k + 1, left - first * took[:, None], right + took[:, None] * column

    start = (0, ops.ones_like(suits[..., 0]), ops.zeros_like(found[..., 4]))
    return ops.while_loop(lambda k, left, right: k < count, take, start)[2]
