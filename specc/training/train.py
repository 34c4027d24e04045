"""Supervised training: from a spec to the folder of a run."""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, get_args

import keras
import tensorflow as tf

from specc.data.dataset import data_root as root_of
from specc.data.ports import Port
from specc.frontend.emit import emit
from specc.frontend.project import ENTRY
from specc.frontend.sections.data import DataSection
from specc.frontend.sections.data_warnings import warn_of_unused
from specc.frontend.sections.train import TrainSection
from specc.frontend.sections.train_settings import MOST_COUNT
from specc.frontend.spec import Spec
from specc.graph.ir import Graph
from specc.lower.models import build_models
from specc.lower.objects import make
from specc.lower.saved import carry
from specc.source.diagnostic import Diagnostic, Reporter, SpecError
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.training import folder as folders
from specc.training.batches import SpecData
from specc.training.checking import check
from specc.training.compiling import compile_model
from specc.training.fitting import Training, Verbose, fit
from specc.training.folder import RunFolder, RunRecord, finite
from specc.training.freezing import Freezer, layers_of
from specc.training.images import Draw
from specc.training.initial import refuse_for_programs, start_from
from specc.training.strategy import open_strategy
from specc.training.watching import Journal, Keeper, ordered


def train(
    spec: Spec,
    *,
    run_dir: Path | None = None,
    data_root: Path | None = None,
    strategy: str = "auto",
    devices: Sequence[str] = (),
    epochs: int | None = None,
    overwrite: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: Verbose | None = None,
    log: Callable[[str], None] = print,
    reporter: Reporter | None = None,
    initial_weights: Path | None = None,
    after: Callable[[Training], None] | None = None,
    draw: Draw | None = None,
) -> RunFolder:
    """Train a spec's entry model and leave a run behind, in `run_dir` or in `runs/NAME-TIMESTAMP`.

    `data_root` is the folder that the spec's paths start from (its own folder otherwise), `epochs` replaces
    the number of each stage, and `verbose` is a bar on a terminal and a line an epoch (by `log`) elsewhere.
    `initial_weights` (a run's folder, a `.keras` or a weights file) replaces the path that the spec names.
    Warnings go to `reporter`, a finished training to `after`, and what a program's models make to `draw`,
    epoch after epoch. Nothing is written before model and data are
    known to go together. Ctrl-C ends training with the status `interrupted`. Raises SpecError where something
    does not fit, RunError where training fails or the folder cannot be written.
    """
    reporter = reporter or Reporter()
    _check_options(epochs, verbose, reporter)
    if spec.train is not None and spec.train.programs:
        refuse_for_programs(spec, initial_weights)
        from specc.training.programs.run import train_programs

        return train_programs(
            spec,
            run_dir=run_dir,
            data_root=data_root,
            strategy=strategy,
            devices=devices,
            epochs=epochs,
            overwrite=overwrite,
            callbacks=callbacks,
            verbose=verbose,
            log=log,
            reporter=reporter,
            draw=draw,
        )
    section, data_section = sections_of(spec)
    path = run_dir or folders.default_path(spec.name, datetime.now())
    folders.check_free(path, overwrite=overwrite)
    chosen = open_strategy(strategy, devices)
    root = root_of(spec.path, data_root)
    keras.utils.set_random_seed(spec.seed)
    model = build_entry(spec, section.precision, chosen)
    moved = start_from(model, spec, initial_weights)
    ports = ports_of(spec, model)
    data = SpecData(data_section, ports, root=root, seed=spec.seed)
    for stage in section.stages:
        data.opened(stage)
    if verbose != "silent":
        for told in (*data.filters, *(moved.lines() if moved else ())):
            log(told)
    if not isinstance(spec.entry, Graph):  # of a graph it is told when the spec is read
        warn_of_unused(data_section, section, tuple(port.name for port in ports), reporter)
    record = new_record(spec, strategy, devices, int(chosen.num_replicas_in_sync), root)
    training = Training(
        model=model,
        section=section,
        data=data,
        folder=RunFolder(path, record),
        strategy=chosen,
        callbacks=callbacks,
        epochs=epochs,
        verbose=verbose or ("bar" if sys.stdout.isatty() else "line"),
        log=log,
    )
    check(training, reporter)
    reporter.stop_if_failed()
    folder = folders.create(path, record, overwrite=overwrite)
    with _failing(folder):
        with folders.reporting(path):
            folder.write_text("spec.yaml", emit(carry(spec, path)))
        folder.write_text(folder.fitted.name, data.fitted.to_json())
        if moved is not None:
            folder.write_text(folders.INITIAL_FILE, json.dumps(moved.to_json(), indent=1) + "\n")
    done = run(training)
    if after is not None and done.record.status == "finished":
        after(replace(training, folder=done))
    return done


