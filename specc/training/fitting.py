"""Fitting a built model, stage by stage."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import keras
import tensorflow as tf

from specc.catalog.objects import KerasObject
from specc.frontend.expressions.nodes import ExpressionError
from specc.frontend.sections.train import Stage, TrainSection
from specc.frontend.sections.train_parts import PATH_ARGUMENTS
from specc.lower.objects import make
from specc.source.diagnostic import Diagnostic, RunError
from specc.training.batches import Data, kept, steps_of
from specc.training.compiling import choose_steps, compile_model, forward_work, prepare
from specc.training.executions import Executions
from specc.training.feed import Ports, feeder
from specc.training.folder import RunFolder, reporting
from specc.training.freezing import Freezer, layers_of
from specc.training.reasons import help_for, reason_of
from specc.training.replicas import only_divisible, share_batches
from specc.training.strategy import on_gpu
from specc.training.watching import Journal, Keeper, Watcher

Verbose = Literal["bar", "line", "silent"]

LIBRARY_ERRORS = (
    ValueError, TypeError, KeyError, AttributeError, ImportError, ExpressionError, tf.errors.OpError,
)  # fmt: skip
"""What Keras and TensorFlow raise where data and model do not go together, or a callback lacks a package; and
formulas where only Keras knows what a model gives."""


@dataclass(frozen=True)
class Training:
    """A model built under `strategy`, and all it takes to fit it.

    `callbacks` come on top of the section's; `epochs` replaces every stage's.
    """

    model: keras.Model
    section: TrainSection
    data: Data
    folder: RunFolder
    strategy: tf.distribute.Strategy
    callbacks: Sequence[keras.callbacks.Callback] = ()
    epochs: int | None = None
    verbose: Verbose = "line"
    log: Callable[[str], None] = print

    @property
    def replicas(self) -> int:
        """The number of devices that share each batch."""
        return int(self.strategy.num_replicas_in_sync)

    @property
    def stages(self) -> tuple[Stage, ...]:
        """The stages, with the number of epochs that they are to have."""
        if self.epochs is None:
            return self.section.stages
        return tuple(replace(stage, epochs=self.epochs) for stage in self.section.stages)

    def batches(self, split: str, stage: Stage, *, first_epoch: int = 0) -> tf.data.Dataset:
        """The batches of a split as `fit` takes them: of training all epochs in turn, else one pass."""
        training = split == "train"
        batches = self.data.batches(split, stage, first_epoch=first_epoch, endless=training)
        if training and self.replicas > 1:
            batches = only_divisible(batches, self.replicas)
        feed = feeder(Ports.of(self.model, next(iter(stage.targets), None)), stage, training=training)
        return batches if feed is None else batches.map(feed).prefetch(tf.data.AUTOTUNE)


def fit(training: Training, journal: Journal, keeper: Keeper) -> None:
    """Fit all stages, one after another.

    Raises RunError where the loss is no number any more or Keras cannot go on, and lets KeyboardInterrupt
    pass; the journal and the keeper then hold what was reached.
    """
    freezer = Freezer(layers_of(training.model))
    total = sum(stage.epochs for stage in training.stages)
    preceding: Stage | None = None
    for position, stage in enumerate(training.stages):
        if preceding is not None and minimises(stage) != minimises(preceding):
            keeper.forget()
        batches = training.batches("train", stage, first_epoch=journal.epochs)
        with Explained(stage, journal):
            _compile(training, freezer, position, batches.element_spec)
        validated = "validation" in training.data.splits
        log = training.log if training.verbose == "line" else None
        watcher = Watcher(stage.name, journal, keeper, validated=validated, log=log, total=total)
        with Explained(stage, journal), training.data.told():
            _fit_stage(training, stage, batches, watcher)
        preceding = stage


def minimises(stage: Stage) -> tuple[Any, ...]:
    """What a stage's loss is made of; equal where two stages' losses can be compared."""
    spans = {name: (loss.kind, loss.span) for name, loss in stage.losses.items()}
    return spans, stage.loss_weights, stage.sample_weight


def _compile(training: Training, freezer: Freezer, position: int, element: tuple[Any, ...]) -> None:
    stage, model = training.stages[position], training.model
    with training.strategy.scope():
        optimizer = model.optimizer if stage.optimizer is None else make(stage.optimizer)
        steps = _steps_per_execution(training, stage)
        freezer.apply(stage)
        compile_model(
            model, stage, optimizer=optimizer, steps_per_execution=steps, jit_compile=_jit(training)
        )
        if stage.optimizer is not None:
            model.optimizer.build(_trained_by_one_optimizer(training, freezer, position))
            freezer.apply(stage)
        prepare(model, element)
        if training.replicas > 1:
            share_batches(model)


def _trained_by_one_optimizer(training: Training, freezer: Freezer, position: int) -> list[Any]:
    """The variables that are trained from this stage on, until another optimizer takes over."""
    found: dict[int, Any] = {}
    for later, stage in enumerate(training.stages[position:]):
        if later and stage.optimizer is not None:
            break
        freezer.apply(stage)
        found |= {id(variable): variable for variable in training.model.trainable_variables}
    return list(found.values())


def _jit(training: Training) -> bool | str:
    if training.section.jit_compile is not None:
        return training.section.jit_compile
    return "auto" if on_gpu(training.strategy) and training.replicas == 1 else False


def _steps_per_execution(training: Training, stage: Stage) -> int:
    if training.replicas > 1 or any(by_batch(callback) for callback in stage.callbacks):
        return 1
    steps = steps_of(stage, training.data, training.replicas)
    given = training.section.steps_per_execution
    return given or choose_steps(forward_work(training.model), steps, training.data.batch_size)


def by_batch(callback: KerasObject) -> bool:
    """Whether a callback counts batches, which an execution of several steps would hide from it."""
    return any(callback.arguments.get(name, "epoch") != "epoch" for name in ("save_freq", "update_freq"))


def _fit_stage(training: Training, stage: Stage, batches: tf.data.Dataset, watcher: Watcher) -> None:
    validation = None
    if "validation" in training.data.splits:
        validation = training.batches("validation", stage)
        if stage.validation_steps is not None:
            validation = validation.take(stage.validation_steps)
        validation = kept(validation, training.data.count("validation"))
    steps = steps_of(stage, training.data, training.replicas)
    training.model.train_function = Executions(training.model, steps)
    training.model.fit(
        batches,
        epochs=stage.epochs,
        steps_per_epoch=steps,
        validation_data=validation,
        validation_freq=stage.validation_freq,
        callbacks=[*build_callbacks(stage.callbacks, training.folder.path), *training.callbacks, watcher],
        verbose=1 if training.verbose == "bar" else 0,
        shuffle=False,  # the data section has shuffled
    )


def build_callbacks(callbacks: Sequence[KerasObject], folder: Path) -> list[keras.callbacks.Callback]:
    """A spec's callbacks; what they write lies in `folder`."""
    return [make(_placed(callback, folder)) for callback in callbacks]


def _placed(callback: KerasObject, folder: Path) -> KerasObject:
    argument = PATH_ARGUMENTS.get(callback.kind)
    if argument is None:
        return callback
    path = folder / str(callback.arguments.get(argument, "logs"))
    with reporting(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        if callback.kind == "BackupAndRestore" and path.is_dir():
            shutil.rmtree(path)  # of the run that this one overwrites: each starts anew
    return replace(callback, arguments={**callback.arguments, argument: str(path)})


class Explained(AbstractContextManager[None]):
    """Puts what Keras raises under a title of ours, at the stage."""

    def __init__(self, stage: Stage, journal: Journal) -> None:
        self._stage = stage
        self._journal = journal

    def __exit__(self, kind: Any, error: BaseException | None, traceback: Any) -> None:
        if isinstance(error, LIBRARY_ERRORS):
            epoch = self._journal.epochs + 1
            raise RunError(
                [
                    Diagnostic(
                        "training-failed",
                        f"training failed in epoch {epoch}",
                        self._stage.span,
                        "while training this",
                        notes=(reason_of(error),),
                        help=help_for(str(error)),
                    )
                ]
            ) from error
