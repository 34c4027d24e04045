"""What a program names of Keras, made: its optimizers, and its metrics."""

from __future__ import annotations

from dataclasses import replace

import keras

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.frontend.expressions import nodes as n
from specc.frontend.programs.arguments import read_call
from specc.frontend.sections.data_types import Formula
from specc.lower.objects import make
from specc.source.diagnostic import Reporter


def make_optimizer(written: KerasObject, scale_losses: bool) -> keras.optimizers.Optimizer:
    """An update's optimizer; with `scale_losses` one that keeps small gradients from vanishing in 16 bits."""
    made: keras.optimizers.Optimizer = make(written)
    if scale_losses and not isinstance(made, keras.optimizers.LossScaleOptimizer):
        made = keras.optimizers.LossScaleOptimizer(made)
    return made


def make_tracker(name: str, formula: Formula) -> keras.metrics.Metric:
    """The Keras metric that a formula is."""
    call = formula.expression
    assert isinstance(call, n.Call)
    reporter = Reporter()
    found = read_call(call, formula, "metric", load(), reporter)
    reporter.stop_if_failed()
    assert found is not None
    made: keras.metrics.Metric = make(replace(found, arguments=found.arguments | {"name": name}))
    return made
