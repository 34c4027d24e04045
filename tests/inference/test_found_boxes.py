"""Boxes that were found, in files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from specc.inference.classes import Meaning, write_predictions

pytestmark = pytest.mark.slow

FOUND = np.array(
    [
        [[30.0, 40.0, 20.0, 10.0, 0.75, 3.0], [1.0, 2.0, 3.0, 4.0, 0.0, 5.0]],
        [[1.0, 2.0, 3.0, 4.0, 0.0, 5.0], [5.0, 6.0, 7.0, 8.0, 0.25, 0.0]],
        [[0.0, 0.0, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0, 0.0, 0.0]],
    ],
    np.float32,
)
OUTPUTS: dict[str, np.ndarray[Any, Any]] = {"scores": np.zeros((3, 9, 4)), "found": FOUND}
MEANINGS = {"scores": Meaning("value"), "found": Meaning("boxes")}


def test_csv_has_a_line_for_each_box_that_was_found(tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    write_predictions(path, OUTPUTS, MEANINGS)
    assert path.read_text(encoding="utf-8").splitlines() == [
        "row,y,x,height,width,score,class",
        "0,30.0,40.0,20.0,10.0,0.75,3",
        "1,5.0,6.0,7.0,8.0,0.25,0",
    ]


def test_classes_have_their_names(tmp_path: Path) -> None:
    meanings = MEANINGS | {"found": Meaning("boxes", names=("[UNK]", "mouse", "owl", "käuzchen"))}
    write_predictions(tmp_path / "out.csv", OUTPUTS, meanings)
    lines = (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()
    assert [line.rpartition(",")[2] for line in lines] == ["class", "käuzchen", "[UNK]"]
    write_predictions(tmp_path / "out.jsonl", OUTPUTS, meanings)
    assert '"class": "käuzchen"' in (tmp_path / "out.jsonl").read_text(encoding="utf-8")
    few = MEANINGS | {"found": Meaning("boxes", names=("mouse",))}
    write_predictions(tmp_path / "out.csv", OUTPUTS, few)
    assert (tmp_path / "out.csv").read_text(encoding="utf-8").splitlines()[1].endswith(",3")


def test_json_lines_have_a_line_for_each_row(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_predictions(path, OUTPUTS, MEANINGS)
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert lines == [
        {"found": [{"box": [30.0, 40.0, 20.0, 10.0], "score": 0.75, "class": 3}]},
        {"found": [{"box": [5.0, 6.0, 7.0, 8.0], "score": 0.25, "class": 0}]},
        {"found": []},
    ]


def test_json_lines_hold_arrays_of_any_shape(tmp_path: Path) -> None:
    path = tmp_path / "out.jsonl"
    write_predictions(path, {"mask": np.ones((2, 1, 3))}, {"mask": Meaning("value")})
    assert path.read_text(encoding="utf-8") == '{"mask": [[1.0, 1.0, 1.0]]}\n' * 2
