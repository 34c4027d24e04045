"""What is checked of programs once models, data and devices are known, before anything is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import keras

from specc.frontend.programs.types import Program
from specc.frontend.sections.train import TrainSection
from specc.frontend.spec import Spec
from specc.source.diagnostic import Reporter
from specc.training.checking import check_devices, check_optimizer, check_place, check_without_validation
from specc.training.freezing import Freezer
from specc.training.programs.data import FieldData

Models = Mapping[str, keras.Model]


def check_training(
    spec: Spec, models: Models, data: FieldData, freezer: Freezer, replicas: int, reporter: Reporter
) -> None:
    """Report where programs, models, data and devices do not go together, and what has no effect.

    The layers are left as the first program trains them.
    """
    section = spec.train
    assert section is not None
    _warn_of_unused(data, reporter)
    _check_callbacks(section.programs, data, reporter)
    _check_frozen(section.programs, models, freezer, reporter)
    if replicas > 1:
        _check_devices(section, models, data, replicas, reporter)


def _warn_of_unused(data: FieldData, reporter: Reporter) -> None:
    for field in data.section.unused(data.names):
        title = f"no formula of the program names the field `{field.name}`"
        reporter.warning("training-no-effect", title, field.span, help="use it, or remove it")


def _check_callbacks(programs: Sequence[Program], data: FieldData, reporter: Reporter) -> None:
    stages = [program.running for program in programs]
    for callback in {id(callback): callback for stage in stages for callback in stage.callbacks}.values():
        check_place(callback, reporter)
    for stage in stages if "validation" not in data.splits else ():
        check_without_validation(stage, reporter)


def _check_frozen(programs: Sequence[Program], models: Models, freezer: Freezer, reporter: Reporter) -> None:
    """Report patterns that match no layer, and updates that a stage leaves nothing to train."""
    freezer.check([program.running for program in programs], reporter)
    for program in reversed(programs):
        freezer.apply(program.running)
        for model in (model for update in program.updates for model in update.models):
            if not models[model.text].trainable_variables:
                title = f"nothing of `{model}` is left to train"
                help = "take it out of `models`, or less under `freeze`"
                reporter.error("program-frozen", title, model.span, help=help)


def _check_devices(
    section: TrainSection, models: Models, data: FieldData, replicas: int, reporter: Reporter
) -> None:
    """Report what several devices cannot do, and what they do otherwise than one."""
    for update in (update for program in section.programs for update in program.updates):
        check_optimizer(update.optimizer, reporter)
        if update.every > 1:
            title = "an update that is not made in every step does not work on several devices"
            reporter.error("training-strategy", title, update.span)
    check_devices(section, models.values(), data.left_out(replicas), replicas, reporter)
