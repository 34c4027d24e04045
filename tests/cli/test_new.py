from pathlib import Path

import pytest
from click.testing import CliRunner

from specc.cli.main import cli
from specc.cli.new import TEMPLATES
from specc.frontend.load import load_spec

CODE = "file-taken"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_template_is_right(template: str) -> None:
    result = CliRunner().invoke(cli, ["new", "my-net", "--template", template])
    assert result.exit_code == 0
    assert "NAME" not in Path("my-net.yaml").read_text(encoding="utf-8")
    spec = load_spec("my-net.yaml")
    assert spec.name == "my-net"
    assert spec.warnings == ()
    assert spec.train is not None
    assert spec.data is not None


def test_it_never_overwrites() -> None:
    Path("mine.yaml").write_text("precious", encoding="utf-8")
    result = CliRunner().invoke(cli, ["new", "mine.yaml"])
    assert result.exit_code == 2
    assert f"error[{CODE}]" in result.stderr
    assert Path("mine.yaml").read_text(encoding="utf-8") == "precious"


def test_a_name_that_is_none() -> None:
    assert CliRunner().invoke(cli, ["new", "9 lives"]).exit_code == 2
    assert not list(Path().iterdir())
