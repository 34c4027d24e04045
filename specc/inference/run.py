"""A run, opened again: its model, its metrics on data, its predictions."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import keras
import numpy as np

from specc.data.dataset import Dataset, Wanted
from specc.data.dataset import data_root as root_of
from specc.data.fitted import Fitted
from specc.frontend.load import load_spec
from specc.frontend.project import ENTRY
from specc.frontend.sections.data import DataSection
from specc.frontend.sections.train import Stage
from specc.frontend.spec import Spec
from specc.graph.ir import Graph
from specc.inference.classes import Meaning, meaning_of, write_predictions
from specc.inference.examples import Examples, check_pictures, examples_of, refuse_program
from specc.inference.given import Given, names_of_files, open_given
from specc.inference.pictures import read_pictures
from specc.inference.sampling import (
    check_count,
    check_inputs,
    choose,
    generate,
    needs_of,
    refuse_missing,
    split_of,
    wanted_of,
)
from specc.lower.archive import DAMAGED, check_archive
from specc.lower.models import build_models
from specc.source.diagnostic import Diagnostic, SpecError
from specc.training.batches import SpecData
from specc.training.compiling import compile_model
from specc.training.feed import Ports, feeder
from specc.training.folder import TRAINED, RunFolder, RunRecord, inside, read
from specc.training.programs.build import build_trainer, callees_of
from specc.training.programs.carried import CARRIED, load_carried
from specc.training.programs.data import FieldData, fields_of
from specc.training.programs.generator import Generator, given_by_data
from specc.training.train import dtype_policy, entry_name, ports_of, sections_of
from specc.training.watching import ordered

Array = np.ndarray[Any, Any]


class Run:
    """A trained model with the spec it was made of.

    The model is built from the run's own `spec.yaml`, and only numbers are read from its `best.keras`:
    nothing that a stranger's run names is imported or executed.
    """

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder
        self._generators: dict[str, Generator] = {}

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
        return load_spec(self._file(self.folder.spec.name))

    @cached_property
    def fitted(self) -> Fitted:
        """What the transforms of the data had learnt."""
        path = self._file(self.folder.fitted.name)
        return Fitted.from_json(path.read_text(encoding="utf-8"), str(path))

    @cached_property
    def models(self) -> dict[str, keras.Model]:
        """All models of the spec by name, with their trained weights: the best, or a program's last.

        Raises SpecError where the folder's weights are missing or do not fit its spec.
        """
        with dtype_policy(self.spec.train.precision if self.spec.train else "float32"):
            models = build_models(self.spec)
        if not self.is_program:
            self._load(models[entry_name(self.spec)], self.folder.best.name)
            return models
        for name, model in models.items():
            self._load(model, f"{TRAINED}/{name}.keras")
        return models

    @property
    def is_program(self) -> bool:
        """Whether a training program made this run."""
        return bool(self.spec.train is not None and self.spec.train.programs)

    def _load(self, model: keras.Model, name: str) -> None:
        """Take the weights of a file of the run, and nothing else of it."""
        file = self._file(name)
        try:
            check_archive(file)
        except (ValueError, OSError) as error:
            raise _invalid(self.path, str(error)) from error
        try:
            with warnings.catch_warnings():
                # Keras would go on with fresh weights where the file has none.
                warnings.filterwarnings("error", message="Skipping nested container")
                model.load_weights(file)
        except (*DAMAGED, OSError) as error:
            raise _invalid(self.path, f"`{name}` is damaged") from error
        except (ValueError, KeyError, UserWarning) as error:
            raise _invalid(self.path, f"the weights in `{name}` do not fit `spec.yaml`") from error

    @cached_property
    def model(self) -> keras.Model:
        """The best model, compiled with the loss and the metrics of the last stage; see `models`."""
        model = self.models[entry_name(self.spec)]
        if self.spec.train is not None and self.spec.train.stages:
            compile_model(model, self._stage, optimizer=keras.optimizers.SGD())
        return model

    def _file(self, name: str) -> Path:
        """A file of the run's own; raises SpecError where it is missing or lies elsewhere."""
        if not inside(self.path, name).is_file():
            raise _invalid(self.path, f"`{name}` is missing")
        return self.path / name

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

        `data` is a path, or columns by name; images that its columns name lie below `data_root`, its own
        folder unless given. Without `data`, the run's own is read from `data_root`, or from where it lay when
        the run was made if that is within the current folder. Raises SpecError where the data is not there or
        does not fit.
        """
        if self.is_program:
            return self._evaluate_program(split, data, data_root)
        stage, ports = self._stage, ports_of(self.spec, self.model)
        if data is None:
            opened = self._opened(data_root)
        else:
            wanted = Wanted(ports, stage.targets, stage.sample_weight or None)
            opened = self._given(data, wanted, data_root)
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
        if self.is_program:
            refuse_program()
        check_pictures({port.name: port.shape for port in ports_of(self.spec, self.model)})
        title = f"{self.record.name}: {split}"
        opened = self._opened(data_root)
        return examples_of(self.model, opened, self._stage, self.meanings, split, count, title)

    def _opened(self, data_root: Path | str | None) -> Dataset:
        """The run's own data."""
        ports, root = ports_of(self.spec, self.model), self._root(data_root)
        data = SpecData(self._data, ports, root=root, seed=self.record.seed, fitted=self.fitted)
        return data.opened(self._stage)

    def _evaluate_program(
        self, split: str, data: Given | None, data_root: Path | str | None
    ) -> dict[str, float]:
        if data is not None:
            title = "a training program is evaluated on the run's own data"
            raise SpecError([Diagnostic("run-data", title, None, help="leave the file out: say `--split`")])
        assert self.spec.train is not None
        program = self.spec.train.programs[-1]
        trainer = build_trainer(program, self.spec, self.models)
        file = self._file(f"{TRAINED}/{CARRIED}")
        try:
            load_carried(trainer, file)
        except (ValueError, OSError) as error:
            raise _invalid(self.path, f"`{file.name}`: {error}") from error
        fields = self.fields(tuple(fields_of(program)), data_root)
        with fields.dataset.errors_told():
            found = trainer.evaluate(fields.batches(split), verbose=0, return_dict=True)
        return ordered(found)

    def fields(self, names: tuple[str, ...], data_root: Path | str | None) -> FieldData:
        """Fields of the run's own data; raises SpecError where it is not there or has none of a name."""
        root = self._root(data_root)
        models = self.spec.models
        return FieldData(self._data, names, models, root=root, seed=self.record.seed, fitted=self.fitted)

    def generate(
        self,
        count: int = 16,
        *,
        name: str | None = None,
        seed: int = 0,
        inputs: Mapping[str, Any] | None = None,
        split: str | None = None,
        data_root: Path | str | None = None,
    ) -> dict[str, Array]:
        """Make `count` examples as the spec's `generate:` says: arrays [count, …] by output.

        `name` chooses one of several ways, `inputs` gives numbers, arrays (repeated as needed), or images as
        paths. What is not given and is a field of the data comes from the rows of `split` (the last there is
        unless said). The same seed makes the same examples. Raises SpecError where something is missing or
        does not fit, RunError where the formulas fail.
        """
        generation = choose(self.spec, name)
        check_count(count, seed)
        check_inputs(inputs or {}, generation)
        wanted = wanted_of(generation, self.spec)
        given = read_pictures(inputs or {}, wanted, self.spec, lambda: self.fitted)
        lacking = tuple(need for need in needs_of(generation) if need not in given)
        known = given_by_data(self.spec, generation)
        if any(need not in known for need in lacking):
            refuse_missing([need for need in lacking if need not in known])
        data = None
        if lacking:
            fields = self.fields(lacking, data_root)
            data = (fields, split_of(fields.splits, split))
        at_once = max(self.spec.data.batch_size if self.spec.data else 0, 64)
        if generation.name not in self._generators:  # each is traced at its first use
            self._generators[generation.name] = Generator(generation, callees_of(self.spec, self.models))
        return generate(self._generators[generation.name], count, seed, given, wanted, data, at_once)

    def predict(
        self, data: Given, *, batch_size: int | None = None, data_root: Path | str | None = None
    ) -> dict[str, Array]:
        """The model's outputs [rows, …] by name, for a path, columns by name, or one array.

        Columns are those of the run's source, before any transform: what training had learnt is applied.
        Images that a file's columns name lie below `data_root`, the file's own folder unless given. Raises
        SpecError where the data lacks a column or does not fit.
        """
        return self._predicted(self._given(data, self._asked, data_root), batch_size)

    def predict_file(
        self,
        data: Path,
        out: Path,
        *,
        batch_size: int | None = None,
        data_root: Path | str | None = None,
    ) -> int:
        """Write what the model says of a file, or of each image of a folder; the number of rows.

        Raises SpecError as `predict` does, and as `write_predictions`.
        """
        opened = self._given(data, self._asked, data_root)
        outputs = self._predicted(opened, batch_size)
        write_predictions(out, outputs, self.meanings, names_of_files(opened, data))
        return len(next(iter(outputs.values())))

    @property
    def _asked(self) -> Wanted:
        return Wanted(ports_of(self.spec, self.models[self.served], self.served))

    def _given(self, data: Given, wanted: Wanted, data_root: Path | str | None) -> Dataset:
        seed, fitted = self.record.seed, self.fitted
        return open_given(data, self._data, wanted, seed=seed, fitted=fitted, base=data_root)

    def _predicted(self, opened: Dataset, batch_size: int | None) -> dict[str, Array]:
        if batch_size is not None and batch_size < 1:
            title = f"`batch_size` is {batch_size}"
            raise SpecError([Diagnostic("bad-option", title, None, help="give a whole number of at least 1")])
        with opened.errors_told():
            batches = opened.pipeline("train", batch_size=batch_size).once
            found = self.models[self.served].predict(batches, verbose=0)
        if isinstance(found, dict):
            return {name: np.asarray(found[name]) for name in self.outputs}
        return {self.outputs[0]: np.asarray(found)}

    @property
    def served(self) -> str:
        """The name of the model that predicts. Raises SpecError where several might."""
        named = self.spec.serve.model
        if named is None and ENTRY not in self.spec.models and len(self.spec.models) > 1:
            listed = ", ".join(f"`{name}`" for name in self.spec.models)
            title = f"nothing says which of {listed} predicts"
            help = "say `serve: {model: NAME}` in the spec; `specc generate` makes what its `generate` says"
            raise SpecError([Diagnostic("unknown-model", title, None, help=help)])
        return named or entry_name(self.spec)

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the model's outputs."""
        stages = self.spec.train.stages if self.spec.train else ()
        target = stages[-1].targets[0] if stages and stages[-1].targets else None
        written = self.spec.models[self.served]
        alone = written.output_names[0] if isinstance(written, Graph) else None
        own = target if written is self.spec.entry and target else alone
        return self.spec.serve.outputs or tuple(Ports.of(self.models[self.served], own).outputs)

    @property
    def meanings(self) -> dict[str, Meaning]:
        """How each output is read."""
        stages = self.spec.train.stages if self.spec.train else ()
        losses = stages[-1].losses if stages else {}
        metrics = stages[-1].metrics if stages else {}
        return {
            name: meaning_of(name, losses.get(name), self.fitted, metrics.get(name, ()), self._made_of(name))
            for name in self.outputs
        }

    def _made_of(self, target: str) -> tuple[str, ...]:
        """The fields that a target is made of."""
        return () if self.spec.data is None else self.spec.data.needed((target,))

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
