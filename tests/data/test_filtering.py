from pathlib import Path
from typing import Any

import numpy as np
import pytest
from data_case import codes, section, write

from specc.data import open as opening
from specc.data.dataset import Dataset, Wanted
from specc.data.ports import Port
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow
FLOWERS = "size,kind\n1,rose\n2,tulip\n3,rose\n4,aster\n5,rose\n6,tulip\n"


def opened(root: Path, text: str, **values: Any) -> Dataset:
    """The data with the input `size` and no target."""
    write(root / "flowers.csv", FLOWERS)
    wanted = Wanted((Port("size", (1,), "float32"),), ())
    return opening.open_data(section(text, **values), wanted, root=root, seed=1)


def sizes(dataset: Dataset, split: Any = "train") -> list[float]:
    batches = [np.asarray(batch).reshape(-1) for batch in dataset.pipeline(split).once]
    return sorted(np.concatenate(batches).tolist())


def refused(root: Path, text: str) -> SpecError:
    with pytest.raises(SpecError) as caught:
        opened(root, text)
    return caught.value


def test_only_rows_for_which_it_is_true_stay(tmp_path: Path) -> None:
    dataset = opened(tmp_path, "source: {csv: flowers.csv, filter: size >= 3}")
    assert sizes(dataset) == [3, 4, 5, 6]
    assert dataset.filters == ("`size >= 3` keeps 4 of 6 rows",)


def test_texts_and_several_columns_are_compared(tmp_path: Path) -> None:
    text = "source: {csv: flowers.csv, filter: \"(kind == 'rose') & (size > 1) | (kind == 'aster')\"}"
    assert sizes(opened(tmp_path, text)) == [3, 4, 5]


def test_a_value_of_the_spec_may_stand_in_it(tmp_path: Path) -> None:
    assert sizes(opened(tmp_path, "source: {csv: flowers.csv, filter: size < $most}", most=2)) == [1]


def test_it_comes_before_the_split(tmp_path: Path) -> None:
    text = "source: {csv: flowers.csv, filter: \"kind == 'rose'\"}\nsplit: {train: 2, test: 1}"
    dataset = opened(tmp_path, text)
    assert sizes(dataset) + sizes(dataset, "test") in ([1, 3, 5], [1, 5, 3], [3, 5, 1])


def test_windows_slide_over_the_rows_that_stay(tmp_path: Path) -> None:
    text = "source: {csv: flowers.csv, filter: \"kind == 'rose'\", window: {length: 2}}"
    write(tmp_path / "flowers.csv", FLOWERS)
    wanted = Wanted((Port("size", (2,), "float32"),), ())
    dataset = opening.open_data(section(text), wanted, root=tmp_path, seed=1)
    assert np.concatenate([np.asarray(batch) for batch in dataset.pipeline("train").once]).tolist() == [
        [1, 3],
        [3, 5],
    ]
    assert dataset.filters


def test_a_row_of_several_values_is_one_row(tmp_path: Path) -> None:
    text = 'source: {dataset: digits, filter: "(mean(image) > 5) & (label < 2)"}'
    wanted = Wanted((Port("image", (8, 8), "float32"),), ("label",))
    dataset = opening.open_data(section(text), wanted, root=tmp_path, seed=1)
    labels = set()
    for image, label in dataset.pipeline("train").once:
        assert np.all(np.mean(image, axis=(1, 2)) > 5)
        labels |= set(np.asarray(label).reshape(-1).tolist())
    assert labels == {0, 1}


def test_as_many_of_each_class_as_the_split_says(tmp_path: Path) -> None:
    text = "source: {dataset: digits, filter: label > 4}\nsplit: {train: 20, test: 100, per: label}"
    wanted = Wanted((Port("image", (8, 8), "float32"),), ("label",))
    dataset = opening.open_data(section(text), wanted, root=tmp_path, seed=1)
    assert dataset.splits == {"train": 100, "test": 500}
    labels = np.concatenate([np.asarray(y).reshape(-1) for _, y in dataset.pipeline("train").once])
    assert np.bincount(labels.astype(int)).tolist() == [0] * 5 + [20] * 5


@pytest.mark.parametrize(
    ("formula", "code"),
    [
        ("size > 9", "data-filter"),
        ("size - 1", "data-filter"),
        ("1 < 2", "data-filter"),
        ("sise > 1", "data-column"),
        ("kind > 1", "data-formula"),
    ],
)
def test_what_cannot_choose_is_refused(tmp_path: Path, formula: str, code: str) -> None:
    error = refused(tmp_path, f"source: {{csv: flowers.csv, filter: {formula}}}")
    assert codes(error) == [code]


def test_a_misspelt_column_is_suggested(tmp_path: Path) -> None:
    error = refused(tmp_path, "source: {csv: flowers.csv, filter: sise > 1}")
    assert "size" in error.diagnostics[0].help


def test_a_text_cut_into_windows_has_no_rows(tmp_path: Path) -> None:
    write(tmp_path / "book.txt", "abcdefgh")
    found = refused(tmp_path, 'source: {text: book.txt, filter: "text == 1", window: {length: 2}}')
    assert codes(found) == ["data-filter"]
