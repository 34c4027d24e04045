"""Every diagnostic as it reads: each case is a spec with one bug, and beside it what is told about it.

A first line `# options: -p name=value --set path=value` gives options of the command line.
`pytest tests/diagnostics --update-goldens` writes what is told now.
"""

import shlex
from pathlib import Path

import pytest

from specc.frontend.load import load_spec
from specc.source.diagnostic import SpecError
from specc.source.render import render

CASES = Path(__file__).parent / "cases"
OPTIONS = b"# options:"


def told(name: str) -> str:
    first = Path(name).read_bytes().partition(b"\n")[0]
    words = shlex.split(first.removeprefix(OPTIONS).decode()) if first.startswith(OPTIONS) else []
    pairs = list(zip(words[::2], words[1::2], strict=True))
    params = [value for option, value in pairs if option == "-p"]
    overrides = [value for option, value in pairs if option == "--set"]
    try:
        spec = load_spec(name, params, overrides)
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


def test_no_expectation_is_left_without_its_case() -> None:
    assert not [path.name for path in CASES.glob("*.txt") if not path.with_suffix(".yaml").exists()]
