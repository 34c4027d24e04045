"""`specc draw` as a user calls it."""

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from specc.cli.main import cli

GAN = str(Path(__file__).parents[2] / "docs" / "drawings" / "gan.yaml")


def draw(*options: str) -> Result:
    return CliRunner().invoke(cli, ["draw", GAN, *options])


@pytest.mark.parametrize(("suffix", "start"), [(".svg", "<svg "), (".dot", "digraph "), (".mmd", "---\n")])
def test_the_suffix_decides_on_the_format(tmp_path: Path, suffix: str, start: str) -> None:
    out = tmp_path / f"gan{suffix}"
    result = draw("-o", str(out), "--direction", "right")
    assert result.exit_code == 0, result.output
    assert result.stderr == f"{out} is written\n"
    assert out.read_text(encoding="utf-8").startswith(start)


def test_it_does_not_overwrite_its_spec(tmp_path: Path) -> None:
    spec = tmp_path / "gan.svg"
    spec.write_bytes(Path(GAN).read_bytes())
    result = CliRunner().invoke(cli, ["draw", str(spec), "-o", str(spec)])
    assert (result.exit_code, "overwrites-input" in result.stderr) == (2, True)
    assert spec.read_bytes() == Path(GAN).read_bytes()


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    result = draw("-o", str(tmp_path / "gan.pdf"))
    assert result.exit_code == 2
    assert "drawing-format" in result.stderr and "`.svg`" in result.stderr


def test_models_are_chosen_by_name(tmp_path: Path) -> None:
    out = tmp_path / "gan.mmd"
    assert draw("-o", str(out), "--model", "critic", "--no-shapes").exit_code == 0
    text = out.read_text(encoding="utf-8")
    assert "critic" in text and "generator" not in text and "28×28×1" not in text.replace("image 28×28×1", "")


def test_an_unknown_model_is_refused_with_the_one_that_was_meant(tmp_path: Path) -> None:
    result = draw("-o", str(tmp_path / "gan.svg"), "--model", "critik")
    assert result.exit_code == 2
    assert "unknown-model" in result.stderr and "`critic`" in result.stderr


def test_a_file_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    assert "unwritable-file" in draw("-o", str(tmp_path / "none" / "gan.svg")).stderr


def test_drawing_loads_no_tensorflow(tmp_path: Path) -> None:
    before = set(sys.modules)
    assert draw("-o", str(tmp_path / "gan.svg")).exit_code == 0
    assert not {"tensorflow", "keras"} & (set(sys.modules) - before)
