from pathlib import Path

from specc.source.diagnostic import Diagnostic, Reporter
from specc.source.files import MAX_BYTES, read_text
from specc.source.parse import parse


def read(path: Path) -> tuple[str | None, list[Diagnostic]]:
    reporter = Reporter()
    return read_text(path, reporter), list(reporter)


def test_text_is_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text("name: café\n", encoding="utf-8")
    assert read(tmp_path / "a.yaml") == ("name: café\n", [])


def test_what_cannot_be_read_is_reported(tmp_path: Path) -> None:
    for path, code in (
        (tmp_path / "none.yaml", "missing-file"),
        (tmp_path, "unreadable-file"),
        (tmp_path / "a\0b", "unreadable-file"),
        (tmp_path / ("x" * 5000), "unreadable-file"),
    ):
        text, found = read(path)
        assert text is None
        assert [d.code for d in found] == [code]


def test_other_encodings_are_refused_at_their_first_byte(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes("a: 1\nname: café".encode("latin-1"))
    text, found = read(tmp_path / "a.yaml")
    assert text is None
    assert found[0].code == "not-utf8"
    assert found[0].span is not None
    assert (found[0].span.line, found[0].span.column) == (2, 10)


def test_large_files_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_bytes(b"#" * (MAX_BYTES + 1))
    text, found = read(tmp_path / "a.yaml")
    assert text is None
    assert [d.code for d in found] == ["file-too-large"]


def test_large_texts_are_refused() -> None:
    reporter = Reporter()
    assert parse("#" * (MAX_BYTES + 1), "x", reporter) is None
    assert [d.code for d in reporter] == ["file-too-large"]
