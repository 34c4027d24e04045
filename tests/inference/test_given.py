"""Data that is given to a trained model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from specc.catalog.load import load
from specc.data.dataset import Dataset, Wanted
from specc.data.open import open_data
from specc.data.ports import Port
from specc.frontend.sections.data import DataSection, read_data
from specc.inference.given import open_given
from specc.source.diagnostic import Diagnostic, Reporter, SpecError
from specc.source.parse import parse
from specc.source.values import Mapping

pytestmark = pytest.mark.slow

SERIES = """
source: {csv: series.csv, window: {length: 24, ahead: 1}}
fields: {past: {column: [x], transform: [Normalization]}, next: {column: x.ahead}}
"""
PLAIN = (
    "{source: {csv: plain.csv}, fields: {n: {column: [a, b], fill: 0, transform: [Rescaling: {scale: 2}]}}}"
)


def section(text: str) -> DataSection:
    reporter = Reporter()
    value = parse(text, "spec.yaml", reporter)
    assert isinstance(value, Mapping)
    found = read_data(value, load(), reporter)
    reporter.stop_if_failed()
    assert found is not None
    return found


def write(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def given(data: Any, text: str, root: Path, *targets: str, **inputs: list[int | None]) -> Dataset:
    """Given data, opened with what the spec's own data in `root` has taught."""
    ports = tuple(Port(name, tuple(shape)) for name, shape in inputs.items())
    read = section(text)
    own = open_data(read, Wanted(ports, targets), root=root, seed=1)
    return open_given(data, read, Wanted(ports, targets), seed=1, fitted=own.fitted)


def refused(data: Any, text: str, root: Path, *targets: str, **inputs: list[int | None]) -> Diagnostic:
    with pytest.raises(SpecError) as caught:
        given(data, text, root, *targets, **inputs)
    (found,) = caught.value.diagnostics
    return found


def series(path: Path, rows: int) -> Path:
    return write(path, "x", *(str(n) for n in range(rows)))


@pytest.mark.parametrize(("rows", "count"), [(24, 1), (25, 2), (600, 577)])
def test_each_stretch_is_predicted_also_the_last(tmp_path: Path, rows: int, count: int) -> None:
    series(tmp_path / "series.csv", 100)
    new = series(tmp_path / "new.csv", rows)
    assert given(new, SERIES, tmp_path, past=[24, 1]).splits == {"train": count}
    if rows > 24:
        assert given(new, SERIES, tmp_path, "next", past=[24, 1]).splits == {"train": count - 1}


def test_too_few_rows_for_a_window(tmp_path: Path) -> None:
    series(tmp_path / "series.csv", 100)
    found = refused(series(tmp_path / "new.csv", 23), SERIES, tmp_path, past=[24, 1])
    assert found.title == "23 rows hold no window of 24"
    assert found.span is not None
    assert found.span.file.endswith("new.csv")


@pytest.fixture
def plain(tmp_path: Path) -> Path:
    write(tmp_path / "plain.csv", "a,b", "1,2", "3,4")
    return tmp_path


@pytest.mark.parametrize("lacking", [None, float("nan")])
def test_what_lacks_in_columns_is_filled_as_in_a_file(plain: Path, lacking: Any) -> None:
    data = given({"a": [lacking, 3], "b": np.array([5.0, 6.0])}, PLAIN, plain, n=[2])
    (batch,) = data.pipeline("train").once
    assert batch.numpy().tolist() == [[0, 10], [6, 12]]


def test_what_lacks_and_is_not_filled_is_refused(plain: Path) -> None:
    text = PLAIN.replace("fill: 0, ", "")
    assert refused({"a": [1, None], "b": [1, 2]}, text, plain, n=[2]).title.endswith(
        "`a` has no value in row 2"
    )


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (("a,b", "1,2", "12a,3", "1,1"), "line 3, column `a`: '12a' is no number"),
        (("a", "1"), "no column `b`"),
        (("a,b", "1,2", "1"), "line 3 has 1 cell"),
        (("a;b", "1;2"), "no column"),
        (("a,b", ",1"), "there is no value"),
    ],
)
def test_what_is_wrong_is_told_of_the_given_file(plain: Path, rows: tuple[str, ...], said: str) -> None:
    text = PLAIN.replace("fill: 0, ", "")
    found = refused(write(plain / "new.csv", *rows), text, plain, n=[2])
    assert said in found.title
    assert found.span is not None
    assert found.span.file.endswith("new.csv")
    assert not any(word in found.help for word in ("--data", "drop_missing", "fill", "separator"))


def test_a_folder_is_refused_where_no_images_are_wanted(plain: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(plain)
    found = refused(".", PLAIN, plain, n=[2])
    assert (found.code, found.title) == ("run-data", "`.` is a folder")


def test_rows_that_differ_in_shape_are_refused(plain: Path) -> None:
    found = refused({"a": [[1, 2], [3]], "b": [1, 2]}, PLAIN, plain, n=[2])
    assert found.title == "the rows of the column `a` differ in shape"
