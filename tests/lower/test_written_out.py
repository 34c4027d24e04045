from pathlib import Path

import keras
import pytest

from specc.frontend.load import load_spec
from specc.graph.cost import Costs
from specc.graph.infer import infer_models
from specc.lower.written_out import written_out

pytestmark = pytest.mark.slow

SPEC = """specc: 1
models:
  backbone: {application: %s, weights: imagenet, include_top: false, input_shape: [32, 32, 3]%s}
model:
  inputs: {picture: [32, 32, 3]}
  layers:
    - backbone
    - GlobalAveragePooling2D
    - Dense: 3
"""


def planned(folder: Path, application: str, more: str = "") -> tuple[int, int]:
    """Parameters that are trained and that are not, as `specc plan` tells them."""
    (folder / "net.yaml").write_text(SPEC % (application, more))
    types = infer_models(written_out(load_spec(folder / "net.yaml")))
    assert not any(found.unknown for found in types.values())
    rows = list(Costs(types["model"], types).rows())
    return sum(row.trainable for row in rows), sum(row.frozen for row in rows)


@pytest.mark.parametrize("application", ["MobileNetV2", "ConvNeXtTiny"])  # the latter with models within
def test_an_applications_parameters_are_counted_without_its_weights(tmp_path: Path, application: str) -> None:
    constructor = getattr(keras.applications, application)
    model = constructor(weights=None, include_top=False, input_shape=(32, 32, 3))
    width = model.output_shape[-1]
    free = sum(v.shape.num_elements() for v in model.trainable_variables)
    head = 3 * width + 3
    assert planned(tmp_path, application) == (free + head, model.count_params() - free)
    assert planned(tmp_path, application, ", trainable: false") == (head, model.count_params())


def test_an_inner_layer_is_where_it_ends(tmp_path: Path) -> None:
    whole, _ = planned(tmp_path, "MobileNetV2")
    part, _ = planned(tmp_path, "MobileNetV2", ", outputs: block_3_project_BN")
    assert 0 < part < whole / 10


LOADED = """specc: 1
models:
  base: {load: base.keras%s}
model:
  inputs: {x: [4], y: [3]}
  layers:
    - base:
      from: %s
    - Dense: 5
"""


def test_the_layers_of_a_file_are_counted(tmp_path: Path) -> None:
    x, y = keras.Input((4,), name="left"), keras.Input((3,), name="right")
    inner = keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)], name="inner")
    keras.Model(x, inner(x)).save(tmp_path / "base.keras")
    assert loaded(tmp_path, "x") == (10 + 15, 0)
    assert loaded(tmp_path, "x", ", trainable: false") == (15, 10)
    both = keras.layers.Concatenate()([inner(x), keras.layers.Dense(2)(y)])
    keras.Model({"left": x, "right": y}, both).save(tmp_path / "base.keras")
    assert loaded(tmp_path, "{left: x, right: y}") == (10 + 8 + 25, 0)


def loaded(folder: Path, wiring: str, more: str = "") -> tuple[int, int]:
    (folder / "net.yaml").write_text(LOADED % (more, wiring))
    types = infer_models(written_out(load_spec(folder / "net.yaml")))
    assert not any(found.unknown for found in types.values())
    rows = list(Costs(types["model"], types).rows())
    return sum(row.trainable for row in rows), sum(row.frozen for row in rows)
