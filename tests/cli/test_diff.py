import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from specc.cli.main import cli

SPEC = """\
specc: 1
name: net
params: {width: 16, drop: false}
model:
  inputs: {x: [8]}
  layers:
    - Dense: {units: $width, activation: relu}
      name: hidden
    - Dropout: 0.5
      name: drop
      when: $drop
    - Dense: 3
      name: label
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC, encoding="utf-8")
    Path("other.yaml").write_text(SPEC.replace("relu", "gelu"), encoding="utf-8")


def run(*arguments: str, code: int = 0) -> str:
    result = CliRunner().invoke(cli, ["diff", *arguments])
    assert result.exit_code == code, result.output
    return result.stdout


def test_two_settings_of_one_spec() -> None:
    expected = """\
~ model model
    steps: 2 → 3  (+50.0%)
    parameters: 195 → 387  (+98.5%)
    multiply–adds: 176 → 352  (+100.0%)
  ~ hidden: Dense
        units: 16 → 32  (+100.0%)
        output: [batch, 16] → [batch, 32]
        parameters: 144 → 288  (+100.0%)
  + drop: Dropout  rate: 0.5, from: hidden, output: [batch, 32], parameters: 0
  ~ label: Dense
        from: hidden → drop
        parameters: 51 → 99  (+94.1%)
"""
    assert run("net.yaml", "--right", "width=32", "--right", "drop=true") == expected


def test_two_specs_in_json() -> None:
    (model,) = json.loads(run("net.yaml", "other.yaml", "--format", "json"))
    assert model["change"] == "changed"
    assert model["totals"] == []
    assert model["steps"] == [
        {"name": "hidden", "kind": "Dense", "change": "changed", "facts": [["activation", "relu", "gelu"]]}
    ]


def test_the_same_and_the_exit_code() -> None:
    assert run("net.yaml", "net.yaml", "--exit-code") == "the same: 1 model\n"
    run("net.yaml", "other.yaml", "--exit-code", code=1)


def test_what_is_taken_away() -> None:
    assert "  - drop: Dropout" in run("net.yaml", "--left", "drop=true")


def test_one_spec_is_nothing_to_compare() -> None:
    result = CliRunner().invoke(cli, ["diff", "net.yaml"])
    assert (result.exit_code, "there is nothing to compare" in result.stderr) == (2, True)


@pytest.mark.parametrize("option", ["--left", "--right"])
def test_a_wrong_parameter_is_shown_as_typed(option: str) -> None:
    result = CliRunner().invoke(cli, ["diff", "net.yaml", option, "widht=8"])
    assert result.exit_code == 2
    assert f"| {option} widht=8\n" in result.stderr
    assert f"| {' ' * len(option)} ^^^^^^^\n" in result.stderr
