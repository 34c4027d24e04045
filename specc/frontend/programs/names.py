"""What the formulas of a program may name: tensors, models, functions, losses and metrics."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from specc.catalog.signature import Catalog, Category, Signature
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import calls, tensor_names
from specc.frontend.expressions.nodes import Expression
from specc.frontend.programs.arguments import read_call
from specc.frontend.programs.types import Program, Update
from specc.frontend.project import Interface
from specc.frontend.sections.data_types import Formula
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean, nearest

GRADIENTS = ("grad", "jacobian")
"""Functions of a program alone: what the gradient of a tensor with respect to another is."""

FOR_ALL_CLASSES = {"F1Score": "average", "FBetaScore": "average", "R2Score": "class_aggregation"}
"""Metrics that give a number for each class where an argument is None."""

LIBRARIES = ("keras", "ops", "tf", "np", "numpy", "torch", "jnp")
"""What functions are often called by elsewhere."""

BUILT_IN = ("batch", "step")
"""Whole numbers that every program knows: the examples of the batch, the steps done."""


@dataclass(frozen=True)
class Known:
    """The names outside a program: the data's fields (None: not known), and models by what they take.

    `written` are those of `fields` that the spec writes down, with their places; `broken` are models of which
    something was reported.
    """

    fields: tuple[str, ...] | None
    models: Mapping[str, Interface]
    catalog: Catalog
    written: Mapping[str, Span] = field(default_factory=dict)
    broken: frozenset[str] = frozenset()


def check_names(program: Program, known: Known, reporter: Reporter) -> None:
    """Report every name in a program that means nothing, and every call that cannot be meant."""
    check = NameCheck(known, {*(known.fields or ()), *program.derive, *program.states, *BUILT_IN}, reporter)
    for name in BUILT_IN:
        if name in known.written:
            title = f"`{name}` is a field of the data, and a number that every program knows"
            help = "give the field another name, and say its `column`"
            reporter.error("duplicate-name", title, known.written[name], help=help)
    for name, formula in program.derive.items():
        check.named(name, formula.span)
        check.formula(formula)
    for name, state in program.states.items():
        check.named(name, state.span, program.derive)
    for update in program.updates:
        for term in update.terms:
            check.formula(term.formula)
        check.models(update)
    for formula in program.metrics.values():
        check.formula(formula, metric=True)
    for state in program.states.values():
        check.formula(state.update)
    own = {*program.derive, *program.states, *BUILT_IN}
    names = (name.partition(".")[0] for formula in program.formulas for name in formula.names)
    if own.issuperset(names):
        title = "no formula of this program names a field of the data"
        help = "each step is one batch of the data: name a field, in `shape(image)` say"
        reporter.error("training-program", title, program.span, help=help)


class NameCheck:
    """Checks formula after formula; `tensors` are the names known so far."""

    def __init__(self, known: Known, tensors: set[str], reporter: Reporter) -> None:
        self.known, self.tensors, self.reporter = known, tensors, reporter

    def named(self, name: str, span: Span, others: Iterable[str] = (), *, fields: bool = True) -> None:
        """A tensor that formulas make has a name of its own; a generation's may stand for a field."""
        kinds = {
            "a model": self.known.models,
            "a number that every program knows": BUILT_IN,
            "a field of the data": self.known.written if fields else (),
            "named already": others,
        }
        for what, names in kinds.items():
            if name in names:
                title = f"`{name}` is {what}, and names another tensor too"
                self.reporter.error("duplicate-name", title, span, help="give it another name")

    def models(self, update: Update) -> None:
        """The models that an update trains are there."""
        for model in update.models:
            if model.text not in self.known.models and model.text not in self.known.broken:
                title = f"there is no model `{model}`"
                help = did_you_mean(model.text, self.known.models)
                self.reporter.error("unknown-model", title, model.span, help=help)

    # --- formulas -----------------------------------------------------------------------------------------
    def formula(self, formula: Formula, *, metric: bool = False) -> None:
        """All names in a formula; it may be a Keras metric where `metric` says so."""
        for node in tensor_names(formula.expression):
            self.tensor(formula, node)
        for call in calls(formula.expression):
            self.call(formula, call, metric=metric and call is formula.expression)
        self.logic(formula)

    def tensor(self, formula: Formula, node: n.Name | n.Attribute) -> None:
        name = n.dotted(node) or ""
        first = name.partition(".")[0]
        if first in self.tensors or name in self.tensors:
            return
        if first in self.known.models:
            help = f"call it: `{first}(…)`"
            self.fail("unknown-name", f"`{first}` is a model, not a tensor", formula, node, help=help)
        elif self.known.fields is not None:
            help = did_you_mean(first, self.tensors) or "a column of the data is listed under `data.fields`"
            self.fail("unknown-name", f"there is no tensor `{first}` here", formula, node, help=help)

    def call(self, formula: Formula, call: n.Call, *, metric: bool) -> None:
        name = n.dotted(call.function) or ""
        if name in self.known.models and (name in GRADIENTS or name in self.known.catalog.ops):
            title = f"`{name}` is a model of this spec, and a function too"
            self.fail("duplicate-name", title, formula, call.function, help="give the model another name")
        elif name in self.known.models:
            self.model_call(formula, call, name)
        elif name in self.known.broken:
            return
        elif name in GRADIENTS:
            self.gradient(formula, call, name)
        elif name[:1].isupper():
            self.capitalised(formula, call, name, metric=metric)
        elif name not in self.known.catalog.ops:
            self.unknown_function(formula, call, name)
        elif self.known.catalog.ops[name].refused:
            why = self.known.catalog.ops[name].refused
            self.fail("bad-formula", f"`{name}` cannot stand in a spec: {why}", formula, call.function)
        else:
            self.keywords(formula, call, self.known.catalog.ops[name])

    def unknown_function(self, formula: Formula, call: n.Call, name: str) -> None:
        ops, own = self.known.catalog.ops, (*self.known.models, *GRADIENTS)
        near = nearest(name, own) or nearest(name, ops)
        first, _, rest = name.partition(".")
        last = name.rpartition(".")[2].removeprefix("reduce_")
        if first in self.tensors and rest in ops:
            help = f"what is a method elsewhere is a function here: `{rest}({first})`"
        elif first in LIBRARIES and last in ops:
            help = f"functions of `keras.ops` go by their names: `{last}`"
        elif near is not None:
            help = f"did you mean `{near}`?"
        elif name.startswith("random."):
            help = did_you_mean(name, (op for op in ops if op.startswith("random.")))
        else:
            help = f"known: {_listed(own)}, and the functions of `keras.ops`"
        self.fail("unknown-function", f"there is no function `{name}`", formula, call.function, help=help)

    def model_call(self, formula: Formula, call: n.Call, name: str) -> None:
        inputs = self.known.models[name].inputs
        for key, value in call.keywords:
            if key == "training" and not (isinstance(value, n.Constant) and isinstance(value.value, bool)):
                title = "`training` is neither `True` nor `False`"
                self.fail("wrong-type", title, formula, value)
        if inputs is None:  # only its file knows them
            return
        given = [*inputs[: len(call.arguments)], *(key for key, _ in call.keywords if key != "training")]
        if len(call.arguments) > len(inputs):
            title = f"`{name}` takes {_counted(len(inputs))}, and is given {len(call.arguments)}"
            self.fail("wrong-input-count", title, formula, call, help=f"its inputs: {_listed(inputs)}")
            return
        for key in given:
            if key not in inputs:
                title, help = f"`{name}` has no input `{key}`", did_you_mean(key, (*inputs, "training"))
                self.fail("unknown-input", title, formula, call, help=help)
        missing = [key for key in inputs if key not in given]
        if missing:
            title = f"`{name}` is called without its input `{missing[0]}`"
            self.fail("missing-input", title, formula, call, help=f"its inputs: {_listed(inputs)}")

    def gradient(self, formula: Formula, call: n.Call, name: str) -> None:
        right = len(call.arguments) == 2 and not call.keywords
        if right and isinstance(call.arguments[1], n.Name):
            return
        title = f"`{name}` takes a tensor, and the name of the one it is derived by"
        help = f"`{name}(y, x)`, where `x` is a field or a name under `derive`"
        self.fail("bad-formula", title, formula, call, help=help)

    def capitalised(self, formula: Formula, call: n.Call, name: str, *, metric: bool) -> None:
        losses, metrics = (
            {
                known: signature
                for known, signature in self.known.catalog.objects[kind].items()
                if not signature.refused
            }
            for kind in ("loss", "metric")
        )
        if name in metrics and metric:
            self.compared(formula, call, "metric", most=3)
        elif name in losses:
            self.compared(formula, call, "loss", most=2)
        elif name in metrics:
            title = f"the metric `{name}` stands within a formula"
            help = "a metric is a whole formula under `metrics`"
            self.fail("bad-formula", title, formula, call.function, help=help)
        else:
            help = did_you_mean(name, (*losses, *metrics)) or "layers belong into models"
            title = f"there is no loss or metric `{name}`"
            self.fail("unknown-function", title, formula, call.function, help=help)

    def keywords(self, formula: Formula, call: n.Call, signature: Signature) -> None:
        for key, value in call.keywords:
            if key not in signature.by_name:
                title = f"`{signature.name}` has no argument `{key}`"
                help = did_you_mean(key, signature.by_name)
                self.fail("unknown-argument", title, formula, value, help=help)

    def compared(self, formula: Formula, call: n.Call, category: Category, *, most: int) -> None:
        """A loss or a metric of two tensors, and for a metric of their weights."""
        name = n.dotted(call.function) or ""
        if not 2 <= len(call.arguments) <= most:
            title = f"`{name}` is called with {_counted(len(call.arguments))}"
            help = f"`{name}(y_true, y_pred, …)`: its other arguments by name"
            self.fail("bad-formula", title, formula, call, help=help)
        read = read_call(call, formula, category, self.known.catalog, self.reporter)
        argument = FOR_ALL_CLASSES.get(name) if category == "metric" else None
        if read is None or argument is None:
            return
        default = self.known.catalog.objects["metric"][name].by_name[argument].default
        if read.arguments.get(argument, default) is None:
            title = f"`{name}` gives a number for each class, and a metric is one number"
            help = f"say how they become one: `{argument}='…'`"
            self.fail("program-term", title, formula, call, help=help)

    def logic(self, formula: Formula) -> None:
        """Python's logic asks whether a value is true; of a tensor nobody knows before it is computed."""
        stack: list[Expression] = [formula.expression]
        while stack:
            node = stack.pop()
            stack += n.children(node)
            if isinstance(node, n.Conditional):
                self.fail("bad-formula", "a formula takes no `if`", formula, node, help="`where(test, a, b)`")
            elif isinstance(node, n.Logical):
                help = f"`logical_{node.operator}(a, b)`"
                self.fail("bad-formula", f"a formula takes no `{node.operator}`", formula, node, help=help)

    def fail(self, code: str, title: str, formula: Formula, node: Expression, *, help: str = "") -> None:
        self.reporter.error(code, title, formula.place(node), help=help)


def _counted(count: int) -> str:
    return "1 tensor" if count == 1 else f"{count} tensors"


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)
