"""Keras's layers and what they hold, back to what a spec writes: a kind and the arguments that matter."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from typing import Any

import keras
import numpy as np
from keras import tree

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.catalog.signature import Argument, Signature
from specc.lower.errors import KERAS_ERRORS
from specc.lower.objects import get
from specc.lower.private import is_of_applications
from specc.lower.read_fitted import fitted

ModelName = Callable[[keras.Model], str]
"""The name in the spec of a model that a layer wraps."""

_SKIPPED = frozenset({"name", "dtype", "trainable", "build_config", "shared_object_id"})
_CATEGORIES = {
    "keras.layers": "layer",
    "keras.initializers": "initializer",
    "keras.regularizers": "regularizer",
    "keras.constraints": "constraint",
    "keras.quantizers": "quantizer",
}
_SIZES = frozenset({"kernel_size", "pool_size", "strides", "dilation_rate", "size", "padding", "cropping"})
"""Arguments for which one number stands for the same number along every axis."""


_EXPORTED = {"GroupedQueryAttention": "GroupQueryAttention"}
"""Classes that Keras exports under another name than their own."""


class UnreadableError(Exception):
    """Something that a spec cannot say, in words; `help` is what to do about it."""

    def __init__(self, why: str, help: str = "") -> None:
        self.help = help
        super().__init__(why)


def kind_of(layer: keras.layers.Layer) -> str | None:
    """The name under which a spec knows a layer's class; None where it knows none."""
    name = type(layer).__name__
    name = _EXPORTED.get(name, name)
    signature = load().objects["layer"].get(name)
    if signature is None or signature.refused or get("layer", name) is not type(layer):
        return None
    return signature.name


def read_layer(layer: keras.layers.Layer, model_name: ModelName) -> KerasObject:
    """A layer's kind and arguments, without its name and without what Keras fills in by default.

    `trainable` is left out too: it is the node's. Raises UnreadableError.
    """
    kind = kind_of(layer)
    if is_layer_scale(layer):
        return _layer_scale(layer)
    if kind is None:
        raise UnreadableError(_why_not(layer))
    signature = load().objects["layer"][kind]
    config = _config(layer)
    arguments: dict[str, Any] = {}
    for name, value in _told(layer, config, signature).items():
        argument = signature.by_name.get(name)
        if argument is None:
            raise UnreadableError(f"it has `{name}: {_short(value)}`, which is no argument of `{kind}`")
        wrapped = getattr(layer, name, None)
        if isinstance(wrapped, keras.Model):
            arguments[name] = KerasObject("layer", model_name(wrapped), model=model_name(wrapped))
            continue
        arguments[name] = _value(value, argument, model_name)
    _leave_out_strides(signature, arguments, config)
    _leave_out_implied(layer, arguments)
    arguments |= _policy(layer)
    return KerasObject("layer", kind, arguments)


def is_layer_scale(layer: keras.layers.Layer) -> bool:
    """Whether this is ConvNeXt's own layer, which keras.applications does not export."""
    return is_of_applications(layer, "LayerScale")


def is_scaled_sum(layer: keras.layers.Layer) -> bool:
    """Whether this is InceptionResNetV2's own layer, `x + scale * y`."""
    return is_of_applications(layer, "CustomScaleLayer")


def _layer_scale(layer: Any) -> KerasObject:
    """A weight for each channel, as the layer of Keras's that has exactly that weight."""
    initializer = KerasObject("initializer", "Constant", {"value": layer.init_values})
    width = int(layer.projection_dim)
    given = {"equation": "...d,d->...d", "output_shape": width, "kernel_initializer": initializer}
    return KerasObject("layer", "EinsumDense", given | _policy(layer))


def _config(layer: keras.layers.Layer) -> dict[str, Any]:
    try:
        found: dict[str, Any] = fitted(layer, layer.get_config())
    except (NotImplementedError, *KERAS_ERRORS) as error:
        raise UnreadableError("it does not tell its arguments (it has no `get_config`)") from error
    return found


def _why_not(layer: keras.layers.Layer) -> str:
    known = load().objects["layer"].get(type(layer).__name__)
    if known is not None and known.refused:
        return f"`{known.name}` {known.refused}" if not known.refused.endswith(".") else known.refused
    if isinstance(layer, keras.Model):
        return "it is a model of a class of its own: only Functional and Sequential models tell their graph"
    return f"`{type(layer).__name__}` is no layer of Keras's, nor of a plugin that is loaded"


_made: dict[str, Mapping[str, Any]] = {}


def _told(layer: keras.layers.Layer, config: dict[str, Any], signature: Signature) -> dict[str, Any]:
    """What has to be said of a configuration; Keras fills in the rest, also from what is said.

    What Keras fills in can depend on the other arguments (pooling steps as far as it reaches), hence the
    rounds: say what differs until nothing does.
    """
    told = {a.name: config[a.name] for a in signature.arguments if a.required and a.name in config}
    while True:
        filled = _filled(type(layer), told, signature)
        differs = {
            name: value
            for name, value in config.items()
            if name not in _SKIPPED and name not in told and not _same(value, filled.get(name))
        }
        if not differs:
            return told
        told |= differs


