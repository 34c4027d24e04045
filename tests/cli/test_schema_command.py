import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from specc.catalog.plugins import register
from specc.cli.main import cli

PUBLISHED = Path(__file__).parents[2] / "schemas" / "spec.schema.json"


def test_it_prints_the_published_schema() -> None:
    assert CliRunner().invoke(cli, ["schema"]).stdout == PUBLISHED.read_text(encoding="utf-8")


def test_it_writes_a_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = CliRunner().invoke(cli, ["schema", "-o", "spec.json"])
    assert (result.stdout, result.stderr) == ("", "spec.json is written\n")
    assert json.loads(Path("spec.json").read_text(encoding="utf-8"))["title"] == "a spec"


class Doubled:
    def __init__(self, units: int): ...


def test_what_is_registered_later_is_in_it() -> None:
    assert "Doubled" not in CliRunner().invoke(cli, ["schema"]).stdout
    register("Doubled", Doubled)
    layers = json.loads(CliRunner().invoke(cli, ["schema"]).stdout)["$defs"]
    assert "layer.Doubled" in layers
