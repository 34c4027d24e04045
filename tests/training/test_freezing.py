from __future__ import annotations

import keras
import pytest

from specc.frontend.sections.train import Stage
from specc.frontend.sections.train_parts import Glob
from specc.source.span import Span
from specc.training.freezing import Freezer, layers_of

pytestmark = pytest.mark.slow
SPAN = Span("spec.yaml", 1, 1, 1, 2)


def stage(freeze: str = "", unfreeze: str = "") -> Stage:
    globs = {"freeze": freeze, "unfreeze": unfreeze}
    given = {name: (Glob(pattern, SPAN),) for name, pattern in globs.items() if pattern}
    return Stage("", 1, SPAN, None, {}, {}, {}, {}, {}, {}, **given)  # type: ignore[arg-type]


def wrapped(inner: keras.layers.Layer, name: str) -> keras.Model:
    image = keras.Input([3])
    return keras.Model(image, inner(image), name=name)


def test_a_shared_layer_is_frozen_by_any_of_its_names() -> None:
    shared = wrapped(keras.layers.Dense(3, name="d"), "shared")
    left, right = wrapped(shared, "left"), wrapped(shared, "right")
    image = keras.Input([3])
    model = keras.Model(image, left(image) + right(image))
    freezer = Freezer(layers_of(model))
    for pattern in ("left.shared", "right.shared.d"):
        freezer.apply(stage(freeze=pattern))
        assert model.trainable_variables == []
        freezer.apply(stage())
        assert len(model.trainable_variables) == 2


def test_adapters_alone_are_trained_in_every_stage() -> None:
    layer = keras.layers.Dense(4, name="d")
    model = wrapped(layer, "net")
    layer.enable_lora(2)
    layer.bias.trainable = False
    freezer = Freezer(layers_of(model))
    adapters = {"lora_kernel_a", "lora_kernel_b"}
    freezer.apply(stage(freeze="d"))
    assert model.trainable_variables == []
    for later in (stage(), stage(freeze="d", unfreeze="d")):
        freezer.apply(later)
        assert {variable.name for variable in model.trainable_variables} == adapters
