import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from specc.cli.main import cli

GOOD = """\
specc: 1
params: {width: 16}
model:
  inputs: {x: [4]}
  layers:
    - Dense: {units: $width, activation: relu}
    - Dense: 2
"""
BAD = GOOD.replace("Dense: 2", "Dens: 2").replace("activation", "activtion")
WARNED = GOOD.replace("params: {width: 16}", "params: {width: 16, unused: 1}")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, text in {"good": GOOD, "bad": BAD, "warned": WARNED}.items():
        (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(cli, arguments)
    return result.exit_code, result.stdout, result.stderr


@pytest.mark.usefixtures("folder")
class TestCheck:
    def test_a_right_spec(self) -> None:
        assert run("check", "good.yaml") == (0, "good.yaml: 1 model, 2 layers, no problems\n", "")

    def test_all_mistakes_at_their_lines(self) -> None:
        code, out, err = run("check", "bad.yaml")
        assert code == 2
        assert out == "bad.yaml: 2 errors\n"
        assert "bad.yaml:6:" in err
        assert "bad.yaml:7:" in err
        assert "\033" not in err

    def test_several_files_are_all_checked(self) -> None:
        code, out, _ = run("check", "bad.yaml", "good.yaml", "none.yaml")
        assert code == 2
        assert [line.partition(":")[0] for line in out.splitlines()] == ["bad.yaml", "good.yaml", "none.yaml"]
        assert "good.yaml: 1 model, 2 layers, no problems" in out

    def test_warnings_fail_only_when_strict(self) -> None:
        code, out, err = run("check", "warned.yaml")
        assert (code, out) == (0, "warned.yaml: 1 model, 2 layers, 1 warning\n")
        assert "unused-parameter" in err
        assert run("check", "--strict", "warned.yaml")[0] == 2

    def test_json(self) -> None:
        code, out, err = run("check", "bad.yaml", "good.yaml", "--format", "json")
        bad, good = json.loads(out)
        assert (code, err) == (2, "")
        assert good == {
            "file": "good.yaml",
            "ok": True,
            "models": [{"name": "model", "layers": 2}],
            "diagnostics": [],
        }
        assert not bad["ok"]
        assert [d["place"]["line"] for d in bad["diagnostics"]] == [6, 7]

    def test_parameters_and_overrides(self) -> None:
        assert run("check", "good.yaml", "-p", "width=8", "--set", "seed=3")[0] == 0
        code, _, err = run("check", "good.yaml", "-p", "wdth=8")
        assert code == 2
        assert "did you mean `width`?" in err
        assert run("check", "good.yaml", "--set", "model.layer=[]")[0] == 2

    def test_a_missing_file(self) -> None:
        code, _, err = run("check", "nowhere.yaml")
        assert code == 2
        assert "error[missing-file]: there is no file `nowhere.yaml`" in err

    def test_it_wants_a_file(self) -> None:
        code, _, err = run("check")
        assert code == 2
        assert "Missing argument 'SPEC...'" in err
