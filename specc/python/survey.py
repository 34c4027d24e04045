"""What a spec's steps were when it was expanded: the values at each, and the tensors its formulas name.

The structure of the source comes from the spec's text alone; where the text leaves open what a value is (a
mapping or a list, which name it makes, a formula's dtypes), the expansion tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from specc.catalog.load import load
from specc.catalog.rules import NoRuleError, TensorType
from specc.frontend.expand import Expander
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import bind, rename, tensor_names
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.expressions.parser import parse_text
from specc.frontend.fill import fill_value
from specc.frontend.project import Project
from specc.frontend.scope import Scope, Tensor
from specc.frontend.spec import Source
from specc.frontend.wiring import look_up
from specc.graph.formulas import FormulaTypeError, infer_formula
from specc.graph.infer import Types
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping as Entries
from specc.source.values import Scalar, Value, to_python

MOST_SEEN = 2_000
"""How many expansions of one step are remembered."""


@dataclass
class Sight:
    """One expansion of a step. `tensors` are those its formula names, by their names in the graph."""

    model: str
    values: Mapping[str, Any]
    tensors: dict[str, str] = field(default_factory=dict)


class Survey:
    """The expansions of every step of a spec."""

    def __init__(self, source: Source, types: Mapping[str, Types]) -> None:
        self.sights: dict[int, list[Sight]] = {}
        self.types = types
        reporter = Reporter()
        _Watched(source, self, reporter).expand_all()
        reporter.stop_if_failed()

    def of(self, step: Value) -> list[Sight]:
        """How a step was expanded, each time; nothing where it never was."""
        return self.sights.get(id(step), [])

    def values(self, step: Value) -> Mapping[str, Any]:
        """The values at a step in one of its expansions."""
        found = self.of(step)
        return found[0].values if found else {}

    def filled(self, step: Value, value: Value) -> list[Any]:
        """What a value at a step was, in all expansions; those in which it was wrong are left out."""
        if not value.dynamic:
            return [to_python(value)]
        found = (fill_value(value, sight.values, Reporter()) for sight in self.of(step))
        return [to_python(item) for item in found if item is not None]

    def dtype(self, step: Value, expression: Expression) -> str | None:
        """The dtype of a part of a step's formula; None where it is not known."""
        for sight in self.of(step)[:1]:
            try:
                named = rename(bind(expression, sight.values), sight.tensors)
                found = infer_formula(named, self.types[sight.model].tensors).result
            except (ExpressionError, FormulaTypeError, NoRuleError):
                return None
            return found.dtype if isinstance(found, TensorType) else None
        return None

    def note(self, value: Value, scope: Scope, model: str) -> None:
        """Remember an expansion."""
        sights = self.sights.setdefault(id(value), [])
        if len(sights) < MOST_SEEN:
            sights.append(Sight(model, scope.values, {} if sights else _tensors(value, scope)))


def _tensors(value: Value, scope: Scope) -> dict[str, str]:
    formula = value.get("formula") if isinstance(value, Entries) else None
    if not isinstance(formula, Scalar) or formula.value is None:
        return {}
    try:
        expression = bind(parse_text(str(formula.value)), scope.values)
    except ExpressionError:
        return {}
    names = (n.dotted(item) or "" for item in tensor_names(expression))
    found = {item: look_up(item, scope, formula.span, Reporter()) for item in names}
    return {item: tensor.ref for item, tensor in found.items() if isinstance(tensor, Tensor)}


class _Watching(Expander):
    """Expands as ever, and notes each step."""

    def step(self, value: Value, scope: Scope) -> None:
        assert isinstance(self.project, _Watched)
        self.project.survey.note(value, scope, self.project.current)
        super().step(value, scope)


class _Watched(Project):
    expander = _Watching

    def __init__(self, source: Source, survey: Survey, reporter: Reporter) -> None:
        super().__init__(source.definitions, source.home, load(), reporter)
        self.survey = survey
