"""A run, opened again: its model, its metrics on data, its predictions."""

from __future__ import annotations

import warnings
import zlib
from functools import cached_property
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import keras
import numpy as np

from specc.data.dataset import Dataset, Wanted
from specc.data.dataset import data_root as root_of
from specc.data.fitted import Fitted
from specc.frontend.load import load_spec
from specc.frontend.sections.data import DataSection
from specc.frontend.sections.train import Stage
from specc.frontend.spec import Spec
from specc.inference.classes import Meaning, meaning_of, write_predictions
from specc.inference.examples import Examples, check_pictures, examples_of
from specc.inference.given import Given, open_given
from specc.lower.archive import check_archive
from specc.source.diagnostic import Diagnostic, SpecError
from specc.training.batches import SpecData
from specc.training.compiling import compile_model
from specc.training.feed import Ports, feeder
from specc.training.folder import RunFolder, RunRecord, inside, read
from specc.training.train import build_entry, ports_of, sections_of
from specc.training.watching import ordered

Array = np.ndarray[Any, Any]


class Run:
    """A trained model with the spec it was made of.

    The model is built from the run's own `spec.yaml`, and only numbers are read from its `best.keras`:
    nothing that a stranger's run names is imported or executed.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    def __repr__(self) -> str:
        return f"<Run {self.path} {self.record.status}>"

    @property
    def path(self) -> Path:
        """The run's folder."""
        return self.folder.path

    @property
    def record(self) -> RunRecord:
        """What `run.json` says."""
        return self.folder.record

    @cached_property
    def spec(self) -> Spec:
        """The resolved spec that was trained."""
        return load_spec(self._file(self.folder.spec))

    @cached_property
    def fitted(self) -> Fitted:
        """What the transforms of the data had learnt."""
        path = self._file(self.folder.fitted)
        return Fitted.from_json(path.read_text(encoding="utf-8"), str(path))

    @cached_property
    def model(self) -> keras.Model:
        """The best model, compiled with the loss and the metrics of the last stage.

        Raises SpecError where the folder's weights are missing or do not fit its spec.
        """
        precision = self.spec.train.precision if self.spec.train else "float32"
        model = build_entry(self.spec, precision)
        best = self._file(self.folder.best)
        try:
            check_archive(best)
        except (ValueError, OSError) as error:
            raise _invalid(self.path, str(error)) from error
        try:
            with warnings.catch_warnings():
                # Keras would go on with fresh weights where the file has none.
                warnings.filterwarnings("error", message="Skipping nested container")
                model.load_weights(best)
        except (BadZipFile, zlib.error, OSError) as error:
            raise _invalid(self.path, "`best.keras` is damaged") from error
        except (ValueError, KeyError, UserWarning) as error:
            raise _invalid(self.path, "the weights in `best.keras` do not fit `spec.yaml`") from error
        if self.spec.train is not None and self.spec.train.stages:
            compile_model(model, self._stage, optimizer=keras.optimizers.SGD())
        return model

    def _file(self, path: Path) -> Path:
        """A file of the run's own; raises SpecError where it is missing or lies elsewhere."""
        if not inside(self.path, path.name).is_file():
            raise _invalid(self.path, f"`{path.name}` is missing")
        return path

    @property
    def _stage(self) -> Stage:
        section, _ = sections_of(self.spec)
        return section.stages[-1]

    @property
    def _data(self) -> DataSection:
        if self.spec.data is None:
            raise _invalid(self.path, "its spec has no `data`")
        return self.spec.data

    def evaluate(
        self, split: str = "test", data: Given | None = None, *, data_root: Path | str | None = None
    ) -> dict[str, float]:
        """The loss and the metrics on a split of the run's data, or on other data with the same columns.

        `data` is a path, or columns by name. Without it, the run's own data is read from `data_root`, or from
        where it lay when the run was made if that is within the current folder. Raises SpecError where the
        data is not there or does not fit.
        """
        stage, ports = self._stage, ports_of(self.spec, self.model)
        if data is None:
            opened = self._opened(data_root)
        else:
            wanted = Wanted(ports, stage.targets, stage.sample_weight or None)
            opened = open_given(data, self._data, wanted, seed=self.record.seed, fitted=self.fitted)
            split = "train"
        batches = opened.pipeline(split).once  # type: ignore[arg-type]
        feed = feeder(Ports.of(self.model, next(iter(stage.targets))), stage, training=False)
        with opened.errors_told():
            found = self.model.evaluate(
                batches if feed is None else batches.map(feed), verbose=0, return_dict=True
            )
        return ordered(found)

    def examples(
        self, split: str = "test", count: int = 8, *, data_root: Path | str | None = None
    ) -> Examples:
        """`count` rows of a split of the run's data, evenly spread over it, with what the model says of them.

        The data is read as by `evaluate`. Raises SpecError where it is not there or does not fit, or where no
        input is an image.
        """
        check_pictures({port.name: port.shape for port in ports_of(self.spec, self.model)})
        title = f"{self.record.name}: {split}"
        opened = self._opened(data_root)
        return examples_of(self.model, opened, self._stage, self.meanings, split, count, title)

    def _opened(self, data_root: Path | str | None) -> Dataset:
        """The run's own data."""
        ports, root = ports_of(self.spec, self.model), self._root(data_root)
        data = SpecData(self._data, ports, root=root, seed=self.record.seed, fitted=self.fitted)
        return data.opened(self._stage)

    def predict(self, data: Given, *, batch_size: int | None = None) -> dict[str, Array]:
        """The model's outputs [rows, …] by name, for a path, columns by name, or one array.

        Columns are those of the run's source, before any transform: what training had learnt is applied.
        Raises SpecError where the data lacks a column or does not fit.
        """
        if batch_size is not None and batch_size < 1:
            title = f"`batch_size` is {batch_size}"
            raise SpecError([Diagnostic("bad-option", title, None, help="give a whole number of at least 1")])
        wanted = Wanted(ports_of(self.spec, self.model))
        opened = open_given(data, self._data, wanted, seed=self.record.seed, fitted=self.fitted)
        with opened.errors_told():
            batches = opened.pipeline("train", batch_size=batch_size).once
            found = self.model.predict(batches, verbose=0)
        if isinstance(found, dict):
            return {name: np.asarray(values) for name, values in found.items()}
        return {self.outputs[0]: np.asarray(found)}

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the model's outputs."""
        stages = self.spec.train.stages if self.spec.train else ()
        target = stages[-1].targets[0] if stages and stages[-1].targets else None
        return tuple(Ports.of(self.model, target).outputs)

    @property
    def meanings(self) -> dict[str, Meaning]:
        """How each output is read."""
        stages = self.spec.train.stages if self.spec.train else ()
        losses = stages[-1].losses if stages else {}
        metrics = stages[-1].metrics if stages else {}
        return {
            name: meaning_of(name, losses.get(name), self.fitted, metrics.get(name, ()))
            for name in self.outputs
        }

    def write_predictions(self, path: Path | str, outputs: dict[str, Array]) -> None:
        """Write what `predict` gave: as CSV, classes by name with their probabilities; `.jsonl`; raw `.npz`.

        Raises SpecError where a CSV cannot hold it, RunError where the file cannot be written.
        """
        write_predictions(Path(path), outputs, self.meanings)

    def _root(self, given: Path | str | None) -> Path:
        """Where the run's data may be read; raises SpecError where nobody allowed it."""
        if given is not None:
            return root_of(self.path, Path(given))
        recorded, here = Path(self.record.data_root).resolve(), Path.cwd().resolve()
        reads = any(source.kind != "dataset" for source in self._data.sources.values())
        if reads and not recorded.is_relative_to(here):
            title = f"the run's data lay in `{recorded}`, outside the current folder"
            hint = "say where the data is: `--data DIR`, or `data_root=` in Python"
            raise SpecError([Diagnostic("run-data", title, None, help=hint)])
        return recorded


def open_run(folder: Path | str) -> Run:
    """Open the run in a folder. Raises SpecError where there is none or it is damaged."""
    return Run(read(Path(folder)))


def _invalid(path: Path, note: str) -> SpecError:
    return SpecError([Diagnostic("run-invalid", f"`{path}` holds no valid run", None, notes=(note,))])
