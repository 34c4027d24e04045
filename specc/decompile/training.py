"""How a model was compiled, as the `train` section of its spec. All of it is data: nothing is loaded."""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from typing import Any

from specc.catalog.load import load
from specc.frontend.emit import escape

_CATEGORIES = {
    "keras.losses": "loss",
    "keras.metrics": "metric",
    "keras.optimizers": "optimizer",
    "keras.optimizers.schedules": "schedule",
}
_NAMELESS = frozenset({"name", "dtype", "fn"})
"""What Keras tells of an object and a spec need not."""


class UnsaidError(Exception):
    """A part of `compile` that a spec cannot say, in words."""


def train_section(config: Mapping[str, Any], outputs: Mapping[str, str]) -> dict[str, Any]:
    """The `train` section that says the same as Keras's `compile_config`.

    `outputs` maps Keras's names of the model's outputs, in order, to the spec's. Raises UnsaidError where
    the spec cannot say it.
    """
    if config.get("weighted_metrics"):
        raise UnsaidError("it has `weighted_metrics`")
    section = {
        "optimizer": _object(config.get("optimizer"), "optimizer"),
        "loss": _by_output(config.get("loss"), outputs, "loss"),
        "loss_weights": _numbers(config.get("loss_weights"), outputs),
        "metrics": _by_output(config.get("metrics"), outputs, "metric"),
    }
    if not section["loss"]:
        raise UnsaidError("it has no loss")
    return {name: escape(value) for name, value in section.items() if value}


def untold(config: Any) -> list[str]:
    """What Keras forgets of an object when a model is saved (a `Huber`'s `delta`), a sentence each."""
    found: dict[str, None] = {}
    stack = [config]
    while stack:
        data = stack.pop()
        if isinstance(data, Mapping):
            known = (
                load()
                .objects.get(_CATEGORIES.get(str(data.get("module")), ""), {})
                .get(str(data.get("class_name")))
            )
            kept = data.get("config")
            if known is not None and isinstance(kept, Mapping):
                lost = [a.name for a in known.arguments if a.name not in kept and a.name not in _NAMELESS]
                found |= {
                    f"Keras does not keep the `{a}` of `{known.name}`: its default is taken": None
                    for a in lost
                }
            stack += data.values()
        elif _is_list(data):
            stack += data
    return sorted(found)


def _by_output(data: Any, outputs: Mapping[str, str], category: str) -> Any:
    """Losses or metrics: one for all, or by the name of each output."""
    several = len(outputs) > 1
    if isinstance(data, Mapping) and "class_name" not in data:
        named = {_output(name, outputs): _some(item, category) for name, item in data.items()}
        return named if several else next(iter(named.values()), None)
    if several and isinstance(data, Sequence) and not isinstance(data, str):
        if len(data) != len(outputs) or (category == "metric" and not all(map(_is_list, data))):
            raise UnsaidError(f"its {category} list does not tell which output each is of")
        pairs = zip(outputs.values(), data, strict=True)
        return {name: _some(item, category) for name, item in pairs if item}
    if several and category == "metric" and data:
        raise UnsaidError("its metrics do not tell which output each is of")
    return _some(data, category)


def _some(data: Any, category: str) -> Any:
    if _is_list(data):
        made = [_object(item, category) for item in data]
        return made if category == "metric" else next(iter(made), None)
    return _object(data, category)


def _is_list(data: Any) -> bool:
    return isinstance(data, list | tuple)


def _output(name: str, outputs: Mapping[str, str]) -> str:
    if name not in outputs:
        raise UnsaidError(f"it names the output `{name}`, which the model does not have")
    return outputs[name]


def _numbers(data: Any, outputs: Mapping[str, str]) -> Any:
    if data is None:
        return None
    if isinstance(data, Mapping):
        return {_output(name, outputs): value for name, value in data.items()}
    if not _is_list(data) or len(data) != len(outputs):
        raise UnsaidError("its `loss_weights` do not tell which output each is of")
    return dict(zip(outputs.values(), data, strict=True))


def _object(data: Any, category: str) -> Any:
    """An identifier, or a class with the arguments that differ from its defaults."""
    if data is None:
        return None
    if isinstance(data, str):
        if data not in load().identifiers[category] and data not in load().objects[category]:
            raise UnsaidError(f"`{data}` is no {category} of Keras's")
        return data
    kind, config = str(data.get("class_name")), data.get("config")
    if kind == "function" and isinstance(config, str) and config in load().identifiers[category]:
        return config  # Keras keeps a function's name alone, and finds its own by it
    known = load().objects.get(_CATEGORIES.get(str(data.get("module")), ""), {}).get(kind)
    if known is None or known.refused or not isinstance(config, Mapping):
        named = config if isinstance(config, str) else data.get("registered_name") or kind
        raise UnsaidError(f"its {category} `{named}` is not Keras's own")
    given: dict[str, Any] = {}
    for name, value in config.items():
        argument = known.by_name.get(name)
        if argument is not None and name not in _NAMELESS and value != argument.default:
            told = _value(value, category)
            if told != argument.default:
                given[name] = told
    return {known.name: given} if given else known.name


def _value(value: Any, category: str) -> Any:
    if isinstance(value, Mapping) and "class_name" in value:
        return _object(value, category)
    if isinstance(value, float):
        return short_float(value)
    if value is None or isinstance(value, bool | int | str):
        return value
    if _is_list(value):
        return [_value(item, category) for item in value]
    raise UnsaidError(f"its {category} holds {type(value).__name__} values")


def short_float(number: float) -> float:
    """The shortest number that is the same as a float32, which is how Keras keeps learning rates."""
    if number != _single(number):
        return number
    return next(
        (short for digits in range(1, 10) if _single(short := float(f"{number:.{digits}g}")) == number),
        number,
    )


def _single(number: float) -> float:
    try:
        found: float = struct.unpack("f", struct.pack("f", number))[0]
    except OverflowError:
        return float("inf")
    return found
