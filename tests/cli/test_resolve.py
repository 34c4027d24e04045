from pathlib import Path

import pytest
from click.testing import CliRunner

from specc.cli.main import cli

SPEC = """\
specc: 1
name: net
params: {depth: 2}
model:
  inputs: {x: [4]}
  layers:
    - repeat: $depth
      layers: [{Dense: 3}]
"""
CODE = "unwritable-file"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC, encoding="utf-8")


def test_it_prints_a_flat_spec() -> None:
    result = CliRunner().invoke(cli, ["resolve", "net.yaml", "-p", "depth=3"])
    assert result.exit_code == 0
    assert result.stdout.count("Dense") == 3
    assert "$" not in result.stdout


def test_what_it_writes_resolves_to_itself() -> None:
    assert CliRunner().invoke(cli, ["resolve", "net.yaml", "-o", "flat.yaml"]).output == ""
    again = CliRunner().invoke(cli, ["resolve", "flat.yaml"])
    assert again.stdout == Path("flat.yaml").read_text(encoding="utf-8")


def test_a_wrong_spec_writes_nothing() -> None:
    result = CliRunner().invoke(cli, ["resolve", "net.yaml", "-p", "depth=x", "-o", "flat.yaml"])
    assert result.exit_code == 2
    assert not Path("flat.yaml").exists()


def test_a_file_that_cannot_be_written() -> None:
    result = CliRunner().invoke(cli, ["resolve", "net.yaml", "-o", "nowhere/flat.yaml"])
    assert result.exit_code == 1
    assert f"error[{CODE}]" in result.stderr
    assert "there is no folder `nowhere`" in result.stderr


def test_a_folder_in_the_place_of_the_file() -> None:
    Path("flat.yaml").mkdir()
    result = CliRunner().invoke(cli, ["resolve", "net.yaml", "-o", "flat.yaml"])
    assert result.exit_code == 1
    assert sorted(path.name for path in Path().iterdir()) == ["flat.yaml", "net.yaml"]
