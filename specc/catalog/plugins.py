"""Layers, losses and other classes of the user's own, named in specs once Python code has registered them.

A spec never imports anything: what a plugin adds is there because the plugin's module was imported before.
"""

from __future__ import annotations

import inspect
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, get_args

from specc.catalog.signature import REQUIRED, Argument, CallArgument, Category, Signature

_INHERITED = {
    "trainable": Argument("trainable", ("boolean",), True),
    "dtype": Argument("dtype", ("dtype",), None, nullable=True),
}
_SETTINGS = ("training", "return_attention_scores", "use_causal_mask")
_ANNOTATIONS: dict[Any, str] = {
    bool: "boolean",
    int: "integer",
    float: "number",
    str: "string",
    dict: "mapping",
}


class _Registered:
    """What was registered, by category and name."""

    def __init__(self) -> None:
        self.count = 0
        self._signatures: dict[str, dict[str, Signature]] = {}
        self._factories: dict[tuple[str, str], Callable[..., Any]] = {}

    def of(self, category: str) -> Mapping[str, Signature]:
        """The registered signatures of a category by name."""
        return self._signatures.get(category, {})

    def factory(self, category: str, name: str) -> Callable[..., Any] | None:
        """The class that was registered, or None."""
        return self._factories.get((category, name))

    def add(self, signature: Signature, factory: Callable[..., Any]) -> None:
        """Take a class; the same name again replaces it."""
        self.count += 1
        self._signatures.setdefault(signature.category, {})[signature.name] = signature
        self._factories[signature.category, signature.name] = factory


registered = _Registered()
"""The plugins of this process."""


def register(kind: str, cls: Callable[..., Any], category: Category = "layer") -> None:
    """Let specs name `cls` as `kind`.

    The arguments are read off the constructor's signature and annotations, for a layer also what its `call`
    takes. Raises ValueError where `kind` is no capitalised name or `category` is unknown.
    """
    if not (kind.isidentifier() and kind[0].isupper()):
        raise ValueError(f"a registered name is capitalised, without dots: {kind!r}")
    if category not in get_args(Category):
        raise ValueError(f"unknown category {category!r}: one of {', '.join(get_args(Category))}")
    registered.add(read_signature(kind, cls, category), cls)


def read_signature(kind: str, cls: Callable[..., Any], category: Category) -> Signature:
    """The signature of a Python class or function, in the catalog's form."""
    parameters = inspect.signature(cls).parameters.values()
    arguments = {p.name: _argument(p) for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    if category == "layer":
        if any(p.kind is p.VAR_KEYWORD for p in parameters):
            arguments = arguments | {n: a for n, a in _INHERITED.items() if n not in arguments}
        arguments.pop("name", None)
    return Signature(
        name=kind,
        category=category,
        arguments=tuple(arguments.values()),
        call=_call_arguments(cls) if category == "layer" else (),
        summary=(inspect.getdoc(cls) or "").split("\n")[0],
        plugin=getattr(cls, "__module__", "") or "",
    )


def _argument(parameter: inspect.Parameter) -> Argument:
    default = REQUIRED if parameter.default is parameter.empty else parameter.default
    types_, nullable = _types(parameter.annotation)
    return Argument(
        parameter.name, types_, default, nullable=nullable or default is None or types_ == ("any",)
    )


def _types(annotation: Any) -> tuple[tuple[str, ...], bool]:
    """The catalog's types of an annotation; `any` for whatever is not plain."""
    if isinstance(annotation, str):
        names = [part.strip() for part in annotation.split("|")]
        plain = {cls.__name__: cls for cls in _ANNOTATIONS}
        members = [type(None) if n == "None" else plain.get(n, Any) for n in names]
    elif typing.get_origin(annotation) in (types.UnionType, typing.Union):
        members = list(get_args(annotation))
    else:
        members = [annotation]
    found = [_ANNOTATIONS.get(m, "any") for m in members if m not in (None, type(None))]
    return (("any",) if "any" in found or not found else tuple(found)), type(None) in members


def _call_arguments(cls: Any) -> tuple[CallArgument, ...]:
    call = getattr(cls, "call", None)
    if call is None:
        return (CallArgument("inputs", "tensor", True),)
    parameters = list(inspect.signature(call).parameters.values())[1:]
    return tuple(
        CallArgument(
            p.name,
            "setting" if p.name in _SETTINGS or isinstance(p.default, (bool, str)) else "tensor_or_tensors",
            p.default is p.empty,
        )
        for p in parameters
        if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)
    )
