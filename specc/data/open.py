"""Opening a spec's data: sources, splits, fields, fitted on the training split, checked against the model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from specc.data.dataset import Dataset, Wanted
from specc.data.errors import fail
from specc.data.failure import Failures
from specc.data.fields import Prepared, place_boxes, prepare
from specc.data.fitted import Fitted
from specc.data.image_paths import missing_images
from specc.data.paths import FITTED_FILE, inside
from specc.data.sources import IN_MEMORY, Opening, Parts, open_parts
from specc.data.stored import example
from specc.data.stream import Stream
from specc.data.table import Table
from specc.data.transforms import Chain, build_chain
from specc.data.typed import Use
from specc.data.windows import AHEAD
from specc.frontend.sections.data import DataSection, Field, Located
from specc.frontend.sections.data_types import SPLITS, SplitName
from specc.source.diagnostic import Diagnostic, SpecError

TAKES_NUMBERS = ("CategoryEncoding", "Discretization", "IntegerLookup", "Normalization", "Rescaling")
"""Transforms that nothing but numbers may meet."""


def open_data(
    section: DataSection,
    wanted: Wanted,
    *,
    root: Path,
    seed: int,
    fitted: Fitted | None = None,
    in_memory: int = IN_MEMORY,
    base: Path | None = None,
) -> Dataset:
    """Open the data of a spec for a model.

    Paths are relative to `root` and may not leave it; those that stand in columns start from `base` and stay
    below it, where it is given. With `fitted`, transforms are restored instead of fitted anew. Texts of more
    than `in_memory` bytes stay on the disk. Raises SpecError with everything that disagrees: files, columns,
    missing values, shapes.
    """
    fields = _needed(section, wanted)
    parts = _by_split(_open_sources(section, fields, wanted, root, seed, in_memory))
    if fitted is None and "train" not in parts:
        fail("data-split", "the data has no rows to train on", section.span)
    failures = Failures()
    prepared = _prepare(section, fields, wanted, parts, _Restoring(root, fitted, base), failures)
    dataset = Dataset(section, wanted, prepared, parts, seed, failures)
    _check(dataset)
    return dataset


def open_tables(
    section: DataSection,
    wanted: Wanted,
    tables: Mapping[str, Table],
    *,
    root: Path,
    seed: int,
    fitted: Fitted,
) -> Dataset:
    """Open tables that were given, by source, as the spec's fields; all their rows make the split `train`.

    Raises SpecError as `open_data` does.
    """
    parts: dict[SplitName, Mapping[str, Table]] = {"train": tables}
    failures = Failures()
    fields = _needed(section, wanted)
    prepared = _prepare(section, fields, wanted, parts, _Restoring(root, fitted), failures)
    dataset = Dataset(section, wanted, prepared, parts, seed, failures)
    _check(dataset)
    return dataset


def _needed(section: DataSection, wanted: Wanted) -> list[Field]:
    """The fields that are read: written ones, and columns that are used under their own name."""
    return [
        section.fields.get(name) or Field(name, section.span, (Located(name, section.span),), implied=True)
        for name in section.needed(wanted.names)
    ]


def _open_sources(
    section: DataSection, fields: list[Field], wanted: Wanted, root: Path, seed: int, in_memory: int
) -> dict[str, Parts]:
    found: dict[str, Parts] = {}
    errors: list[Diagnostic] = []
    for name, source in section.sources.items():
        use = use_of(section, fields, name, wanted)
        try:
            found[name] = open_parts(source, section, seed, Opening(root, fields, use, in_memory))
        except SpecError as error:
            errors += error.diagnostics
    if errors:
        raise SpecError(errors)
    return found


def use_of(section: DataSection, fields: list[Field], source: str, wanted: Wanted) -> Use:
    """What fields ask of the columns of a source of texts."""
    prefix = f"{source}." if source else ""
    columns: set[str] = set()
    texts: set[str] = set()
    numbers: set[str] = set()
    fills: dict[str, float | int | str] = {}
    for field in fields:
        for column in field.columns:
            if not column.text.startswith(prefix):
                continue
            name = column.text[len(prefix) :]
            if section.sources[source].window is not None:
                name = name.removesuffix(AHEAD)
            columns.add(name)
            if _wants_text(section, field):
                texts.add(name)
            elif _wants_numbers(section, field, wanted):
                numbers.add(name)
            if field.fill is not None:
                fills[name] = field.fill
    if section.split is not None and section.split.by is not None:
        by = section.split.by.text
        columns.add(by)
        if by in section.fields:
            columns.update(column.text for column in section.fields[by].columns)
    if (kept := section.sources[source].filter) is not None:
        columns.update(kept.names)
    csv = section.sources[source].csv
    missing, mistakes = frozenset(csv.missing), frozenset(numbers - texts)
    return Use(frozenset(columns), frozenset(texts), fills, missing, csv.decimal, mistakes)


def _wants_text(section: DataSection, field: Field) -> bool:
    lookup = _first_layer(section, field) in ("StringLookup", "TextVectorization")
    return lookup or field.dtype == "string" or field.decode is not None


def _wants_numbers(section: DataSection, field: Field, wanted: Wanted) -> bool:
    """Whether only numbers will do: for a layer, a stack, or the model itself."""
    first = _first_layer(section, field)
    if first is not None:
        return first in TAKES_NUMBERS
    texts = {port.name for port in wanted.inputs if port.dtype == "string"}
    return field.stacked or (field.name in wanted.names and field.name not in texts)


def _first_layer(section: DataSection, field: Field) -> str | None:
    """The kind of the first transform, «» for a formula's."""
    owner = section.fields[field.transform_as.text] if field.transform_as is not None else field
    return getattr(owner.transforms[0], "kind", "") if owner.transforms else None


