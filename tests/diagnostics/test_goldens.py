"""Every diagnostic as it reads: each case is a spec with one bug, and beside it what is told about it."""

from pathlib import Path

import pytest

from specc.frontend.load import load_spec
from specc.source.diagnostic import SpecError
from specc.source.render import render

CASES = Path(__file__).parent / "cases"


def told(name: str) -> str:
    try:
        spec = load_spec(name)
    except SpecError as error:
        return render(error.diagnostics, error.texts)
    return render(spec.warnings, spec.texts)


@pytest.mark.parametrize("case", sorted(CASES.glob("*.yaml")), ids=lambda case: case.stem)
def test_reads_as_expected(case: Path, monkeypatch: pytest.MonkeyPatch, pytestconfig: pytest.Config) -> None:
    monkeypatch.chdir(CASES)
    rendered = told(case.name)
    expected = case.with_suffix(".txt")
    if pytestconfig.getoption("--update-goldens"):
        expected.write_text(rendered, encoding="utf-8")
    assert rendered == expected.read_text(encoding="utf-8")
    assert rendered, "this spec is right; a case holds one bug"
