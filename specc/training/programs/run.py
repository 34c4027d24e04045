"""Training by programs: from a spec to the folder of a run."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from specc.data.dataset import data_root as root_of
from specc.frontend.emit import emit
from specc.frontend.programs.types import Program
from specc.frontend.sections.train import Stage
from specc.frontend.spec import Spec
from specc.lower.models import build_models
from specc.lower.saved import carry
from specc.source.diagnostic import Reporter
from specc.training import folder as folders
from specc.training.batches import kept
from specc.training.compiling import choose_steps
from specc.training.executions import Executions
from specc.training.fitting import Explained, Verbose, build_callbacks, by_batch
from specc.training.folder import RunFolder, finite
from specc.training.freezing import Freezer, layers_of_all
from specc.training.images import Draw
from specc.training.programs.build import build_trainer
from specc.training.programs.carried import CARRIED, save_carried
from specc.training.programs.checks import check_training
from specc.training.programs.data import FieldData, fields_of_all
from specc.training.programs.painting import Painter, needed_fields, painter_of
from specc.training.programs.trainer import ProgramTrainer
from specc.training.replicas import only_divisible
from specc.training.strategy import open_strategy
from specc.training.watching import FIRST_WRITE, Journal, Seldom, Watcher, ordered


@dataclass(frozen=True)
class Programs:
    """The programs of a spec, their data and devices, and how they are to be run."""

    spec: Spec
    models: Mapping[str, keras.Model]
    freezer: Freezer
    data: FieldData
    strategy: tf.distribute.Strategy
    callbacks: Sequence[keras.callbacks.Callback] = ()
    epochs: int | None = None
    verbose: Verbose = "line"
    log: Callable[[str], None] = print
    draw: Draw | None = None

    @property
    def programs(self) -> tuple[Program, ...]:
        """The programs, with the epochs that they are to have."""
        assert self.spec.train is not None
        if self.epochs is None:
            return self.spec.train.programs
        return tuple(
            replace(program, running=replace(program.running, epochs=self.epochs))
            for program in self.spec.train.programs
        )

    @property
    def replicas(self) -> int:
        """The number of devices that share each batch."""
        return int(self.strategy.num_replicas_in_sync)


def train_programs(
    spec: Spec,
    *,
    run_dir: Path | None,
    data_root: Path | None,
    strategy: str,
    devices: Sequence[str],
    epochs: int | None,
    overwrite: bool,
    callbacks: Sequence[keras.callbacks.Callback],
    verbose: Verbose | None,
    log: Callable[[str], None],
    reporter: Reporter,
    draw: Draw | None,
) -> RunFolder:
    """Train a spec's programs; arguments and errors are those of `specc.training.train.train`."""
    from specc.training.train import dtype_policy, needed_sections, new_record

    needed_sections(spec)
    assert spec.train is not None and spec.data is not None
    path = run_dir or folders.default_path(spec.name, datetime.now())
    folders.check_free(path, overwrite=overwrite)
    chosen = open_strategy(strategy, devices)
    root = root_of(spec.path, data_root)
    keras.utils.set_random_seed(spec.seed)
    with chosen.scope(), dtype_policy(spec.train.precision):
        models = build_models(spec)
    named = fields_of_all(spec.train.programs)
    shown_too = needed_fields(spec) if draw else ()
    names = tuple(dict.fromkeys((*named, *shown_too)))
    data = FieldData(spec.data, names, spec.models, root=root, seed=spec.seed)
    freezer = Freezer(layers_of_all(models))
    check_training(spec, models, data, freezer, int(chosen.num_replicas_in_sync), reporter)
    reporter.stop_if_failed()
    shown: Verbose = verbose or ("bar" if sys.stdout.isatty() else "line")
    if shown != "silent":
        for told in data.dataset.filters:
            log(told)
    running = Programs(spec, models, freezer, data, chosen, callbacks, epochs, shown, log, draw)
    record = new_record(spec, strategy, devices, running.replicas, root)
    folder = folders.create(path, record, overwrite=overwrite)
    return run_programs(running, folder)


