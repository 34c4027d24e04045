import json
from pathlib import Path
from typing import Any

import pytest
from data_case import codes, everything, located, write

from specc.data.jsonl import JsonLines, open_jsonl
from specc.data.table import Column, MemoryTable
from specc.data.typed import Use
from specc.source.diagnostic import SpecError

ROWS = [
    {"n": 1, "words": ["a"], "boxes": [[1, 2]], "text": "é\n"},
    {"n": 2.5, "words": ["b", "c"], "boxes": [[3, 4], [5, 6]], "text": ""},
    {"n": 3, "words": [], "boxes": [[7, 8]], "text": "z"},
]


def lines(path: Path, rows: list[Any]) -> Path:
    return write(path, "".join(json.dumps(row) + "\n" for row in rows))


@pytest.mark.parametrize("in_memory", [0, 1 << 20])
def test_round_trip(tmp_path: Path, in_memory: int) -> None:
    path = lines(tmp_path / "a.jsonl", ROWS)
    table = open_jsonl(path, located("a.jsonl"), Use(), in_memory)
    assert isinstance(table, JsonLines if not in_memory else MemoryTable)
    found = everything(table)
    assert table.columns["words"] == Column((None,), "string")
    assert table.columns["boxes"] == Column((None, 2), "int64")
    assert found["n"].tolist() == [1.0, 2.5, 3.0]
    assert [words.tolist() for words in found["words"]] == [["a"], ["b", "c"], []]
    assert found["boxes"][1].tolist() == [[3, 4], [5, 6]]
    assert found["text"].tolist() == ["é\n", "", "z"]


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"x": 1}, [1]], "row 2 of `a.jsonl` holds no object"),
        ([{"x": 1}, {"x": "one"}], "holds string under `x`"),
        ([{"x": 1}, {"x": [1]}], "with 1 axes"),
        ([{"x": [[1], [2, 3]]}], "lists of different lengths"),
        ([{"x": {"y": 1}}], "neither number, text"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, rows: list[Any], said: str) -> None:
    path = lines(tmp_path / "a.jsonl", rows)
    with pytest.raises(SpecError) as caught:
        open_jsonl(path, located("a.jsonl"), Use(), 0)
    assert codes(caught.value) == ["data-json"]
    assert said.split(" under")[0] in caught.value.diagnostics[0].title


def test_no_json(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"x": 1}\n{"x": \n')
    with pytest.raises(SpecError, match="row 2"):
        open_jsonl(path, located("a.jsonl"), Use(), 0)


@pytest.mark.parametrize("value", [{}, {"x": None}])
def test_missing_values_are_refused_or_filled(tmp_path: Path, value: dict[str, Any]) -> None:
    path = lines(tmp_path / "a.jsonl", [{"x": 1}, value])
    with pytest.raises(SpecError) as caught:
        open_jsonl(path, located("a.jsonl"), Use(), 0)
    assert codes(caught.value) == ["data-missing"]
    filled = open_jsonl(path, located("a.jsonl"), Use(fills={"x": 5}), 0)
    assert everything(filled)["x"].tolist() == [1, 5]


def test_bytes_that_are_no_text_are_refused_by_row(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'{"x": "a"}\n{"x": "\xff"}\n')
    with pytest.raises(SpecError) as caught:
        open_jsonl(path, located("a.jsonl"), Use(), 1 << 20)
    assert [(d.code, d.notes) for d in caught.value.diagnostics] == [("data-json", ())]
    assert caught.value.diagnostics[0].title == "row 2 of `a.jsonl` is not UTF-8"


def test_an_empty_list_is_one_of_anything(tmp_path: Path) -> None:
    path = write(tmp_path / "a.jsonl", '{"boxes": []}\n{"boxes": [[1, 2], [3, 4]]}\n{"boxes": []}\n')
    table = open_jsonl(path, located("a.jsonl"), Use(), 10**9)
    assert table.columns["boxes"].shape == (None, 2)
    assert [rows.shape for rows in everything(table)["boxes"]] == [(0, 2), (2, 2), (0, 2)]
