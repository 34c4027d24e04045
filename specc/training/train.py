"""Supervised training: from a spec to the folder of a run."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import keras

from specc.source.diagnostic import Reporter, RunError
from specc.training import folder as folders
from specc.training.fitting import Training, check, fit
from specc.training.folder import RunFolder, finite
from specc.training.watching import Journal, Keeper


def run(training: Training, reporter: Reporter | None = None) -> RunFolder:
    """Fit a built model and leave a whole run in its folder, also when it is interrupted.

    Ctrl-C ends training with the status `interrupted` and no exception. Raises SpecError where model,
    section and data do not agree, RunError where training fails or the folder cannot be written.
    """
    reporter = reporter or Reporter()
    check(training, reporter)
    reporter.stop_if_failed()
    journal = Journal(training.folder)
    keeper = Keeper(training.folder, training.model)
    status: folders.Status = "finished"
    try:
        fit(training, journal, keeper)
    except KeyboardInterrupt:
        status = "interrupted"
    except RunError as error:
        _close(training.folder, journal, keeper, "failed", error=str(error))
        raise
    keeper.flush()
    test = evaluate_best(training, journal, keeper) if status == "finished" else {}
    return _close(training.folder, journal, keeper, status, test=finite(test))


def _close(
    folder: RunFolder, journal: Journal, keeper: Keeper, status: folders.Status, **more: Any
) -> RunFolder:
    best = {} if keeper.best_epoch is None else journal.metrics(keeper.best_epoch)
    return folder.with_record(
        status=status,
        finished=now(),
        epochs=journal.epochs,
        best_epoch=keeper.best_epoch,
        metrics=finite(journal.last()),
        best=finite(best),
        **more,
    )


def evaluate_best(training: Training, journal: Journal, keeper: Keeper) -> dict[str, float]:
    """The metrics of the best model on the test split; empty where there is none."""
    if "test" not in training.data.splits:
        return {}
    if keeper.best_epoch not in (None, journal.epochs):
        training.model.load_weights(training.folder.best)
    batches = training.batches("test", training.stages[-1])
    return dict(training.model.evaluate(batches, verbose=0, return_dict=True))


def now() -> str:
    """The time, with its zone."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """The versions that a run was made with."""
    packages = {name: version(name) for name in ("specc", "keras", "tensorflow", "numpy")}
    return {**packages, "python": platform.python_version()}


@contextmanager
def precision(policy: str) -> Iterator[None]:
    """Build layers with a dtype policy (`float32`, `mixed_float16`, `mixed_bfloat16`)."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
