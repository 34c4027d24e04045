"""Sharing rows out to train, validation and test: seeded, stratified, or in order."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from specc.data.errors import fail
from specc.data.table import Array, Indices
from specc.frontend.sections.data import Split
from specc.frontend.sections.data_types import SPLITS, SplitName


def counts(split: Split, total: int) -> dict[SplitName, int]:
    """How many of `total` rows each part gets; raises SpecError where a part is empty or rows lack.

    Fractions that add up to 1 use every row.
    """
    parts = split.parts
    if any(part > 1 for part in parts.values()):
        found = {name: int(part) for name, part in parts.items()}
        if sum(found.values()) > total:
            fail(
                "data-split",
                f"`split` wants {sum(found.values())} rows of {total}",
                split.span,
                notes=[f"the data has {total} rows"],
            )
        return found
    ends = np.cumsum([parts.get(name, 0.0) for name in SPLITS])
    borders = [0, *(int(np.floor(end * total + 0.5 + 1e-9)) for end in ends)]
    found = {n: borders[i + 1] - borders[i] for i, n in enumerate(SPLITS) if n in parts}
    empty = [name for name, count in found.items() if not count]
    if empty:
        fail("data-split", f"`{empty[0]}` gets none of the {total} rows", split.span)
    return found


def in_order(split: Split, total: int) -> dict[SplitName, Indices]:
    """Stretches: first train, then validation, then test."""
    start, found = 0, {}
    for name, count in counts(split, total).items():
        found[name] = np.arange(start, start + count, dtype=np.int64)
        start += count
    return found


def share_out(split: Split, total: int, seed: int, classes: Array | None) -> dict[SplitName, Indices]:
    """Row numbers of each part, ascending.

    `classes` [total] are kept in proportion; with `per`, each of them gets the counts. Raises SpecError.
    """
    if not split.shuffle:
        return in_order(split, total)
    random = np.random.default_rng(seed if split.seed is None else split.seed)
    if split.per is not None and classes is not None:
        return _per_class(split, random, classes)
    wanted = counts(split, total)
    if classes is None:
        return _cut(random.permutation(total), wanted)
    return _cut(_stratified(random, classes), wanted)


def _cut(order: Array, wanted: Mapping[SplitName, int]) -> dict[SplitName, Indices]:
    start, found = 0, {}
    for name, count in wanted.items():
        found[name] = np.sort(order[start : start + count]).astype(np.int64)
        start += count
    return found


def _per_class(split: Split, random: np.random.Generator, classes: Array) -> dict[SplitName, Indices]:
    """The counts of every class apart, put together."""
    assert split.per is not None
    wanted = {name: int(part) for name, part in split.parts.items()}
    found: dict[SplitName, list[Indices]] = {name: [] for name in wanted}
    for value in np.unique(classes):
        rows = random.permutation(np.flatnonzero(classes == value))
        if sum(wanted.values()) > len(rows):
            title = f"`split` wants {sum(wanted.values())} rows of each `{split.per}`"
            fail("data-split", title, split.span, notes=[f"there are {len(rows)} where it is {value}"])
        for name, part in _cut(rows, wanted).items():
            found[name].append(part)
    return {name: np.sort(np.concatenate(parts)) for name, parts in found.items()}


def _stratified(random: np.random.Generator, classes: Array) -> Array:
    """An order in which every stretch holds the classes in proportion.

    Each row of a class of n gets a place (i + u) / n between 0 and 1: sorted, they mix evenly.
    """
    places = np.empty(len(classes))
    _, labels = np.unique(classes, return_inverse=True)
    for label in range(labels.max() + 1):
        rows = random.permutation(np.flatnonzero(labels == label))
        places[rows] = (np.arange(len(rows)) + random.random()) / len(rows)
    return np.argsort(places, kind="stable")
