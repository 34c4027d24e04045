"""Where the tensors of a body lie: in variables, or, where names are computed, in a dictionary by name."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass, field

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.evaluate import evaluate, to_text
from specc.frontend.expressions.formula import tensor_names
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.frontend.steps import Step
from specc.python.facts import Body, walk
from specc.python.formulas import Kind
from specc.python.survey import Survey
from specc.source.values import Mapping, Scalar, Sequence, Value


@dataclass(frozen=True)
class Bound:
    """What a name of a body is: one tensor, or the named ones in `fields`.

    `flows` is False for what has no batch axis. `tree` is how it is written.
    """

    tree: ast.expr
    kind: Kind = Kind.SYMBOLIC
    flows: bool = True
    fields: dict[str, ast.expr] = field(default_factory=dict)


@dataclass(frozen=True)
class Mentions:
    """The names that a body's steps refer to, as they were in the expansions.

    `computed` are those that are made or looked up by a computed name: they lie in a dictionary. `reused` are
    the layers that are called again.
    """

    names: frozenset[str]
    computed: frozenset[str]
    reused: frozenset[str]


def mentions(body: Body, survey: Survey) -> Mentions:
    """What the steps and outputs of a body refer to."""
    names: set[str] = set()
    looked_up: set[str] = set()
    made: set[str] = set()
    reused: set[str] = set()
    for item, step, _ in walk(body.body.get("layers")):
        for value in (step.get("from"), step.argument if step.kind == "reuse" else None):
            found = set(_texts(survey.filled(item, value))) if value is not None else set()
            (reused if value is step.argument else names).update(found)
            if value is not None and value.dynamic and value is not step.argument:
                looked_up |= found
        if step.kind == "formula":
            static, computed = _in_formula(item, step, survey)
            names |= static | computed
            looked_up |= computed
        for key in ("name", "outputs"):
            value = step.get(key)
            if value is not None and value.dynamic:
                made |= set(_texts(survey.filled(item, value)))
    names |= set(_plain_texts(body.body.get("outputs")))
    whole = {part for name in names for part in _parts(name)}
    computed = {part for name in looked_up for part in _parts(name)} | made
    return Mentions(frozenset(whole), frozenset(computed & whole), frozenset(reused))


def _parts(name: str) -> Iterable[str]:
    """A name, and the step before its dot: `enc.memory`, `enc`."""
    base, _, _ = name.rpartition(".")
    return (name, base) if base else (name,)


def _texts(found: Iterable[object]) -> Iterable[str]:
    for item in found:
        if isinstance(item, str):
            yield item
        elif isinstance(item, list):
            yield from _texts(item)
        elif isinstance(item, dict):
            yield from _texts(item.values())


def _plain_texts(value: Value | None) -> Iterable[str]:
    if isinstance(value, Scalar):
        yield str(value.value)
    elif isinstance(value, Sequence):
        for item in value:
            yield from _plain_texts(item)
    elif isinstance(value, Mapping):
        for _, item in value:
            yield from _plain_texts(item)


def _in_formula(item: Value, step: Step, survey: Survey) -> tuple[set[str], set[str]]:
    """The tensors that a formula names, plainly and by computed names."""
    static: set[str] = set()
    computed: set[str] = set()
    if not isinstance(step.argument, Scalar):
        return static, computed
    expression = parse_text(str(step.argument.value))
    static |= {n.dotted(name) or "" for name in tensor_names(expression)}
    for joined in _joined(expression):
        for sight in survey.of(item):
            name = joined_name(joined, sight.values)
            if name is not None:
                computed.add(name)
    return static, computed


def _joined(expression: Expression) -> Iterable[n.Joined]:
    stack = [expression]
    while stack:
        node = stack.pop()
        if isinstance(node, n.Joined):
            yield node
        else:
            stack += n.children(node)


def joined_name(node: n.Joined, values: object) -> str | None:
    """The name that `skip$(level)` was; None where it could not be computed."""
    assert isinstance(values, dict)
    texts: list[str] = []
    for part in node.parts:
        if isinstance(part, n.Substitute):
            try:
                texts.append(to_text(evaluate(part.expression, values)))
            except ExpressionError:
                return None
        else:
            texts.append(part if isinstance(part, str) else n.dotted(part) or "")
    return "".join(texts)
