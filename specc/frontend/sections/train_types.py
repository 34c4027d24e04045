"""What `train:` says, read: supervised stages, or training programs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from specc.catalog.objects import KerasObject
from specc.frontend.sections.train_parts import Glob
from specc.frontend.sections.train_settings import Precision
from specc.source.span import Span

if TYPE_CHECKING:
    from specc.frontend.programs.types import Program


@dataclass(frozen=True, slots=True)
class Stage:
    """One stretch of training; `train`'s own keys, where it has no `stages`.

    Everything that may be said per output is keyed by the output's name; `class_lists` are the outputs whose
    `class_weight` is written as a list. `optimizer` is None where the
    preceding stage's goes on. Each stage starts from the models' own `trainable`, then freezes what
    `freeze` names, then unfreezes what `unfreeze` names.
    """

    name: str
    epochs: int
    span: Span
    optimizer: KerasObject | None
    losses: dict[str, KerasObject]
    loss_weights: dict[str, float]
    metrics: dict[str, tuple[KerasObject, ...]]
    weighted_metrics: dict[str, tuple[KerasObject, ...]]
    sample_weight: dict[str, str]
    class_weight: dict[str, dict[int, float]]
    callbacks: tuple[KerasObject, ...] = ()
    freeze: tuple[Glob, ...] = ()
    unfreeze: tuple[Glob, ...] = ()
    steps_per_epoch: int | None = None
    validation_steps: int | None = None
    validation_freq: int = 1
    class_lists: tuple[str, ...] = ()

    @property
    def targets(self) -> tuple[str, ...]:
        """The outputs that need a target: those with a loss or a metric."""
        named = (*self.losses, *self.metrics, *self.weighted_metrics)
        return tuple(dict.fromkeys(named))


@dataclass(frozen=True, slots=True)
class TrainSection:
    """How a spec is trained: in supervised `stages`, or by `programs`, one after another.

    `jit_compile` and `steps_per_execution` are None where the trainer chooses.
    """

    stages: tuple[Stage, ...]
    span: Span
    precision: Precision = "float32"
    jit_compile: bool | None = None
    steps_per_execution: int | None = None
    programs: tuple[Program, ...] = ()
