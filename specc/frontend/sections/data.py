"""Reading the `data:` section."""

from __future__ import annotations

from typing import Any, cast

from specc.catalog.signature import Catalog
from specc.frontend.sections.data_derive import Models, called_models, read_derive
from specc.frontend.sections.data_fields import read_augment, read_fields
from specc.frontend.sections.data_settings import Context
from specc.frontend.sections.data_source import read_sources, read_split
from specc.frontend.sections.data_types import (
    CACHES,
    Cache,
    CsvFormat,
    DataSection,
    Field,
    Formula,
    Located,
    Source,
    Split,
    Transform,
    Window,
)
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Scalar

KEYS = (
    "source",
    "sources",
    "split",
    "fields",
    "derive",
    "augment",
    "batch_size",
    "shuffle",
    "drop_remainder",
    "cache",
)


def read_data(
    value: Mapping,
    catalog: Catalog,
    reporter: Reporter,
    values: dict[str, Any] | None = None,
    models: Models | None = None,
) -> DataSection | None:
    """Read a resolved `data:`.

    `values` are what a `$name` left in a formula may mean, `models` the spec's, which `derive` may call.

    Returns None where an error was reported.
    """
    failed = _errors(reporter)
    context = Context(catalog, values or {}, reporter)
    context.check_keys(value, "`data`", KEYS)
    sources = read_sources(value, context)
    fields = read_fields(value.get("fields"), context)
    derive = read_derive(value.get("derive"), fields, models or {}, context)
    section = DataSection(
        sources=sources,
        fields=fields,
        span=value.span,
        split=read_split(value.get("split"), context),
        derive=derive,
        models=called_models(derive, models or {}),
        augment=read_augment(value.get("augment"), context),
        batch_size=context.count(value, "batch_size", 32),
        shuffle=context.switch(value, "shuffle", True),
        drop_remainder=context.switch(value, "drop_remainder", False),
        cache=_read_cache(value, context),
    )
    return section if _errors(reporter) == failed else None


def _read_cache(value: Mapping, context: Context) -> Cache:
    entry = value.get("cache")
    if isinstance(entry, Scalar) and entry.value is False:
        return "none"
    return cast(Cache, context.choice(value, "cache", CACHES, "auto"))


def _errors(reporter: Reporter) -> int:
    return sum(diagnostic.severity == "error" for diagnostic in reporter)


__all__ = [
    "CsvFormat",
    "DataSection",
    "Field",
    "Formula",
    "Located",
    "Source",
    "Split",
    "Transform",
    "Window",
    "read_data",
]
