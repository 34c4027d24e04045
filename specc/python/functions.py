"""What the functions of blocks and of models have in common."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Mapping
from typing import Any

from specc.catalog.load import load
from specc.frontend.spec import Source, Spec
from specc.graph.infer import Types
from specc.python.builder import Builder
from specc.python.facts import BlockFacts, Body, Facts
from specc.python.formulas import Kind
from specc.python.names import Names
from specc.python.parts import ALL_MODELS, COMPILE, RAW_WEIGHT, text
from specc.python.places import Bound
from specc.python.prune import is_read, loaded, prune, returned
from specc.python.steps import write_steps
from specc.python.survey import Survey
from specc.python.trees import as_tuple, assign, call, name
from specc.python.values import Values
from specc.source.values import Mapping as Entries
from specc.source.values import Scalar, Value


class Functions:
    """What is known of a spec while its functions are written.

    `builders` are the names of the functions that make models, `keywords` those of the spec's parameters in
    each, and `imports` the plugins' classes by module.
    """

    def __init__(
        self, spec: Spec, source: Source, types: Mapping[str, Types], builders: Mapping[str, str]
    ) -> None:
        self.spec, self.source, self.types, self.builders = spec, source, types, builders
        self.names = Names((*builders.values(), RAW_WEIGHT, ALL_MODELS, COMPILE))
        self.survey = Survey(source, types)
        self.facts = Facts(source, self.survey, self.names, spec.models)
        self.imports: dict[str, set[str]] = {}
        self.keywords: dict[str, dict[str, str]] = {}

    def builder(
        self,
        body: Body,
        names: Names,
        values: Mapping[str, ast.expr],
        outer: Mapping[str, ast.expr],
        models: Mapping[str, ast.expr],
        label: ast.expr | None,
    ) -> Builder:
        naming = body.naming if isinstance(body, BlockFacts) else "all"
        made = Builder(
            body, self.facts, self.survey, load(), names, values, outer, models, self.imports, naming, label
        )
        made.write = lambda steps: write_steps(made, steps)
        return made

    def lets(
        self, made: Builder, section: Value | None, seen: Mapping[str, Any], bound: bool = False
    ) -> dict[str, None]:
        """Assign the values of a `let`; gives the variables."""
        found: dict[str, None] = {}
        for key, value in section if isinstance(section, Entries) else ():
            if not bound:
                made.variables[key] = name(made.names.new(key))
            variable = made.variables[key]
            assert isinstance(variable, ast.Name)
            found[variable.id] = None
            made.statements.append(ast.Assign([variable], Values(made.variables, seen).value(value)))
        return found

    def weights(self, made: Builder, body: Entries) -> None:
        """The raw weights of a body."""
        section = body.get("weights")
        for key, value in section if isinstance(section, Entries) else ():
            assert isinstance(value, Entries) and made.anchor is not None
            shape = value.get("shape")
            assert shape is not None
            table = call(name(RAW_WEIGHT), made.anchor, as_tuple(made.values().value(shape)))
            initializer = value.get("initializer")
            if initializer is not None:
                found = made.objects().object(initializer, "initializer")
                table.keywords.append(ast.keyword("initializer", found))
            trainable = value.get("trainable")
            if trainable is not None:
                table.keywords.append(ast.keyword("trainable", made.values().value(trainable)))
            elif made.frozen is not None:
                table.keywords.append(ast.keyword("trainable", made.frozen))
            label = made.layer_name(Scalar(key, value.span))
            if label is not None:
                table.keywords.append(ast.keyword("name", label))
            variable = name(made.names.new(key))
            made.statements.append(ast.Assign([variable], table))
            made.bound[key] = Bound(variable, Kind.SYMBOLIC, flows=False)

    def finished(self, made: Builder, lets: Iterable[str], *end: ast.stmt) -> list[ast.stmt]:
        """The statements of a body, without values that nothing uses."""
        statements = [*made.statements, *end]
        if made.tensors and not is_read(made.tensors, statements):
            statements = [part for part in statements if made.tensors not in loaded([part])]
        elif made.tensors:
            used = (n for n, part in enumerate(statements) if made.tensors in loaded([part]))
            statements.insert(next(used, 0), assign(made.tensors, made.at_first))
        return returned(prune(statements, set(lets), made.flows))


def references(value: Value) -> list[str]:
    """The tensors that `outputs` names, in order."""
    if isinstance(value, Scalar):
        return [str(value.value)]
    items = [item for _, item in value] if isinstance(value, Entries) else list(value)
    return [str(item.value) for item in items if isinstance(item, Scalar)]


def docstrings(title: str, helps: Mapping[str, str]) -> list[ast.stmt]:
    """A docstring of what parameters mean."""
    lines = [f"- {key}: {' '.join(words.split())}" for key, words in helps.items()]
    if not lines:
        return [text(title)] if title else []
    return [text("\n".join([title or "Parameters:", "", *lines]))]
