"""The `generate:` section: how new examples are made of trained models."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from specc.catalog.signature import Catalog
from specc.frontend.programs.names import NameCheck
from specc.frontend.programs.read import in_order
from specc.frontend.sections.data_settings import Context
from specc.frontend.sections.data_types import Formula
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import Mapping, Scalar, Value, to_python

KEYS = ("inputs", "derive", "repeat", "decode", "step", "outputs")
MOST_ROUNDS = 100_000
"""Rounds of `repeat` at most."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is given to a generation: one example's shape (None in it: any size), and its dtype."""

    name: str
    shape: tuple[int | None, ...]
    dtype: str
    span: Span


@dataclass(frozen=True, slots=True)
class Generation:
    """One way of making examples.

    `derive` is computed once; then `step` once for each value of the variable `rounds`, its names replacing
    those before; then `outputs`.
    """

    name: str
    inputs: dict[str, Given]
    derive: dict[str, Formula]
    rounds: tuple[str, tuple[Any, ...]] | None
    step: dict[str, Formula]
    outputs: dict[str, Formula]
    span: Span

    @property
    def formulas(self) -> Iterator[Formula]:
        """All formulas, in the order in which they are computed."""
        yield from (*self.derive.values(), *self.step.values(), *self.outputs.values())


def read_generations(value: Mapping, catalog: Catalog, reporter: Reporter) -> dict[str, Generation]:
    """The generations of a resolved `generate:` by name; the only one is called `""` where it has none."""
    if any(key in value for key in KEYS):
        made = _read(value, "", catalog, reporter)
        return {} if made is None else {"": made}
    found = {name: _read(item, name, catalog, reporter) for name, item in value if isinstance(item, Mapping)}
    return {name: made for name, made in found.items() if made is not None}


def _read(value: Mapping, name: str, catalog: Catalog, reporter: Reporter) -> Generation | None:
    context = Context(catalog, {}, reporter)
    if "decode" in value:
        title = "`decode` has no effect in this version"
        reporter.warning("without-effect", title, value.key("decode").span)
        return None
    rounds = _rounds(value.get("repeat"), reporter)
    step = _formulas(value.get("step"), context)
    if bool(step) != bool(rounds):
        known = "step" if step else "repeat"
        other = "repeat" if step else "step"
        reporter.error("generate-rounds", f"`{known}` stands without `{other}`", value.key(known).span)
    return Generation(
        name=name,
        inputs={given.name: given for given in _inputs(value.get("inputs"))},
        derive=in_order(_formulas(value.get("derive"), context), reporter),
        rounds=rounds,
        step=step,
        outputs=_formulas(value.get("outputs"), context),
        span=value.span,
    )


def _formulas(value: Value | None, context: Context) -> dict[str, Formula]:
    read = {n: context.formula(v, n) for n, v in value} if isinstance(value, Mapping) else {}
    return {name: formula for name, formula in read.items() if formula is not None}


def _inputs(value: Value | None) -> Iterator[Given]:
    for name, item in value if isinstance(value, Mapping) else ():
        assert isinstance(value, Mapping)
        shape: Any = to_python(item)
        dtype = "float32"
        if isinstance(item, Mapping):
            dtype = str(shape.get("dtype", dtype))
            shape = shape.get("shape", [])
        yield Given(name, tuple(shape), dtype, value.key(name).span)


def _rounds(value: Value | None, reporter: Reporter) -> tuple[str, tuple[Any, ...]] | None:
    if value is None:
        return None
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, item),) = value
        plain = to_python(item)
        values = tuple(range(plain)) if isinstance(plain, int) else tuple(plain)
    elif isinstance(value, Scalar) and isinstance(value.value, int):
        name, values = "round", tuple(range(value.value))
    else:
        return None
    if len(values) > MOST_ROUNDS:
        title = f"`repeat` has {len(values)} rounds, and at most {MOST_ROUNDS} are made"
        reporter.error("out-of-range", title, value.span)
        return None
    if any(not isinstance(item, (int, float)) or isinstance(item, bool) for item in values):
        reporter.error("generate-rounds", "the values of `repeat` are not all numbers", value.span)
        return None
    return name, values


def check_generation(generation: Generation, check: NameCheck) -> None:
    """Report every name in a generation that means nothing."""
    check.tensors |= set(generation.inputs)
    for name, formula in generation.derive.items():
        check.formula(formula)
        check.tensors.add(name)
    if generation.rounds is not None:
        check.tensors.add(generation.rounds[0])
    for name, formula in generation.step.items():
        check.formula(formula)
        check.tensors.add(name)
    for formula in generation.outputs.values():
        check.formula(formula)
