import numpy as np
import pytest
from data_case import SPAN, codes, located, section
from hypothesis import given
from hypothesis import strategies as st

from specc.data.split import counts, share_out
from specc.frontend.sections.data import Split
from specc.source.diagnostic import SpecError


def split(shuffle: bool = True, **parts: float) -> Split:
    return Split(parts, SPAN, shuffle=shuffle)  # type: ignore[arg-type]


@given(total=st.integers(20, 5000), train=st.floats(0.2, 0.7), test=st.floats(0.1, 0.25))
def test_parts_share_no_row(total: int, train: float, test: float) -> None:
    found = share_out(split(train=train, validation=0.05, test=test), total, 3, None)
    rows = np.concatenate(list(found.values()))
    assert len(set(rows.tolist())) == len(rows)
    assert abs(len(found["train"]) - train * total) <= 1


@given(total=st.integers(3, 1000))
def test_fractions_of_one_leave_no_row_out(total: int) -> None:
    assert sum(counts(split(train=0.7, validation=0.1, test=0.2), max(total, 10)).values()) == max(total, 10)


def test_counts_are_taken_as_such() -> None:
    found = share_out(split(train=8, test=2), 12, 0, None)
    assert [len(rows) for rows in found.values()] == [8, 2]


def test_the_seed_decides() -> None:
    one, same, other = (share_out(split(train=0.5, test=0.5), 100, seed, None) for seed in (1, 1, 2))
    assert one["train"].tolist() == same["train"].tolist() != other["train"].tolist()


def test_the_splits_own_seed_is_stronger() -> None:
    own = Split({"train": 0.5}, SPAN, seed=4)
    assert share_out(own, 50, 1, None)["train"].tolist() == share_out(own, 50, 2, None)["train"].tolist()


def test_in_order_the_parts_are_stretches() -> None:
    found = share_out(split(shuffle=False, train=0.6, test=0.4), 10, 0, None)
    assert found["train"].tolist() == [0, 1, 2, 3, 4, 5]
    assert found["test"].tolist() == [6, 7, 8, 9]


@given(seed=st.integers(0, 99))
def test_classes_keep_their_proportion(seed: int) -> None:
    classes = np.array(["rare"] * 20 + ["common"] * 180)
    found = share_out(split(train=0.8, test=0.2), 200, seed, classes)
    assert abs(int((classes[found["test"]] == "rare").sum()) - 4) <= 1


@pytest.mark.parametrize("parts", [{"train": 90, "test": 20}, {"train": 0.99, "test": 0.001}])
def test_what_cannot_be_shared_out_is_refused(parts: dict[str, float]) -> None:
    with pytest.raises(SpecError) as caught:
        share_out(split(**parts), 100, 0, None)
    assert codes(caught.value) == ["data-split"]


def test_counts_hold_for_each_value() -> None:
    classes = np.array(["rare"] * 20 + ["common"] * 180)
    found = share_out(Split({"train": 5, "test": 15}, SPAN, per=located("kind")), 200, 1, classes)
    rare = {name: int((classes[rows] == "rare").sum()) for name, rows in found.items()}
    assert rare == {"train": 5, "test": 15}
    assert {name: len(rows) for name, rows in found.items()} == {"train": 10, "test": 30}
    assert not set(found["train"].tolist()) & set(found["test"].tolist())


def test_a_value_with_too_few_rows_is_refused() -> None:
    classes = np.array([0] * 4 + [1] * 9)
    with pytest.raises(SpecError) as caught:
        share_out(Split({"train": 5}, SPAN, per=located("kind")), 13, 1, classes)
    assert codes(caught.value) == ["data-split"]


@pytest.mark.parametrize(
    "split",
    [
        "{train: 0.5, per: label}",
        "{train: 5, per: label, stratify: label}",
        "{train: 5, per: label, shuffle: false}",
    ],
)
def test_counts_of_each_value_are_counts(split: str) -> None:
    with pytest.raises(SpecError) as caught:
        section(f"source: {{dataset: digits}}\nsplit: {split}")
    assert codes(caught.value) == ["data-split"]
