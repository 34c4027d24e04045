"""The `generate:` section: how new examples are made of trained models."""

from __future__ import annotations

from collections.abc import Iterator
from collections.abc import Mapping as Values
from dataclasses import dataclass, replace
from typing import Any

from specc.catalog.signature import Catalog
from specc.frontend.expressions.formula import rename
from specc.frontend.programs.names import NameCheck
from specc.frontend.programs.read import in_order
from specc.frontend.sections.data_settings import Context
from specc.frontend.sections.data_types import Formula
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import Mapping, Value, describe, to_python

KEYS = ("inputs", "derive", "repeat", "decode", "step", "outputs")
MOST_ROUNDS = 100_000
"""Rounds of `repeat` at most."""


@dataclass(frozen=True, slots=True)
class Given:
    """What is given to a generation: one example's shape (None in it: any size), and its dtype.

    Without a shape it is that of the field, or of the model's input, of its name.
    """

    name: str
    shape: tuple[int | None, ...] | None
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
    if bool(step) != ("repeat" in value):
        known, other = ("step", "repeat") if step else ("repeat", "step")
        reporter.error("generate-rounds", f"`{known}` stands without `{other}`", value.key(known).span)
    outputs = _formulas(value.get("outputs"), context)
    if not outputs and "outputs" not in value:
        title = "this generation has no `outputs`: nothing comes out"
        reporter.error("generate-output", title, value.span)
    return Generation(
        name=name,
        inputs={given.name: given for given in _inputs(value.get("inputs"), reporter)},
        derive=in_order(_formulas(value.get("derive"), context), reporter),
        rounds=rounds,
        step=step,
        outputs=outputs,
        span=value.span,
    )


def _formulas(value: Value | None, context: Context) -> dict[str, Formula]:
    read = {n: context.formula(v, n) for n, v in value} if isinstance(value, Mapping) else {}
    return {name: formula for name, formula in read.items() if formula is not None}


def _inputs(value: Value | None, reporter: Reporter) -> Iterator[Given]:
    for name, item in value if isinstance(value, Mapping) else ():
        assert isinstance(value, Mapping)
        plain: Any = to_python(item)
        dtype, shape = "float32", plain
        if isinstance(item, Mapping):
            dtype, shape = str(plain.get("dtype", dtype)), plain.get("shape")
        if shape is not None and not _is_shape(shape):
            title = f"the shape of `{name}` is a list of positive integers and nulls"
            reporter.error("wrong-type", title, item.span)
            shape = None
        yield Given(name, None if shape is None else tuple(shape), dtype, value.key(name).span)


def _is_shape(plain: Any) -> bool:
    return isinstance(plain, list) and all(
        size is None or (isinstance(size, int) and not isinstance(size, bool) and size > 0) for size in plain
    )


def _rounds(value: Value | None, reporter: Reporter) -> tuple[str, tuple[Any, ...]] | None:
    """The variable of `repeat` and its values, none where they are wrong and reported."""
    name, item = "round", value
    if isinstance(value, Mapping) and len(value) == 1:
        ((name, item),) = value
    if item is None:
        return None
    plain = to_python(item)
    if isinstance(plain, int) and not isinstance(plain, bool):
        plain = range(plain)
    if not isinstance(plain, (range, list)):
        if isinstance(plain, float):  # all else is told by its form
            title = f"`repeat` is a whole number or a list, not {describe(item)}"
            reporter.error("generate-rounds", title, item.span)
    elif not 1 <= len(plain) <= MOST_ROUNDS:
        title = f"`repeat` has {len(plain)} rounds, and from 1 to {MOST_ROUNDS} are made"
        reporter.error("out-of-range", title, item.span)
    elif any(not isinstance(each, (int, float)) or isinstance(each, bool) for each in plain):
        reporter.error("generate-rounds", "the values of `repeat` are not all numbers", item.span)
    else:
        return name, tuple(plain)
    return name, ()


def in_sequence(formulas: Values[str, Formula]) -> dict[str, Formula]:
    """Formulas that are computed one after another and may replace names, without that.

    What a name was before the first of them that replaces it is called `name'`.
    """
    found: dict[str, Formula] = {}
    for name, formula in formulas.items():
        later = {each for each in formulas if each not in found}
        renamed = {each: before(each) for each in formula.names if each.partition(".")[0] in later}
        found[name] = replace(formula, expression=rename(formula.expression, renamed))
    return found


def before(name: str) -> str:
    """What a name, dotted or not, is called by where it is replaced later."""
    first, dot, rest = name.partition(".")
    return f"{first}'{dot}{rest}"


def check_generation(generation: Generation, check: NameCheck) -> None:
    """Report every name in a generation that means nothing, and those that mean two things."""
    for given in generation.inputs.values():
        check.named(given.name, given.span, fields=False)
    check.tensors |= set(generation.inputs)
    for name, formula in generation.derive.items():
        check.named(name, formula.span, generation.inputs, fields=False)
        check.formula(formula)
        check.tensors.add(name)
    if generation.rounds is not None:
        check.tensors.add(generation.rounds[0])
    for name, formula in generation.step.items():
        check.named(name, formula.span, fields=False)
        check.formula(formula)
        check.tensors.add(name)
    for formula in generation.outputs.values():
        check.formula(formula)
