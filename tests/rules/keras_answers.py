"""What Keras itself says about one call of a layer or a function, without a weight being allocated."""

from __future__ import annotations

import contextlib
import warnings
from dataclasses import dataclass, field
from math import prod
from typing import Any

import keras
from keras.src.backend.common import global_state

from specc.catalog.objects import KerasObject


@dataclass(frozen=True)
class Given:
    """A tensor of a case: its shape (None where unknown), dtype, and whether it bears a mask."""

    shape: tuple[int | None, ...]
    dtype: str = "float32"
    mask: bool = False


@dataclass(frozen=True)
class LayerCase:
    kind: str
    arguments: dict[str, Any]
    inputs: dict[str, Any]
    settings: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class OpCase:
    name: str
    args: tuple[Any, ...]
    kwargs: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Answer:
    """Shapes, dtypes and masks of the outputs, and parameters (all, trainable); or an error."""

    error: str = ""
    shapes: tuple[tuple[int | None, ...], ...] = ()
    dtypes: tuple[str, ...] = ()
    masks: tuple[bool, ...] = ()
    parameters: tuple[int, int] = (0, 0)

    def __str__(self) -> str:
        if self.error:
            return f"error ({self.error})"
        return f"{self.shapes} {self.dtypes} masks {self.masks} parameters {self.parameters}"


def ask_layer(case: LayerCase) -> Answer:
    try:
        with warnings.catch_warnings(), _weightless(case):
            warnings.simplefilter("ignore")
            layer = made(KerasObject("layer", case.kind, case.arguments))
            inputs = {name: _tensors(given) for name, given in case.inputs.items()}
            first = next(iter(inputs))
            rest = {name: value for name, value in inputs.items() if name != first}
            outputs = layer(inputs[first], **rest, **case.settings)
            flat = keras.tree.flatten(outputs)
            counts = _count(layer.weights), _count(layer.trainable_weights)
            masks = tuple(getattr(tensor, "_keras_mask", None) is not None for tensor in flat)
            return _answer(flat, masks, counts)
    except Exception as error:  # whatever Keras raises is its way of refusing
        return Answer(error=f"{type(error).__name__}: {str(error).strip()[:1000]}")
    finally:
        global_state.set_global_attribute("uninitialized_variables", [])


def _weightless(case: LayerCase) -> contextlib.AbstractContextManager[Any]:
    if "'stateful': True" in str(case.arguments):  # creates its states, which no stateless scope allows
        return contextlib.nullcontext()
    return keras.StatelessScope(initialize_variables=False)


def ask_op(case: OpCase) -> Answer:
    function: Any = keras.ops
    for part in case.name.split("."):
        function = getattr(function, part)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            args = [_tensors(given) for given in case.args]
            outputs = function(*args, **{name: _tensors(given) for name, given in case.kwargs.items()})
        flat = keras.tree.flatten(outputs)
        return _answer(flat, (False,) * len(flat), (0, 0))
    except Exception as error:  # whatever Keras raises is its way of refusing
        return Answer(error=f"{type(error).__name__}: {str(error).strip()[:1000]}")


def made(value: Any) -> Any:
    """Keras objects for those within `value`."""
    if isinstance(value, KerasObject):
        return getattr(keras.layers, value.kind)(
            **{name: made(item) for name, item in value.arguments.items()}
        )
    if isinstance(value, (list, tuple)):
        return type(value)(made(item) for item in value)
    return value


def _tensors(given: Any) -> Any:
    if isinstance(given, Given):
        tensor = keras.KerasTensor(given.shape, given.dtype)
        if given.mask:
            tensor._keras_mask = keras.KerasTensor(given.shape[:-1], "bool")
        return tensor
    if isinstance(given, (list, tuple)):
        return type(given)(_tensors(item) for item in given)
    return given


def _count(weights: list[Any]) -> int:
    return sum(prod(weight.shape) for weight in weights)


def _answer(flat: list[Any], masks: tuple[bool, ...], counts: tuple[int, int]) -> Answer:
    shapes = tuple(tuple(tensor.shape) for tensor in flat)
    dtypes = tuple(keras.backend.standardize_dtype(tensor.dtype) for tensor in flat)
    return Answer("", shapes, dtypes, masks, counts)
