"""Callbacks beside a training program: what they watch and move has to be there."""

from __future__ import annotations

from specc.catalog.objects import KerasObject
from specc.catalog.signature import Catalog
from specc.frontend.programs.read import WHOLE_LOSS
from specc.frontend.programs.types import Program
from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean

WATCHING = ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint")
"""Callbacks that take a `monitor`."""

LEARNING_RATE = "learning_rate"


def check_callbacks(program: Program, catalog: Catalog, reporter: Reporter) -> None:
    """Report callbacks that watch what is not measured, or that fit a single model and optimizer only."""
    callbacks = program.running.callbacks
    others_log = any(catalog.objects["callback"][callback.kind].plugin for callback in callbacks)
    for callback in callbacks:
        if not others_log:
            _check_monitor(program, callback, reporter)
        _check_use(program, callback, reporter)


def _check_monitor(program: Program, callback: KerasObject, reporter: Reporter) -> None:
    """Keras only warns of a name that is never logged, each epoch."""
    monitor = callback.arguments.get("monitor")
    if callback.kind not in WATCHING or monitor is None:
        return
    known = [WHOLE_LOSS, *program.log_names]
    validated = str(monitor).startswith("val_")
    if str(monitor).removeprefix("val_") in known or monitor == LEARNING_RATE:
        return
    title = f"`{callback.kind}` watches `{monitor}`, which this training does not measure"
    help = did_you_mean(str(monitor), [f"val_{name}" for name in known] if validated else known)
    reporter.error("training-setting", title, callback.span, "no such loss or metric", help=help)


def _check_use(program: Program, callback: KerasObject, reporter: Reporter) -> None:
    title = help = ""
    if callback.kind == "ReduceLROnPlateau" and len(program.updates) > 1:
        title = (
            f"`ReduceLROnPlateau` lowers one learning rate, and {len(program.updates)} updates have their own"
        )
        help = "give the optimizers a schedule: `learning_rate: {CosineDecay: …}`, say"
    elif callback.kind == "SwapEMAWeights":
        title = "`SwapEMAWeights` swaps the weights of one model, and a program has several"
        help = "`use_ema` alone gives the averages to the weights in the end; `average_of` is a model of them"
    elif callback.kind == "ModelCheckpoint" and not callback.arguments.get("save_weights_only"):
        title = "`ModelCheckpoint` keeps one model, and a program has several"
        help = "keep their weights: `save_weights_only: true`, and `filepath` ends in `.weights.h5`"
    if title:
        reporter.error("training-program", title, callback.span, help=help)
