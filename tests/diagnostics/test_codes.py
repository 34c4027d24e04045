"""Every code has its page, and a golden case or a test that provokes it."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from package_nodes import files, nodes_of

from specc.frontend.schema_values import CATEGORIES
from specc.source.explain import codes

TESTS = Path(__file__).parents[1]
CODE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)+")
TOLD = re.compile(r"\[([a-z0-9-]+)\]")
REPORTING = frozenset({"error", "warning", "fail", "report", "Diagnostic", "_Finding"})

ELSEWHERE: dict[str, str] = {
    "data-array": "data/test_array_files.py",
    "data-augment": "data/test_images_and_records.py",
    "data-boxes": "data/test_boxes.py",
    "data-cache": "data/test_cache.py",
    "data-column": "data/test_open_data.py",
    "data-csv": "data/test_csv_table.py",
    "data-download": "data/test_images_and_records.py",
    "data-file": "data/test_paths.py",
    "data-filter": "data/test_filtering.py",
    "data-fitted": "data/test_open_data.py",
    "data-formula": "data/test_open_data.py",
    "data-image": "data/test_images_and_records.py",
    "data-json": "data/test_jsonl.py",
    "data-missing": "data/test_csv_table.py",
    "data-record": "data/test_images_and_records.py",
    "data-shape": "data/test_open_data.py",
    "data-text": "data/test_text_and_windows.py",
    "data-transform": "data/test_open_data.py",
    "drawing-format": "cli/test_draw.py",
    "drawing-too-large": "report/test_pictures.py",
    "file-taken": "cli/test_new.py",
    "file-too-large": "source/test_files.py",
    "freeze-unmatched": "training/test_fitting.py",
    "generate-failed": "inference/test_generating.py",
    "generate-input": "inference/test_generating.py",
    "generate-missing": "inference/test_generating.py",
    "generate-output": "inference/test_generating.py",
    "inexpressible": "lower/test_read_model.py",
    "keras-error": "lower/test_models.py",
    "keras-refuses": "lower/test_objects.py",
    "lora-unmatched": "lower/test_references.py",
    "model-file": "lower/test_model_file.py",
    "no-rule": "cli/test_plan.py",
    "not-in-python": "python/test_module.py",
    "nothing-to-show": "cli/test_show.py",
    "open-size": "cli/test_plan.py",
    "overwrites-input": "cli/test_resolve.py",
    "plugin-failed": "cli/test_main.py",
    "plugin-missing": "cli/test_main.py",
    "run-data": "inference/test_opened_run.py",
    "run-folder-taken": "training/test_folder.py",
    "run-folder-unwritable": "training/test_folder.py",
    "run-invalid": "training/test_folder.py",
    "training-failed": "training/test_run.py",
    "training-left-out": "training/test_strategy.py",
    "training-missing": "training/test_train_spec.py",
    "training-nan": "training/test_run.py",
    "training-same-draws": "training/test_strategy.py",
    "training-strategy": "training/test_strategy.py",
    "unknown-inner-layer": "lower/test_references.py",
    "unknown-model": "training/test_train_spec.py",
    "unwritable-file": "cli/test_resolve.py",
    "weights-mismatch": "lower/test_references.py",
    "weights-not-fetched": "lower/test_models.py",
    "weights-unmatched": "lower/test_weight_moves.py",
    "weights-unreadable": "lower/test_weight_moves.py",
}
"""Codes that no spec alone provokes (they need files, data, Keras or a command line), and their tests."""


@cache
def reported() -> dict[str, Path]:
    """The codes that the package reports, each with a file that does."""
    return {code: path for path in files() for node in nodes_of(path) for code in _codes(node)}


@cache
def told() -> set[str]:
    """The codes that the golden cases tell of."""
    goldens = (TESTS / "diagnostics" / "cases").glob("*.txt")
    return {code for golden in goldens for code in TOLD.findall(golden.read_text(encoding="utf-8"))}


def _codes(node: ast.AST) -> Iterator[str]:
    if not isinstance(node, ast.Call) or not node.args:
        return
    name = getattr(node.func, "attr", getattr(node.func, "id", ""))
    first = node.args[0]
    if name not in REPORTING:
        return
    if isinstance(first, ast.Constant) and isinstance(first.value, str) and CODE.fullmatch(first.value):
        yield first.value
    elif ast.unparse(first) == "f'unknown-{category}'":
        yield from (f"unknown-{category}" for category in (*CATEGORIES, "activation"))


def literals() -> set[str]:
    """Every text in the package: codes also come from tables."""
    found = set(reported())
    for path in files():
        found |= {n.value for n in nodes_of(path) if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return found


def test_every_reported_code_has_a_page() -> None:
    lacking = [f"{path.name}: `{code}`" for code, path in reported().items() if code not in codes()]
    assert not lacking, "each has a page source/codes/CODE.md"


def test_every_page_is_of_a_code_that_is_reported() -> None:
    assert not set(codes()) - literals()


@pytest.mark.parametrize("code", codes())
def test_every_code_is_provoked(code: str) -> None:
    if code in ELSEWHERE:
        assert f'"{code}"' in (TESTS / ELSEWHERE[code]).read_text(encoding="utf-8")
        return
    assert code in told(), f"add cases/{code}.yaml, or name its test in ELSEWHERE"
