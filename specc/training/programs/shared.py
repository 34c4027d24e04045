"""What the updates of a step have in common: computed once, where it is surely the same for all of them."""

from __future__ import annotations

from collections.abc import Mapping

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import calls, tensor_names
from specc.frontend.expressions.nodes import Expression
from specc.frontend.programs.types import Program
from specc.training.programs.evaluation import RANDOM, Callee


def shared_names(program: Program, callees: Mapping[str, Callee]) -> tuple[str, ...]:
    """The derived tensors that several updates of a step need, and that none of them changes.

    They draw nothing, take no gradient, and call only models that stand still: what a frozen teacher
    says of the batch, or targets made of the data.
    """
    needed: dict[str, int] = {}
    for update in program.updates:
        rounds = update.repeat if update.every == 1 else 0
        names: set[str] = set()
        for term in update.terms:
            names |= _closure(term.formula.expression, program)
        for name in names:
            needed[name] = needed.get(name, 0) + rounds
    still: set[str] = set()
    for name, formula in program.derive.items():  # in the order in which they are made of one another
        below = _closure(formula.expression, program)
        if below <= still and _stands_still(formula.expression, callees):
            still.add(name)
    return tuple(name for name in program.derive if name in still and needed.get(name, 0) > 1)


def _closure(expression: Expression, program: Program) -> set[str]:
    found: set[str] = set()
    waiting = [expression]
    while waiting:
        for node in tensor_names(waiting.pop()):
            name = (n.dotted(node) or "").partition(".")[0]
            if name in program.derive and name not in found:
                found.add(name)
                waiting.append(program.derive[name].expression)
    return found


def _stands_still(expression: Expression, callees: Mapping[str, Callee]) -> bool:
    for call in calls(expression):
        name = n.dotted(call.function) or ""
        if name.startswith(RANDOM) or name in ("grad", "jacobian"):
            return False
        if name in callees and (
            not callees[name].still or any(key == "training" for key, _ in call.keywords)
        ):
            return False
    return True
