"""Models from elsewhere: files, runs, applications, adapters."""

from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SAVED = """
specc: 1
name: base
model:
  inputs: {x: [4]}
  layers:
    - repeat: {n: [q, v]}
      layers:
        - Dense: 4
          name: part_$(n)
    - Dense: 2
      name: label
"""
USER = """
specc: 1
name: user
models:
  base: {load: base.keras%s}
model:
  inputs: {x: [4]}
  layers:
    - base
    - Dense: 1
      name: score
"""


def built(folder: Path, more: str = ""):
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models

    if not (folder / "base.keras").exists():
        (folder / "base.yaml").write_text(SAVED)
        build_models(load_spec(folder / "base.yaml"))["model"].save(folder / "base.keras")
    (folder / "user.yaml").write_text(USER % more)
    return build_models(load_spec(folder / "user.yaml"))


def test_a_saved_model_keeps_its_weights(tmp_path: Path) -> None:
    import keras
    import numpy as np

    models = built(tmp_path)
    saved = keras.models.load_model(tmp_path / "base.keras")
    for mine, theirs in zip(models["base"].get_weights(), saved.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_an_inner_layer_can_be_the_output(tmp_path: Path) -> None:
    assert built(tmp_path, ", outputs: part_v")["base"].output.shape == (None, 4)


def test_adapters_alone_are_trained(tmp_path: Path) -> None:
    model = built(tmp_path, ', lora: {rank: 2, layers: ["*_q"]}')["model"]
    names = {variable.path.split("/")[-2:][0] + "/" + variable.name for variable in model.trainable_variables}
    assert names == {"part_q/lora_kernel_a", "part_q/lora_kernel_b", "score/kernel", "score/bias"}


@pytest.mark.parametrize(("layers", "adapted"), [(", layers: part_q", 1), ("", 3)])
def test_adapters_by_one_pattern_or_everywhere(tmp_path: Path, layers: str, adapted: int) -> None:
    base = built(tmp_path, f", lora: {{rank: 2{layers}}}")["base"]
    assert len(base.trainable_variables) == 2 * adapted


def test_adapters_for_no_layer_are_refused(tmp_path: Path) -> None:
    from specc.source.diagnostic import SpecError

    with pytest.raises(SpecError) as caught:
        built(tmp_path, ', lora: {rank: 2, layers: ["*_k"]}')
    assert caught.value.diagnostics[0].code == "lora-unmatched"


@pytest.mark.parametrize(
    ("path", "code"), [("../base.keras", "outside-folder"), ("none.keras", "missing-file")]
)
def test_files_that_cannot_be_loaded_are_refused(tmp_path: Path, path: str, code: str) -> None:
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.source.diagnostic import SpecError

    (tmp_path / "user.yaml").write_text(USER.replace("base.keras", path) % "")
    with pytest.raises(SpecError) as caught:
        build_models(load_spec(tmp_path / "user.yaml"))
    assert caught.value.diagnostics[0].code == code


def test_a_run_carries_what_it_loads(tmp_path: Path) -> None:
    from specc.frontend.emit import emit
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.lower.saved import carry

    built(tmp_path)
    run = tmp_path / "elsewhere" / "run"
    run.mkdir(parents=True)
    (run / "spec.yaml").write_text(emit(carry(load_spec(tmp_path / "user.yaml"), run)))
    (tmp_path / "base.keras").unlink()
    assert build_models(load_spec(run / "spec.yaml"))["model"].count_params() == 53
