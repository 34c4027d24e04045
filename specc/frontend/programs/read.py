"""Reading a `train:` that is a program."""

from __future__ import annotations

import math
from collections.abc import Iterator
from collections.abc import Sequence as Items

from specc.catalog.objects import KerasObject
from specc.catalog.read import read_object
from specc.catalog.signature import Catalog
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression
from specc.frontend.programs.types import Program, State, Term, Update
from specc.frontend.sections.data_settings import Context
from specc.frontend.sections.data_types import Formula, Located
from specc.frontend.sections.train_settings import is_number, number, read_count, wrong
from specc.frontend.sections.train_types import Stage
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, to_python

SUPERVISED = ("loss", "loss_weights", "sample_weight", "class_weight")
"""Keys of supervised training: in a program they belong to its updates."""

MOST_REPEATS = 64
"""How often an update may be repeated in a step: each is traced."""

WHOLE_LOSS = "loss"
"""The weighted sum of all terms, in what training writes down of an epoch."""

MOST_NUMBERS = 2**27
"""Numbers in a state at most: 512 MB."""

DEEPEST = 200
"""How deep a derived tensor may be made of others, with all their formulas: it is computed in one go."""

NO_OPTIMIZER = KerasObject("optimizer", "SGD")


def read_program(section: Mapping, running: Stage, catalog: Catalog, reporter: Reporter) -> Program | None:
    """The program of a resolved `train:`; None where nothing is left of it. What is wrong is reported."""
    return _Reading(section, catalog, reporter).program(running)


class _Reading:
    def __init__(self, section: Mapping, catalog: Catalog, reporter: Reporter) -> None:
        self.section, self.catalog, self.reporter = section, catalog, reporter
        self.context = Context(catalog, {}, reporter)
        self.logs: dict[str, Span] = {}

    def program(self, running: Stage) -> Program | None:
        self.refuse_supervised()
        derive = in_order(self.formulas(self.section.get("derive")), self.reporter)
        updates = tuple(self.updates(self.section.get("update")))
        metrics = self.metrics(self.section.get("metrics"))
        for name in metrics:
            self.log(name, metrics[name].span)
        states = dict(self.states(self.section.get("state")))
        if not updates:
            if "update" not in self.section or not self.reporter.failed:
                title = "this program has no `update`: it trains nothing"
                self.reporter.error("training-program", title, self.section.span)
            return None
        return Program(derive, updates, running, self.section.span, metrics, states)

    def metrics(self, value: Value | None) -> dict[str, Formula]:
        """Supervised training takes lists of metrics; a program has no outputs that they could be of."""
        if isinstance(value, Sequence) or (isinstance(value, Scalar) and value.value is not None):
            help = "`accuracy: SparseCategoricalAccuracy(label, out)`, say"
            wrong("metrics", value, "a mapping of names to formulas", self.reporter, help)
        return self.formulas(value)

    def refuse_supervised(self) -> None:
        for key in SUPERVISED:
            if key in self.section:
                title = f"`{key}` stands beside `update`"
                help = f"put `{key}` into an update"
                if key in ("sample_weight", "class_weight"):
                    help = "multiply by it in the formula of a loss term"
                self.reporter.error("training-program", title, self.section.key(key).span, help=help)

    def formulas(self, value: Value | None) -> dict[str, Formula]:
        """Formulas by name, in order."""
        if not isinstance(value, Mapping):
            return {}
        read = {name: self.context.formula(item, name) for name, item in value}
        return {name: formula for name, formula in read.items() if formula is not None}

    # --- updates ------------------------------------------------------------------------------------------
    def updates(self, value: Value | None) -> Iterator[Update]:
        for item in value.items if isinstance(value, Sequence) else ():
            if not isinstance(item, Mapping) or self.is_left_out(item):
                continue
            made = self.update(item)
            if made is not None:
                yield made

    def is_left_out(self, value: Mapping) -> bool:
        when = value.get("when")
        return isinstance(when, Scalar) and when.value is False

    def update(self, value: Mapping) -> Update | None:
        models = self.located(value.get("models"))
        terms = tuple(self.terms(value))
        optimizer = self.optimizer(value)
        repeat = read_count(value, "repeat", self.reporter) or 1
        if repeat > MOST_REPEATS:
            title = f"an update is repeated {repeat} times, and at most {MOST_REPEATS} times can be"
            self.reporter.error("out-of-range", title, value.key("repeat").span)
            return None
        if not terms:
            return None
        every = read_count(value, "every", self.reporter) or 1
        return Update(models, terms, optimizer, value.span, repeat, every)

    def located(self, value: Value | None) -> tuple[Located, ...]:
        items: Items[Value] = (
            value.items if isinstance(value, Sequence) else () if value is None else (value,)
        )
        read = (self.context.as_text("models", item, "the name of a model") for item in items)
        return tuple(found for found in read if found is not None)

    def terms(self, value: Mapping) -> Iterator[Term]:
        formulas = self.formulas(value.get("loss"))
        weights = self.weights(value, formulas)
        losses = value.get("loss")
        for name, formula in formulas.items():
            assert isinstance(losses, Mapping)
            self.log(name, losses.key(name).span)
            yield Term(name, formula, weights.get(name, 1.0))

    def log(self, name: str, span: Span) -> None:
        if name == WHOLE_LOSS:
            title = f"`{name}` is what the loss of all updates is written down as, and is a name here too"
            self.reporter.error("duplicate-name", title, span, help="say what this part of the loss is")
        first = self.logs.setdefault(name, span)
        if first is not span:
            title = f"two terms or metrics are called `{name}`"
            self.reporter.error("duplicate-name", title, span, "the second", related=[(first, "the first")])

    def weights(self, value: Mapping, terms: dict[str, Formula]) -> dict[str, float]:
        given = value.get("loss_weights")
        if given is None:
            return {}
        if is_number(given):
            return dict.fromkeys(terms, number(given))
        if not isinstance(given, Mapping):
            wrong("loss_weights", given, "a number, or a mapping of terms to numbers", self.reporter)
            return {}
        found: dict[str, float] = {}
        for name, item in given:
            if name not in terms:
                title, help = f"this update has no term `{name}`", did_you_mean(name, terms)
                self.reporter.error("training-program", title, given.key(name).span, help=help)
            elif is_number(item):
                found[name] = number(item)
            else:
                wrong(f"loss_weights.{name}", item, "a finite number", self.reporter)
        return found

    def optimizer(self, value: Mapping) -> KerasObject:
        """The update's own optimizer, or the one beside all updates; any where that is wrong and reported."""
        written = value.get("optimizer") or self.section.get("optimizer")
        if written is None:
            self.reporter.error(
                "training-optimizer-missing",
                "nothing says which optimizer makes this update",
                value.span,
                "`optimizer` is missing",
                help="give the update an `optimizer`, or all of them one beside `update`",
            )
            return NO_OPTIMIZER
        return read_object(written, "optimizer", self.catalog, self.reporter) or NO_OPTIMIZER

    # --- state --------------------------------------------------------------------------------------------
    def states(self, value: Value | None) -> Iterator[tuple[str, State]]:
        for name, item in value if isinstance(value, Mapping) else ():
            assert isinstance(value, Mapping)
            if not isinstance(item, Mapping):
                continue
            entry = item.get("update")
            formula = None if entry is None else self.context.formula(entry, name)
            given = item.get("shape")
            shape = tuple(to_python(given)) if given is not None else ()
            if math.prod(shape) > MOST_NUMBERS or min(shape, default=1) < 1:
                title = f"the state `{name}` has sizes below 1, or more than {MOST_NUMBERS} numbers"
                self.reporter.error("out-of-range", title, (given or item).span)
            written = item.get("initializer")
            made = None
            if written is not None:
                made = read_object(written, "initializer", self.catalog, self.reporter)
            if formula is not None:
                yield name, State(name, shape, made, formula, value.key(name).span)


