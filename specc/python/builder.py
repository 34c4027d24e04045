"""Bodies of models and blocks as statements: a step becomes a line, a loop stays a loop."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from specc.catalog.signature import Catalog
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression
from specc.frontend.expressions.text import pieces
from specc.frontend.fill import fill_value
from specc.frontend.scope import is_generated
from specc.frontend.steps import Step
from specc.python.errors import CannotSayError
from specc.python.facts import Body, Facts, Naming
from specc.python.formulas import Kind
from specc.python.names import Names
from specc.python.objects import Objects
from specc.python.places import Bound, joined_name, mentions
from specc.python.survey import Survey
from specc.python.trees import assign, call, literal, name, subscript
from specc.python.values import Values
from specc.source.diagnostic import Reporter
from specc.source.values import Scalar, Value, to_python

FLOW = ("x", "y", "z", "u", "v", "w")
"""Variables of what flows, by how many structures lie around."""


class Builder:
    """The state while one body is written: its variables, what flows, and the statements so far."""

    def __init__(
        self,
        body: Body,
        facts: Facts,
        survey: Survey,
        catalog: Catalog,
        names: Names,
        values: Mapping[str, ast.expr],
        outer: Mapping[str, ast.expr],
        models: Mapping[str, ast.expr],
        imports: dict[str, set[str]],
        naming: Naming,
        label: ast.expr | None,
    ) -> None:
        self.body, self.facts, self.survey, self.catalog, self.names = body, facts, survey, catalog, names
        self.variables, self.outer, self.models, self.imports = dict(values), outer, models, imports
        self.naming, self.label = naming, label
        self.mentions = mentions(body, survey)
        self.statements: list[ast.stmt] = []
        self.bound: dict[str, Bound] = {}
        self.layers: dict[str, ast.expr] = {}
        self.flow: Bound | None = None
        self.live: list[str] = []
        self.flows: set[str] = set()
        self.flow_variable = ""
        self.tensors = ""
        self.at_first: ast.expr = ast.Dict([], [])
        self.frozen: ast.expr | None = None
        self.anchor: ast.expr | None = None
        self.step: Value | None = None
        self.start: Mapping[str, Any] = {}
        self.loops: list[str] = []
        self.carried: set[str] = set()
        self.write: Callable[[Value | None], None] = lambda steps: None

    # --- values -------------------------------------------------------------------------------------------
    def values(self) -> Values:
        """What makes Python of the expressions in the step at hand."""
        seen = self.survey.values(self.step) if self.step is not None else self.start
        return Values(self.variables, seen)

    def filled(self, value: Value) -> list[Any]:
        """What a value of the step at hand was in all expansions."""
        if self.step is not None:
            return self.survey.filled(self.step, value)
        found = fill_value(value, self.start, Reporter())
        return [] if found is None else [to_python(found)]

    def objects(self) -> Objects:
        """What makes constructor calls of the step at hand."""
        return Objects(self.catalog, self.models, self.imports, self.dynamic, self.seen)

    def dynamic(self, value: Value) -> ast.expr:
        """A value that holds a `$`."""
        return self.values().value(value)

    def seen(self, value: Value) -> Any:
        """What a value was in one expansion; None where it never was computed."""
        found = self.filled(value)
        return found[0] if found else None

    # --- flow ---------------------------------------------------------------------------------------------
    def start_flow(self) -> None:
        """Choose the variable of what flows."""
        self.flow_variable = self.free_flow()
        self.live.append(self.flow_variable)

    def free_flow(self, first: str = "") -> str:
        """A variable for what flows that nothing around uses: `first`, if it is free."""
        for wanted in ((first,) if first else ()) + FLOW:
            mine = wanted in self.flows or wanted not in self.names.taken
            if mine and wanted not in self.live and wanted not in self.mentions.names:
                self.flows.add(wanted)
                self.names.taken.add(wanted)
                return wanted
        made = self.names.new("x")
        self.flows.add(made)
        return made

    @contextmanager
    def inner_flow(self, start: Bound | None, wanted: str = "") -> Iterator[None]:
        """Within, what flows begins with `start` and has a variable of its own."""
        before = self.flow, self.flow_variable, len(self.live)
        self.flow, self.flow_variable = start, self.free_flow(wanted)
        self.live.append(self.flow_variable)
        yield
        self.flow, self.flow_variable = before[:2]
        del self.live[before[2] :]

    def settle(self) -> None:
        """Put what flows into its variable, where it lies elsewhere."""
        if self.flow is not None and not _is_name(self.flow.tree, self.flow_variable):
            self.statements.append(assign(self.flow_variable, self.flow.tree))
            self.flow = Bound(name(self.flow_variable), self.flow.kind, self.flow.flows)

    @contextmanager
    def suite(self) -> Iterator[list[ast.stmt]]:
        """Within, statements are those of an inner suite."""
        outer, inner = self.statements, list[ast.stmt]()
        self.statements = inner
        yield inner
        self.statements = outer

    def previous(self) -> Bound:
        """What flows; raises CannotSayError where nothing single does."""
        if self.flow is None and self.loops:  # what flows comes from the round before
            self.carried.add(self.flow_variable)
            return Bound(name(self.flow_variable))
        if self.flow is None:
            raise CannotSayError("nothing flows here")
        return self.flow

    # --- names --------------------------------------------------------------------------------------------
    def text(self, value: Scalar) -> ast.expr:
        """A text that may be computed."""
        return self.values().scalar(value) if value.dynamic else literal(str(value.value))

    def own_names(self, value: Scalar) -> list[str]:
        """All names that the `name` of a step was."""
        return [str(item) for item in self.filled(value)]

    def layer_name(self, value: Value | None) -> ast.expr | None:
        """The name of a layer in Keras: below the block's where it lies in one; None where it has none.

        Names that Keras may give itself are left to it: a name is given once in a model.
        """
        if not isinstance(value, Scalar) or self.naming == "none":
            return None
        own = self.text(value)
        if self.label is None:
            return None if self.facts.clashes(self.own_names(value)) else own
        parts = own.values if isinstance(own, ast.JoinedStr) else [_text_part(own)]
        whole = ast.JoinedStr([ast.FormattedValue(self.label, -1), ast.Constant("."), *parts])
        return whole if self.naming == "all" else ast.IfExp(self.label, whole, literal(None))

    def identity(self, step: Step, tree: ast.expr, plain: str = "") -> ast.expr:
        """A tensor under the user's name; `plain` is a kind whose generated names need none.

        Where layers have no names, it is there all the same: the order of a model's weights hangs on it.
        """
        value = step.get("name")
        if not isinstance(value, Scalar) or (plain and is_generated(str(value.value), plain)):
            return tree
        label = self.layer_name(value)
        return call(call(name("layers.Identity"), **({} if label is None else {"name": label})), tree)

    def deliver(self, step: Step, tree: ast.expr, kind: Kind = Kind.SYMBOLIC, flows: bool = True) -> None:
        """Put a step's output where its name, or what flows, has its place."""
        value = step.get("name")
        target = self.place(value) if isinstance(value, Scalar) else None
        if target is None:
            target = name(self.flow_variable if flows else self.names.new("value"))
        self.statements.append(assign(target, tree))
        found = Bound(target, kind, flows)
        if isinstance(value, Scalar):
            self.bind(value, found)
        if flows:
            self.flow = found

    def place(self, value: Scalar) -> ast.expr | None:
        """The variable or the entry for a name that is referred to; None for one that is not."""
        found = self.own_names(value)
        if not any(item in self.mentions.names for item in found):
            return None
        if any(item in self.mentions.computed for item in found):
            return subscript(self.dictionary(), self.text(value))
        return name(self.names.new(str(value.value)))

    def bind(self, value: Scalar, bound: Bound) -> None:
        """Let a name mean a tensor."""
        for item in self.own_names(value):
            computed = item in self.mentions.computed
            tree = subscript(self.dictionary(), literal(item)) if computed else bound.tree
            self.bound[item] = Bound(tree, bound.kind, bound.flows, bound.fields)

    def bind_fields(self, value: Scalar, base: ast.expr, outputs: Sequence[str]) -> None:
        """Let a name mean a dictionary of tensors."""
        for item in self.own_names(value):
            tree = base
            if item in self.mentions.computed:
                tree = subscript(self.dictionary(), literal(item))
            fields = {key: subscript(tree, literal(key)) for key in outputs}
            self.bound[item] = Bound(tree, fields=fields)

    def joined(self, node: n.Joined) -> list[str]:
        """All names that a name with values glued in was."""
        assert self.step is not None
        found = (joined_name(node, sight.values) for sight in self.survey.of(self.step))
        return [item for item in found if item is not None]

    def dictionary(self) -> ast.expr:
        """The dictionary of tensors with computed names; it is made at the start of the function."""
        if not self.tensors:
            self.tensors = self.names.new("tensors")
        return name(self.tensors)

    # --- looking up ---------------------------------------------------------------------------------------
    def look_up(self, text: str) -> Bound:
        """What a name that stands in the spec means."""
        if text == "previous":
            return self.previous()
        if text in self.bound:
            return self.bound[text]
        if text in self.mentions.computed:
            return Bound(subscript(self.dictionary(), literal(text)))
        base, _, key = text.rpartition(".")
        outer = self.bound.get(base)
        if outer is not None and key in outer.fields:
            return Bound(outer.fields[key])
        raise CannotSayError(f"`{text}` is made elsewhere")

    def tensor(self, value: Value) -> ast.expr:
        """The tensor that a name under `from` stands for."""
        assert isinstance(value, Scalar)
        if not value.dynamic:
            return self.look_up(str(value.value)).tree
        found = pieces(str(value.value))
        if len(found) == 1 and not isinstance(found[0], str):
            return self.computed(found[0][1], self.filled(value), self.values())
        return self.glued(value, found)

    def glued(self, value: Scalar, found: tuple[Any, ...]) -> ast.expr:
        first = found[0]
        if isinstance(first, str) and "." in first:  # an output of a step: `c.c$(level)`
            base, _, rest = first.rpartition(".")
            parts = [ast.Constant(rest)] if rest else []
            more = [ast.Constant(p) if isinstance(p, str) else self.values().glued(p[1]) for p in found[1:]]
            return subscript(self.look_up(base).tree, ast.JoinedStr([*parts, *more]))
        last = found[-1]
        if isinstance(last, str) and last.startswith("."):  # an output: `pool$(level).largest`
            base = str(value.value)[: -len(last)]
            return subscript(self.glued(Scalar(base, value.span), pieces(base)), literal(last[1:]))
        if any("." in str(item) for item in self.filled(value)):
            raise CannotSayError("the output of a step is named by an expression", value.span)
        return subscript(self.dictionary(), self.text(value))

    def computed(self, node: Expression, found: list[Any], values: Values) -> ast.expr:
        """The tensor, or the list of tensors, that an expression names; `found` are the names it was."""
        seen = values.seen_value(node)
        if isinstance(node, n.Constant):
            return literal(None) if node.value is None else self.look_up(str(node.value)).tree
        if isinstance(node, n.Conditional):
            sides = (self.part(side, values) for side in (node.then, node.otherwise))
            return ast.IfExp(values.tree(node.test), *sides)
        if isinstance(node, n.List):
            return ast.List([self.part(item, values) for item in node.items])
        if isinstance(node, n.Comprehension):
            whole = values.comprehension(node)
            assert isinstance(whole, ast.ListComp)
            whole.elt = self.part(node.element, values.inside(node))
            return whole
        if isinstance(node, n.Binary) and node.operator == "+" and isinstance(seen, list):
            return ast.BinOp(self.part(node.left, values), ast.Add(), self.part(node.right, values))
        texts = [text for item in found for text in (item if isinstance(item, list) else [item])]
        if any(text == "previous" or "." in str(text) for text in texts):
            raise CannotSayError("a tensor is named by an expression")
        if isinstance(seen, list):
            variable = ast.Name(values.variable("item"))
            generator = ast.comprehension(variable, values.tree(node), [], 0)
            return ast.ListComp(subscript(self.dictionary(), variable), [generator])
        return subscript(self.dictionary(), values.tree(node))

    def part(self, node: Expression, values: Values) -> ast.expr:
        """A part of an expression that names tensors."""
        return self.computed(node, [values.seen_value(node)], values)


def _is_name(tree: ast.expr, text: str) -> bool:
    return isinstance(tree, ast.Name) and tree.id == text


def _text_part(tree: ast.expr) -> ast.expr:
    return tree if isinstance(tree, ast.Constant) else ast.FormattedValue(tree, -1)
