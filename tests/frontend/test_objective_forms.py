"""What short forms of programs stand for."""

from __future__ import annotations

from pathlib import Path

import pytest

from specc.frontend.load import load_spec

SPEC = """
specc: 1
models:
  forth: {inputs: {x: [4]}, layers: [{Dense: 4}]}
  back: {inputs: {x: [4]}, layers: [{Dense: 4}]}
  critic_a: {inputs: {x: [4]}, layers: [{Dense: 1}]}
  critic_b: {inputs: {x: [4]}, layers: [{Dense: 1}]}
data: {source: {npz: rows.npz}, fields: {a: {shape: [4]}, b: {shape: [4]}}}
train:
  optimizer: adam
  objective: {cyclegan: {IDENTITY}}
"""


@pytest.mark.parametrize(
    ("given", "terms"),
    [
        ("cycle: 5.0", {"fool": 1.0, "cycle": 5.0}),
        ("identity: 2.0", {"fool": 1.0, "cycle": 10.0, "identity": 2.0}),
    ],
)
def test_cyclegan_computes_no_term_that_weighs_nothing(
    tmp_path: Path, given: str, terms: dict[str, float]
) -> None:
    (tmp_path / "spec.yaml").write_text(SPEC.replace("IDENTITY", given), encoding="utf-8")
    spec = load_spec(tmp_path / "spec.yaml")
    assert spec.train is not None
    first, _ = spec.train.programs[0].updates
    assert {term.name: term.weight for term in first.terms} == terms
