"""What a rule is given and what it answers: tensors, weights, and refusals that say what would fit."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from specc.catalog.rules.dims import Dim, Shape, product, render

MaskFate = Literal["kept", "used", "dropped", "made"]


@dataclass(frozen=True, slots=True)
class TensorType:
    """A tensor before there are numbers in it.

    `mask` says whether a Keras mask travels with it; `constant` whether its numbers depend on no input, so
    that Keras computes it while building. Axis 0 is the batch.
    """

    shape: Shape
    dtype: str = "float32"
    mask: bool = False
    constant: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)

    @property
    def size(self) -> Dim:
        """The number of elements."""
        return product(self.shape)

    def shaped(self, *sizes: Dim) -> TensorType:
        """The same kind of numbers in another shape, without a mask."""
        return TensorType(tuple(sizes), self.dtype)

    def cast(self, dtype: str) -> TensorType:
        return self if dtype == self.dtype else replace(self, dtype=dtype)

    def __str__(self) -> str:
        return f"{self.dtype} {render(self.shape)}"


Tensors: TypeAlias = TensorType | tuple[TensorType, ...]
"""One tensor, or several where a layer gives or takes several."""


@dataclass(frozen=True, slots=True)
class Weight:
    """A variable that a layer creates."""

    name: str
    shape: tuple[int, ...]
    dtype: str = "float32"
    trainable: bool = True

    @property
    def size(self) -> int:
        """The number of parameters."""
        count = 1
        for size in self.shape:
            count *= size
        return count


@dataclass(frozen=True, slots=True)
class LayerType:
    """What calling a layer gives and costs.

    `multiply_adds` counts the multiplications with an addition in one forward pass over the whole batch;
    element-wise work counts 0. `kept` are the tensors inside the layer, besides its inputs and outputs,
    that the backward pass needs. `mask` says what became of a mask: `kept`, `used` (taken account of, and
    meant to end here), `dropped` (lost without effect), `made` (none came in and one goes out), or None
    where there is none.
    """

    outputs: Tensors
    weights: tuple[Weight, ...] = ()
    multiply_adds: Dim = 0
    kept: tuple[TensorType, ...] = ()
    mask: MaskFate | None = None

    @property
    def flat(self) -> tuple[TensorType, ...]:
        """The outputs as a tuple, be they one or many."""
        return self.outputs if isinstance(self.outputs, tuple) else (self.outputs,)

    @property
    def parameters(self) -> int:
        return sum(weight.size for weight in self.weights)

    @property
    def trainable_parameters(self) -> int:
        return sum(weight.size for weight in self.weights if weight.trainable)


Problem = Literal["rank", "size", "argument", "dtype", "count", "unknown-size"]
"""`rank`: too few or many axes; `size`: an axis has the wrong size; `argument`: a value that never works;
`dtype`: the wrong kind of number; `count`: too few or many tensors; `unknown-size`: an axis must be known."""


@dataclass
class RuleError(Exception):
    """Keras would refuse this. The pieces of a message, for whoever knows the step and its place.

    Attributes:
        problem: What kind of mistake it is.
        wanted: What the layer or function needs, in words.
        given: What it got instead, in words.
        arguments: The arguments that are wrong or clash, by name.
        inputs: The tensors concerned, by call argument (`inputs`, or `inputs[1]` in a list).
        axes: Per entry of `inputs`, the axis that clashes; empty where no single axis does.
        fits: What would fit, in words; empty if nothing can be proposed.
    """

    problem: Problem
    wanted: str
    given: str
    arguments: tuple[str, ...] = ()
    inputs: tuple[str, ...] = ()
    axes: tuple[int, ...] = ()
    fits: str = ""
    shapes: tuple[Shape, ...] = field(default=())

    def __str__(self) -> str:
        text = f"wanted {self.wanted}, given {self.given}"
        return f"{text}; {self.fits} would fit" if self.fits else text


class NoRuleError(LookupError):
    """There is no rule for this layer, function or way of calling it: Keras has to be asked."""
