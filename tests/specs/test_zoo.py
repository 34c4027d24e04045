"""Every spec of the zoo checks, and reads like a textbook."""

from __future__ import annotations

from pathlib import Path

import pytest
from zoo_files import SPECS, name_of

import specc


@pytest.mark.parametrize("path", SPECS, ids=name_of)
def test_checks_without_a_warning(path: Path) -> None:
    report = specc.check(path)
    assert not report.diagnostics, str(report)


@pytest.mark.parametrize("path", SPECS, ids=name_of)
def test_reads_like_a_textbook(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    schema = path.parent / lines[0].removeprefix("# yaml-language-server: $schema=")
    assert schema.resolve() == path.parents[2] / "schemas" / "spec.schema.json"
    assert lines[1] == "specc: 1"
    assert f"name: {path.stem}" in lines
    assert any(line.startswith("description: ") for line in lines)
    assert len(lines) <= 80
    assert max(map(len, lines)) <= 140
