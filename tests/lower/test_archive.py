"""A `.keras` file that is damaged or unpacks to too much is refused before it is opened."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest

from specc.lower import archive
from specc.lower.archive import check_archive


def written(path: Path, **members: int) -> Path:
    with ZipFile(path, "w", ZIP_DEFLATED) as file:
        for name, size in members.items():
            file.writestr(name.replace("_", "."), b"0" * size)
    return path


def test_a_small_archive_passes(tmp_path: Path) -> None:
    check_archive(written(tmp_path / "a.keras", config_json=100, weights_h5=100))


def test_what_unpacks_to_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_UNPACKED", 1 << 20)
    path = written(tmp_path / "a.keras", a_h5=700_000, b_h5=700_000)
    assert path.stat().st_size < 10_000
    with pytest.raises(ValueError, match="unpacks to more than"):
        check_archive(path)


def test_a_huge_configuration_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MOST_CONFIG", 1 << 20)
    with pytest.raises(ValueError, match=r"config\.json"):
        check_archive(written(tmp_path / "a.keras", config_json=(1 << 20) + 1))


def test_a_damaged_archive_is_told(tmp_path: Path) -> None:
    (tmp_path / "a.keras").write_bytes(b"PK nothing")
    with pytest.raises(ValueError, match="damaged"):
        check_archive(tmp_path / "a.keras")
