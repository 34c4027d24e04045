from pathlib import Path

import pytest
from data_case import codes, located, write

from specc.data.paths import file, inside, matches
from specc.source.diagnostic import SpecError


def test_placeholders_are_read_off_the_path(tmp_path: Path) -> None:
    for name in ("cat/1.png", "cat/2.png", "dog/1.png", "dog/.hidden.png", "dog/no.txt"):
        write(tmp_path / "d" / name, "")
    found = matches(tmp_path, located("d/{label}/*.png"))
    assert [dict(m.values)["label"] for m in found] == ["cat", "cat", "dog"]
    assert [m.path.name for m in found] == ["1.png", "2.png", "1.png"]


def test_two_stars_go_into_folders(tmp_path: Path) -> None:
    write(tmp_path / "a.txt", "")
    write(tmp_path / "b/c/a.txt", "")
    assert len(matches(tmp_path, located("**/*.txt"))) == 2


def test_a_folder_stands_for_its_files(tmp_path: Path) -> None:
    write(tmp_path / "d/a.txt", "")
    assert len(matches(tmp_path, located("d"))) == 1


def test_a_folder_of_folders_is_told_how_to_take_them_as_labels(tmp_path: Path) -> None:
    write(tmp_path / "d/cat/1.png", "")
    with pytest.raises(SpecError) as caught:
        matches(tmp_path, located("d/"))
    assert "`d/{label}/*`" in caught.value.diagnostics[0].help


@pytest.mark.parametrize(
    "path", ["../secret.csv", "inner/../../secret.csv", "link.csv", "inner/link/secret.csv"]
)
def test_nothing_outside_the_folder_is_read(tmp_path: Path, path: str) -> None:
    root = tmp_path / "root"
    write(root / "inner/a.csv", "")
    secret = write(tmp_path / "secret.csv", "x\n1\n")
    (root / "link.csv").symlink_to(secret)
    (root / "inner/link").symlink_to(tmp_path)
    for read in (file, matches):
        with pytest.raises(SpecError) as caught:
            read(root, located(path))
        assert codes(caught.value) == ["outside-folder"]
        assert "--data DIR" in caught.value.diagnostics[0].help


def test_brackets_are_no_pattern(tmp_path: Path) -> None:
    write(tmp_path / "a[1]/b[2].png", "")
    write(tmp_path / "a1/b2.png", "")
    assert [m.path.name for m in matches(tmp_path, located("a[1]/*.png"))] == ["b[2].png"]


@pytest.mark.parametrize("path", ["", "a\0b", "x" * 300, "a**b/c"])
def test_what_cannot_be_a_path_is_refused(tmp_path: Path, path: str) -> None:
    for read in (file, matches):
        with pytest.raises(SpecError) as caught:
            read(tmp_path, located(path))
        assert codes(caught.value) == ["data-file"]


def test_an_absolute_path_inside_is_fine(tmp_path: Path) -> None:
    path = write(tmp_path / "a.csv", "")
    assert file(tmp_path, located(str(path))) == path.resolve()
    assert [m.path for m in matches(tmp_path, located(str(tmp_path / "*.csv")))] == [path]


@pytest.mark.parametrize("name", ["none.csv", "folder"])
def test_what_is_no_file_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(SpecError) as caught:
        file(tmp_path, located(name))
    assert codes(caught.value) == ["data-file"]


def test_a_pattern_without_files_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        matches(tmp_path, located("*.png"))
    assert codes(caught.value) == ["data-file"]


@pytest.mark.parametrize("path", ["a\0b.png", "\ud800.png", "loop/a.png"])
def test_what_leads_nowhere_within_the_data_is_refused(tmp_path: Path, path: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    with pytest.raises(SpecError) as caught:
        inside(tmp_path, tmp_path / path, None)
    assert codes(caught.value) == ["data-file"]
