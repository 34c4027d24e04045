"""What the losses of a training program depend on: which models a gradient comes to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import calls, unparse
from specc.frontend.expressions.nodes import Expression
from specc.frontend.programs.generation import Generation
from specc.frontend.programs.names import GRADIENTS
from specc.frontend.programs.types import Program, Update
from specc.frontend.project import Reference
from specc.frontend.sections.data_types import Formula
from specc.graph.infer import Types
from specc.graph.ir import Graph, Layer, models_used
from specc.source.diagnostic import Reporter

Models = Mapping[str, Graph | Reference]


class Dependence:
    """Which models the value of a formula depends on so that a gradient comes through."""

    def __init__(self, program: Program, models: Models, reporter: Reporter) -> None:
        self.program, self.models, self.reporter = program, models, reporter
        self.of: dict[str, frozenset[str]] = {}
        for name, formula in program.derive.items():
            self.of[name] = frozenset(self.reached(formula.expression))

    def check(self) -> None:
        """Report terms that move nothing, and gradients that are zero whatever the data."""
        for update in self.program.updates:
            self.update(update)
        gradients = GradientNames(self.program.derive, self.reporter)
        for formula in self.program.formulas:
            gradients.check(formula)

    def reached(self, node: Expression) -> Iterator[str]:
        """The models that a gradient of this expression comes to."""
        if isinstance(node, n.Name | n.Attribute) and n.dotted(node) is not None:
            yield from self.of.get((n.dotted(node) or "").partition(".")[0], ())
            return
        if is_flat(node):
            return
        if isinstance(node, n.Call):
            name = n.dotted(node.function) or ""
            if name in self.models:
                yield from closure(name, self.models)
            for argument in (*node.arguments, *(value for _, value in node.keywords)):
                yield from self.reached(argument)
            return
        for child in n.children(node):
            yield from self.reached(child)

    def update(self, update: Update) -> None:
        reached = [set(self.reached(term.formula.expression)) for term in update.terms]
        wanted = {model.text for model in update.models if model.text in self.models}
        whole: set[str] = set().union(*(closure(model, self.models) for model in wanted)) if wanted else set()
        for term, models in zip(update.terms, reached, strict=True):
            if wanted and models.isdisjoint(whole):
                listed = ", ".join(f"`{name}`" for name in sorted(wanted))
                title = f"the term `{term.name}` does not depend on {listed}"
                help = "no gradient comes through: name the model that this term is to train, or remove it"
                self.reporter.error("program-independent", title, term.formula.span, help=help)
        for model in update.models:
            if model.text not in self.models:
                continue
            found = self.models[model.text]
            frozen = not found.trainable and not self.program.running.unfreeze
            if frozen or getattr(found, "form", "") == "average_of":
                why = "is frozen" if frozen else "follows another by averaging"
                title = f"`{model}` {why}, and this update is to train it"
                self.reporter.error("program-frozen", title, model.span, help="take it out of `models`")
            elif self.is_left_alone(model.text, reached, whole):
                title = f"no term of this update depends on `{model}`"
                help = "add a term, or take it out of `models`"
                self.reporter.error("program-independent", title, model.span, help=help)

    def is_left_alone(self, model: str, reached: list[set[str]], whole: set[str]) -> bool:
        """Whether no term depends on a model, though some do on others of its update."""
        own = closure(model, self.models)
        some = any(not models.isdisjoint(whole) for models in reached)
        return some and all(models.isdisjoint(own) for models in reached)


class GradientNames:
    """Whether `y` is made of `x` where a formula asks for `grad(y, x)`: if not, the gradient is all zeros.

    `derive` are the names that formulas are made of, each of names before it.
    """

    def __init__(self, derive: Mapping[str, Formula], reporter: Reporter) -> None:
        self.reporter = reporter
        self.of: dict[str, frozenset[str]] = {}
        for name, formula in derive.items():
            self.of[name] = frozenset(self.reached(formula.expression)) | {name}

    def check(self, formula: Formula) -> None:
        """Report every gradient in a formula by a tensor that has no part in what is derived."""
        for call in calls(formula.expression):
            if n.dotted(call.function) not in GRADIENTS:
                continue
            of, by = call.arguments
            name = n.dotted(by) or ""
            if name not in self.reached(of):
                title = f"`{unparse(of)}` is not made of `{name}`, and this gradient is zero"
                help = "derive by a name that the formula, or what it names, is written with"
                self.reporter.error("program-independent", title, formula.place(call), help=help)

    def reached(self, node: Expression) -> set[str]:
        """The names of tensors that a gradient of this expression comes to."""
        if isinstance(node, n.Name | n.Attribute) and n.dotted(node) is not None:
            name = (n.dotted(node) or "").partition(".")[0]
            return {name, *self.of.get(name, ())}
        if is_flat(node):
            return set()
        if isinstance(node, n.Call):
            given = (*node.arguments, *(value for _, value in node.keywords))
            return set().union(*map(self.reached, given))
        return set().union(*map(self.reached, n.children(node)))


def closure(name: str, models: Models) -> set[str]:
    """A model with all that it calls."""
    found: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current in found:
            continue
        found.add(current)
        model = models.get(current)
        waiting += models_used(model) if isinstance(model, Graph) else []
    return found


def report_untrained(
    programs: Sequence[Program],
    generations: Iterable[Generation],
    models: Models,
    types: Mapping[str, Types],
    reporter: Reporter,
) -> None:
    """Report models with weights that programs or generations call, and no update of any program trains.

    A generation may call models that were trained elsewhere.
    """
    updates = [update for program in programs for update in program.updates]
    trained = {inner for u in updates for model in u.models for inner in closure(model.text, models)}
    places: dict[str, tuple[Formula, n.Call]] = {}
    made = [formula for generation in generations for formula in generation.formulas] if programs else []
    for formula in (*(formula for program in programs for formula in program.formulas), *made):
        for call in calls(formula.expression):
            name = n.dotted(call.function) or ""
            if formula not in made or isinstance(models.get(name), Graph):
                places.setdefault(name, (formula, call))
    for name in models:
        following = getattr(models[name], "form", "") == "average_of"
        free = name in trained or not models[name].trainable or following
        if name not in places or free or not _has_weights(name, models, types):
            continue
        formula, call = places[name]
        title = f"no update trains `{name}`"
        help = f"add it to the `models` of an update, or freeze it: `trainable: false` in `{name}`"
        reporter.error("program-untrained", title, formula.place(call.function), help=help)


def _has_weights(name: str, models: Models, types: Mapping[str, Types]) -> bool:
    model = models[name]
    if not isinstance(model, Graph):
        return True
    layers = [node.name for node in model.nodes if isinstance(node.operation, Layer)]
    unknown = any(layer not in types[name].calls for layer in layers)
    own = bool(model.weights) or any(call.parameters for call in types[name].calls.values())
    return own or unknown or any(_has_weights(inner, models, types) for inner in models_used(model))


_FLAT = """
all allclose any argmax argmin argpartition argsort bincount bitwise_and bitwise_invert bitwise_left_shift
bitwise_not bitwise_or bitwise_right_shift bitwise_xor ceil count_nonzero digitize empty_like equal floor
floor_divide full_like greater greater_equal heaviside histogram in_top_k isclose isfinite isin isinf isnan
isneginf isposinf isreal less less_equal logical_and logical_not logical_or logical_xor matrix_rank multi_hot
nanargmax nanargmin nonzero not_equal one_hot ones_like round searchsorted shape sign signbit stop_gradient
trunc unravel_index zeros_like
"""
CUTS = frozenset(_FLAT.split())
"""Functions through which no gradient comes."""

FLAT_OPERATORS = frozenset(("//", "&", "|", "^", "<<", ">>"))


def is_flat(node: Expression) -> bool:
    """Whether no gradient comes through: a comparison, a rounding, a conversion to whole numbers."""
    if isinstance(node, n.Compare):
        return True
    if isinstance(node, n.Binary):
        return node.operator in FLAT_OPERATORS
    if not isinstance(node, n.Call):
        return False
    name = n.dotted(node.function) or ""
    return name in CUTS or (name == "cast" and _is_whole(node))


def _is_whole(call: n.Call) -> bool:
    given = [*call.arguments[1:2], *(value for key, value in call.keywords if key == "dtype")]
    dtypes = (str(node.value) for node in given if isinstance(node, n.Constant))
    return any(dtype.startswith(("int", "uint", "bool")) for dtype in dtypes)
