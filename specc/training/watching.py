"""What is done after each epoch: metrics written down, models kept, a line printed, NaN noticed."""

from __future__ import annotations

import csv
import io
import math
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Protocol

import keras
import numpy as np

from specc.source.diagnostic import Diagnostic, RunError
from specc.training.folder import RunFolder, reporting

Logs = Mapping[str, Any]


class Journal:
    """The metrics of every epoch so far, in memory and in `metrics.csv`."""

    def __init__(self, folder: RunFolder) -> None:
        self._folder = folder
        self._columns: list[str] = []
        self.rows: list[dict[str, Any]] = []

    @property
    def epochs(self) -> int:
        """The number of whole epochs."""
        return len(self.rows)

    def add(self, stage: str, logs: Logs) -> None:
        """Write an epoch down; every metric that any epoch has is a column."""
        row = {"epoch": self.epochs + 1, **({"stage": stage} if stage else {})}
        row |= ordered(logs)
        self.rows.append(row)
        columns = list(dict.fromkeys([*self._columns, *row]))
        if columns == self._columns:
            self._append(row)
        else:
            self._columns = columns
            self._folder.write_text("metrics.csv", self._text(self.rows, header=True))

    def _append(self, row: dict[str, Any]) -> None:
        with reporting(self._folder.metrics), self._folder.metrics.open("a", encoding="utf-8") as file:
            file.write(self._text([row], header=False))

    def _text(self, rows: list[dict[str, Any]], *, header: bool) -> str:
        out = io.StringIO()
        writer = csv.DictWriter(out, self._columns, restval="", lineterminator="\n")
        if header:
            writer.writeheader()
        writer.writerows(rows)
        return out.getvalue()

    def last(self) -> dict[str, float]:
        """The metrics of the last epoch."""
        return self.metrics(self.epochs) if self.rows else {}

    def metrics(self, epoch: int) -> dict[str, float]:
        """The metrics of an epoch, counted from 1."""
        return {name: v for name, v in self.rows[epoch - 1].items() if name not in ("epoch", "stage")}


class Keeps(Protocol):
    """What is told of every epoch, so that models are kept."""

    def see(self, epoch: int, logs: Logs, *, monitor: str) -> None:
        """Take note of an epoch."""


class Seldom(AbstractContextManager[None]):
    """What is put into it is done so seldom that it takes at most a twentieth of the time.

    It is due after `first` seconds, and after each time when `SHARE` times as long has passed.
    """

    SHARE = 20

    def __init__(self, first: float = 0.0, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._next = clock() + first
        self._began = 0.0

    @property
    def due(self) -> bool:
        """Whether it is time."""
        return self._clock() >= self._next

    def __enter__(self) -> None:
        self._began = self._clock()

    def __exit__(self, *_: object) -> None:
        ended = self._clock()
        self._next = ended + self.SHARE * (ended - self._began)


FIRST_WRITE = 2.0
"""Seconds after which a model is first written: a quick training writes once, at its end."""


class Keeper:
    """Keeps the best and the last model, in files that are written when there is time for it.

    Between writes the best weights are held in memory.
    """

    def __init__(
        self, folder: RunFolder, model: keras.Model, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._folder = folder
        self._model = model
        self._writing = Seldom(FIRST_WRITE, clock)
        self._pending: State | None = None
        self._value = math.inf
        self.best_epoch: int | None = None

    def forget(self) -> None:
        """Begin anew: what is minimised from here on cannot be compared with what was."""
        self._value = math.inf

    def see(self, epoch: int, logs: Logs, *, monitor: str) -> None:
        """Take note of an epoch, and write what is due."""
        value = logs.get(monitor)
        if value is not None and float(value) < self._value:
            self._value, self.best_epoch = float(value), epoch
            self._pending = _state(self._model)
        if self._writing.due:
            self.flush()

    def flush(self) -> None:
        """Write the last model, and the best where its file is older than it."""
        with self._writing:
            self._save("last.keras")
            if self.best_epoch is None:
                self._save("best.keras")
            elif self._pending is not None:
                now = _state(self._model)
                _restore(self._pending)
                self._save("best.keras")
                _restore(now)
                self._pending = None

    def _save(self, name: str) -> None:
        self._folder.write(name, lambda path: self._model.save(path))


State = list[tuple[Any, np.ndarray]]


def _state(model: keras.Model) -> State:
    """Every variable of the model and of its optimizer, with a copy of its value."""
    return [(variable, variable.numpy()) for variable in (*model.variables, *model.optimizer.variables)]


def _restore(state: State) -> None:
    for variable, value in state:
        variable.assign(value)


def ordered(logs: Logs) -> dict[str, float]:
    """Metrics as numbers: training before validation, the loss and its parts before the rest."""

    def place(name: str) -> tuple[bool, int]:
        plain = name.removeprefix("val_")
        return name.startswith("val_"), 0 if plain == "loss" else 1 if plain.endswith("_loss") else 2

    return {name: float(logs[name]) for name in sorted(logs, key=place)}


class Watcher(keras.callbacks.Callback):  # type: ignore[misc]
    """Ties the journal, the keeper and the printed line to one stage's `fit`."""

    def __init__(
        self,
        stage: str,
        journal: Journal,
        keeper: Keeps,
        *,
        validated: bool,
        log: Callable[[str], None] | None,
        total: int,
    ) -> None:
        super().__init__()
        self._stage = stage
        self._journal = journal
        self._keeper = keeper
        self._validated = validated
        self._log = log
        self._total = total
        self._began = 0.0

    def on_epoch_begin(self, epoch: int, logs: Logs | None = None) -> None:
        """Start the clock."""
        self._began = time.monotonic()

    def on_train_batch_end(self, batch: int, logs: Logs | None = None) -> None:
        """Stop as soon as the loss is no number any more: nothing mends it."""
        self._check(logs or {})

    def on_epoch_end(self, epoch: int, logs: Logs | None = None) -> None:
        """Write the epoch down, keep its model, print its line."""
        logs = logs or {}
        self._check(logs)
        self._journal.add(self._stage, logs)
        self._keeper.see(self._journal.epochs, logs, monitor="val_loss" if self._validated else "loss")
        if self._log is not None:
            self._log(line(self._journal.epochs, self._total, logs, time.monotonic() - self._began))

    def _check(self, logs: Logs) -> None:
        loss = logs.get("loss")
        if loss is not None and not math.isfinite(float(loss)):
            epoch = self._journal.epochs + 1
            raise RunError([diverged(float(loss), epoch)])


def diverged(loss: float, epoch: int) -> Diagnostic:
    """The loss is no number."""
    return Diagnostic(
        "training-nan",
        f"the loss became {'infinite' if math.isinf(loss) else 'NaN'} in epoch {epoch}",
        None,
        help="a smaller learning rate, `clipnorm` in the optimizer, or inputs of a smaller scale often help",
    )


def line(epoch: int, total: int, logs: Logs, seconds: float) -> str:
    """One epoch in one line."""
    metrics = "  ".join(f"{name} {value:.4g}" for name, value in ordered(logs).items())
    return f"epoch {epoch:>{len(str(total))}}/{total}  {metrics}  {seconds:.1f} s"
