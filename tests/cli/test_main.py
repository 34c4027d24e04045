import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from specc.cli import check as check_module
from specc.cli import resolve as resolve_module
from specc.cli.main import COMMANDS, cli

SPEC = "specc: 1\nmodel: {inputs: {x: [4]}, layers: [{Dense: 2}]}\n"


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("net.yaml").write_text(SPEC, encoding="utf-8")


def raising(error: BaseException) -> object:
    def action(*arguments: object, **more: object) -> None:
        raise error

    return action


def test_help_lists_every_command() -> None:
    out = CliRunner().invoke(cli, ["--help"]).stdout
    for name, words in COMMANDS.items():
        assert name in out
        assert words.partition(",")[0] in out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_has_help(name: str) -> None:
    result = CliRunner().invoke(cli, [name, "--help"])
    assert result.exit_code == 0
    assert f"Usage: cli {name}" in result.stdout


def test_version() -> None:
    assert CliRunner().invoke(cli, ["--version"]).stdout.startswith("specc 0.")


def test_an_unknown_command() -> None:
    result = CliRunner().invoke(cli, ["chek", "net.yaml"])
    assert result.exit_code == 2
    assert "there is no command `chek`: did you mean `check`?" in result.stderr


def test_a_mistake_of_ours_is_told_as_such(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_module, "layers", raising(KeyError("gone")))
    monkeypatch.delenv("SPECC_DEBUG", raising=False)
    result = CliRunner().invoke(cli, ["check", "net.yaml"])
    assert result.exit_code == 1
    assert "this is a bug of specc" in result.stderr
    assert "SPECC_DEBUG=1" in result.stderr
    assert "Traceback" not in result.stderr
    monkeypatch.setenv("SPECC_DEBUG", "1")
    assert "Traceback" in CliRunner().invoke(cli, ["check", "net.yaml"]).stderr


def test_an_interrupt_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve_module, "write_text", raising(KeyboardInterrupt()))
    result = CliRunner().invoke(cli, ["resolve", "net.yaml", "-o", "out.yaml"])
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_a_closed_pipe_is_quiet() -> None:
    command = f'"{sys.executable}" -m specc.cli.main schema | head -n 1'
    result = subprocess.run(command, shell=True, capture_output=True, text=True, check=True)
    assert (result.stdout, result.stderr) == ("{\n", "")


def test_plugins_are_imported_from_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    Path("scaled_for_test.py").write_text("LOADED = True\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["check", "net.yaml", "--plugin", "scaled_for_test"])
    assert result.exit_code == 0
    assert sys.modules.pop("scaled_for_test").LOADED


@pytest.mark.parametrize(
    ("text", "code"), [(None, "plugin-missing"), ("import nothing_of_that_name", "plugin-failed")]
)
def test_plugins_that_cannot_be_imported(
    text: str | None, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    if text is not None:
        Path("broken_for_test.py").write_text(text, encoding="utf-8")
    result = CliRunner().invoke(cli, ["check", "net.yaml", "--plugin", "broken_for_test"])
    assert result.exit_code == 2
    assert f"error[{code}]" in result.stderr


def test_evaluate_takes_a_split_or_a_file() -> None:
    result = CliRunner().invoke(cli, ["evaluate", "run", "rows.csv", "--split", "test"])
    assert (result.exit_code, "--split is of the run's own data" in result.stderr) == (2, True)


def test_predict_does_not_overwrite_its_data() -> None:
    Path("rows.csv").write_text("x\n1\n", encoding="utf-8")
    result = CliRunner().invoke(cli, ["predict", "run", "rows.csv", "-o", "./rows.csv"])
    assert (result.exit_code, "overwrites-input" in result.stderr) == (2, True)
    assert Path("rows.csv").read_text(encoding="utf-8") == "x\n1\n"


def test_compile_does_not_overwrite_the_model_that_is_loaded() -> None:
    Path("net.yaml").write_text("specc: 1\nmodel: {load: net.keras, outputs: [y]}\n", encoding="utf-8")
    Path("net.keras").write_bytes(b"weights")
    result = CliRunner().invoke(cli, ["compile", "net.yaml", "-o", "net.keras"])
    assert (result.exit_code, "overwrites-input" in result.stderr) == (2, True), result.stderr
    assert Path("net.keras").read_bytes() == b"weights"
