"""`python -m benchmarks.programs [--rounds N] [NAME …]`: training programs against steps written by hand.

By hand is a `keras.Model` whose `train_step` is that of `benchmarks.steps_by_hand`, in plain `fit`; by spec
is what `specc train` runs. Both train on the same batches in memory, in turns in one process, tracing left
out; the ratio is the median over the rounds of by hand / by spec: above 1 the spec is faster.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

import keras
import tensorflow as tf

from benchmarks import steps_by_hand
from benchmarks.pairs import Pair
from benchmarks.report import machine, row
from specc.frontend.load import load_spec
from specc.frontend.programs.types import Program
from specc.frontend.spec import Spec
from specc.lower.models import build_models
from specc.training.compiling import choose_steps
from specc.training.executions import Executions
from specc.training.programs.build import build_trainer
from specc.training.programs.data import FieldData, fields_of

SPECS = Path(__file__).parents[1] / "specs"
RESULTS = Path(__file__).parent / "programs.md"
PROGRAMS = {
    "autoencoder/autoencoder": 0,
    "autoencoder/denoising": 0,
    "autoencoder/sparse": 0,
    "autoencoder/contractive": 0,
    "autoencoder/vae": 0,
    "autoencoder/vq_vae": 0,
    "anomaly/reconstruction": 0,
    "gan/dcgan": 0,
    "gan/least_squares": 0,
    "gan/hinge": 0,
    "gan/conditional": 0,
    "gan/auxiliary_classifier": 0,
    "gan/wgan_gp": 0,
    "gan/pix2pix": 0,
    "gan/cyclegan": 0,
    "super_resolution/espcn": 0,
    "super_resolution/srgan": 2,
    "distillation/distillation": 1,
    "contrastive/simclr": 0,
    "contrastive/clip": 0,
    "diffusion/ddpm": 0,
}
"""Specs, and which of their programs."""
STEPS = 96


class ByHand(keras.Model):  # type: ignore[misc]
    """A step written by hand, as Keras's own guide puts it into a model."""

    def __init__(self, models: dict[str, keras.Model], step: Callable[[Any], Any]) -> None:
        super().__init__()
        self.parts, self.step = models, step
        self.loss_mean = keras.metrics.Mean(name="loss")
        self.built = True

    @property
    def metrics(self) -> list[Any]:
        return [self.loss_mean]

    def train_step(self, data: Any) -> dict[str, Any]:
        self.loss_mean.update_state(self.step(data))
        return {"loss": self.loss_mean.result()}

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Everything is built; Keras's guide has its models built too."""


def measure(name: str, rounds: int) -> Pair:
    """Time one program both ways."""
    spec = load_spec(SPECS / f"{name}.yaml")
    assert spec.train is not None
    program = spec.train.programs[PROGRAMS[name]]
    batches = _batches(spec, program)
    ways = {"hand": _by_hand(name, spec, batches), "spec": _by_spec(spec, program, batches)}
    seconds: dict[str, list[float]] = {"hand": [], "spec": []}
    for number in range(rounds + 2):
        for way in sorted(ways, reverse=bool(number % 2)):
            began = time.perf_counter()
            ways[way]()
            if number > 1:  # the first trace
                seconds[way].append((time.perf_counter() - began) / STEPS)
    return Pair(name, tuple(seconds["hand"]), tuple(seconds["spec"]))


def _batches(spec: Spec, program: Program) -> tf.data.Dataset:
    assert spec.data is not None
    names = tuple(fields_of(program))
    data = FieldData(spec.data, names, spec.models, root=spec.path.parent, seed=spec.seed)
    held = list(data.batches("train", training=True, endless=True).take(STEPS))
    size = min(len(next(iter(batch.values()))) for batch in held)
    held = [{name: value[:size] for name, value in batch.items()} for batch in held]
    stacked = {name: tf.stack([batch[name] for batch in held]) for name in held[0]}
    options = tf.data.Options()  # the thread that tunes a dataset may hold up its end by half a second
    options.autotune.enabled = False
    return tf.data.Dataset.from_tensor_slices(stacked).with_options(options)


def _by_hand(name: str, spec: Spec, batches: tf.data.Dataset) -> Callable[[], Any]:
    models = build_models(spec)
    step = getattr(steps_by_hand, name.rpartition("/")[2])(models, keras.random.SeedGenerator(spec.seed))
    model = ByHand(models, step)
    model.compile()
    given = batches.prefetch(tf.data.AUTOTUNE)
    return lambda: model.fit(given, epochs=1, verbose=0, shuffle=False)


def _by_spec(spec: Spec, program: Program, batches: tf.data.Dataset) -> Callable[[], Any]:
    trainer = build_trainer(program, spec, build_models(spec))
    assert spec.data is not None
    trainer.steps_per_execution = choose_steps(trainer.work(), STEPS, spec.data.batch_size)
    given = batches.repeat().prefetch(tf.data.AUTOTUNE)
    trainer.train_function = Executions(trainer, STEPS)
    return lambda: trainer.fit(given, epochs=1, steps_per_epoch=STEPS, verbose=0, shuffle=False)


def page(pairs: list[Pair]) -> str:
    introduction = (__doc__ or "").partition("\n\n")[2].strip()
    rows = "\n".join(map(row, pairs))
    head = "| a step of | by hand | by spec | ratio | quartiles | at least | |"
    return (
        "# Training programs\n\n"
        f"Measured by `python -m benchmarks.programs`: {machine()}.\n\n{introduction}\n\n"
        f"{head}\n| --- | ---: | ---: | ---: | ---: | ---: | --- |\n{rows}\n"
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.programs", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("names", nargs="*", help="which; then nothing is written")
    arguments = parser.parse_args()
    pairs = []
    for name in arguments.names or PROGRAMS:
        pairs.append(measure(name, arguments.rounds))
        print(row(pairs[-1]), flush=True)
    if not arguments.names:
        RESULTS.write_text(page(pairs), encoding="utf-8")


if __name__ == "__main__":
    main()
