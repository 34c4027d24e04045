import gzip
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from data_case import SPAN, codes, everything, located, section, write

from specc.data.table import MemoryTable, Table
from specc.data.text_files import LinesOnDisk, open_lines
from specc.data.typed import Use
from specc.data.windows import Windows
from specc.frontend.sections.data import Source, Window
from specc.frontend.sections.data_types import SplitName
from specc.source.diagnostic import SpecError


def lines(tmp_path: Path, in_memory: int = 1 << 20, **files: str) -> dict[str, object]:
    source = Source("text", {name if name != "only" else "": located(f) for name, f in files.items()}, SPAN)
    return everything(open_lines(tmp_path, source, in_memory))


def opened(tmp_path: Path, text: str) -> Mapping[SplitName, Table]:
    """The parts of a source, by split; what opens all kinds of sources is made with TensorFlow."""
    from specc.data.sources import Opening, open_parts

    found = section(text)
    return open_parts(found.sources[""], found, 0, Opening(tmp_path, (), Use()))


def test_lines_of_one_file_and_of_the_same_on_the_disk(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "one\ntwo é\nthree\n")
    found = lines(tmp_path, only="a.txt")["text"]
    source = Source("text", {"": located("a.txt")}, SPAN)
    large = open_lines(tmp_path, source, 0)
    assert isinstance(large, LinesOnDisk)
    assert found.tolist() == everything(large)["text"].tolist() == ["one", "two é", "three"]  # type: ignore[attr-defined]


def test_a_placeholder_labels_lines(tmp_path: Path) -> None:
    write(tmp_path / "reviews.neg", "bad\n")
    write(tmp_path / "reviews.pos", "good\nfine\n")
    found = lines(tmp_path, only="reviews.{label}")
    assert found["label"].tolist() == ["neg", "pos", "pos"]  # type: ignore[attr-defined]


def test_files_side_by_side(tmp_path: Path) -> None:
    (tmp_path / "a.en.gz").write_bytes(gzip.compress(b"a\nb\n"))
    write(tmp_path / "a.de", "c\nd\n")
    found = lines(tmp_path, source="a.en.gz", target="a.de")
    assert found["source"].tolist() == ["a", "b"]  # type: ignore[attr-defined]
    assert found["target"].tolist() == ["c", "d"]  # type: ignore[attr-defined]
    write(tmp_path / "short.de", "c\n")
    with pytest.raises(SpecError) as caught:
        lines(tmp_path, source="a.en.gz", target="short.de")
    assert codes(caught.value) == ["data-text"]


def test_windows_over_rows_and_what_is_ahead() -> None:
    table = MemoryTable({"x": np.arange(10), "v": np.arange(20).reshape(10, 2)})
    windows = Windows(table, Window(3, 2, 2), np.array([0, 2, 4]))
    found = everything(windows)
    assert found["x"].tolist() == [[0, 1, 2], [2, 3, 4], [4, 5, 6]]
    assert found["x.ahead"].tolist() == [[3, 4], [5, 6], [7, 8]]
    assert windows.columns["v"].shape == (3, 2)
    assert windows.rows(np.array([2]), ["v.ahead"])["v.ahead"].tolist() == [[[14, 15], [16, 17]]]


@pytest.mark.slow
def test_no_window_crosses_a_split(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", "x\n" + "".join(f"{i}\n" for i in range(20)))
    parts = opened(
        tmp_path, "{source: {csv: a.csv, window: {length: 3, ahead: 1}}, split: {train: 0.5, test: 0.5}}"
    )
    seen = [np.concatenate([v.ravel() for v in everything(t).values()]) for t in parts.values()]
    assert set(seen[0].tolist()) == set(range(10))
    assert set(seen[1].tolist()) == set(range(10, 20))
    assert len(parts["train"]) == 7


@pytest.mark.slow
@pytest.mark.parametrize(
    ("unit", "text", "wanted"),
    [("character", "ab cd ef", ["ab", " c", "d "]), ("word", "ab cd\nef gh", ["ab cd", "ef gh"])],
)
def test_windows_over_text(tmp_path: Path, unit: str, text: str, wanted: list[str]) -> None:
    write(tmp_path / "a.txt", text)
    table = opened(tmp_path, f"{{source: {{text: a.txt, window: {{length: 2, unit: {unit}}}}}}}")["train"]
    assert everything(table)["text"].tolist()[: len(wanted)] == wanted


@pytest.mark.slow
def test_a_part_too_short_for_a_window_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "abcdefghij")
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, "{source: {text: a.txt, window: {length: 4}}, split: {train: 0.7, test: 0.3}}")
    assert "3 test rows hold no window of 4" in caught.value.diagnostics[0].title
