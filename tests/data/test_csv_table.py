from pathlib import Path

import numpy as np
import pytest
from data_case import codes, everything, located, texts, write
from hypothesis import given
from hypothesis import strategies as st

from specc.data.csv_table import CsvOnDisk, open_csv
from specc.data.table import MemoryTable, Table
from specc.data.typed import Use
from specc.frontend.sections.data import CsvFormat
from specc.source.diagnostic import SpecError

WHOLE = 1 << 30
PLAIN = CsvFormat()
ALL = Use()


def opened(path: Path, form: CsvFormat = PLAIN, use: Use = ALL, in_memory: int = WHOLE) -> Table:
    return open_csv(path, located(path.name), form, use, in_memory)


def test_columns_are_of_the_narrowest_type(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "n,x,kind\n1,2,a\n2,2.5,b\n-3,1e-3,7\n")
    table = opened(path)
    found = everything(table)
    assert {n: c.dtype for n, c in table.columns.items()} == {"n": "int64", "x": "float64", "kind": "string"}
    assert found["n"].tolist() == [1, 2, -3]
    assert found["x"].tolist() == [2.0, 2.5, 1e-3]
    assert found["kind"].tolist() == ["a", "b", "7"]


def test_numbers_before_a_text_stay_as_they_are_written(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "code\n" + "007\n" * 20_001 + "x\n")
    assert everything(opened(path))["code"][0] == "007"


def test_header_or_not(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "1,2\n3,4\n")
    assert everything(opened(path, CsvFormat(header=False))) == {
        "0": pytest.approx([1, 3]),
        "1": pytest.approx([2, 4]),
    }
    named = opened(path, CsvFormat(header=False, columns=("a", "b")))
    assert everything(named, "b")["b"].tolist() == [2, 4]
    over = opened(path, CsvFormat(header=True, columns=("a", "b")))
    assert everything(over, "b")["b"].tolist() == [4]


def test_separator_and_decimal(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "x;y\n1,5;2\n")
    assert everything(opened(path, CsvFormat(separator=";"), Use(decimal=",")))["x"].tolist() == [1.5]


def test_a_missing_value_is_an_error_at_its_row(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "x,y\n1,2\n,3\n")
    with pytest.raises(SpecError) as caught:
        opened(path)
    assert codes(caught.value) == ["data-missing"]
    assert "line 3, column `x`" in caught.value.diagnostics[0].title


@pytest.mark.parametrize("text", ["NA", "nan", ""])
def test_missing_values_are_filled_or_dropped(tmp_path: Path, text: str) -> None:
    path = write(tmp_path / "a.csv", f"x,y\n1,2\n{text},3\n")
    missing = frozenset(["", "NA", "nan"])
    filled = opened(path, use=Use(fills={"x": 9}, missing=missing))
    assert everything(filled)["x"].tolist() == [1, 9]
    dropped = opened(path, CsvFormat(drop_missing=True), Use(missing=missing))
    assert everything(dropped)["y"].tolist() == [2]


def test_a_value_that_lacks_in_an_unused_column_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "x,y\n1,\n")
    assert set(opened(path, use=Use(columns=frozenset(["x"]))).columns) == {"x"}


