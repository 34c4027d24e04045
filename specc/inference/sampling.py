"""What a run's `generate:` needs, found: trained models, and inputs given by hand or by the run's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, NoReturn

import numpy as np

from specc.frontend.programs.generation import Generation, Given
from specc.frontend.sections.data_types import SPLITS, SplitName
from specc.frontend.spec import Spec
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.suggest import did_you_mean
from specc.training.programs.data import FieldData, named_ports
from specc.training.programs.generator import Generator

Array = np.ndarray[Any, Any]
MOST_EXAMPLES = 100_000
"""Examples that one call makes at most."""

SEEDS = 2**32
"""How many seeds there are: the state of random draws holds 32 bits."""


def choose(spec: Spec, name: str | None) -> Generation:
    """The generation of a name, or the first; raises SpecError where there is none."""
    found = spec.generations
    if not found:
        hint = "say under `generate` how examples are made"
        _fail("generate-missing", "the spec of this run has no `generate`", hint)
    if name is None:
        return next(iter(found.values()))
    if name not in found:
        listed = [known for known in found if known]
        _fail(
            "generate-missing", f"`generate` has no `{name}`", did_you_mean(name, listed, limit=len(listed))
        )
    return found[name]


def generate(
    generator: Generator,
    count: int,
    seed: int,
    inputs: Mapping[str, Any],
    wanted: Mapping[str, Given],
    data: tuple[FieldData, str] | None,
    at_once: int,
) -> dict[str, Array]:
    """`count` examples by output [count, …], made `at_once` at a time.

    Inputs are numbers or lists, of the shapes that are `wanted`, and are repeated as needed; those that are
    not given are rows of a split of the data.
    """
    given: dict[str, Any] = {name: repeated(name, v, wanted.get(name), count) for name, v in inputs.items()}
    given |= {} if data is None else data[0].rows(data[1], count)
    parts: list[dict[str, Array]] = []
    for start in range(0, count, at_once):
        stop = min(start + at_once, count)
        chunk = {name: values[start:stop] for name, values in given.items()}
        parts.append(generator.make(stop - start, chunk, seed=None if start else seed))
    return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}


def needs_of(generation: Generation) -> tuple[str, ...]:
    """The names that a generation must be given."""
    return Generator(generation, {}).needs


def wanted_of(generation: Generation, spec: Spec) -> dict[str, Given]:
    """What is known of the inputs of a generation: as it declares them, else as fields or models do."""
    fields = spec.data.fields if spec.data is not None else {}
    ports, place = named_ports(spec.models), generation.span
    found = {port.name: Given(port.name, port.shape, port.dtype, place) for port in ports}
    for name, field in fields.items():
        if field.shape is not None and name not in found:
            found[name] = Given(name, field.shape, field.dtype or "float32", field.span)
    for name, given in generation.inputs.items():
        shape = found[name].shape if given.shape is None and name in found else given.shape
        found[name] = replace(given, shape=shape)
    return found


def repeated(name: str, value: Any, declared: Given | None, count: int) -> Array:
    """One value, or one for each example, repeated in turn [count, …]; SpecError where it does not fit."""
    shape = None if declared is None else declared.shape
    array = np.asarray(value)
    if array.dtype.kind not in "biuf":
        _fail("generate-input", f"`{name}` is no number, nor an array of numbers", "give `-i name=3`, say")
    rank = None if shape is None else len(shape)
    if array.ndim == rank or array.ndim == 0:
        array = array[None]
    if shape is not None and (array.ndim != len(shape) + 1 or not _fits(array.shape[1:], shape)):
        shown = "[" + ", ".join("null" if size is None else str(size) for size in shape) + "]"
        title = f"`{name}` is {list(array.shape[1:])} for each example, and {shown} is wanted"
        _fail("generate-input", title, "")
    if not len(array):
        _fail("generate-input", f"`{name}` has no rows", "")
    typed = array if declared is None else _typed(name, array, declared.dtype)
    return np.resize(typed, (count, *array.shape[1:]))


def _typed(name: str, array: Array, dtype: str) -> Array:
    """Numbers as a dtype that holds them; SpecError where it does not."""
    if np.dtype(dtype).kind in "iu":
        bounds = np.iinfo(dtype)
        fits = (array == np.floor(array)) & (array >= bounds.min) & (array <= bounds.max)
        if not fits.all():
            title = f"`{name}` is {array[~fits].flat[0]}, and a whole number ({dtype}) is wanted"
            _fail("generate-input", title, "")
    return array.astype(dtype)


def split_of(splits: Sequence[str], wanted: str | None) -> SplitName:
    """The split that examples are taken from: what was asked for, or the last there is."""
    if wanted is not None and wanted not in splits:
        _fail("data-split", f"the data has no {wanted} rows", did_you_mean(wanted, splits))
    chosen = wanted or next(split for split in reversed(SPLITS) if split in splits)
    return next(split for split in SPLITS if split == chosen)


def check_count(count: int, seed: int) -> None:
    """Raise SpecError where a number of examples cannot be made, or not with a seed."""
    if not 0 <= seed < SEEDS:
        _fail("bad-option", f"the seed is {seed}", f"give a whole number from 0 to {SEEDS - 1}")
    if not 1 <= count <= MOST_EXAMPLES:
        _fail("bad-option", f"{count} examples cannot be made", f"a number from 1 to {MOST_EXAMPLES} can")


def check_inputs(inputs: Mapping[str, Any], generation: Generation) -> None:
    """Raise SpecError where something is given that the generation does not need."""
    needs = needs_of(generation)
    for name in inputs:
        if name not in needs:
            help = did_you_mean(name, needs) or (
                f"it takes {', '.join(needs)}" if needs else "it takes nothing"
            )
            _fail("generate-input", f"the generation takes no `{name}`", help)


def refuse_missing(names: Sequence[str]) -> NoReturn:
    """Say what has to be given."""
    title = f"`{names[0]}` is not given, and the data has no such field"
    _fail("generate-input", title, f"give it: `-i {names[0]}=…`")


def _fits(shape: tuple[int, ...], declared: tuple[int | None, ...]) -> bool:
    return all(wanted in (None, size) for size, wanted in zip(shape, declared, strict=True))


def _fail(code: str, title: str, help: str) -> NoReturn:
    raise SpecError([Diagnostic(code, title, None, help=help)])