def _filled(cls: type, told: dict[str, Any], signature: Signature) -> Mapping[str, Any]:
    """The configuration of a layer of which no more than this is said."""
    key = f"{cls.__module__}.{cls.__name__} {json.dumps(told, sort_keys=True, default=str)}"
    if key not in _made:
        try:
            made = cls.from_config(deepcopy({"name": "defaults", **told}))  # type: ignore[attr-defined]
            _made[key] = made.get_config()
        except KERAS_ERRORS:  # arguments that only work together: then the catalog's own defaults count
            _made[key] = {a.name: a.default for a in signature.arguments if not a.required}
    return _made[key]


def _same(left: Any, right: Any) -> bool:
    mine, other = _bare(left), _bare(right)
    return bool(mine == other) or (type(other) is int and bool(mine == [other]))  # axes: [-1] is -1


def _bare(value: Any) -> Any:
    """A value of a configuration without names, with lists for tuples and arrays."""
    if isinstance(value, dict):
        return {key: _bare(item) for key, item in value.items() if key != "name" or "class_name" in value}
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, (list, tuple)):
        return [_bare(item) for item in value]
    return value


def _policy(layer: keras.layers.Layer) -> dict[str, Any]:
    policy = layer.dtype_policy.name
    if layer.dtype_policy.quantization_mode is not None:
        raise UnreadableError("it is quantized")
    return {} if policy == "float32" else {"dtype": policy}


def _leave_out_strides(signature: Signature, arguments: dict[str, Any], config: dict[str, Any]) -> None:
    """Pooling steps as far as it reaches unless told otherwise."""
    if "pool_size" in signature.by_name and _same(config.get("strides"), config.get("pool_size")):
        arguments.pop("strides", None)


def _leave_out_implied(layer: keras.layers.Layer, arguments: dict[str, Any]) -> None:
    """What Keras itself sets, by what is wrapped or what flows in."""
    inner = arguments.get("layer")
    if isinstance(layer, keras.layers.Bidirectional) and isinstance(inner, KerasObject):
        zeros = inner.arguments.get("zero_output_for_mask", False)
        if zeros == inner.arguments.get("return_sequences", False):
            inner.arguments.pop("zero_output_for_mask", None)
    if isinstance(layer, keras.layers.MultiHeadAttention):
        shapes = (layer.get_build_config() or {}).get("shapes_dict", {})
        if arguments.get("attention_axes") == list(range(1, len(shapes.get("query_shape", ())) - 1)):
            del arguments["attention_axes"]


def _value(value: Any, argument: Argument, model_name: ModelName) -> Any:
    if isinstance(value, dict) and "class_name" in value:
        return _object(value, argument, model_name)
    if isinstance(value, (list, tuple)) and value and all(isinstance(v, dict) for v in value):
        return [_value(item, argument, model_name) for item in value]
    if isinstance(value, (np.ndarray, np.generic)) or hasattr(value, "numpy"):
        return np.asarray(value).tolist()
    if isinstance(value, (list, tuple)):
        return _size(value, argument)
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise UnreadableError(f"`{argument.name}` is {_short(value)}")


def _size(value: Any, argument: Argument) -> Any:
    data = _bare(value)
    numbers = set(tree.flatten(data))
    if argument.name in _SIZES and "integer" in argument.types and len(numbers) == 1:
        return numbers.pop()
    return data


def _object(value: dict[str, Any], argument: Argument, model_name: ModelName) -> Any:
    """An initializer, regularizer, layer, … of a configuration."""
    category = _CATEGORIES.get(str(value.get("module")))
    if category == "layer":
        return read_layer(_wrapped(value), model_name)
    kind = str(value["class_name"])
    known = load().objects.get(category or "", {}).get(kind)
    if category is None or known is None or known.refused:
        named = value["config"] if kind == "function" else value.get("registered_name") or kind
        raise UnreadableError(f"its `{argument.name}` is `{named}`, which is not Keras's own")
    arguments = {}
    for name, item in value["config"].items():
        inner = known.by_name.get(name)
        if inner is not None and (inner.required or not _same(item, inner.default)):
            arguments[name] = _value(item, inner, model_name)
    return KerasObject(known.category, known.name, arguments)


def _wrapped(value: dict[str, Any]) -> keras.layers.Layer:
    """A layer within a layer: a copy, made from what the outer layer tells of it."""
    try:
        return keras.layers.deserialize(deepcopy(value))  # Keras takes configurations apart
    except KERAS_ERRORS as error:
        raise UnreadableError(f"it wraps a `{value['class_name']}`, which Keras cannot make anew") from error


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:59] + "…"
