"""What the transforms have learnt, as plain JSON: no pickles, nothing that is executed."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from specc.catalog.load import load
from specc.catalog.objects import plain
from specc.data.errors import fail
from specc.data.transforms import Chain, FormulaStep, LayerStep, Step
from specc.frontend.expressions.formula import unparse
from specc.frontend.sections.data import Formula
from specc.frontend.sections.data_fields import read_transforms
from specc.frontend.sections.data_settings import Context
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import from_python

VERSION = 1


@dataclass(frozen=True)
class Fitted:
    """The transforms of each field with what they have learnt.

    `fields[name]` is a list of `{"layer": {kind: arguments}, "state": {…}}` and `{"formula": text}`.
    """

    fields: Mapping[str, Sequence[Mapping[str, Any]]]

    @classmethod
    def of(cls, chains: Mapping[str, Chain]) -> Fitted:
        """What chains, by field, have learnt."""
        return cls({name: [_written(step) for step in chain.steps] for name, chain in chains.items()})

    def to_json(self) -> str:
        """The text of a file that `from_json` reads."""
        return json.dumps({"version": VERSION, "fields": self.fields}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str, file: str) -> Fitted:
        """Read what `to_json` wrote; raises SpecError (`data-fitted`)."""
        try:
            data = json.loads(text)
            fields = data["fields"]
            known = data["version"] == VERSION and all(isinstance(steps, list) for steps in fields.values())
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
            known = False
        if not known:
            fail("data-fitted", f"`{file}` holds no fitted transforms of this version", _start(file))
        return cls(fields)

    def chain(self, field: str, file: str = "fitted.json") -> Chain:
        """The transforms of one field, built and fitted; raises SpecError where there are none."""
        if field not in self.fields:
            fail("data-fitted", f"`{file}` holds no field `{field}`", _start(file))
        return Chain([_read(step, file) for step in self.fields[field]])


def _written(step: Step) -> dict[str, Any]:
    if isinstance(step, FormulaStep):
        return {"formula": unparse(step.formula.expression)}
    arguments = plain(step.object.arguments)
    return {"layer": {step.object.kind: arguments}, "state": step.state or {}}


_STATE = ("mean", "variance", "bin_boundaries", "vocabulary", "idf_weights")
"""The arguments that layers learn. All are numbers or lists: Keras would open a text as a file."""


def _read(step: Any, file: str) -> Step:
    span, reporter = _start(file), Reporter()
    if not _is_step(step):
        fail("data-fitted", f"`{file}` holds a transform that no run has written", span)
    written = {"formula": step["formula"]} if "formula" in step else step["layer"]
    found = read_transforms(from_python(written, span), Context(load(), {}, reporter))
    reporter.stop_if_failed()
    transform = found[0]
    return FormulaStep(transform) if isinstance(transform, Formula) else LayerStep(transform, step["state"])


def _is_step(step: Any) -> bool:
    """Whether this is of the form that `_written` gives, with a state that holds data alone."""
    if not isinstance(step, dict):
        return False
    if "formula" in step:
        return isinstance(step["formula"], str)
    state = step.get("state")
    return (
        isinstance(step.get("layer"), dict)
        and isinstance(state, dict)
        and all(name in _STATE and isinstance(value, (list, float, int)) for name, value in state.items())
    )


def _start(file: str) -> Span:
    return Span(file, 1, 1, 1, 1)
