"""Source as text: it reads as expected, is formatted, and nothing of a spec becomes code in it."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest
from click.testing import CliRunner
from source_cases import CASES

import specc
from specc.cli.main import cli
from specc.python.printer import WIDTH

SPECS = Path(__file__).parents[2] / "specs"
GOLDEN = Path(__file__).parent / "golden"
GOLDENS = ("lenet/lenet_digits", "cnn/resnet", "siamese/siamese_digits")


def write(folder: Path, text: str) -> Path:
    path = folder / "net.yaml"
    path.write_text(f"specc: 1\n{text}", encoding="utf-8")
    return path


@pytest.mark.parametrize("key", GOLDENS)
def test_reads_as_expected(key: str, pytestconfig: pytest.Config) -> None:
    source = specc.to_python(SPECS / f"{key}.yaml")
    expected = GOLDEN / f"{key.rpartition('/')[2]}.py.txt"
    if pytestconfig.getoption("--update-goldens"):
        expected.write_text(source, encoding="utf-8")
    assert source == expected.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CASES)
def test_is_whole_and_always_the_same(name: str, tmp_path: Path) -> None:
    path = write(tmp_path, CASES[name])
    source = specc.to_python(path)
    assert source == specc.to_python(path)
    assert "step by step" not in source, "the structure was lost"
    tree = ast.parse(source)
    defined = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert defined <= used | {"compile_model"}


def test_is_formatted(tmp_path: Path) -> None:
    for name, text in CASES.items():
        (tmp_path / f"{name}.py").write_text(specc.to_python(write(tmp_path, text)), encoding="utf-8")
    for command in (["format", "--check"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", str(WIDTH), "."],
            cwd=tmp_path, capture_output=True, text=True, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout


def test_nothing_of_a_spec_becomes_code(tmp_path: Path) -> None:
    hostile = '"""\\nimport os\\nos.system(1)\\n"""'
    path = write(
        tmp_path,
        f"description: '{hostile}'\n"
        f"params: {{word: {{default: '{hostile}', help: '{hostile}'}}, import_os: 3}}\n"
        "blocks:\n"
        "  build_model:\n"
        "    params: {word: {default: a, help: '\\\\'}, keras: 1}\n"
        "    layers: [{Dense: $keras}]\n"
        "model:\n"
        "  inputs: {class: [4], keras: [4]}\n"
        "  layers:\n"
        "    - Activation: relu\n"
        "      from: class\n"
        "    - build_model: {keras: $import_os}\n"
        "    - repeat: {layers: [1, 2]}\n"
        "      layers:\n"
        "        - EinsumDense: {equation: 'ab,bc->ac', output_shape: [$layers], bias_axes: c}\n"
        "    - Dense: {units: 1, name: x}\n"
        "      when: $(word == '\\n')\n"
        "    - Dense: 1\n"
        "      name: lambda\n",
    )
    text = path.read_text(encoding="utf-8").replace("{units: 1, name: x}", "1")
    path.write_text(text, encoding="utf-8")
    tree = ast.parse(specc.to_python(path))
    imported = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
    assert [ast.unparse(node) for node in imported] == ["import keras", "from keras import layers"]
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    assert "os" not in names
    assert ast.get_docstring(tree) is not None and "import os" in str(ast.get_docstring(tree))


def test_the_source_in_the_docs_is_what_comes_out(tmp_path: Path) -> None:
    page = (SPECS.parent / "docs/python.md").read_text(encoding="utf-8")
    spec, shown = (re.search(rf"```{kind}\n(.*?)^```$", page, re.M | re.S) for kind in ("yaml", "python"))
    assert spec is not None and shown is not None
    path = tmp_path / "small_resnet.yaml"
    path.write_text(spec.group(1), encoding="utf-8")
    assert specc.to_python(path) == shown.group(1)


def test_what_no_structure_can_say_is_written_step_by_step(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "params: {how: Add}\n"
        "model:\n"
        "  inputs: {x: [4]}\n"
        "  layers:\n"
        "    - residual: [{Dense: 4}]\n"
        "      merge: $how\n",
    )
    source = specc.to_python(path)
    assert "step by step: what merges is computed" in source
    assert "layers.Add()([x, dense])" in source


def test_what_belongs_to_training_is_refused(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        "models:\n"
        "  student: {inputs: {x: [4]}, layers: [{Dense: 2}]}\n"
        "  teacher: {average_of: student, momentum: 0.9}\n",
    )
    with pytest.raises(specc.SpecError) as caught:
        specc.to_python(path)
    (told,) = caught.value.diagnostics
    assert told.code == "not-in-python"
    assert "`teacher`" in told.title and "moving average" in told.title
    assert told.span is not None and told.span.line == 4


def test_an_input_with_the_name_of_an_operation_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "model: {inputs: {mean: [4]}, layers: [{formula: 'mean - mean(mean)'}]}\n")
    with pytest.raises(specc.SpecError) as caught:
        specc.to_python(path)
    assert [d.code for d in caught.value.diagnostics] == ["not-in-python"]


def test_the_command_goes_by_the_suffix(tmp_path: Path) -> None:
    path, out = write(tmp_path, CASES["branches"]), tmp_path / "net.py"
    done = CliRunner().invoke(cli, ["compile", str(path), "-o", str(out)])
    assert done.exit_code == 0, done.output
    assert out.read_text(encoding="utf-8") == specc.to_python(path)
    assert done.output.endswith(f"net.py: {len(out.read_text().splitlines())} lines of Python\n")
    done = CliRunner().invoke(cli, ["compile", str(path), "-o", str(out), "--model", "model"])
    assert done.exit_code == 2 and "all models" in done.output


def test_a_plugin_is_imported_by_its_module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "my_own_layers.py").write_text(
        "class Doubled:\n    def __init__(self, units: int): ...\n    def call(self, inputs): ...\n",
        encoding="utf-8",
    )
    monkeypatch.syspath_prepend(tmp_path)
    specc.register("Doubled", import_module("my_own_layers").Doubled)
    path = write(
        tmp_path, "model: {inputs: {x: [4]}, layers: [{Doubled: 3}, {Doubled: {units: 2}, name: end}]}\n"
    )
    source = specc.to_python(path)
    assert "from my_own_layers import Doubled\n" in source
    assert 'Doubled(units=2, name="end")(' in source and "Doubled(3)(x)" in source

    class Local:
        def __init__(self, units: int): ...
        def call(self, inputs: object) -> object: ...

    specc.register("Local", Local)
    path = write(tmp_path, "model: {inputs: {x: [4]}, layers: [{Local: 3}]}\n")
    with pytest.raises(specc.SpecError, match="lies in no module"):
        specc.to_python(path)
