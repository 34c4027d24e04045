"""What the updates of a step have in common: computed once, where it is surely the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import calls, tensor_names
from specc.frontend.expressions.nodes import Expression
from specc.frontend.programs.names import GRADIENTS
from specc.frontend.programs.types import Program
from specc.training.programs.evaluation import RANDOM, Callee


def shared_names(program: Program, callees: Mapping[str, Callee]) -> tuple[str, ...]:
    """The derived tensors that several updates of a step need, and that none of them changes.

    They draw nothing, take no gradient, and call only models that stand still: what a frozen teacher
    says of the batch, or targets made of the data. What is made of a name that a gradient is taken by is not
    among them: each update records its own way from that name.
    """
    by = _differentiated_by(program)
    needed: dict[str, int] = {}
    for update in program.updates:
        rounds = update.repeat if update.every == 1 else 0
        names: set[str] = set()
        for term in update.terms:
            names |= derived_names(term.formula.expression, program)
        for name in names:
            needed[name] = needed.get(name, 0) + rounds
    still: set[str] = set()
    for name, formula in program.derive.items():  # in the order in which they are made of one another
        below = derived_names(formula.expression, program)
        made_of = {name.partition(".")[0] for each in (name, *below) for name in program.derive[each].names}
        if below <= still and by.isdisjoint(made_of) and _stands_still(formula.expression, callees):
            still.add(name)
    return tuple(name for name in program.derive if name in still and needed.get(name, 0) > 1)


def _differentiated_by(program: Program) -> set[str]:
    """The names that gradients are taken by."""
    return {
        n.dotted(call.arguments[1]) or ""
        for formula in program.formulas
        for call in calls(formula.expression)
        if n.dotted(call.function) in GRADIENTS
    }


def derived_names(expression: Expression, program: Program) -> set[str]:
    """The derived names that a formula is made of, and what they are made of."""
    found: set[str] = set()
    waiting = [expression]
    while waiting:
        for node in tensor_names(waiting.pop()):
            name = (n.dotted(node) or "").partition(".")[0]
            if name in program.derive and name not in found:
                found.add(name)
                waiting.append(program.derive[name].expression)
    return found


def measured_with(program: Program) -> tuple[tuple[str, ...], ...]:
    """For each update, the metrics that are computed along with it: where most of what they need is known.

    So a metric seldom costs a pass of its own, which would draw from Dropout too.
    """
    found: list[list[str]] = [[] for _ in program.updates]
    computed = [
        set().union(*(derived_names(term.formula.expression, program) for term in update.terms))
        for update in program.updates
    ]
    for name, formula in program.metrics.items():
        needed = derived_names(formula.expression, program)
        shared = [len(needed & known) for known in computed]
        best = max(range(len(shared)), key=lambda number: (shared[number], number))
        found[best].append(name)
    return tuple(tuple(names) for names in found)


def _stands_still(expression: Expression, callees: Mapping[str, Callee]) -> bool:
    for call in calls(expression):
        name = n.dotted(call.function) or ""
        if name.startswith(RANDOM) or name in GRADIENTS:
            return False
        if name in callees and (
            not callees[name].still or any(key == "training" for key, _ in call.keywords)
        ):
            return False
    return True
