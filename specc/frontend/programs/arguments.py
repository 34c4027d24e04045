"""The arguments of losses and metrics within formulas: plain values, held to Keras's signatures."""

from __future__ import annotations

from specc.catalog.objects import KerasObject
from specc.catalog.read import read_arguments
from specc.catalog.signature import Catalog, Category
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.evaluate import evaluate
from specc.frontend.expressions.nodes import ExpressionError
from specc.frontend.sections.data_types import Formula
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Scalar, from_python

WEIGHTS = "sample_weight"
"""The argument of losses and metrics that is a tensor: how much each example counts."""


def read_call(
    call: n.Call, formula: Formula, category: Category, catalog: Catalog, reporter: Reporter
) -> KerasObject | None:
    """The loss or metric that a call within a formula stands for, without its tensors.

    None once all that is wrong with its arguments is reported: one that is no plain value, or that Keras
    would refuse.
    """
    name = n.dotted(call.function) or ""
    place = formula.place(call.function)
    entries = []
    for key, node in call.keywords:
        if key == WEIGHTS:
            continue
        at = formula.place(node)
        if key == "name":
            title, help = f"`{name}` is given a name within a formula", "it is called by its key"
            reporter.error("unknown-argument", title, at, help=help)
            return None
        try:
            value = evaluate(node, {})
        except ExpressionError:
            title = f"the argument `{key}` of `{name}` is no plain value"
            help = f"tensors are its first two arguments, and `{WEIGHTS}`"
            reporter.error("wrong-type", title, at, help=help)
            return None
        entries.append((Scalar(key, at), from_python(value, at)))
    signature = catalog.objects[category][name]
    arguments = read_arguments(Mapping(tuple(entries), place), signature, catalog, reporter, place)
    return None if arguments is None else KerasObject(category, name, arguments, place)
