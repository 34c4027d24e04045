"""Models that `derive` calls."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from data_case import write

from specc.data.dataset import Wanted
from specc.data.open import open_data
from specc.data.ports import Port
from specc.frontend.load import load_spec
from specc.frontend.spec import Spec

pytestmark = pytest.mark.slow

TEXT = """
specc: 1
models:
  halved: {inputs: {x: [2]}, layers: [{formula: x / 2}]}
  parts:
    inputs: {x: [2], count: {shape: [], dtype: int32}}
    layers:
      - halved:
        from: x
        name: half
      - formula: half + 1
        name: more
      - formula: count * 2
        name: twice
    outputs: [more, twice]
  model:
    inputs: {x: [2]}
    layers:
      - Dense: 1
        name: n
data:
  source: {csv: rows.csv}
  fields: {x: {column: [a, b]}}
  derive:
    found: parts(x, count=n)
    more: found.more
    both: halved(more) + cast(found.twice, 'float32')[:, None]
    never: halved(x)
  batch_size: 2
  shuffle: false
"""


@pytest.fixture
def spec(tmp_path: Path) -> Spec:
    write(tmp_path / "rows.csv", "a,b,n\n2,4,1\n6,8,2\n10,12,3\n")
    return load_spec(write(tmp_path / "spec.yaml", TEXT))


def test_models_are_functions_of_batches(spec: Spec) -> None:
    """By position or by name, whole numbers as the input wants them, in a pipeline that is traced."""
    assert spec.data is not None
    wanted = Wanted((Port("x", (2,)),), ("both",))
    opened = open_data(spec.data, wanted, root=spec.root, seed=0)
    batches = [target.numpy() for _, target in opened.pipeline("train").once]
    expected = np.array([[2, 4], [6, 8], [10, 12]]) / 4 + 0.5 + 2 * np.array([[1], [2], [3]])
    np.testing.assert_allclose(np.concatenate(batches), expected)


def test_outputs_of_a_model_are_names(spec: Spec) -> None:
    data = spec.data
    assert data is not None
    assert list(data.models) == ["halved", "parts"]
    assert data.needed(("both",)) == ("x", "n")
    assert data.unused_derived(("both",)) == ("never",)
    assert data.needed(("never",)) == ("x",)
