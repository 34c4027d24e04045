"""A small problem that the tests of training share: two classes in eight numbers, a model built by hand."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from specc.catalog.load import load
from specc.data.order import Order
from specc.frontend.sections.train import Stage, TrainSection, read_train
from specc.source.diagnostic import Reporter
from specc.source.parse import parse
from specc.source.values import Mapping
from specc.training.checking import check
from specc.training.fitting import Training
from specc.training.folder import RunFolder, RunRecord, create
from specc.training.train import run


class Case:
    """Columns `x` [8], `label`, `other` and `weight`, in as many splits as are asked for."""

    batch_size = 16

    def __init__(self, splits: Sequence[str] = ("train",), size: int = 90) -> None:
        self.splits = tuple(splits)
        self.size = size
        random = np.random.default_rng(5)
        self.columns = {}
        for split in ("train", "validation", "test"):
            x = random.normal(size=(size, 8)).astype("float32")
            self.columns[split] = {
                "x": x,
                "label": (x[:, 0] + x[:, 1] > 0.3).astype("int32"),
                "other": x[:, 2:3] * 2,
                "weight": random.uniform(size=size).astype("float32"),
            }

    def count(self, split: str) -> int:
        return self.size

    def rows(self, split: str, first_epoch: int = 0, endless: bool = False) -> tf.data.Dataset:
        """Batches of all columns."""
        columns = {name: tf.constant(values) for name, values in self.columns[split].items()}
        training = split == "train"
        order = Order((self.size,), self.batch_size, training, 3, first=first_epoch, fixed=not training)

        def pick(rows: tf.Tensor, *_: tf.Tensor) -> dict[str, tf.Tensor]:
            return {name: tf.gather(values, rows[:, 0]) for name, values in columns.items()}

        return order.by_batch(endless).map(pick)

    def batches(
        self, split: str, stage: Stage, *, first_epoch: int = 0, endless: bool = False
    ) -> tf.data.Dataset:
        weights = stage.sample_weight

        def arrange(batch: dict[str, tf.Tensor]) -> Any:
            targets = {name: batch[name] for name in stage.targets}
            if not weights:
                return batch["x"], alone(targets)
            ones = tf.ones(tf.shape(batch["x"])[:1])
            given = {name: batch[weights[name]] if name in weights else ones for name in targets}
            return batch["x"], alone(targets), alone(given)

        return self.rows(split, first_epoch, endless).map(arrange)

    def targets(self, stage: Stage) -> Any:
        return self.batches("train", stage).element_spec[1]

    def labels(self, stage: Stage) -> dict[str, tuple[int, int]]:
        return {}

    def told(self) -> AbstractContextManager[None]:
        return nullcontext()


def alone(tensors: dict[str, Any]) -> Any:
    return next(iter(tensors.values())) if len(tensors) == 1 else tensors


def build(*outputs: str) -> keras.Model:
    """A model with the outputs `label` (two probabilities) and `other` (a number), or one of them."""
    keras.utils.set_random_seed(11)
    x = keras.Input((8,), name="x")
    hidden = keras.layers.Dense(12, activation="relu", name="hidden")(x)
    heads = {
        "label": keras.layers.Dense(2, activation="softmax", name="label"),
        "other": keras.layers.Dense(1, name="other"),
    }
    named = {name: heads[name](hidden) for name in outputs or ("label",)}
    return keras.Model(x, named if len(named) > 1 else next(iter(named.values())))


def section_of(text: str, outputs: Sequence[str] = ("label",)) -> TrainSection:
    reporter = Reporter()
    value = parse(text, "spec.yaml", reporter)
    assert isinstance(value, Mapping), list(reporter)
    section = read_train(value, tuple(outputs), load(), reporter)
    reporter.stop_if_failed()
    assert section is not None
    return section


RECORD = RunRecord("case", "running", "2026-01-01T00:00:00+00:00", 0, "auto")
BASE = "optimizer: adam\nloss: {label: sparse_categorical_crossentropy}\n"


def training(text: str, folder: Path, **settings: Any) -> Training:
    """What `run` takes, for a section's text."""
    model = settings.pop("model", None) or build()
    outputs = list(model.output) if isinstance(model.output, dict) else ["label"]
    return Training(
        model=model,
        section=section_of(text, outputs),
        data=settings.pop("data", None) or Case(),
        folder=create(folder, RECORD),
        strategy=settings.pop("strategy", None) or tf.distribute.get_strategy(),
        verbose=settings.pop("verbose", "silent"),
        **settings,
    )


def trained(text: str, folder: Path, **settings: Any) -> tuple[RunFolder, keras.Model]:
    """The run of a section's text, and the model as it was left."""
    made = training(text, folder, **settings)
    reporter = Reporter()
    check(made, reporter)
    reporter.stop_if_failed()
    return run(made), made.model


def weights(model: keras.Model) -> list[np.ndarray[Any, Any]]:
    return [variable.numpy() for variable in model.weights]


def losses(folder: RunFolder, column: str = "loss") -> list[float]:
    lines = folder.metrics.read_text().splitlines()
    position = lines[0].split(",").index(column)
    return [float(line.split(",")[position]) for line in lines[1:]]
