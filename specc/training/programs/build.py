"""From a spec to what its programs are trained with: built models, and those that follow others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import keras

from specc.frontend.programs.types import Program
from specc.frontend.project import Reference
from specc.frontend.spec import Spec
from specc.graph.ir import Graph
from specc.training.feed import Ports
from specc.training.freezing import Freezer, layers_of_all
from specc.training.programs.average import Average
from specc.training.programs.evaluation import Callee
from specc.training.programs.trainer import ProgramTrainer

MOMENTUM = 0.999
"""Of a model that follows another by averaging, where the spec says none."""


def build_trainer(
    program: Program, spec: Spec, models: Mapping[str, keras.Model], freezer: Freezer | None = None
) -> ProgramTrainer:
    """The trainer of a program of a spec, over its built models.

    `freezer` knows what of them was trainable before any stage; none where this is the first.
    """
    (freezer or Freezer(layers_of_all(models))).apply(program.running)
    section = spec.train
    averages = tuple(averages_of(spec, models))
    scaled = section is not None and section.precision == "mixed_float16"
    trainer = ProgramTrainer(program, callees_of(spec, models), averages, spec.seed, scale_losses=scaled)
    jit = bool(section is not None and section.jit_compile)
    trainer.compile(optimizer=trainer.update_optimizers[0], jit_compile=jit)
    trainer.prepare()
    return trainer


def callees_of(spec: Spec, models: Mapping[str, keras.Model]) -> dict[str, Callee]:
    """The models of a spec as formulas call them."""
    found = {}
    for name, model in models.items():
        found[name] = Callee(name, model, inputs_of(spec.models[name], model), still=not model.trainable)
    return found


def inputs_of(written: Graph | Reference, model: keras.Model) -> tuple[str, ...]:
    """The names of a model's inputs, in the spec's order."""
    if isinstance(written, Graph):
        return tuple(spec.name for spec in written.inputs)
    return tuple(Ports.of(model).inputs)


def averages_of(spec: Spec, models: Mapping[str, keras.Model]) -> Iterator[Average]:
    """The models that follow others."""
    for name, written in spec.models.items():
        if isinstance(written, Reference) and written.form == "average_of":
            momentum = float(written.settings.get("momentum", MOMENTUM))
            yield Average(models[name], models[str(written.settings["average_of"])], momentum)