def in_order(formulas: dict[str, Formula], reporter: Reporter) -> dict[str, Formula]:
    """Named formulas so that each comes after those it names; a circle is reported.

    They may be written in any order: a spec that extends another adds to what is there.
    """
    depths: dict[str, int] = {}
    for start in formulas:
        open_names = [start]
        while open_names:
            name = open_names[-1]
            used = list(dict.fromkeys(each.partition(".")[0] for each in formulas[name].names))
            waiting = next((each for each in used if each in formulas and each not in depths), None)
            if name in depths:
                open_names.pop()
            elif waiting is None:
                own = depth_of(formulas[name].expression) + 3  # what it takes to get to a name
                depths[open_names.pop()] = own + max(
                    (depths[each] for each in used if each in depths), default=0
                )
            elif waiting in open_names:
                _report_circle([*open_names[open_names.index(waiting) :], waiting], formulas, reporter)
                depths[name] = 0
            else:
                open_names.append(waiting)
    deep = next((name for name, depth in depths.items() if depth > DEEPEST), None)
    if deep is not None:
        title = f"`{deep}` is made of others, and they of others, more than {DEEPEST} deep"
        reporter.error("out-of-range", title, formulas[deep].span)
    return {name: formulas[name] for name in depths}


def _report_circle(circle: list[str], formulas: dict[str, Formula], reporter: Reporter) -> None:
    title = "these names are made of one another: " + " → ".join(f"`{each}`" for each in circle)
    reporter.error("later-name", title, formulas[circle[-1]].span)


def depth_of(expression: Expression) -> int:
    """How many parts of a formula lie within one another."""
    deepest, waiting = 0, [(expression, 1)]
    while waiting:
        node, depth = waiting.pop()
        deepest = max(deepest, depth)
        waiting += [(child, depth + 1) for child in n.children(node)]
    return deepest
