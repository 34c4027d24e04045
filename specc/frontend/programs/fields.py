"""The tensors that a program is given by the data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from specc.frontend.expressions.formula import tensor_names
from specc.frontend.expressions.nodes import dotted
from specc.frontend.programs.types import Program
from specc.frontend.project import Reference
from specc.frontend.sections.data import DataSection
from specc.graph.ir import Graph
from specc.source.span import Span

IMAGE_COLUMNS = ("image", "label", "features")
"""The columns of the data sets that are known by name."""


def field_names(data: DataSection | None, models: Mapping[str, Graph | Reference]) -> tuple[str, ...] | None:
    """The names of fields: those of the data, and columns under the name of a model's input.

    None where there is no data, so that nobody knows.
    """
    if data is None:
        return None
    inputs = (spec.name for model in models.values() if isinstance(model, Graph) for spec in model.inputs)
    bundled = IMAGE_COLUMNS if any(source.kind == "dataset" for source in data.sources.values()) else ()
    labels = (column for source in data.sources.values() for column in source.files if column)
    return tuple(dict.fromkeys((*data.fields, *data.derive, *inputs, *bundled, *labels)))


def certain_names(
    data: DataSection | None, models: Mapping[str, Graph | Reference], programs: Iterable[Program]
) -> set[str]:
    """The names of fields without those that only a model's input makes likely: a program draws such, too."""
    written, likely = set(written_names(data)), field_names(data, models) or ()
    inputs = {spec.name for model in models.values() if isinstance(model, Graph) for spec in model.inputs}
    named = {
        (dotted(node) or "").partition(".")[0]
        for program in programs
        for formula in program.formulas
        for node in tensor_names(formula.expression)
    }
    made = {name for program in programs for name in (*program.derive, *program.states)}
    return {name for name in likely if name in written or name not in inputs or name in named - made}


def written_names(data: DataSection | None) -> dict[str, Span]:
    """The names that the data section gives tensors itself, with their places."""
    if data is None:
        return {}
    fields = {name: field.span for name, field in data.fields.items()}
    return fields | {name: formula.span for name, formula in data.derive.items()}