@pytest.mark.parametrize(
    ("text", "form", "said"),
    [
        ("", CsvFormat(), "is empty"),
        ("x\n", CsvFormat(), "has no rows"),
        ("x,x\n1,2\n", CsvFormat(), "names `x` twice"),
        ("x,y\n1,2\n3\n", CsvFormat(), "line 3 has 1 cell, where 2 are expected"),
        ("1,2\n", CsvFormat(columns=("a",)), "has 2 columns, `columns` names 1"),
        ('x\n"1\n', CsvFormat(), "is no CSV"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, text: str, form: CsvFormat, said: str) -> None:
    path = write(tmp_path / "a.csv", text)
    with pytest.raises(SpecError) as caught:
        opened(path, form)
    assert codes(caught.value) == ["data-csv"]
    assert said in caught.value.diagnostics[0].title


def test_bytes_that_are_no_text_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(b"x\n\xff\xfe\n")
    with pytest.raises(SpecError) as caught:
        opened(path)
    assert codes(caught.value) == ["data-csv"]
    assert caught.value.diagnostics[0].title == "`a.csv` line 2 is not UTF-8"
    assert not caught.value.diagnostics[0].notes


@pytest.mark.parametrize("in_memory", [0, WHOLE])
def test_a_text_among_numbers_is_told_with_its_line(tmp_path: Path, in_memory: int) -> None:
    path = write(tmp_path / "a.csv", 'x,note\n1,"two\nlines"\n\n,b\n2.5,b\n12a,c\n3,d\n')
    use = Use(fills={"x": 0}, numbers=frozenset(["x"]))
    with pytest.raises(SpecError) as caught:
        opened(path, use=use, in_memory=in_memory)
    assert codes(caught.value) == ["data-csv"]
    assert caught.value.diagnostics[0].title == "`a.csv` line 7, column `x`: '12a' is no number"
    with pytest.raises(SpecError) as caught:
        opened(path, CsvFormat(drop_missing=True), Use(numbers=frozenset(["x"])), in_memory)
    assert "line 7, column `x`: '12a'" in caught.value.diagnostics[0].title


@pytest.mark.parametrize("cell", ["", "nan"])
def test_a_fill_that_is_no_number_is_told(tmp_path: Path, cell: str) -> None:
    path = write(tmp_path / "a.csv", f"x,y\n1.5,1\n{cell},2\n3,3\n")
    with pytest.raises(SpecError) as caught:
        opened(path, use=Use(fills={"x": "abc"}, numbers=frozenset(["x"])))
    assert "line 3, column `x`: there is no value, and `fill: abc` is no number" in str(caught.value)


def test_a_column_of_texts_stays_one_though_numbers_are_made_of_it(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "kind\na\nb\n7\n")
    assert opened(path, use=Use(numbers=frozenset(["kind"]))).columns["kind"].dtype == "string"


def test_another_separator_is_suggested_where_it_is_seen(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        opened(write(tmp_path / "a.csv", "x;y\n1,5;2\n"))
    assert 'separator: ";"' in caught.value.diagnostics[0].help
    with pytest.raises(SpecError) as caught:
        opened(write(tmp_path / "b.csv", "x,y\n1,5,2\n"))
    assert "separator: " not in caught.value.diagnostics[0].help


CELLS = st.text(
    st.characters(codec="utf-8", exclude_characters="\r\0", exclude_categories=["Cs"]), min_size=1
)


@given(
    rows=st.lists(st.tuples(st.integers(-(10**9), 10**9), CELLS), min_size=1, max_size=12), bom=st.booleans()
)
def test_on_the_disk_it_is_the_same_as_in_memory(
    tmp_path_factory: pytest.TempPathFactory, rows: list[tuple[int, str]], bom: bool
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    quoted = ['{},"{}"\n'.format(n, text.replace('"', '""')) for n, text in rows]
    path.write_text(("\ufeff" if bom else "") + "".join(quoted), encoding="utf-8")
    form, use = CsvFormat(header=False, columns=("n", "text")), Use(texts=frozenset(["text"]))
    whole, on_disk = opened(path, form, use), opened(path, form, use, in_memory=0)
    assert isinstance(whole, MemoryTable)
    assert isinstance(on_disk, CsvOnDisk)
    assert len(whole) == len(on_disk) == len(rows)
    order = np.arange(len(rows))[::-1]
    for name in ("n", "text"):
        assert whole.rows(order, [name])[name].tolist() == on_disk.rows(order, [name])[name].tolist()
    assert texts(everything(whole)["text"]) == [text for _, text in rows]


def test_dropped_rows_are_dropped_on_the_disk_too(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "x,y\n1,2\n,3\n\n4,5\n")
    table = opened(path, CsvFormat(drop_missing=True), in_memory=0)
    assert everything(table)["y"].tolist() == [2, 5]


def test_records_that_an_index_cannot_tell_apart_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", 'x,y\n5" disk,1\n6,2\n')
    assert len(opened(path)) == 2
    with pytest.raises(SpecError) as caught:
        opened(path, in_memory=0)
    assert codes(caught.value) == ["data-csv"]