class ProgramKeeper:
    """Keeps all models as training leaves them, in `trained/NAME.keras`, and what the program carries.

    They are written when there is time for it, and at the end.
    """

    best_epoch = None
    trainer: ProgramTrainer | None = None

    def __init__(
        self,
        folder: RunFolder,
        models: Mapping[str, keras.Model],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._models = folder, models
        self._writing = Seldom(FIRST_WRITE, clock)

    def see(self, epoch: int, logs: Mapping[str, Any], *, monitor: str) -> None:
        """Write what is due. Nothing is chosen: the terms of several updates have no best epoch."""
        if self._writing.due:
            self.flush()

    def flush(self) -> None:
        """Write every model."""
        with self._writing:
            for name, model in self._models.items():
                self._folder.write(f"{folders.TRAINED}/{name}.keras", model.save)
            if self.trainer is not None:
                self._folder.write(f"{folders.TRAINED}/{CARRIED}", partial(save_carried, self.trainer))


def run_programs(running: Programs, folder: RunFolder) -> RunFolder:
    """Train all programs, one after another, in a folder that was made; it is left whole, come what may.

    Ctrl-C ends training with the status `interrupted`. Raises RunError where training fails.
    """
    journal, keeper = Journal(folder), ProgramKeeper(folder, running.models)
    status: folders.Status = "finished"
    test: dict[str, float] = {}
    try:
        with folders.reporting(folder.path):
            folder.write_text("spec.yaml", emit(carry(running.spec, folder.path)))
        folder.write_text(folder.fitted.name, running.data.dataset.fitted.to_json())
        painter = None
        if running.draw is not None:
            with Explained(running.programs[0].running, journal), running.data.dataset.errors_told():
                painter = painter_of(running.spec, running.models, running.data, folder, running.draw)
        total = sum(program.running.epochs for program in running.programs)
        for program in running.programs:
            with running.strategy.scope():
                trainer = keeper.trainer = build_trainer(
                    program, running.spec, running.models, running.freezer
                )
            watcher = _watcher(running, program, journal, keeper, total)
            with Explained(program.running, journal), running.data.dataset.errors_told():
                _fit(running, program, trainer, watcher, folder, journal, painter)
            trainer.finish()
        keeper.flush()
        if painter is not None:
            painter.paint()
        if "test" in running.data.splits:
            with Explained(program.running, journal), running.data.dataset.errors_told():
                test = ordered(trainer.evaluate(running.data.batches("test"), verbose=0, return_dict=True))
    except KeyboardInterrupt:
        status = "interrupted"
        keeper.flush()
    except BaseException as error:
        _close(folder, journal, "failed", error=str(error) or type(error).__name__)
        raise
    return _close(folder, journal, status, test=finite(test))


def _watcher(
    running: Programs, program: Program, journal: Journal, keeper: ProgramKeeper, total: int
) -> Watcher:
    validated = "validation" in running.data.splits
    log = running.log if running.verbose == "line" else None
    return Watcher(program.running.name, journal, keeper, validated=validated, log=log, total=total)


def _fit(
    running: Programs,
    program: Program,
    trainer: ProgramTrainer,
    watcher: Watcher,
    folder: RunFolder,
    journal: Journal,
    painter: Painter | None,
) -> None:
    stage, data = program.running, running.data
    steps = stage.steps_per_epoch or data.steps(running.replicas)
    batches = data.batches("train", training=True, first_epoch=journal.epochs, endless=True)
    if running.replicas > 1:
        batches = only_divisible(batches, running.replicas)
    validation = None
    if "validation" in data.splits:
        validation = data.batches("validation")
        if stage.validation_steps is not None:
            validation = validation.take(stage.validation_steps)
        validation = kept(validation, data.dataset.splits["validation"])
    trainer.steps_per_execution = _steps_per_execution(running, stage, trainer, steps)
    trainer.train_function = Executions(trainer, steps)
    trainer.fit(
        batches,
        epochs=stage.epochs,
        steps_per_epoch=steps,
        validation_data=validation,
        validation_freq=stage.validation_freq,
        callbacks=[
            *build_callbacks(stage.callbacks, folder.path),
            *running.callbacks,
            watcher,
            *([painter] if painter is not None else []),
        ],
        verbose=1 if running.verbose == "bar" else 0,
        shuffle=False,  # the data section has shuffled
    )


def _steps_per_execution(running: Programs, stage: Stage, trainer: ProgramTrainer, steps: int) -> int:
    section = running.spec.train
    assert section is not None
    if running.replicas > 1 or any(by_batch(callback) for callback in stage.callbacks):
        return 1
    chosen = choose_steps(trainer.work(), steps, running.data.section.batch_size)
    return section.steps_per_execution or chosen


def _close(folder: RunFolder, journal: Journal, status: folders.Status, **more: Any) -> RunFolder:
    from specc.training.train import now

    return folder.with_record(
        status=status, finished=now(), epochs=journal.epochs, metrics=finite(journal.last()), **more
    )
