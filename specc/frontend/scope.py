"""Names while steps are expanded: which tensors, values and blocks can be seen from where."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from collections.abc import Mapping as Named
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any

from specc.frontend.parameters import Parameter
from specc.frontend.steps import WIRING
from specc.graph.ir import Origin
from specc.source.span import Span
from specc.source.values import Mapping, Scalar, Sequence, Value


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor of the graph. `flows` where it depends on an input; `constant` where not on weights either."""

    ref: str
    flows: bool = True
    constant: bool = False


@dataclass(frozen=True, slots=True)
class Outputs:
    """The named outputs of one step."""

    tensors: Named[str, Tensor | Broken]


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A step that `when` left out: its name is known, its tensor is not there."""

    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """What came of a step that was wrong; using it is no further error."""


BROKEN = Broken()
Binding = Tensor | Outputs | LeftOut | Broken


@dataclass(frozen=True)
class Block:
    """A block as written, with what can be seen from its body: its own file."""

    name: str
    body: Mapping
    parameters: dict[str, Parameter]
    home: File
    span: Span


@dataclass(eq=False)
class File:
    """The values and blocks of one file; an imported file's blocks have a dotted name here."""

    values: dict[str, Any]
    blocks: dict[str, Block] = field(default_factory=dict)
    models: tuple[str, ...] = ()
    used: set[str] = field(default_factory=set)


@dataclass(eq=False)
class Scope:
    """The body of a model or of one use of a block."""

    home: File
    path: str
    values: dict[str, Any]
    uses: tuple[tuple[Span, str], ...] = ()
    blocks: tuple[Block, ...] = ()
    trainable: bool | None = None
    tensors: dict[str, tuple[Binding, Span]] = field(default_factory=dict)
    layers: dict[str, str] = field(default_factory=dict)
    previous: Binding | None = None
    no_previous: str = "nothing flows in yet"
    loops: tuple[str, ...] = ()
    later: dict[str, Span] = field(default_factory=dict)
    counters: Counter[str] = field(default_factory=Counter)

    def generate(self, kind: str) -> str:
        """A stable name for an unnamed step of a kind: `conv2d`, `conv2d_1`, …"""
        base = snake_case(kind.rpartition(".")[2])
        while True:
            count = self.counters[base]
            self.counters[base] += 1
            name = f"{base}_{count}" if count else base
            if name not in self.later and name not in self.tensors:
                return name

    def origin(self, span: Span) -> Origin:
        """The origin of a node made for a step of this scope."""
        return Origin(span, self.uses)

    def flow(self, binding: Binding) -> None:
        """Make a step's output `previous`, unless it does not flow."""
        if not (isinstance(binding, Tensor) and not binding.flows):
            self.previous = binding

    def stop_flow(self, why: str) -> None:
        """Leave nothing as `previous`, and remember why."""
        self.previous, self.no_previous = None, why

    @contextmanager
    def frozen(self, trainable: bool | None) -> Iterator[None]:
        """Steps made within are (un)trainable, unless an outer step froze them."""
        before = self.trainable
        if trainable is not None and before is not False:
            self.trainable = trainable
        yield
        self.trainable = before


@lru_cache(maxsize=4096)
def snake_case(name: str) -> str:
    """Keras's own spelling of a layer's default name: `Conv2D` is `conv2d`."""
    name = re.sub(r"(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub(r"([a-z])([A-Z])", r"\1_\2", name).lower()


def is_generated(name: str, kind: str) -> bool:
    """Whether a name is one that `generate` gives to a kind (the last part of it, where dotted)."""
    base, last = snake_case(kind), name.rpartition(".")[2]
    return last == base or (last.startswith(f"{base}_") and last[len(base) + 1 :].isdecimal())


def written_names(steps: Value | None) -> dict[str, Span]:
    """The names that steps of one scope give, as far as they are plain text, nested structures included."""
    found: dict[str, Span] = {}
    stack: list[Value | None] = [steps]
    while stack:
        value = stack.pop()
        if isinstance(value, Sequence):
            stack.extend(value.items)
        elif isinstance(value, Mapping):
            for key, item in value:
                if key == "name" and isinstance(item, Scalar) and not item.dynamic:
                    found[str(item.value)] = item.span
                elif key == "outputs" and isinstance(item, Sequence):
                    found |= {str(i.value): i.span for i in item if isinstance(i, Scalar) and not i.dynamic}
                elif key in ("layers", "branches", "residual", "shortcut"):
                    stack.append(item)
    return found


__all__ = ["BROKEN", "WIRING", "Binding", "Block", "Broken", "File", "LeftOut", "Outputs", "Scope", "Tensor"]
