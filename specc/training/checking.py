"""What is checked of a training once model, data and devices are known, before anything is written."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import PurePath

import keras

from specc.catalog.objects import KerasObject
from specc.frontend.sections.train import Stage, TrainSection
from specc.frontend.sections.train_parts import PATH_ARGUMENTS
from specc.lower.saved import MODELS
from specc.source.diagnostic import Reporter
from specc.training.batches import left_out
from specc.training.detection import check_box_metrics
from specc.training.feed import Ports
from specc.training.fitting import Training, by_batch
from specc.training.folder import FILES, SAMPLES, TRAINED
from specc.training.freezing import Freezer, layers_of
from specc.training.monitors import MONITORS, check_monitors
from specc.training.segmentation import check_overlap_metrics
from specc.training.targets import check_class_weights, check_labels, check_targets

PER_REPLICA = ("clipnorm", "global_clipnorm", "clipvalue", "gradient_accumulation_steps")
"""Optimizer arguments that act on each replica's gradients before they are summed."""


def check(training: Training, reporter: Reporter) -> None:
    """Report where section, model, data and devices do not go together, and what has no effect."""
    Freezer(layers_of(training.model)).check(training.stages, reporter)
    for callback in {id(c): c for stage in training.stages for c in stage.callbacks}.values():
        check_place(callback, reporter)
    for stage in training.stages:
        ports = Ports.of(training.model, next(iter(stage.targets), None))
        check_targets(stage, ports, training.data.targets(stage), reporter)
        check_labels(stage, ports, training.data.labels(stage), reporter)
        check_class_weights(stage, ports, reporter)
        check_overlap_metrics(stage, ports, reporter)
        check_box_metrics(stage, training.data, reporter)
        if not training.callbacks:
            check_monitors(stage, ports, reporter)
        _check_steps(training, stage, reporter)
    if "validation" not in training.data.splits:
        for stage in training.stages:
            check_without_validation(stage, reporter)
    if training.replicas > 1:
        _check_replicas(training, reporter)


def check_place(callback: KerasObject, reporter: Reporter) -> None:
    """Report a callback that would write over what the run itself writes."""
    path = PurePath(str(callback.arguments.get(PATH_ARGUMENTS.get(callback.kind, ""), "logs")))
    if path.parts[0] in (*FILES, MODELS, TRAINED, SAMPLES):
        reporter.error(
            "callback-path",
            f"`{callback.kind}` would write over the run's own `{path.parts[0]}`",
            callback.span,
            help="give another name",
        )


def _check_steps(training: Training, stage: Stage, reporter: Reporter) -> None:
    """Warn where a callback that counts batches makes each execution one step."""
    steps = training.section.steps_per_execution
    counting = next((callback for callback in stage.callbacks if by_batch(callback)), None)
    if steps is not None and steps > 1 and counting is not None:
        reporter.warning(
            "training-no-effect",
            f"`{counting.kind}` counts batches, so each execution is one step",
            counting.span,
            "`steps_per_execution` has no effect",
            help="let it act by epoch, or remove `steps_per_execution`",
        )


def check_without_validation(stage: Stage, reporter: Reporter) -> None:
    """Warn of what needs a validation split, where there is none."""
    for callback in stage.callbacks:
        monitor = str(callback.arguments.get("monitor", "val_loss"))
        checkpoint = callback.kind == "ModelCheckpoint" and not callback.arguments.get("save_best_only")
        if callback.kind in MONITORS and monitor.startswith("val_") and not checkpoint:
            reporter.warning(
                "training-no-effect",
                f"`{callback.kind}` watches `{monitor}`, and there is no validation split",
                callback.span,
                "has no effect",
                help=f"give `split` a `validation` part, or say `monitor: {monitor.removeprefix('val_')}`",
            )
    if stage.validation_steps is not None or stage.validation_freq != 1:
        title = "validation is set up, and there is no validation split"
        reporter.warning("training-no-effect", title, stage.span, "`validation_…` has no effect")


def _check_replicas(training: Training, reporter: Reporter) -> None:
    for stage in training.stages:
        if stage.optimizer is not None:
            check_optimizer(stage.optimizer, reporter)
    rest = left_out(training.data, training.replicas)
    check_devices(training.section, [training.model], rest, training.replicas, reporter)


def check_devices(
    section: TrainSection, models: Iterable[keras.Model], rest: int, replicas: int, reporter: Reporter
) -> None:
    """Report what several devices cannot do, and what they do otherwise than one.

    `rest` are the examples at the end of an epoch that are left out.
    """
    if section.jit_compile:
        reporter.error(
            "training-strategy",
            "`jit_compile` does not work on several devices",
            section.span,
            help="leave `jit_compile` at `auto`, or train with the strategy `one_device`",
        )
    if section.steps_per_execution is not None and section.steps_per_execution > 1:
        title = f"on {replicas} devices each execution is one step"
        reporter.warning("training-no-effect", title, section.span, "`steps_per_execution` has no effect")
    if rest:
        reporter.warning(
            "training-left-out",
            f"the last {rest} examples of each epoch are too few for {replicas} devices",
            section.span,
            "are left out",
            help="another `batch_size` leaves a larger rest",
        )
    drawing = [layer.name for model in models for layer in model._flatten_layers() if _draws(layer)]
    if drawing:
        reporter.warning(
            "training-same-draws",
            f"`{drawing[0]}` draws the same random numbers on each of {replicas} devices",
            section.span,
            notes=[f"so do {len(drawing) - 1} other layers"] if len(drawing) > 1 else [],
        )


def check_optimizer(optimizer: KerasObject, reporter: Reporter) -> None:
    """Report what an optimizer does to each replica's gradients, where there are several."""
    for name in PER_REPLICA:
        if optimizer.arguments.get(name) is not None:
            reporter.error(
                "training-strategy",
                f"`{name}` would act on each device's gradients apart",
                optimizer.span,
                "does not work on several devices",
                help=f"leave `{name}` out, or train with the strategy `one_device`",
            )


def _draws(layer: keras.layers.Layer) -> bool:
    return isinstance(getattr(layer, "seed_generator", None), keras.random.SeedGenerator)
