"""Which model of a run predicts: the entry, or the one that `serve` names."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.slow

SPEC = """
specc: 1
models:
  encoder:
    inputs: {x: [4]}
    layers: [{Dense: 3, name: mean}, {Dense: 2, name: spread}]
    outputs: [mean, spread]
  decoder: {inputs: {code: [3]}, layers: [{Dense: 4}]}
data:
  source: {npz: rows.npz}
  fields: {x: {shape: [4]}}
train:
  optimizer: adam
  update:
    - models: [encoder, decoder]
      loss: {error: mean(square(decoder(encoder(x).mean) - x))}
"""


def trained(folder: Path, more: str) -> Path:
    import specc

    np.savez(folder / "rows.npz", x=np.random.default_rng(0).random((8, 4), "float32"))
    (folder / "spec.yaml").write_text(SPEC + more, encoding="utf-8")
    specc.train(folder / "spec.yaml", run_dir=folder / "run", verbose="silent")
    return folder / "run"


def test_the_served_model_predicts_its_served_outputs(tmp_path: Path) -> None:
    import specc

    run = specc.open_run(trained(tmp_path, "serve: {model: encoder, outputs: [mean]}\n"))
    found = run.predict(tmp_path / "rows.npz")
    assert {name: values.shape for name, values in found.items()} == {"mean": (8, 3)}
    given = np.load(tmp_path / "rows.npz")["x"]
    np.testing.assert_allclose(found["mean"], run.models["encoder"](given)["mean"], rtol=1e-5)


def test_of_several_models_none_predicts_unasked(tmp_path: Path) -> None:
    import specc
    from specc.source.diagnostic import SpecError

    run = specc.open_run(trained(tmp_path, ""))
    with pytest.raises(SpecError) as caught:
        run.predict(tmp_path / "rows.npz")
    assert [d.code for d in caught.value.diagnostics] == ["unknown-model"]
    assert set(run.evaluate("train", data_root=tmp_path)) == {"loss", "error"}
