"""What callbacks watch: the names that a training's logs have."""

from __future__ import annotations

import keras

from specc.frontend.sections.train import Stage
from specc.frontend.sections.train_parts import snake_case
from specc.source.diagnostic import Reporter
from specc.source.suggest import did_you_mean
from specc.training.feed import Ports

MONITORS = ("EarlyStopping", "ReduceLROnPlateau", "ModelCheckpoint")
"""Callbacks that watch `val_loss` unless told otherwise."""


def check_monitors(stage: Stage, ports: Ports, reporter: Reporter) -> None:
    """Report a callback that watches what this training never logs: Keras would only warn, each epoch."""
    if any(not hasattr(keras.callbacks, callback.kind) for callback in stage.callbacks):
        return  # a callback from elsewhere may log what it likes
    known = log_names(stage, ports)
    for callback in stage.callbacks:
        monitor = callback.arguments.get("monitor")
        if callback.kind not in MONITORS or monitor is None or str(monitor).removeprefix("val_") in known:
            continue
        validated = str(monitor).startswith("val_")
        near = [f"val_{name}" for name in known] if validated else known
        reporter.error(
            "training-setting",
            f"`{callback.kind}` watches `{monitor}`, which this training does not measure",
            callback.span,
            "no such loss or metric",
            help=did_you_mean(str(monitor), near),
        )


def log_names(stage: Stage, ports: Ports) -> list[str]:
    """The names of losses and metrics, without `val_`."""
    found = ["loss", "learning_rate"]
    outputs = list(ports.outputs) if len(ports.outputs) > 1 else []
    found += [f"{name}_loss" for name in outputs]
    for metrics in (stage.metrics, stage.weighted_metrics):
        for output, objects in metrics.items():
            for metric in objects:
                names = [str(metric.arguments.get("name") or metric.kind), snake_case(metric.kind)]
                if metrics is stage.weighted_metrics:
                    names += [f"weighted_{name}" for name in names]
                found += [f"{output}_{name}" for name in names] if outputs else names
    return list(dict.fromkeys(found))
