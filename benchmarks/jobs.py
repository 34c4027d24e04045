"""The same models by hand and by spec, trained with the same data, batches, epochs and optimizer."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
from keras import layers
from sklearn.datasets import load_digits

import specc

SPECS = Path(__file__).parent / "specs"
TRAIN = 1400
Build = Callable[[], keras.Model]
Arrays = tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]


class EpochTimes(keras.callbacks.Callback):  # type: ignore[misc]
    """The seconds of each epoch."""

    def __init__(self) -> None:
        super().__init__()
        self.seconds: list[float] = []
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._began = time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self.seconds.append(time.perf_counter() - self._began)

    @property
    def steady(self) -> float:
        """The median epoch but for the first, which traces."""
        return float(np.median(self.seconds[1:]))


@dataclass(frozen=True)
class Job:
    """One model with its training, both ways."""

    name: str
    spec: Path
    build: Build
    data: Callable[[], tuple[Arrays, Arrays]]
    epochs: int
    params: Mapping[str, Any] = field(default_factory=dict)

    def build_by_hand(self) -> keras.Model:
        return self.build()

    def build_by_spec(self) -> keras.Model:
        return specc.compile_models(self.spec, self.params)["model"]

    def compile_by_hand(self) -> keras.Model:
        """As `specc.compile` leaves it: ready for `fit`, the optimizer's state made."""
        model = self.build()
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.optimizer.build(model.trainable_variables)
        return model

    def compile_by_spec(self) -> keras.Model:
        return specc.compile(self.spec, self.params)

    def train_by_hand(self, times: EpochTimes) -> float:
        """Data, model, plain `fit` on arrays, the test's accuracy; nothing is written."""
        keras.utils.set_random_seed(7)
        (x, y), test = self.data()
        model = self.build()
        model.compile(optimizer="adam", loss="sparse_categorical_crossentropy", metrics=["accuracy"])
        model.fit(x, y, batch_size=32, epochs=self.epochs, verbose=0, callbacks=[times])
        return float(model.evaluate(*test, batch_size=32, verbose=0)[1])

    def train_by_spec(self, times: EpochTimes) -> float:
        """`specc.train`: checks, data, model, training, a run folder with two models, the accuracy."""
        with tempfile.TemporaryDirectory() as folder:
            run = specc.train(
                self.spec, self.params, run_dir=Path(folder) / "run", callbacks=[times], verbose="silent"
            )
            accuracy = run.record.test["accuracy"]
        assert accuracy is not None
        return accuracy


def build_mlp() -> keras.Model:
    features = keras.Input((64,), name="features")
    x = layers.Dense(128, activation="relu")(features)
    x = layers.Dense(64, activation="relu")(x)
    return keras.Model(features, layers.Dense(10, activation="softmax", name="label")(x))


def build_lenet(size: int) -> keras.Model:
    image = keras.Input((size, size, 1), name="image")
    x = image
    for filters in (6, 16):
        x = layers.Conv2D(filters, 5, padding="same", activation="relu")(x)
        x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="relu")(x)
    x = layers.Dense(84, activation="relu")(x)
    return keras.Model(image, layers.Dense(10, activation="softmax", name="label")(x))


def pixels() -> tuple[Arrays, Arrays]:
    digits = load_digits()
    return _split((digits.data / 16).astype("float32"), digits.target)


def images(scale: int) -> tuple[Arrays, Arrays]:
    digits = load_digits()
    enlarged = digits.images.repeat(scale, axis=1).repeat(scale, axis=2)[..., None]
    return _split((enlarged / 16).astype("float32"), digits.target)


def _split(x: np.ndarray[Any, Any], y: np.ndarray[Any, Any]) -> tuple[Arrays, Arrays]:
    order = np.random.default_rng(7).permutation(len(x))
    train, test = order[:TRAIN], order[TRAIN:]
    return (x[train], y[train]), (x[test], y[test])


def lenet_job(scale: int, epochs: int) -> Job:
    size = 8 * scale
    return Job(
        f"LeNet {size}×{size}",
        SPECS / "lenet.yaml",
        lambda: build_lenet(size),
        lambda: images(scale),
        epochs,
        {"scale": scale, "epochs": epochs},
    )


JOBS = (
    Job("MLP", SPECS / "mlp.yaml", build_mlp, pixels, 30),
    lenet_job(1, 20),
    lenet_job(4, 10),
)
