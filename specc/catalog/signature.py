"""The shape of the catalog: what a spec may name, and with which arguments."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

Category = Literal[
    "layer",
    "loss",
    "metric",
    "optimizer",
    "schedule",
    "callback",
    "initializer",
    "regularizer",
    "constraint",
    "quantizer",
]
"""Kinds of Keras object that take arguments. Activations are names only; ops are functions."""

REQUIRED: Any = type("Required", (), {"__repr__": lambda self: "REQUIRED"})()
"""The default of an argument that has none."""


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument of a constructor or an op.

    `types` are the kinds of value it takes, any of: `boolean integer number string any list mapping
    integers` (a list of integers; `shape` too allows null in it), `shape`, `numbers`, `strings`, `dtype`,
    `activation`, and the categories (`layer`, `initializer`, …) for a nested object or its name; beside a
    category, `list` is a list of such objects. Ops take `tensor` and `tensors` (a list of them) too.
    `choices` restricts a `string`. `nullable` allows null. `minimum` and `maximum` bound a
    number, or each of a list of numbers.
    """

    name: str
    types: tuple[str, ...]
    default: Any = REQUIRED
    choices: tuple[str, ...] = ()
    nullable: bool = False
    minimum: float | None = None
    maximum: float | None = None

    @property
    def required(self) -> bool:
        return self.default is REQUIRED


@dataclass(frozen=True, slots=True)
class CallArgument:
    """One argument of a layer's `call`: a tensor, a list of them, or a plain setting (`training`)."""

    name: str
    form: Literal["tensor", "tensors", "tensor_or_tensors", "setting"]
    required: bool = False


@dataclass(frozen=True)
class Signature:
    """What the catalog knows of one name.

    For layers, `call` lists the call arguments in order (the first is what flows in), and `outputs` says
    how many tensors come out: `one`, `state` (one, and more with `return_state=True`), `scores` (one, two
    with `return_attention_scores`), `many`, `like` (the structure that went in).
    `refused` says, in words, why a spec may not name it (it takes Python code, say); empty means it may.
    """

    name: str
    category: str
    arguments: tuple[Argument, ...] = ()
    call: tuple[CallArgument, ...] = ()
    outputs: Literal["one", "state", "scores", "many", "like"] = "one"
    refused: str = ""
    summary: str = ""
    plugin: str = ""
    aliases: tuple[str, ...] = field(default=())

    @cached_property
    def by_name(self) -> dict[str, Argument]:
        """The arguments by their name."""
        return {a.name: a for a in self.arguments}

    @cached_property
    def tensors(self) -> tuple[CallArgument, ...]:
        """The call arguments that are tensors."""
        return tuple(c for c in self.call if c.form != "setting")


@dataclass(frozen=True)
class Catalog:
    """Everything a spec may name, as read off one version of Keras (plus registered plugins).

    `objects[category][name]` is a signature; `identifiers[category]` maps Keras's string identifiers
    (`relu` has none of its own; `adam`, `mse`, `he_normal`, `accuracy`) to the name in `objects`, or to
    itself for functions without a class. `activations` are names. `ops` are functions of `keras.ops`,
    with dotted names for submodules (`image.resize`, `nn.relu` only where not at the top level).
    """

    keras: str
    objects: Mapping[str, Mapping[str, Signature]]
    identifiers: Mapping[str, Mapping[str, str]]
    activations: tuple[str, ...]
    ops: Mapping[str, Signature]
    applications: Mapping[str, Signature]
    datasets: tuple[str, ...]
