import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from specc.cli.main import cli

SPECS = Path(__file__).parents[2] / "specs"
TABLE = Path(__file__).parent / "plan_table.txt"
SPEC = """\
specc: 1
name: net
params: {width: 16}
blocks:
  part:
    params: {width: $width}
    layers:
      - Dense: {units: $width, activation: relu}
      - BatchNormalization
model:
  inputs: {x: [8]}
  layers:
    - repeat: {i: 4}
      layers:
        - part:
          name: part_$(i)
    - Dense: 3
      name: label
"""
OPEN = """\
specc: 1
name: open
model:
  inputs: {sound: [null, 4]}
  layers:
    - Conv1D: {filters: 2, kernel_size: 3}
      name: out
"""
RULELESS = """\
specc: 1
name: ruleless
model:
  inputs: {x: [4]}
  layers:
    - formula: corrcoef(x)
      name: likeness
"""
CODES = ("no-rule", "open-size", "unknown-model", "bad-option")


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name, text in (("net", SPEC), ("open", OPEN), ("ruleless", RULELESS)):
        Path(f"{name}.yaml").write_text(text, encoding="utf-8")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(cli, ["plan", *arguments])
    assert result.exit_code == 0, result.output
    return result.stdout


def planned(*arguments: str) -> dict:
    (found,) = json.loads(run(*arguments, "--format", "json"))
    return found


def test_the_table_of_a_small_model() -> None:
    assert run("net.yaml", "--depth", "1") == TABLE.read_text(encoding="utf-8")


def test_figures_in_json() -> None:
    found = planned("net.yaml", "--batch", "10", "--precision", "float32")
    dense = 8 * 16 + 3 * 16 * 16 + 16 * 3
    assert found["parameters"] == {"trainable": dense + 4 * 16 + 3 + 4 * 32, "frozen": 4 * 32}
    assert found["multiply_adds"] == {"forward": 10 * dense, "training": 10 * (3 * dense - 8 * 16)}
    (memory,) = found["memory"]
    parameters = 4 * sum(found["parameters"].values())
    assert memory["weights"] == parameters
    assert memory["gradients"] == 4 * found["parameters"]["trainable"] == memory["optimizer"] // 2
    assert memory["largest_batch"] is None
    assert [step["name"] for step in found["steps"]][-1] == "label"


def test_replicas_share_the_batch() -> None:
    alone, shared = planned("net.yaml", "--batch", "64", "--replicas", "4", "--precision", "float32")[
        "memory"
    ]
    assert (alone["batch_per_replica"], shared["batch_per_replica"]) == (64, 16)
    assert shared["kept"] * 4 == alone["kept"]
    assert shared["weights"] == alone["weights"]


def test_the_largest_batch_is_the_last_that_fits() -> None:
    device = 1 << 20
    (memory,) = planned("net.yaml", "--device-memory", "1MiB", "--precision", "float32")["memory"]
    largest = memory["largest_batch"]
    for batch, fits in ((largest, True), (largest + 1, False)):
        (at,) = planned("net.yaml", "--batch", str(batch), "--precision", "float32")["memory"]
        assert (at["training"] <= device) is fits
    assert planned("net.yaml", "--device-memory", "1KB")["memory"][0]["largest_batch"] == 0
    assert "none" in run("net.yaml", "--device-memory", "1KB")


def test_open_sizes_are_asked_for_and_taken() -> None:
    result = CliRunner().invoke(cli, ["plan", "open.yaml"])
    assert result.exit_code == 2
    assert "[open-size]" in result.stderr
    assert "`--size sound.1=…`" in result.stderr
    found = planned("open.yaml", "--size", "sound.1=102", "--batch", "1")
    assert found["multiply_adds"]["forward"] == 100 * 3 * 4 * 2


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("ruleless.yaml",), "no-rule", "(corrcoef)"),
        (("net.yaml", "--model", "modle"), "unknown-model", "did you mean"),
        (("net.yaml", "--device-memory", "16 potatoes"), "bad-option", "16GiB"),
        (("open.yaml", "--size", "sound.1"), "bad-option", "NAME=N"),
        (("open.yaml", "--size", "soud.1=3"), "bad-option", "sound.1"),
    ],
)
def test_what_cannot_be_planned_is_said(arguments: tuple[str, ...], code: str, said: str) -> None:
    result = CliRunner().invoke(cli, ["plan", *arguments])
    assert result.exit_code == 2
    assert f"[{code}]" in result.stderr
    assert said in result.stderr


def test_gpt3_has_the_papers_parameters() -> None:
    found = planned(str(SPECS / "transformer/gpt3.yaml"), "--size", "tokens.1=2048", "--batch", "1")
    assert found["parameters"] == {"trainable": 174_604_259_328, "frozen": 0}


def test_tied_tables_train_twice() -> None:
    options = "-p width=8 -p layers=1 -p heads=2 -p vocabulary=10 -p context=4 --size tokens.1=4 --batch 1"
    found = planned(str(SPECS / "transformer/gpt3.yaml"), *options.split())
    last = found["steps"][-1]
    assert last["multiply_adds"] == 4 * 8 * 10
    assert last["training_multiply_adds"] == 3 * last["multiply_adds"]


def test_neither_tensorflow_nor_keras_is_loaded() -> None:
    code = (
        "import sys; from specc.cli.main import cli; cli(['plan', 'net.yaml'], standalone_mode=False);"
        "assert not {'tensorflow', 'keras', 'numpy'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
