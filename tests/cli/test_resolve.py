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
OWN = "overwrites-input"


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
    first = CliRunner().invoke(cli, ["resolve", "net.yaml", "-o", "flat.yaml"])
    assert (first.stdout, first.stderr) == ("", "flat.yaml is written\n")
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


@pytest.mark.parametrize("out", ["net.yaml", "./net.yaml", "part.yaml", "linked.yaml"])
def test_it_does_not_overwrite_what_it_reads(out: str) -> None:
    Path("part.yaml").write_text("specc: 1\nblocks: {b: {layers: [{Dense: 1}]}}\n", encoding="utf-8")
    Path("net.yaml").write_text(SPEC + "    - p.b\nimport: {p: part.yaml}\n", encoding="utf-8")
    Path("linked.yaml").symlink_to("net.yaml")
    before = Path(out).read_bytes()
    result = CliRunner().invoke(cli, ["resolve", "net.yaml", "-o", out])
    assert result.exit_code == 2
    assert f"error[{OWN}]: `{Path(out)}` would overwrite its own input" in result.stderr
    assert Path(out).read_bytes() == before


def test_a_spec_without_a_name_is_called_as_its_file_as_far_as_may_be() -> None:
    Path("my net.yaml").write_text(SPEC.replace("name: net\n", ""), encoding="utf-8")
    result = CliRunner().invoke(cli, ["resolve", "my net.yaml", "-o", "flat.yaml"])
    assert result.exit_code == 0
    assert "name: my_net\n" in Path("flat.yaml").read_text(encoding="utf-8")
    assert CliRunner().invoke(cli, ["check", "flat.yaml"]).exit_code == 0
