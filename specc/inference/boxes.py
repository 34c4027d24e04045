"""Boxes that a detector has found, written as people read them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

FILE = "file"
"""What the column of the rows' files is called."""
COLUMNS = ("row", "y", "x", "height", "width", "score", "class")
"""What a line of a CSV file says of a box: its row of the data from 0, middle, size, how sure, what."""


def found_boxes(values: Array, names: Sequence[str]) -> Iterator[tuple[int, list[float], float, int | str]]:
    """The boxes of an output [rows, k, 6] (y, x, height, width, score, class) whose score is above 0.

    Each as its row, its four numbers, its score, its class: by name where `names` has one for it.
    """
    for row, boxes in enumerate(values.astype(np.float64)):
        for *box, score, kind in boxes[boxes[:, 4] > 0].tolist():
            told = names[int(kind)] if 0 <= kind < len(names) else int(kind)
            yield row, [round(size, 3) for size in box], round(score, 5), told


def box_table(values: Array, names: Sequence[str], files: Sequence[str] = ()) -> Iterator[list[Any]]:
    """`COLUMNS`, then a line of them for each box; before them the row's file, where rows are files.

    `names` are those of the classes, as far as they have any.
    """
    yield [FILE, *COLUMNS] if files else list(COLUMNS)
    for row, box, score, kind in found_boxes(values, names):
        yield [*files[row : row + 1], row, *box, score, kind]


def write_json_lines(
    path: Path, outputs: Mapping[str, Array], boxes: Mapping[str, Sequence[str]], files: Sequence[str] = ()
) -> None:
    """One object a row: outputs by name as lists, those in `boxes` as `{"box", "score", "class"}` each.

    `boxes` holds the names of their classes, as far as they have any. Where rows are `files`, their names
    come first. A model that finds boxes is asked for them: its other outputs are left out.
    """
    told = {name: values for name, values in outputs.items() if not boxes or name in boxes}
    count = len(next(iter(told.values())))
    rows: list[dict[str, Any]] = [{FILE: files[row]} if files else {} for row in range(count)]
    for name, values in told.items():
        if name in boxes:
            for line in rows:
                line[name] = []
            for row, box, score, kind in found_boxes(values, boxes[name]):
                rows[row][name].append({"box": box, "score": score, "class": kind})
        else:
            for line, value in zip(rows, values, strict=True):
                line[name] = value.tolist()
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in rows)
    path.write_text(text, encoding="utf-8")
