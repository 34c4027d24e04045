"""Builds what a spec names: checked `KerasObject`s become Keras objects."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import ModuleType
from typing import Any

import keras
import numpy as np

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.catalog.plugins import registered
from specc.lower.errors import KERAS_ERRORS, reason_of
from specc.lower.own import OWN
from specc.source.diagnostic import Diagnostic, SpecError

_MODULES: dict[str, ModuleType] = {
    "layer": keras.layers,
    "loss": keras.losses,
    "metric": keras.metrics,
    "optimizer": keras.optimizers,
    "schedule": keras.optimizers.schedules,
    "callback": keras.callbacks,
    "initializer": keras.initializers,
    "regularizer": keras.regularizers,
    "constraint": keras.constraints,
    "quantizer": keras.quantizers,
    "application": keras.applications,
}
_DATA = "vocabulary idf_weights bin_boundaries mean variance value values thresholds boundaries"
_STAY_LISTS = frozenset(_DATA.split())
"""Arguments that hold data; every other list of numbers is a size or a range, in Keras a tuple."""


def make(data: Any, models: Mapping[str, keras.Model] | None = None) -> Any:
    """The Keras object of a `KerasObject`, with all that is nested in it; lists and mappings likewise.

    `models` are the built models that a layer's argument may name. Plain data is passed through. A loss
    that is named by a function becomes that function; a metric that `compile` chooses by the loss
    (`accuracy`) stays a string. Raises SpecError (`keras-refuses`) at the object's span where Keras refuses.
    """
    if isinstance(data, KerasObject):
        return _object(data, models or {})
    if isinstance(data, list):
        return [make(item, models) for item in data]
    if isinstance(data, dict):
        return {name: make(item, models) for name, item in data.items()}
    return data


def get(category: str, kind: str) -> Callable[..., Any]:
    """The class (or for `application` the function) of a name in the catalog, a plugin's first.

    Raises KeyError where the catalog has no such name or refuses it.
    """
    factory = registered.factory(category, kind)
    if factory is not None:
        return factory
    if kind in OWN.get(category, {}):
        return OWN[category][kind]
    catalog = load()
    known = catalog.applications if category == "application" else catalog.objects[category]
    signature = known[kind]
    if signature.refused:
        raise KeyError(kind)
    found: Callable[..., Any] = getattr(_MODULES[category], signature.name)
    return found


def _object(data: KerasObject, models: Mapping[str, keras.Model]) -> Any:
    if data.model:
        return models[data.model]
    if data.identifier:
        return data.kind if data.category == "metric" else _MODULES[data.category].get(data.kind)
    arguments = {name: _argument(data, name, value, models) for name, value in data.arguments.items()}
    factory = get(data.category, data.kind)
    try:
        return factory(**arguments)
    except KERAS_ERRORS as error:
        title = f"Keras refuses these arguments of `{data.kind}`"
        told = Diagnostic("keras-refuses", title, data.span, notes=(f"Keras says: {reason_of(error)}",))
        raise SpecError([told]) from error


def _argument(data: KerasObject, name: str, value: Any, models: Mapping[str, keras.Model]) -> Any:
    if data.category == "initializer" and name == "value" and isinstance(value, list):
        return np.asarray(value, dtype="float32")
    if data.kind == "Embedding" and name == "weights" and isinstance(value, list):
        return [np.asarray(value, dtype="float32")]
    if data.category in ("optimizer", "metric") and type(value) is int:
        return _number(data, name, value)
    if name not in _STAY_LISTS and _is_size(value):
        return _tuples(value)
    return make(value, models)


def _number(data: KerasObject, name: str, value: int) -> float:
    """Where a number is wanted, some of Keras's optimizers and metrics insist on a float."""
    argument = load().objects[data.category][data.kind].by_name.get(name)
    return float(value) if argument and "number" in argument.types else value


def _is_size(value: Any) -> bool:
    """Whether a value is a list of numbers and nulls, or of such lists."""
    return isinstance(value, list) and all(
        item is None or isinstance(item, (int, float)) or _is_size(item) for item in value
    )


def _tuples(value: Any) -> Any:
    return tuple(_tuples(item) for item in value) if isinstance(value, list) else value
