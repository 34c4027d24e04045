"""What a training program names and never needs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from specc.frontend.programs.types import Program
from specc.frontend.sections.data_types import Formula
from specc.source.diagnostic import Reporter


def warn_unused_names(programs: Sequence[Program], reporter: Reporter) -> None:
    """Warn of derived tensors and of states that no term or metric of any program is made of."""
    needed = {(name, program.derive[name].span) for program in programs for name in _derived(program)}
    carried = {name for program in programs for name in _carried(program)}
    for program in programs:
        for name, formula in program.derive.items():
            if (name, formula.span) not in needed:
                needed.add((name, formula.span))  # several stages may share it
                title = f"no loss, metric or state is made of `{name}`"
                reporter.warning("training-no-effect", title, formula.span, help="use it, or remove it")
        for state in program.states.values():
            if state.name not in carried:
                carried.add(state.name)
                title = f"no loss or metric is made of the state `{state.name}`"
                reporter.warning("training-no-effect", title, state.span, help="use it, or remove it")


def _derived(program: Program) -> set[str]:
    """The derived names that are computed."""
    return _reached(program, program.formulas[len(program.derive) :]) & program.derive.keys()


def _carried(program: Program) -> set[str]:
    """The states that losses and metrics are made of, or states that they are made of."""
    found: set[str] = set()
    states = [state.update for state in program.states.values()]
    waiting = [f for f in program.formulas[len(program.derive) :] if all(f is not each for each in states)]
    while waiting:
        reached = (_reached(program, waiting) & program.states.keys()) - found
        found |= reached
        waiting = [program.states[name].update for name in reached]
    return found


def _reached(program: Program, formulas: Iterable[Formula]) -> set[str]:
    """All names that formulas are made of, and that the derived ones among them are made of."""
    found: set[str] = set()
    waiting = list(formulas)
    while waiting:
        for name in {name.partition(".")[0] for name in waiting.pop().names} - found:
            found.add(name)
            waiting += [program.derive[name]] if name in program.derive else []
    return found
