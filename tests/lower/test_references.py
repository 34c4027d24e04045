"""Models from elsewhere: files, runs, applications, adapters."""

import warnings
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


APPLICATION = """
specc: 1
name: user
models:
  body: {application: MobileNet, weights: %s, alpha: 0.25, include_top: false, input_shape: [32, 32, 3]%s}
model:
  inputs: {image: [32, 32, 3]}
  layers:
    - body
    - Flatten
    - Dense: 1
      name: score
"""


def applied(folder: Path, more: str = "", weights: str = "null"):
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models

    (folder / "user.yaml").write_text(APPLICATION % (weights, more))
    return build_models(load_spec(folder / "user.yaml"))


def refusal(folder: Path, more: str = "", weights: str = "null"):
    from specc.source.diagnostic import SpecError

    with pytest.raises(SpecError) as caught:
        applied(folder, more, weights)
    return caught.value.diagnostics


def at(folder: Path, span) -> str:
    """What stands at a place of the spec."""
    return (folder / "user.yaml").read_text().splitlines()[span.line - 1][span.column - 1 :]


def test_a_frozen_application_trains_only_what_is_around_it(tmp_path: Path) -> None:
    import numpy as np

    model = applied(tmp_path, ", trainable: false")["model"]
    assert [v.path.split("/")[0] for v in model.trainable_variables] == ["score", "score"]
    x = np.random.default_rng(1).normal(size=(2, 32, 32, 3)).astype("float32")
    before = model.get_layer("body").get_weights()
    model(x, training=True)  # moves the means and variances of what is not frozen
    assert all(map(np.array_equal, before, model.get_layer("body").get_weights()))


def test_an_application_may_have_a_local_files_weights(tmp_path: Path) -> None:
    import keras
    import numpy as np

    other = keras.applications.MobileNet(weights=None, alpha=0.25, include_top=False, input_shape=(32, 32, 3))
    other.save_weights(tmp_path / "other.weights.h5")
    body = applied(tmp_path, weights="other.weights.h5")["body"]
    for mine, theirs in zip(body.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


@pytest.mark.parametrize(
    ("alpha", "file", "code"),
    [(0.5, "other.weights.h5", "weights-mismatch"), (0.25, "none.weights.h5", "missing-file")],
)
def test_weights_of_another_network_are_refused(tmp_path: Path, alpha: float, file: str, code: str) -> None:
    import keras

    other = keras.applications.MobileNet(
        weights=None, alpha=alpha, include_top=False, input_shape=(32, 32, 3)
    )
    other.save_weights(tmp_path / "other.weights.h5")
    with warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        (found,) = refusal(tmp_path, weights=file)
    assert found.code == code
    assert not [warning for warning in told if "Skipping" in str(warning.message)]
    assert at(tmp_path, found.span).startswith(file)
    assert all("value=[" not in note for note in found.notes)


def test_inner_layers_that_are_not_there_are_all_told(tmp_path: Path) -> None:
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.source.diagnostic import SpecError

    outputs = ", outputs: {a: conv_pw_3_rellu, b: conv_pw_5_relu, c: nothing}"
    text = APPLICATION % ("null", outputs)
    steps = text.replace("- body\n    - Flatten", "- body:\n      name: f\n    - Flatten:\n      from: f.b")
    (tmp_path / "user.yaml").write_text(steps)
    with pytest.raises(SpecError) as caught:
        build_models(load_spec(tmp_path / "user.yaml"))
    found = caught.value.diagnostics
    assert [d.code for d in found] == ["unknown-inner-layer"]
    assert "`conv_pw_3_rellu`, `nothing`" in found[0].title
    assert "conv_pw_3_relu" in found[0].help
    assert at(tmp_path, found[0].span).startswith("{a: conv_pw")


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
    ("path", "code"),
    [
        ("../base.keras", "outside-folder"),
        ("none.keras", "missing-file"),
        ("loop/base.keras", "missing-file"),
        ('"a\\0b"', "missing-file"),
    ],
)
def test_files_that_cannot_be_loaded_are_refused(tmp_path: Path, path: str, code: str) -> None:
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models
    from specc.source.diagnostic import SpecError

    (tmp_path / "loop").symlink_to(tmp_path / "loop")
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
