"""What kind of model, input or layer is read, and whether a spec can say it at all."""

from __future__ import annotations

import keras

from specc.lower.private import Functional
from specc.lower.read_layer import UnreadableError


def functional(model: keras.Model) -> keras.Model:
    """The functional model that a model is or holds. Raises UnreadableError where it is or has none."""
    if isinstance(model, keras.Sequential):
        if type(model).call is not keras.Sequential.call:
            raise UnreadableError(f"its class `{type(model).__name__}` has a `call` of its own")
        if model._functional is None:
            raise UnreadableError("it is not built: the shape of its input is not known")
        return model._functional
    if not isinstance(model, Functional):
        name = type(model).__name__
        raise UnreadableError(f"it is a {name}: only Functional and Sequential models tell their graph")
    if type(model).call is not Functional.call:
        raise UnreadableError(f"its class `{type(model).__name__}` has a `call` of its own")
    return model


def why_no_input(layer: keras.layers.InputLayer, tensor: keras.KerasTensor) -> str | None:
    """Why a spec cannot declare an input; None where it can."""
    if tensor.shape is None or not len(tensor.shape):
        return "it has no batch axis"
    if tensor.shape[0] is not None:
        return f"its batch is fixed to {tensor.shape[0]}"
    if getattr(layer, "sparse", False) or getattr(layer, "ragged", False):
        return "it is sparse or ragged"
    if getattr(layer, "optional", False):
        return "it is optional"
    return None


def help_for_input(why: str) -> str:
    """What to do about an input that cannot be declared."""
    return (
        "make the model anew with `keras.Input(shape)`, which leaves the batch open" if "batch" in why else ""
    )


def is_frozen(layer: keras.layers.Layer) -> bool:
    """Whether a layer with weights is not trained. Raises UnreadableError where only a part of it is."""
    parts = [part for part in layer._flatten_layers(include_self=False) if part.variables]
    if layer.trainable and any(not part.trainable for part in parts if not _is_model(layer, part)):
        raise UnreadableError("a part of it is frozen, and a step is frozen whole")
    return not layer.trainable and bool(layer.variables)


def _is_model(layer: keras.layers.Layer, part: keras.layers.Layer) -> bool:
    """Whether a part is, or is within, a model that the layer wraps: models have their own graph."""
    models = [m for m in layer._flatten_layers(include_self=False) if isinstance(m, keras.Model)]
    return any(part is model or part in model._flatten_layers() for model in models)