def new_record(spec: Spec, strategy: str, devices: Sequence[str], replicas: int, root: Path) -> RunRecord:
    """The record of a run that begins now."""
    return RunRecord(
        name=spec.name,
        status="running",
        started=now(),
        seed=spec.seed,
        strategy=strategy,
        devices=tuple(devices),
        replicas=replicas,
        data_root=str(root),
        params=dict(spec.params),
        versions=versions(),
    )


@contextmanager
def _failing(folder: RunFolder) -> Iterator[None]:
    """Whatever ends the block early leaves a run that says so: none goes on `running` for ever."""
    try:
        yield
    except BaseException as error:
        status: folders.Status = "interrupted" if isinstance(error, KeyboardInterrupt) else "failed"
        folder.with_record(status=status, finished=now(), error=str(error) or type(error).__name__)
        raise


def _check_options(epochs: int | None, verbose: str | None, reporter: Reporter) -> None:
    """Refuse what only the Python interface can be given: the command line checks its own."""
    whole = isinstance(epochs, int) and not isinstance(epochs, bool)
    if epochs is not None and not (whole and 1 <= epochs <= MOST_COUNT):
        help = f"give a whole number from 1 to {MOST_COUNT}"
        reporter.error("bad-option", f"`epochs` is {epochs}", None, help=help)
    if verbose is not None and verbose not in get_args(Verbose):
        hint = did_you_mean(str(verbose), get_args(Verbose))
        reporter.error("bad-option", f"`verbose` is `{verbose}`", None, help=hint)
    reporter.stop_if_failed()


def sections_of(spec: Spec) -> tuple[TrainSection, DataSection]:
    """The sections that supervised training needs; raises SpecError where one is missing."""
    train, data = needed_sections(spec)
    average = next((m for m in spec.models.values() if getattr(m, "form", "") == "average_of"), None)
    if average is not None:
        title = f"`{average.name}` would not follow: supervised training moves the entry model alone"
        help = "write the training as a program: `update` with `models`, `optimizer`, `loss`"
        raise SpecError([Diagnostic("training-program", title, average.span, help=help)])
    return train, data


def needed_sections(spec: Spec) -> tuple[TrainSection, DataSection]:
    """The sections `train` and `data`; raises SpecError where one is missing."""
    if spec.train is not None and spec.data is not None:
        return spec.train, spec.data
    lacking = " and no ".join(f"`{name}`" for name in ("train", "data") if getattr(spec, name) is None)
    hint = "training needs `train` (a loss, an optimizer) and `data` (a source)"
    raise SpecError([Diagnostic("training-missing", f"the spec has no {lacking}", _start(spec), help=hint)])


def entry_name(spec: Spec) -> str:
    """The name of the spec's entry model among its models; raises SpecError where it has none."""
    if ENTRY in spec.models:
        return ENTRY
    if len(spec.models) == 1:
        return next(iter(spec.models))
    title = f"none of the {len(spec.models)} models is called `model`"
    hint = "name the one to train `model`"
    raise SpecError([Diagnostic("training-missing", title, _start(spec), help=hint)])


