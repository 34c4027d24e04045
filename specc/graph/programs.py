"""What is known of a training program before it runs: types of its tensors, and what its losses depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from specc.catalog.load import load
from specc.catalog.rules import NoRuleError, RuleError, TensorType
from specc.catalog.rules.dims import render, symbol
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import tensor_names, unparse
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.programs.generation import Generation, in_sequence
from specc.frontend.programs.types import Program, State
from specc.frontend.sections.data_types import DataSection, Formula
from specc.graph.dependence import Dependence, GradientNames, report_untrained
from specc.graph.formulas import FormulaTypeError
from specc.graph.infer import BATCH, Types, input_type
from specc.graph.ir import Graph
from specc.graph.program_formulas import Crossing, Models, Outputs, ProgramWalk
from specc.source.diagnostic import Reporter


@dataclass
class ProgramTypes:
    """Types of a program's tensors by name; what could not be worked out is missing."""

    names: dict[str, Any] = field(default_factory=dict)
    terms: dict[str, Any] = field(default_factory=dict)


def check_programs(
    programs: Sequence[Program],
    data: DataSection | None,
    models: Models,
    types: Mapping[str, Types],
    reporter: Reporter,
    generations: Iterable[Generation] = (),
) -> tuple[ProgramTypes, ...]:
    """Report what cannot be computed, terms that are no scalars, and losses that move nothing.

    `types` are the models'. Returns what is known of each program's tensors.
    """
    if reporter.failed:
        return ()
    fields = field_types(data, models)
    found = tuple(_Types(program, fields, models, reporter).run() for program in programs)
    for program in programs:
        Dependence(program, models, reporter).check()
    report_untrained(programs, generations, models, types, reporter)
    return found


def check_generations(
    generations: Iterable[Generation], data: DataSection | None, models: Models, reporter: Reporter
) -> None:
    """Report what cannot be computed of `generate`."""
    for generation in generations if not reporter.failed else ():
        names: dict[str, Any] = dict(field_types(data, models))
        for given in generation.inputs.values():
            if given.shape is None:
                continue
            sizes = [symbol(f"{given.name}.{axis}") if d is None else d for axis, d in enumerate(given.shape)]
            names[given.name] = TensorType((symbol(BATCH), *sizes), given.dtype)
        inference = _Inference(names, models, reporter)
        inference.sequence(generation.derive)
        if generation.rounds is not None:
            whole = all(isinstance(value, int) for value in generation.rounds[1])
            names[generation.rounds[0]] = TensorType((), "int32" if whole else "float32")
        inference.sequence(generation.step)
        for name, formula in generation.outputs.items():
            inference.output(name, formula)
        derive, step = in_sequence(generation.derive), in_sequence(generation.step)
        at_last = derive if generation.rounds is None else {}  # rounds are computed apart
        for known, part in ((derive, derive), (step, step), (at_last, generation.outputs)):
            gradients = GradientNames(known, reporter)
            for formula in part.values():
                gradients.check(formula)


def field_types(data: DataSection | None, models: Models) -> dict[str, TensorType]:
    """The types of the fields whose shapes the spec tells: by `shape`, or as a model's input of that name."""
    found: dict[str, TensorType] = {}
    for model in models.values():
        for spec in model.inputs if isinstance(model, Graph) else ():
            found.setdefault(spec.name, input_type(spec))
    for name, written in data.fields.items() if data is not None else ():
        if written.shape is not None:
            sizes = [
                symbol(f"{name}.{axis}") if size is None else size
                for axis, size in enumerate(written.shape, start=1)
            ]
            dtype = written.dtype or (found[name].dtype if name in found else "float32")
            found[name] = TensorType((symbol(BATCH), *sizes), dtype)
    for name in data.derive if data is not None else ():
        found.pop(name, None)
    return found


