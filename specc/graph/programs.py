"""What is known of a training program before it runs: types of its tensors, and what its losses depend on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from specc.catalog.load import load
from specc.catalog.rules import NoRuleError, RuleError, TensorType
from specc.catalog.rules.dims import Symbolic, render, symbol
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import tensor_names, unparse
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.programs.generation import Generation, in_sequence
from specc.frontend.programs.types import Program, State
from specc.frontend.project import Reference
from specc.frontend.sections.data_types import DataSection, Formula
from specc.graph.dependence import Dependence, GradientNames, report_untrained
from specc.graph.formulas import FormulaTypeError, FormulaWalk
from specc.graph.infer import BATCH, Types, infer_graph, input_type
from specc.graph.ir import Graph
from specc.source.diagnostic import Reporter

Models = Mapping[str, Graph | Reference]


@dataclass(frozen=True)
class Outputs:
    """Several tensors by name: what a model with several outputs gives. None where a type is not known."""

    tensors: Mapping[str, TensorType | None]


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
            return ProgramWalk(self.names, self.models).whole(formula.expression)
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


class ProgramWalk(FormulaWalk):
    """Types of formulas that call models, losses and gradients."""

    def __init__(self, names: Mapping[str, Any], models: Models) -> None:
        super().__init__(names)
        self.models = models

    def value(self, node: Expression) -> Any:
        """What a part of a formula gives, which is not several tensors."""
        found = self.whole(node)
        if isinstance(found, Outputs):
            written, listed = unparse(node), ", ".join(f"`{name}`" for name in found.tensors)
            help = f"take one of them: `{written}.{next(iter(found.tensors))}`, say"
            raise ExpressionError(f"`{written}` is several tensors: {listed}", node.start, node.end, help)
        return found

    def whole(self, node: Expression) -> Any:
        """What a formula gives, several tensors too."""
        return super().value(node)

    def name(self, node: n.Name | n.Attribute) -> Any:
        """A tensor, or one of the outputs under a name."""
        name = n.dotted(node)
        if name is not None and name in self.names:
            return self.names[name]
        if isinstance(node, n.Attribute):
            base = self.whole(node.base)
            if isinstance(base, Outputs):
                if node.name in base.tensors:
                    return self.known(base.tensors[node.name], node.name)
                listed = ", ".join(f"`{output}`" for output in base.tensors)
                raise RuleError("argument", f"one of {listed}", f"`{node.name}`")
            if isinstance(base, TensorType):
                given = f"`{unparse(node.base)}`, which is one tensor"
                raise FormulaTypeError(
                    node,
                    node.name,
                    RuleError("argument", f"several tensors, of which one is `{node.name}`", given),
                )
        raise NoRuleError(str(name))

    def call(self, node: n.Call) -> Any:
        """What a function, a loss, a gradient or a model gives."""
        name = n.dotted(node.function) or ""
        if name in self.models:
            return self.model(node, name)
        if name == "shape" and node.arguments:
            return self.tensor(node.arguments[0]).shape
        if name == "grad":
            self.value(node.arguments[0])
            return self.tensor(node.arguments[1])
        if name == "jacobian":
            of, by = map(self.tensor, node.arguments)
            return TensorType((of.shape[0], *of.shape[1:], *by.shape[1:]), of.dtype)
        if name[:1].isupper():
            return self.loss(node, name)
        try:
            return super().call(node)
        except FormulaTypeError:
            if any(isinstance(self.value(argument), Symbolic) for argument in node.arguments):
                if name in COUNTED:
                    reason = RuleError(
                        "argument", "a number that is known before training", "the batch's size"
                    )
                    raise FormulaTypeError(node, name, reason) from None
                raise NoRuleError(name) from None  # it wants a number: the batch's size is none yet
            raise

    def tensor(self, node: Expression) -> TensorType:
        """A part that has to be a tensor."""
        found = self.value(node)
        if isinstance(found, TensorType):
            return found
        raise NoRuleError(unparse(node))

    def binary(self, node: n.Binary) -> Any:
        """Arithmetic; the batch's size is a number of which only the name is known."""
        left, right = self.value(node.left), self.value(node.right)
        if not isinstance(left, Symbolic) and not isinstance(right, Symbolic):
            return super().binary(node)
        if isinstance(left, TensorType) or isinstance(right, TensorType):
            return left if isinstance(left, TensorType) else right
        whole = {"+": "__add__", "*": "__mul__"}.get(node.operator)
        if whole and isinstance(left, Symbolic) and isinstance(right, (int, Symbolic)):
            return getattr(left, whole)(right)
        if whole and isinstance(left, int) and isinstance(right, Symbolic):
            return getattr(right, whole)(left)
        return TensorType((), "float32" if node.operator == "/" else "int32")

    def loss(self, node: n.Call, name: str) -> Any:
        """A loss: a scalar, or with `reduction=None` one number for each of what it compares."""
        kind = load().objects["loss"].get(name)
        if kind is None:
            raise NoRuleError(name)
        sides = [self.value(argument) for argument in node.arguments]
        keywords = {key: self.value(value) for key, value in node.keywords}
        reduction = keywords.get("reduction", "sum_over_batch_size")
        if reduction not in (None, "none"):
            return TensorType(())
        compared = sides[1]
        if name in PAIRED and isinstance(compared, TensorType):
            return TensorType(compared.shape[:-1])
        raise NoRuleError(name)

    def model(self, node: n.Call, name: str) -> Any:
        """What calling a model of the spec gives."""
        model = self.models[name]
        if isinstance(model, Reference) and model.form == "average_of":
            model = self.models[str(model.settings["average_of"])]
        given = [self.tensor(argument) for argument in node.arguments]
        named = {key: self.tensor(value) for key, value in node.keywords if key != "training"}
        if not isinstance(model, Graph):
            raise NoRuleError(name)
        inputs = dict(zip((spec.name for spec in model.inputs), given, strict=False)) | named
        for spec in model.inputs:
            self.check_input(node, name, spec.name, spec.shape, inputs[spec.name])
        types = infer_graph(model, self.models, inputs)
        if types.problems:
            raise FormulaTypeError(node, name, types.problems[0].reason)
        outputs = dict(zip(model.output_names, types.outputs, strict=True))
        return Outputs(outputs) if len(outputs) > 1 else self.known(types.outputs[0], name)

    def known(self, found: TensorType | None, name: str) -> TensorType:
        """A type, where it could be worked out."""
        if found is None:
            raise NoRuleError(name)
        return found

    def check_input(
        self, node: n.Call, name: str, input: str, wanted: tuple[int | None, ...], given: TensorType
    ) -> None:
        """Refuse a tensor that the model's input does not declare."""
        sizes = given.shape[1:]
        clash = [
            axis
            for axis, (size, declared) in enumerate(zip(sizes, wanted, strict=False), start=1)
            if isinstance(size, int) and declared is not None and size != declared
        ]
        if len(sizes) == len(wanted) and not clash:
            return
        shown = "[" + ", ".join(["batch", *("null" if d is None else str(d) for d in wanted)]) + "]"
        what = f"{shown} for its input `{input}`"
        raise FormulaTypeError(node, name, RuleError("size", what, render(given.shape), axes=tuple(clash)))


COUNTED = frozenset({"linspace", "logspace"})
"""Functions whose counts Keras compares with numbers in Python."""

_PLAIN = (
    "BinaryCrossentropy BinaryFocalCrossentropy CategoricalCrossentropy CategoricalFocalCrossentropy "
    "CosineSimilarity Hinge Huber KLDivergence LogCosh MeanAbsoluteError MeanAbsolutePercentageError "
    "MeanSquaredError MeanSquaredLogarithmicError Poisson SquaredHinge SparseCategoricalCrossentropy"
)
PAIRED = frozenset(_PLAIN.split())
"""Losses that without reduction give one number for each row of the last axis."""


def is_metric(formula: Formula) -> bool:
    """Whether a formula is a Keras metric, which accumulates over an epoch; it may bear a loss's name."""
    call = formula.expression
    return isinstance(call, n.Call) and (n.dotted(call.function) or "") in load().objects["metric"]