def build_entry(
    spec: Spec, precision: str = "float32", strategy: tf.distribute.Strategy | None = None
) -> keras.Model:
    """The spec's entry model, built anew under a strategy and with a dtype policy."""
    name = entry_name(spec)
    strategy = strategy or tf.distribute.get_strategy()
    with strategy.scope(), dtype_policy(precision):
        return build_models(spec)[name]


def build_compiled(spec: Spec, name: str | None = None) -> keras.Model:
    """A model of the spec (the entry unless named); the entry compiled where `train` says how.

    Raises SpecError where there is no such model.
    """
    if name is not None and name not in spec.models:
        title, hint = f"the spec has no model `{name}`", did_you_mean(name, spec.models)
        raise SpecError([Diagnostic("unknown-model", title, _start(spec), help=hint)])
    chosen = name or entry_name(spec)
    section = spec.train
    with dtype_policy(section.precision if section else "float32"):
        model = build_models(spec)[chosen]
    if section is not None and section.stages and spec.models[chosen] is spec.entry:
        stage = section.stages[0]
        freezer, reporter = Freezer(layers_of(model)), Reporter()
        freezer.check([stage], reporter)
        reporter.stop_if_failed()
        freezer.apply(stage)
        assert stage.optimizer is not None, "the first stage has one"
        compile_model(model, stage, optimizer=make(stage.optimizer), jit_compile=section.jit_compile or False)
        model.optimizer.build(model.trainable_variables)  # saved whole, and `fit` traces its step once
    return model


def _start(spec: Spec) -> Span:
    return Span(str(spec.path), 1, 1, 1, 2)


def ports_of(spec: Spec, model: keras.Model, name: str | None = None) -> tuple[Port, ...]:
    """What a model of the spec (the entry unless named) takes, as data wants to know it."""
    written = spec.entry if name is None else spec.models[name]
    if isinstance(written, Graph):
        return tuple(Port(i.name, i.shape, i.dtype, i.span) for i in written.inputs)
    tensors = model.input if isinstance(model.input, dict) else {t.name: t for t in model.inputs}
    return tuple(Port(name, tuple(t.shape)[1:], t.dtype) for name, t in tensors.items())


def run(training: Training) -> RunFolder:
    """Fit a built model whose folder was made, and leave a whole run in it, also when it is interrupted.

    Ctrl-C ends training with the status `interrupted` and no exception. Raises RunError where training fails
    or the folder cannot be written.
    """
    journal = Journal(training.folder)
    keeper = Keeper(training.folder, training.model)
    status: folders.Status = "finished"
    try:
        fit(training, journal, keeper)
    except KeyboardInterrupt:
        status = "interrupted"
    except BaseException as error:
        _close(training.folder, journal, keeper, "failed", error=str(error) or type(error).__name__)
        raise
    test: dict[str, float] = {}
    try:
        keeper.flush()
        if status == "finished":
            test = evaluate_best(training, journal, keeper)
    except KeyboardInterrupt:
        status = "interrupted"
    except BaseException as error:
        _close(training.folder, journal, keeper, "failed", error=str(error) or type(error).__name__)
        raise
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
    with training.data.told():
        return ordered(training.model.evaluate(batches, verbose=0, return_dict=True))


def now() -> str:
    """The time, with its zone."""
    return datetime.now(UTC).astimezone().isoformat(timespec="seconds")


def versions() -> dict[str, str]:
    """The versions that a run was made with."""
    packages = {name: version(name) for name in ("specc", "keras", "tensorflow", "numpy")}
    return {**packages, "python": platform.python_version()}


@contextmanager
def dtype_policy(policy: str) -> Iterator[None]:
    """Build layers with a dtype policy (`float32`, `mixed_float16`, `mixed_bfloat16`)."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(policy)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)
