"""How outputs are read."""

from __future__ import annotations

import numpy as np
import pytest

from specc.catalog.objects import KerasObject
from specc.data.fitted import Fitted
from specc.inference.classes import Meaning, columns_of, meaning_of
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow

VALUES = np.array([[2.0, 0.0], [0.0, 1.0]])


def test_probabilities_and_logits() -> None:
    found = columns_of("k", VALUES, Meaning("categorical", True, ("a", "b")))
    assert list(found) == ["k", "k_a", "k_b"]
    assert found["k"] == ["a", "b"]
    assert found["k_a"] == pytest.approx([np.e**2 / (np.e**2 + 1), 1 / (1 + np.e)])
    plain = columns_of("k", np.array([[0.25, 0.75]]), Meaning("categorical"))
    assert plain == {"k": ["1"], "k_0": [0.25], "k_1": [0.75]}


def test_names_that_do_not_match_the_classes_are_not_used() -> None:
    assert columns_of("k", VALUES, Meaning("categorical", True, ("a", "b", "c")))["k"] == ["0", "1"]


def test_binary_classes() -> None:
    found = columns_of("k", np.array([[0.0], [800.0], [-800.0]]), Meaning("binary", True, ("no", "yes")))
    assert found == {"k": ["no", "yes", "no"], "k_yes": [0.5, 1.0, 0.0]}


def test_numbers() -> None:
    assert columns_of("y", np.array([[1.5], [2.5]]), Meaning("value")) == {"y": [1.5, 2.5]}
    assert columns_of("y", np.array([1.5, 2.5]), Meaning("value")) == {"y": [1.5, 2.5]}
    assert columns_of("y", VALUES, Meaning("value")) == {"y_0": [2.0, 0.0], "y_1": [0.0, 1.0]}


def test_arrays_are_no_csv() -> None:
    with pytest.raises(SpecError) as caught:
        columns_of("mask", np.zeros((2, 4, 4)), Meaning("value"))
    assert caught.value.diagnostics[0].help == "write to a file that ends in .npz or .jsonl"


def test_meanings_come_from_the_loss() -> None:
    def of(kind: str, **arguments: object) -> Meaning:
        return meaning_of("k", KerasObject("loss", kind, arguments), None)

    assert of("sparse_categorical_crossentropy") == Meaning("categorical")
    assert of("BinaryCrossentropy", from_logits=True) == Meaning("binary", True)
    assert of("MeanSquaredError") == Meaning("value")
    assert meaning_of("k", None, None) == Meaning("value")
    boxes = KerasObject("metric", "MeanAveragePrecision", {"num_classes": 2})
    assert meaning_of("k", None, None, [boxes]) == Meaning("boxes")


def test_boxes_have_the_classes_of_what_their_target_is_made_of() -> None:
    lookup = {"layer": {"StringLookup": {"num_oov_indices": 0}}, "state": {"vocabulary": ["mouse", "owl"]}}
    fitted = Fitted({"kinds": [lookup], "boxes": [], "other": [lookup]})
    boxes = [KerasObject("metric", "MeanAveragePrecision", {"num_classes": 2})]
    assert meaning_of("k", None, fitted, boxes, ("boxes", "kinds")).names == ("mouse", "owl")
    assert meaning_of("k", None, fitted, boxes, ("other", "kinds")).names == ()
