"""The front end from a path to a Spec: one stage after another, every error of all of them told together."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from specc.catalog.load import load
from specc.catalog.signature import Catalog
from specc.frontend.compose import Composer, Document
from specc.frontend.fill import fill_value
from specc.frontend.formula_positions import fill_section
from specc.frontend.overrides import CommandLine
from specc.frontend.parameters import bind_lets, bind_parameters, check_name, read_parameters
from specc.frontend.programs.callbacks import check_callbacks
from specc.frontend.programs.fields import field_names, written_names
from specc.frontend.programs.generation import Generation, check_generation, read_generations
from specc.frontend.programs.names import BUILT_IN, Known, NameCheck, check_names
from specc.frontend.programs.objectives import expand_objective
from specc.frontend.programs.unused import warn_of_unused
from specc.frontend.project import ENTRY, Interface, Project, Reference
from specc.frontend.scope import Block, File
from specc.frontend.sections.data import DataSection, read_data
from specc.frontend.sections.data_warnings import warn_of_data
from specc.frontend.sections.serve import Serve, read_serve
from specc.frontend.sections.train import TrainSection, read_train
from specc.frontend.spec import Source, Spec
from specc.frontend.structure import check_structure
from specc.frontend.unused import warn_unused
from specc.graph.infer import infer_models
from specc.graph.ir import Graph
from specc.graph.programs import check_generations, check_programs
from specc.graph.report_data import report_weights
from specc.graph.report_types import report_types
from specc.graph.verify import verify
from specc.source.collection import no_collection
from specc.source.diagnostic import Reporter, SpecError
from specc.source.values import Mapping, Scalar, Value, describe

Plain = TypeVar("Plain", int, str)
SEEDS = 1 << 32
"""How many seeds there are: NumPy and Keras take no other numbers."""
SECTIONS = ("data", "train", "serve", "generate")


def load_spec(path: str | Path, params: Iterable[object] = (), overrides: Iterable[object] = ()) -> Spec:
    """Read, compose, check, resolve and expand the spec at `path`.

    `params` and `overrides` are texts `name=value` or pairs of a name and plain data. Raises SpecError with
    everything that is wrong; its `texts` hold the sources.
    """
    reporter = Reporter()
    loading = _Loading(Path(path), reporter)
    try:
        with no_collection():
            return loading.load(CommandLine(params, overrides))
    except SpecError as error:
        error.texts = loading.composer.texts
        raise


class _Loading:
    def __init__(self, path: Path, reporter: Reporter) -> None:
        self.path, self.reporter = path, reporter
        self.catalog: Catalog = load()
        self.composer = Composer(path.parent, reporter)
        self.files: dict[Path, File] = {}

    def load(self, command_line: CommandLine) -> Spec:
        document = self.composer.compose(self.path, command_line)
        if document is None:
            raise SpecError(self.reporter.sorted())
        check_structure(document.value, self.catalog, self.reporter)
        home = self.file(document, command_line)
        project = Project(self.definitions(document.value), home, self.catalog, self.reporter)
        project.expand_all()
        warn_unused(document.value, home, str(self.path), self.reporter)
        sections = self.sections(document.value, home)
        data, train = self.read(sections, project)
        generations = self.generations(sections, data, project)
        serve = self.serve(sections, project)
        unnamed = re.sub(r"[^A-Za-z0-9_.-]", "_", self.path.stem)  # Keras and folders take not every name
        name = self.plain(document.value, "name", unnamed, home)
        seed = self.seed(document.value, home)
        for model in project.models.values():
            if isinstance(model, Graph):
                verify(model)
        found = infer_models(project.models)
        for types in found.values():
            report_types(types, self.reporter)
        if data is not None:
            report_weights(data, found, self.reporter)
        if train is not None:
            ways = generations.values()
            check_programs(train.programs, data, project.models, found, self.reporter, ways)
        check_generations(generations.values(), data, project.models, self.reporter)
        self.reporter.stop_if_failed()
        assert project.models.keys() == project.definitions.keys(), "a model failed without a word"
        return Spec(
            name=name,
            seed=seed,
            path=self.path,
            params=home.values,
            models=project.models,
            data=data,
            train=train,
            generations=generations,
            serve=serve,
            sections=sections,
            warnings=self.reporter.sorted(),
            texts=self.composer.texts,
            source=Source(document.value, home, dict(project.definitions)),
        )

    def plain(self, document: Mapping, key: str, default: Plain, home: File) -> Plain:
        """A plain value of the spec itself, computed where it is an expression; of the default's type."""
        value = document.get(key)
        if value is None:
            return default
        filled = fill_value(value, home.values, self.reporter)
        found = filled.value if isinstance(filled, Scalar) else None
        if isinstance(found, type(default)) and not isinstance(found, bool):
            return found
        if filled is not None:
            wanted = "an integer" if isinstance(default, int) else "a text"
            title = f"`{key}` is {wanted}, and this is {describe(filled)}"
            self.reporter.error("wrong-type", title, value.span)
        return default

    def seed(self, document: Mapping, home: File) -> int:
        """The spec's seed, 0 unless given."""
        found, written = self.plain(document, "seed", 0, home), document.get("seed")
        if written is not None and not 0 <= found < SEEDS:
            title = f"`seed` is {found}, and lies between 0 and {SEEDS - 1}"
            self.reporter.error("out-of-range", title, written.span)
        return found

    # --- files --------------------------------------------------------------------------------------------
    def file(self, document: Document, command_line: CommandLine | None = None) -> File:
        """The values and blocks of a document; only the named spec's parameters can be given."""
        declared = read_parameters(document.value.get("params"), self.reporter)
        given = command_line.params(self.reporter) if command_line else {}
        params = {name: (override.span, override.value) for name, override in given.items()}
        values = bind_parameters(declared, params, {}, "this spec", None, self.reporter)
        home = File(bind_lets(document.value.get("let"), values, self.reporter))
        for alias, imported in document.imports.items():
            inner = self.imported(imported)
            for name, block in inner.blocks.items():
                home.blocks[f"{alias}.{name}"] = block
        self.blocks(document.value.get("blocks"), home)
        return home

    def imported(self, document: Document) -> File:
        """The file of an imported document, checked once."""
        path = document.path.resolve()
        if path not in self.files:
            check_structure(document.value, self.catalog, self.reporter)
            self.files[path] = self.file(document)
        return self.files[path]

    def blocks(self, section: Value | None, home: File) -> None:
        """Take the blocks of a file into it."""
        if not isinstance(section, Mapping):
            return
        for key, body in section.entries:
            name = str(key.value)
            if not check_name(name, key.span, self.reporter, "block") or not isinstance(body, Mapping):
                continue
            parameters = read_parameters(body.get("params"), self.reporter)
            home.blocks[name] = Block(name, body, parameters, home, key.span)

    def definitions(self, document: Mapping) -> dict[str, tuple[Scalar, Mapping]]:
        """The models of a document by name; `model:` is the entry called `model`."""
        found: dict[str, tuple[Scalar, Mapping]] = {}
        section = document.get("models")
        if isinstance(section, Mapping):
            for key, body in section.entries:
                if isinstance(body, Mapping):
                    found[str(key.value)] = (key, body)
        entry = document.get(ENTRY)
        if isinstance(entry, Mapping):
            if ENTRY in found:
                title = "`model` and `models.model` are the same name"
                self.reporter.error("duplicate-name", title, document.key(ENTRY).span)
            found[ENTRY] = (document.key(ENTRY), entry)
        if not found and "model" not in document and "models" not in document:
            self.reporter.error(
                "missing-key",
                "this spec has no model",
                document.span.within(0, 1),
                help="add `model:` or `models:`",
            )
        return found

    # --- the rest -----------------------------------------------------------------------------------------
    def sections(self, document: Mapping, home: File) -> dict[str, Mapping]:
        """The sections beside the models, resolved."""
        found: dict[str, Mapping] = {}
        for name in SECTIONS:
            value = document.get(name)
            if value is None:
                continue
            filled = fill_section(name, value, home.values, self.reporter)
            if isinstance(filled, Mapping):
                if name == "train" and "objective" in filled:
                    filled = expand_objective(filled, self.composer.texts, self.reporter)
                if filled is not None:
                    found[name] = filled
        return found

    def read(
        self, sections: dict[str, Mapping], project: Project
    ) -> tuple[DataSection | None, TrainSection | None]:
        data = train = None
        if "data" in sections:
            data = read_data(sections["data"], self.catalog, self.reporter, models=project.models)
        if "train" in sections:
            entry = project.models.get(ENTRY) or next(iter(project.models.values()), None)
            names: tuple[str, ...] = ()
            if isinstance(entry, Graph):
                names = entry.output_names
            elif isinstance(entry, Reference):
                names = entry.interface.outputs
            if names or not self.reporter.failed:
                train = read_train(sections["train"], names, self.catalog, self.reporter)
        if data is not None and not self.reporter.failed:
            warn_of_data(data, train, self.inputs(project), self.reporter)
        for program in train.programs if train is not None else ():
            check_names(program, self.known(data, project), self.reporter)
            check_callbacks(program, self.catalog, self.reporter)
        if train is not None and not self.reporter.failed:
            warn_of_unused(train.programs, self.reporter)
        return data, train

    def inputs(self, project: Project) -> tuple[str, ...] | None:
        """The inputs of the entry model; None where only Keras knows them."""
        entry = project.models.get(ENTRY) or next(iter(project.models.values()), None)
        return tuple(given.name for given in entry.inputs) if isinstance(entry, Graph) else None

    def generations(
        self, sections: dict[str, Mapping], data: DataSection | None, project: Project
    ) -> dict[str, Generation]:
        """The ways of making examples, their names checked."""
        if "generate" not in sections:
            return {}
        found = read_generations(sections["generate"], self.catalog, self.reporter)
        known = self.known(data, project)
        for generation in found.values():
            tensors = {*(known.fields or ()), *BUILT_IN}
            check_generation(generation, NameCheck(known, tensors, self.reporter))
        return found

    def known(self, data: DataSection | None, project: Project) -> Known:
        """What the formulas of programs may name."""
        names, models = field_names(data, project.models), self.interfaces(project)
        broken = frozenset(project.definitions) - set(models)
        return Known(names, models, self.catalog, written_names(data), broken)

    def interfaces(self, project: Project) -> dict[str, Interface]:
        """What each model that came out right takes and gives."""
        found = {name: project.interface(name, key.span) for name, (key, _) in project.definitions.items()}
        return {name: interface for name, interface in found.items() if interface is not None}

    def serve(self, sections: dict[str, Mapping], project: Project) -> Serve:
        """Which model predicts."""
        if "serve" not in sections:
            return Serve()
        models = self.interfaces(project)
        entry = ENTRY if ENTRY in models else next(iter(models), ENTRY)
        return read_serve(sections["serve"], models, entry, self.reporter)
