"""Which keywords a class takes beyond its own signature: Keras is asked, by building one with each."""

from __future__ import annotations

import inspect
from typing import Any

import keras

from specc.lower.catalog_examples import required_arguments

_MODULES = (keras.layers, keras.optimizers, keras.optimizers.schedules)
_NOT_FOR_SPECS = {
    "AdditiveAttention.score_mode",
    "LossScaleOptimizer.*",
    "factor",
    "input_dim",
    "input_shape",
    "lora_rank",
    "name",
    "rank",
}
"""Keywords that are taken and mean nothing to a spec, or have no effect."""


def inherited(category: str, kind: str, cls: type) -> dict[str, inspect.Parameter]:
    """The parameters of the base classes' constructors that `cls` passes on to them."""
    own = inspect.signature(cls).parameters
    if not any(p.kind is p.VAR_KEYWORD for p in own.values()):
        return {}
    found = {}
    for name, parameter in _of_bases(cls).items():
        offered = name not in own and not {name, f"{kind}.{name}", f"{kind}.*"} & _NOT_FOR_SPECS
        if offered and _takes(cls, kind, own, parameter):
            found[name] = parameter
    return found


def _of_bases(cls: type) -> dict[str, inspect.Parameter]:
    found: dict[str, inspect.Parameter] = {}
    for base in cls.__mro__[1:]:
        if "__init__" in vars(base) and base.__module__.startswith("keras."):
            for parameter in list(inspect.signature(vars(base)["__init__"]).parameters.values())[1:]:
                if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL):
                    found.setdefault(parameter.name, parameter)
    return found


def _takes(cls: type, kind: str, own: Any, parameter: inspect.Parameter) -> bool:
    if parameter.default is parameter.empty:
        return False
    required = [n for n, p in own.items() if p.default is p.empty and p.kind is p.POSITIONAL_OR_KEYWORD]
    arguments = {name: _made(value) for name, value in required_arguments(kind, required).items()}
    try:
        cls(**arguments, **{parameter.name: parameter.default})
    except (TypeError, ValueError):
        return False
    return True


def _made(value: Any) -> Any:
    """An example as a Keras object; the catalog, which would check it, is only being read."""
    if isinstance(value, dict):
        ((kind, argument),) = value.items()
        module = next(m for m in _MODULES if hasattr(m, kind))
        build = getattr(module, kind)
        return build(**argument) if isinstance(argument, dict) else build(argument)
    return [_made(item) for item in value] if isinstance(value, list) else value
