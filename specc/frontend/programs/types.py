"""A training program: tensors named by formula, then updates of models by optimizers and loss terms."""

from __future__ import annotations

from dataclasses import dataclass, field

from specc.catalog.objects import KerasObject
from specc.frontend.sections.data_types import Formula, Located
from specc.frontend.sections.train_types import Stage
from specc.source.span import Span


@dataclass(frozen=True, slots=True)
class Term:
    """One scalar term of an update's loss."""

    name: str
    formula: Formula
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Update:
    """One update: the gradient of its terms moves the weights of `models`.

    It is done `repeat` times in each step of training, with new draws each time; with `every`, in each
    `every`-th step only.
    """

    models: tuple[Located, ...]
    terms: tuple[Term, ...]
    optimizer: KerasObject
    span: Span
    repeat: int = 1
    every: int = 1


@dataclass(frozen=True, slots=True)
class State:
    """A tensor that training carries from step to step; `update` is its next value."""

    name: str
    shape: tuple[int, ...]
    initializer: KerasObject | None
    update: Formula
    span: Span


@dataclass(frozen=True, slots=True)
class Program:
    """All of a training program. `derive` names tensors by formula, each of names before it.

    `running` says how long it is trained, and what watches it.
    """

    derive: dict[str, Formula]
    updates: tuple[Update, ...]
    running: Stage
    span: Span
    metrics: dict[str, Formula] = field(default_factory=dict)
    states: dict[str, State] = field(default_factory=dict)

    @property
    def formulas(self) -> tuple[Formula, ...]:
        """Every formula: derived tensors, terms (they may bear tensors' names), metrics, next states."""
        terms = (term.formula for update in self.updates for term in update.terms)
        states = (state.update for state in self.states.values())
        return (*self.derive.values(), *terms, *self.metrics.values(), *states)

    @property
    def log_names(self) -> tuple[str, ...]:
        """What training writes down of each epoch, beside `loss`."""
        terms = (term.name for update in self.updates for term in update.terms)
        return (*dict.fromkeys(terms), *self.metrics)
