"""What a training program names and never needs."""

from __future__ import annotations

from collections.abc import Sequence

from specc.frontend.programs.types import Program
from specc.source.diagnostic import Reporter
from specc.source.span import Span


def warn_of_unused(programs: Sequence[Program], reporter: Reporter) -> None:
    """Warn of tensors and states that no loss and no metric of any program is made of."""
    needed = {place for program in programs for place in _named(program, _needed(program))}
    told: set[tuple[str, str, Span]] = set()  # several stages may share what `train` says
    for program in programs:
        for what, name, span in _named(program, {*program.derive, *program.states}):
            if (what, name, span) not in needed | told:
                told.add((what, name, span))
                title = f"no loss and no metric is made of the {what} `{name}`"
                reporter.warning(
                    "training-no-effect", title, span, "has no effect", help="use it, or remove it"
                )


def _named(program: Program, names: set[str]) -> list[tuple[str, str, Span]]:
    """The tensors and the states among names, with their places."""
    tensors = [("tensor", name, formula.span) for name, formula in program.derive.items() if name in names]
    states = [("state", name, state.span) for name, state in program.states.items() if name in names]
    return [*tensors, *states]


def _needed(program: Program) -> set[str]:
    """All names that losses and metrics are made of, through tensors and states."""
    found: set[str] = set()
    terms = (term.formula for update in program.updates for term in update.terms)
    waiting = [*terms, *program.metrics.values()]
    while waiting:
        for name in {name.partition(".")[0] for name in waiting.pop().names} - found:
            found.add(name)
            waiting += [program.derive[name]] if name in program.derive else []
            waiting += [program.states[name].update] if name in program.states else []
    return found
