"""Blocks and parameters that nothing uses are told, those of the spec's own file."""

from __future__ import annotations

from pathlib import Path

import specc

STEPS = """
blocks:
  conv:
    layers: [{Dense: 2}]
  deep:
    layers: [conv, conv]
model:
  inputs: {x: [3]}
  layers:
"""


def told(folder: Path, text: str) -> list[str]:
    path = folder / "spec.yaml"
    path.write_text(f"specc: 1\n{text}", encoding="utf-8")
    return [found.title for found in specc.check(path).diagnostics]


def test_a_block_that_nothing_names_is_told(tmp_path: Path) -> None:
    assert told(tmp_path, f"{STEPS}    - conv\n") == ["the block `deep` is not used"]


def test_what_a_left_out_step_names_is_used_and_what_that_names(tmp_path: Path) -> None:
    assert told(tmp_path, f"{STEPS}    - Dense: 1\n    - deep:\n      when: false\n") == []


def test_what_lies_within_a_left_out_structure_is_used(tmp_path: Path) -> None:
    left_out = "    - residual: [deep]\n      shortcut: [conv]\n      when: false\n"
    assert told(tmp_path, f"{STEPS}    - Dense: 1\n{left_out}") == []
    repeat = "    - repeat: 2\n      layers: [deep]\n      when: false\n"
    assert told(tmp_path, f"{STEPS}    - Dense: 1\n{repeat}") == []


def test_what_an_extended_file_offers_need_not_be_used(tmp_path: Path) -> None:
    base = "specc: 1\nparams: {size: 3}\nblocks: {wide: {layers: [{Dense: 9}]}}\n"
    (tmp_path / "base.yaml").write_text(base, encoding="utf-8")
    text = "extends: base.yaml\nmodel: {inputs: {x: [3]}, layers: [{Dense: 1}]}\n"
    assert told(tmp_path, text) == []
    assert told(tmp_path, f"{text}params: {{own: 1}}\n") == ["the parameter `own` is not used"]


def test_a_block_in_a_step_that_was_wrong_is_used(tmp_path: Path) -> None:
    wrong = "params: {depth: {choices: [1], default: 2}}\n"
    text = f"{wrong}{STEPS}    - repeat: $depth\n      layers: [deep]\n"
    assert told(tmp_path, text) == ["`depth` is one of 1, not the number 2"]
