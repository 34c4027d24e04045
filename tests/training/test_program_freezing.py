"""Layers that stages of a program freeze."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SPEC = """
specc: 1
models:
  net:
    inputs: {x: [4]}
    layers: [{Dense: {units: 4}, name: below}, BatchNormalization, {Dense: {units: 4}, name: above}]
  teacher: {inputs: {x: [4]}, layers: [{Dense: 4}], trainable: false}
data: {source: {npz: rows.npz}, batch_size: 4, fields: {x: {shape: [4]}}}
train:
  optimizer: {SGD: 0.1}
  update:
    - models: [net]
      loss: {error: mean(square(net(x) - teacher(x)))}
  stages:
    - {epochs: 1, freeze: [FIRST]}
    - {epochs: 1, freeze: [SECOND], unfreeze: net.above}
"""


class Kept:
    """The weights as each epoch leaves them."""

    def __new__(cls, found: list[Any]) -> Any:
        import keras

        def keep(epoch: int, logs: Any) -> None:
            model = callback.model.parts["net"]
            found.append({v.path: v.numpy() for v in model.weights})

        callback = keras.callbacks.LambdaCallback(on_epoch_begin=keep, on_epoch_end=keep)
        return callback


def trained(folder: Path, first: str, second: str) -> list[dict[str, Any]]:
    """The weights before and after each stage."""
    import specc

    np.savez(folder / "rows.npz", x=np.random.default_rng(0).random((16, 4), "float32"))
    text = SPEC.replace("FIRST", first).replace("SECOND", second)
    (folder / "spec.yaml").write_text(text, encoding="utf-8")
    found: list[Any] = []
    specc.train(folder / "spec.yaml", run_dir=folder / "run", verbose="silent", callbacks=[Kept(found)])
    return found


def moved(before: dict[str, Any], after: dict[str, Any]) -> set[str]:
    return {path.rpartition("/")[0] for path in before if np.abs(before[path] - after[path]).max() > 1e-6}


def test_each_stage_trains_what_it_leaves(tmp_path: Path) -> None:
    before, first, again, second = trained(tmp_path, "net.above, net.batch*", "net.*")
    assert moved(before, first) == {"below"}
    assert moved(first, again) == set()
    assert moved(again, second) == {"above"}


def test_a_stage_trains_what_it_unfreezes_of_a_frozen_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    frozen = SPEC.replace("    inputs: {x: [4]}\n", "    inputs: {x: [4]}\n    trainable: false\n")
    frozen = frozen.replace("    - {epochs: 1, freeze: [FIRST]}\n", "")
    monkeypatch.setitem(globals(), "SPEC", frozen)
    before, after = trained(tmp_path, "", "net.below")
    assert moved(before, after) == {"above"}


@pytest.mark.parametrize(
    ("first", "code"),
    [("net", "program-frozen"), ("net.abov", "freeze-unmatched"), ("above", "freeze-unmatched")],
)
def test_what_cannot_be_frozen_is_told(tmp_path: Path, first: str, code: str) -> None:
    from specc.source.diagnostic import SpecError

    with pytest.raises(SpecError) as raised:
        trained(tmp_path, first, "net.below")
    assert [diagnostic.code for diagnostic in raised.value.diagnostics] == [code]
    assert not (tmp_path / "run").exists()
