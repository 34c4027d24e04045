"""Every spec of the zoo checks, and reads like a textbook."""

from __future__ import annotations

from pathlib import Path
from statistics import median

import pytest
from zoo_files import CLASSIFIERS, SPECS, name_of
from zoo_page import lines

import specc


@pytest.mark.parametrize("path", SPECS, ids=name_of)
def test_checks_without_a_warning(path: Path) -> None:
    report = specc.check(path)
    assert not report.diagnostics, str(report)


@pytest.mark.parametrize("path", SPECS, ids=name_of)
def test_reads_like_a_textbook(path: Path) -> None:
    written = path.read_text(encoding="utf-8").splitlines()
    schema = path.parent / written[0].removeprefix("# yaml-language-server: $schema=")
    assert schema.resolve() == path.parents[2] / "schemas" / "spec.schema.json"
    assert written[1] == "specc: 1"
    assert f"name: {path.stem}" in written
    assert any(line.startswith("description: ") for line in written)
    assert len(written) <= 150
    assert max(map(len, written)) <= (110 if path in CLASSIFIERS else 140)


def test_half_of_them_are_short() -> None:
    assert median(map(lines, SPECS)) < 60
