"""Metrics of boxes found: what they would not count is told before anything is trained."""

from __future__ import annotations

import pytest
import tensorflow as tf
from training_case import Case, section_of

from specc.source.diagnostic import Reporter
from specc.training.detection import check_box_metrics

pytestmark = pytest.mark.slow

TEXT = """
optimizer: adam
loss: {label: mse}
metrics: {label: [{MeanAveragePrecision: {num_classes: 3}}]}
"""


class Boxes(Case):
    """One box of a class in each row."""

    def __init__(self, kind: int) -> None:
        super().__init__()
        box = tf.constant([[[4.0, 4.0, 2.0, 2.0, float(kind)]]])
        self.columns["train"]["label"] = tf.repeat(box, self.size, axis=0).numpy()


@pytest.mark.parametrize(("kind", "told"), [(2, 0), (3, 1)])
def test_a_class_that_is_not_counted_is_told(kind: int, told: int) -> None:
    reporter = Reporter()
    check_box_metrics(section_of(TEXT).stages[0], Boxes(kind), reporter)
    assert [d.code for d in reporter] == ["training-setting"] * told
    assert all("counts the classes 0 to 2, and `label` has 3" in d.title for d in reporter)


def test_a_target_that_holds_no_boxes_is_told() -> None:
    reporter = Reporter()
    check_box_metrics(section_of(TEXT).stages[0], Case(), reporter)
    assert ["[n, 5]" in d.title for d in reporter] == [True]
