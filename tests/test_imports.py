"""Imports point one way, each library has its doors, and what need not load TensorFlow does not."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from package_nodes import PACKAGE, files, nodes_of

LAYERS = (
    {"source"},
    {"catalog"},
    {"frontend"},
    {"graph"},
    {"lower", "data", "python"},
    {"training", "decompile"},
    {"inference", "report"},
    {"cli"},
)
"""From the bottom up. A folder imports from its own level and below."""

UPWARD = {"frontend": ("specc.graph.ir",), "frontend/load.py": ("specc.graph.",)}
"""What may be imported from above: the front end makes graphs, and its last stage has them checked."""

DOORS = {
    "yaml": {"source"},
    "jsonschema": {"frontend/structure.py"},
    "click": {"cli"},
    "keras": {"lower", "data", "training", "inference"},
    "keras.src": {"lower/private.py"},
    "tensorflow": {"lower", "data", "training", "inference"},
    "matplotlib": {"report"},
    "sklearn": {"data"},
}
"""The only places that import a library."""

LIGHT = """
import sys
from specc.cli.main import cli
import specc
from pathlib import Path
Path("net.yaml").write_text("specc: 1\\nmodel: {inputs: {x: [4]}, layers: [{Dense: 2}]}\\n")
for arguments in (["check", "net.yaml"], ["resolve", "net.yaml"], ["schema"], ["explain"], ["new", "other"]):
    cli(arguments, standalone_mode=False)
assert specc.check("net.yaml").ok
heavy = {"tensorflow", "keras", "numpy", "sklearn", "matplotlib"} & set(sys.modules)
assert not heavy, heavy
"""


def folder_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE).parts
    return parts[0] if len(parts) > 1 else ""


@cache
def imported(path: Path) -> tuple[tuple[str, bool], ...]:
    """The modules that a file imports, and whether only for its types."""
    return tuple(_imported(path))


def _imported(path: Path) -> Iterator[tuple[str, bool]]:
    typing_only = {
        id(inner)
        for node in nodes_of(path)
        if isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    for node in nodes_of(path):
        if isinstance(node, ast.Import):
            yield from ((alias.name, id(node) in typing_only) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            assert node.module is not None
            yield node.module, id(node) in typing_only
            if node.module == "specc":
                yield from ((f"specc.{alias.name}", id(node) in typing_only) for alias in node.names)


def level(folder: str) -> int:
    return next(position for position, folders in enumerate(LAYERS) if folder in folders)


@pytest.mark.parametrize("folder", sorted({folder_of(path) for path in files()} - {""}))
def test_imports_point_one_way(folder: str) -> None:
    found = [f"{path.relative_to(PACKAGE)}: {module}" for path in files() for module in upwards(folder, path)]
    assert not found, f"imports from above: {found}"


def upwards(folder: str, path: Path) -> Iterator[str]:
    """The modules above a folder that a file of it imports, though it may not."""
    if folder_of(path) != folder:
        return
    allowed = (*UPWARD.get(folder, ()), *UPWARD.get(path.relative_to(PACKAGE).as_posix(), ()))
    for module, typing_only in imported(path):
        if not module.startswith("specc.") or typing_only or module.startswith(allowed or ("-",)):
            continue
        target = module.split(".")[1]
        if target != "api" and level(target) > level(folder):
            yield module


def test_every_folder_has_its_level() -> None:
    folders = {folder_of(path) for path in files()} - {""}
    assert folders <= {folder for level in LAYERS for folder in level}


@pytest.mark.parametrize("library", DOORS)
def test_libraries_come_in_by_their_doors(library: str) -> None:
    for path in files():
        place = path.relative_to(PACKAGE).as_posix()
        if place in DOORS[library] or folder_of(path) in DOORS[library]:
            continue
        for module, typing_only in imported(path):
            if not typing_only:
                assert not f"{module}.".startswith(f"{library}."), f"{place} imports {module}"


def test_nothing_is_evaluated() -> None:
    for path in files():
        for node in nodes_of(path):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec", "__import__"), f"{path}:{node.lineno}"


def test_checking_loads_no_heavy_library(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LIGHT], cwd=tmp_path, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
