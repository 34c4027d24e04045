"""What must hold of the models that `data.derive` calls."""

from __future__ import annotations

from collections.abc import Mapping

from specc.frontend.expressions.formula import calls
from specc.frontend.expressions.nodes import dotted
from specc.frontend.sections.data import DataSection
from specc.graph.infer import Types
from specc.graph.ir import Graph, models_used
from specc.source.diagnostic import Reporter


def report_weights(data: DataSection, types: Mapping[str, Types], reporter: Reporter) -> None:
    """Report the calls of models that have weights: what data are does not depend on training."""
    heavy = {name for name in data.models if name in types and _has_weights(types[name])}
    for formula in data.derive.values():
        for call in calls(formula.expression):
            name = dotted(call.function) or ""
            if name in data.models and heavy & _with_inner(data.models[name], data.models):
                title = f"`derive` calls `{name}`, which has weights"
                help = "only models of formulas and of layers without weights are called by data"
                reporter.error("data-model", title, formula.place(call.function), help=help)


def _has_weights(types: Types) -> bool:
    return bool(types.graph.weights) or any(call.weights for call in types.calls.values())


def _with_inner(graph: Graph, models: Mapping[str, Graph]) -> set[str]:
    found, pending = {graph.name}, models_used(graph)
    while pending:
        name = pending.pop()
        if name not in found:
            found.add(name)
            pending += models_used(models[name])
    return found
