"""What docs/ and the README show is true: specs check, commands exist, marked outputs are what is printed.

In a page, `<!-- file: NAME -->` before a fenced block writes it as a file; `<!-- run -->` before a console
block runs its commands, whose output must be the shown one; `<!-- run slow -->` before Python runs it (with
TensorFlow), and it must succeed. A page's blocks share a folder, in order.
"""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from generated_docs import diagnostics
from objectives_page import objectives

from specc.api import check
from specc.cli.main import COMMANDS, cli
from specc.source.explain import codes, explain

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
FENCED = re.compile(
    r"(?:^<!-- (?P<mark>[^>]*) -->\n)?^(?P<fence>`{3,})(?P<language>\w+)\n(?P<text>.*?)^(?P=fence)$",
    re.M | re.S,
)
LINK = re.compile(r"\]\(([^)#\s]+)(?:#([^)\s]*))?\)")


@dataclass(frozen=True)
class Block:
    page: Path
    line: int
    mark: str
    language: str
    text: str

    @property
    def name(self) -> str:
        return f"{self.page.name}:{self.line}"


def blocks() -> Iterator[Block]:
    for page in PAGES:
        text = page.read_text(encoding="utf-8")
        for found in FENCED.finditer(text):
            line = text.count("\n", 0, found.start("fence")) + 1
            yield Block(page, line, found["mark"] or "", found["language"], found["text"])


BLOCKS = tuple(blocks())
SPECS = [block for block in BLOCKS if block.language == "yaml" and re.search(r"^specc: 1$", block.text, re.M)]
SLOW = sorted({block.page for block in BLOCKS if block.mark == "run slow"})
QUICK = sorted({block.page for block in BLOCKS if block.mark == "run"})


@pytest.mark.parametrize("block", SPECS, ids=lambda block: block.name)
def test_every_whole_spec_is_right(block: Block, tmp_path: Path) -> None:
    if block.mark == "file: wrong.yaml":
        pytest.skip("shows mistakes")
    path = tmp_path / "shown.yaml"
    path.write_text(block.text, encoding="utf-8")
    report = check(path)
    assert not report.diagnostics, str(report)


def commands(block: Block) -> Iterator[list[str]]:
    for line in block.text.splitlines():
        shown = line.removeprefix("$ ") if block.language == "console" else line
        if shown.startswith("specc ") and (block.language == "sh" or line.startswith("$ ")):
            yield shlex.split(shown, comments=True)[1:]


@pytest.mark.parametrize("block", [b for b in BLOCKS if list(commands(b))], ids=lambda block: block.name)
def test_every_command_shown_exists(block: Block) -> None:
    context = click.Context(cli)
    for name, *arguments in commands(block):
        command = cli.get_command(context, name)
        assert command is not None, f"{block.name}: specc {name}"
        command.make_context(name, [a for a in arguments if a != "…"], resilient_parsing=False)


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.language == "python"], ids=lambda block: block.name)
def test_every_python_snippet_is_python(block: Block) -> None:
    compile(block.text, block.name, "exec")


def lay_out(block: Block) -> None:
    if block.mark.startswith("file: "):
        Path(block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")


@pytest.mark.parametrize("page", QUICK, ids=lambda page: page.name)
def test_outputs_shown_are_what_is_printed(
    page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for block in (b for b in BLOCKS if b.page == page):
        lay_out(block)
        if block.mark == "run":
            printed = ""
            for arguments in commands(block):
                result = CliRunner().invoke(cli, arguments)
                printed += f"$ specc {shlex.join(arguments)}\n{result.output}"
            assert printed == block.text, block.name


@pytest.mark.slow
@pytest.mark.parametrize("page", SLOW, ids=lambda page: page.name)
def test_snippets_run(page: Path, tmp_path: Path) -> None:
    for block in (b for b in BLOCKS if b.page == page):
        if block.mark.startswith("file: "):
            (tmp_path / block.mark.removeprefix("file: ")).write_text(block.text, encoding="utf-8")
        if block.mark.startswith("file: ") and block.language == "python":
            subprocess.run([sys.executable, block.mark.removeprefix("file: ")], cwd=tmp_path, check=True)
        if block.mark == "run slow":
            done = subprocess.run(
                [sys.executable, "-c", block.text], cwd=tmp_path, capture_output=True, text=True, check=False
            )
            assert done.returncode == 0, f"{block.name}: {done.stderr}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for path, anchor in LINK.findall(FENCED.sub("", text)):
        if path.startswith("http"):
            continue
        target = (page.parent / path).resolve()
        assert target.exists(), f"{page.name}: {path}"
        assert not anchor or anchor in anchors(target), f"{page.name}: {path}#{anchor}"


def anchors(page: Path) -> set[str]:
    heads = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_the_list_of_diagnostics_is_current() -> None:
    shown = (ROOT / "docs" / "diagnostics.md").read_text(encoding="utf-8")
    assert shown == diagnostics(), "run `make generated`"


def test_the_page_of_objectives_is_current() -> None:
    shown = (ROOT / "docs" / "objectives.md").read_text(encoding="utf-8")
    assert shown == objectives(), "run `make generated`"


def test_every_command_has_its_part_of_the_page() -> None:
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"\n## {name}\n" in page
        command = cli.get_command(click.Context(cli), name)
        assert command is not None
        options = [option for parameter in command.params for option in parameter.opts if option[:2] == "--"]
        for option in options:
            assert option in page, f"specc {name} {option}"


def test_pages_of_codes_show_no_other_code() -> None:
    for code in codes():
        for named in re.findall(r"error\[([a-z-]+)\]", explain(code) or ""):
            assert named in codes(), code