class _Inference:
    """Types of one formula after another; `names` holds what is known so far."""

    def __init__(self, names: dict[str, Any], models: Models, reporter: Reporter) -> None:
        self.names, self.models, self.reporter = names, models, reporter
        names.setdefault("batch", symbol(BATCH))
        names.setdefault("step", TensorType((), "int32"))

    def sequence(self, formulas: Mapping[str, Formula]) -> None:
        """Formulas that name their values."""
        for name, formula in formulas.items():
            made = self.infer(formula)
            self.names.pop(name, None)
            if made is not None:
                self.names[name] = made

    def infer(self, formula: Formula) -> Any:
        """The type of a formula; None where it is not known, or wrong and reported."""
        try:
            walk = ProgramWalk(self.names, self.models)
            made = walk.whole(formula.expression)
            for crossing in walk.crossings:
                self.warn(formula, crossing)
            return made
        except FormulaTypeError as error:
            self.report(formula, error.node, error.reason)
        except RuleError as reason:
            self.report(formula, formula.expression, reason)
        except ExpressionError as error:
            place = formula.place(n.Constant(None, start=error.start, end=error.end))
            self.reporter.error("bad-formula", error.message, place, help=error.help)
        except NoRuleError:
            pass
        return None

    def warn(self, formula: Formula, crossing: Crossing) -> None:
        """Two tensors that meet in another way than example by example."""
        node = crossing.node
        title = f"`{unparse(node)}` is {render(crossing.shape)}: each example beside every other"
        sides = ((node.left, crossing.left), (node.right, crossing.right))
        notes = [f"`{unparse(side)}` is {render(shape)}" for side, shape in sides]
        short = unparse(crossing.short)
        plain = isinstance(crossing.short, n.Name | n.Attribute | n.Call)
        help = f"`{short if plain else f'({short})'}[:, None]` is [batch, 1]"
        self.reporter.warning("program-broadcast", title, formula.place(node), notes=notes, help=help)

    def output(self, name: str, formula: Formula) -> None:
        """A formula of which each example has its own part."""
        made = self.infer(formula)
        if isinstance(made, Outputs):
            title, help = f"the output `{name}` is several tensors", "take one of them"
            self.reporter.error("generate-output", title, formula.span, help=help)
        elif not isinstance(made, TensorType) and made is not None:
            title = f"the output `{name}` is no tensor"
            self.reporter.error("generate-output", title, formula.span)
        elif made is not None and not made.shape:
            title = f"the output `{name}` is one number, and none for each example"
            self.reporter.error("generate-output", title, formula.span)

    def report(self, formula: Formula, node: Expression, reason: RuleError) -> None:
        title = f"`{unparse(node)}` does not fit together"
        notes = [f"it takes {reason.wanted}", f"it is given {reason.given}"]
        used = dict.fromkeys(n.dotted(name) or "" for name in tensor_names(node))
        notes += [f"`{name}` is {self.shown(name)}" for name in used if self.shown(name)]
        help = f"{reason.fits} would fit" if reason.fits else ""
        self.reporter.error("shape-mismatch", title, formula.place(node), notes=notes, help=help)

    def shown(self, name: str) -> str:
        found = self.names.get(name)
        return render(found.shape) if isinstance(found, TensorType) else ""


class _Types(_Inference):
    def __init__(
        self, program: Program, fields: Mapping[str, TensorType], models: Models, reporter: Reporter
    ) -> None:
        states = {name: TensorType(state.shape) for name, state in program.states.items()}
        super().__init__({**fields, **states}, models, reporter)
        self.program = program
        self.types = ProgramTypes(self.names)

    def run(self) -> ProgramTypes:
        self.sequence(self.program.derive)
        for update in self.program.updates:
            for term in update.terms:
                self.term(term.name, term.formula)
        for state in self.program.states.values():
            self.state(state)
        for name, formula in self.program.metrics.items():
            if not is_metric(formula):
                self.term(name, formula)
        return self.types

    def state(self, state: State) -> None:
        """Its next value has the shape that it has."""
        made = self.infer(state.update)
        if isinstance(made, TensorType) and made.shape != state.shape:
            title = f"the next value of `{state.name}` does not have its shape"
            notes = [f"it is {render(state.shape)}", f"it is given {render(made.shape)}"]
            self.reporter.error("shape-mismatch", title, state.update.span, notes=notes)

    def term(self, name: str, formula: Formula) -> None:
        made = self.infer(formula)
        self.types.terms[name] = made
        if isinstance(made, TensorType) and made.shape:
            title = f"the term `{name}` is no scalar: its shape is {render(made.shape)}"
            help = "take its `mean(…)` or its `sum(…)`"
            self.reporter.error("program-term", title, formula.span, help=help)
        elif isinstance(made, Outputs):
            title = f"the term `{name}` is several tensors"
            self.reporter.error("program-term", title, formula.span, help="take one of them")


def is_metric(formula: Formula) -> bool:
    """Whether a formula is a Keras metric, which accumulates over an epoch; it may bear a loss's name."""
    call = formula.expression
    return isinstance(call, n.Call) and (n.dotted(call.function) or "") in load().objects["metric"]