def _by_split(sources: Mapping[str, Parts]) -> dict[SplitName, dict[str, Table]]:
    """The tables by split, where every source has rows for it."""
    names = [name for name in SPLITS if all(name in parts for parts in sources.values())]
    return {name: {source: parts[name] for source, parts in sources.items()} for name in names}


def _prepare(
    section: DataSection,
    fields: list[Field],
    wanted: Wanted,
    parts: Mapping[SplitName, Mapping[str, Table]],
    opening: _Restoring,
    failures: Failures,
) -> list[Prepared]:
    """All fields, their transforms fitted; those that share another's come after it."""
    ports = {port.name: port for port in wanted.inputs}
    bases = {name: opening.base or _base(section, name, opening.root) for name in section.sources}
    tables = next(iter(parts.values()))
    found: dict[str, Prepared] = {}
    errors: list[Diagnostic] = []
    for field in sorted(fields, key=lambda f: (f.boxes is not None, f.transform_as is not None)):
        if field.transform_as is not None and field.transform_as.text not in found:
            continue  # reported with the field that it follows
        if field.boxes is not None and errors and not any(other.holds_images for other in found.values()):
            continue  # their image has been reported
        try:
            chain = _chain(field, found, opening)
            port, trained = ports.get(field.name), opening.fitted is not None
            prepared = prepare(field, tables, bases, chain, port, trained)
            if field.boxes is not None:
                prepared = place_boxes(
                    prepared, {name: f for name, f in found.items() if len(f.raw.shape) == 3}
                )
            found[field.name] = prepared
            if any(step.unfitted for step in chain.steps):
                _fit(prepared, parts["train"], failures)
        except SpecError as error:
            errors += error.diagnostics
    if errors:
        raise SpecError(errors)
    return [found[field.name] for field in fields]


def _base(section: DataSection, source: str, root: Path) -> Path:
    base = section.sources[source].base
    if base is None:
        return root
    folder = inside(root, root / base.text, base.span)
    if not folder.is_dir():
        fail("data-file", f"there is no folder `{base.text}`", base.span)
    return folder


@dataclass(frozen=True)
class _Restoring:
    """Where transforms come from that are not fitted anew, and images that columns name, if that is given."""

    root: Path
    fitted: Fitted | None
    base: Path | None = None


def _chain(field: Field, found: Mapping[str, Prepared], opening: _Restoring) -> Chain:
    if field.transform_as is not None:
        return found[field.transform_as.text].chain.again()
    if opening.fitted is not None:
        return opening.fitted.chain(field.name)
    if field.transform_of is None:
        return build_chain(field.transforms)
    located = field.transform_of
    path = inside(opening.root, opening.root / located.text / FITTED_FILE, located.span)
    if not path.is_file():
        fail("data-file", f"there is no run `{located.text}` with fitted transforms", located.span)
    return Fitted.from_json(path.read_text("utf-8"), str(path)).chain(field.name, str(path))


def _fit(field: Prepared, tables: Mapping[str, Table], failures: Failures) -> None:
    """Fit a field's transforms on the training rows."""
    reader = Stream([], tables, failures, training=False)
    with failures.told():
        field.chain.fit(partial(reader.batches_for_fitting, field))


def _check(dataset: Dataset) -> None:
    """Run the first training row through everything, so that what disagrees is known before training."""
    errors: list[Diagnostic] = []
    batch: dict[str, Any] = {}
    tables = next(iter(dataset.parts.values()))
    for field in dataset.fields:
        if (missing := missing_images(field, dataset.parts)) is not None:
            errors.append(missing)
            continue
        raw = field.read(tables[field.source], np.zeros(1, np.int64))
        try:
            batch[field.field.name] = field.transform(example(raw))
        except SpecError as error:
            errors += error.diagnostics
    if not errors:
        errors += dataset.disagreements(batch)
    if errors:
        raise SpecError(errors)
