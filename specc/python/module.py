"""A whole spec as the source of one Python module."""

from __future__ import annotations

import ast
import textwrap

from specc.catalog.load import load
from specc.frontend.project import Reference
from specc.frontend.spec import Spec
from specc.graph.infer import Types, infer_models
from specc.graph.ir import Graph
from specc.python.errors import CannotSayError
from specc.python.models import Models
from specc.python.names import identifier
from specc.python.objects import Objects
from specc.python.parts import RAW_WEIGHT, entry_point, imports, raw_weight, text
from specc.python.printer import WIDTH, print_module
from specc.python.prune import loaded
from specc.python.training import compile_function
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.values import Scalar

_TEXT = WIDTH - 3
"""Columns of a docstring's text, beside the quotes."""


def to_source(spec: Spec) -> str:
    """Python source that builds the spec's models with nothing but Keras. Raises SpecError."""
    return print_module(_Module(spec).statements())


class _Module:
    """`flat` are the models that are written without their structure, with the reason why."""

    def __init__(self, spec: Spec) -> None:
        assert spec.source is not None
        self.spec, self.source = spec, spec.source
        self.types: dict[str, Types] = infer_models(spec.models)
        self.builders = {key: f"build_{identifier(key)}" for key in spec.models}
        self.flat: dict[str, str] = {}

    def statements(self) -> list[ast.stmt]:
        """The whole module. Raises SpecError where a model cannot be said in Python."""
        written = self.written()
        while written is None:
            written = self.written()
        functions, body = written
        if RAW_WEIGHT in loaded(body):
            body.insert(0, raw_weight())
        entry = self.spec.entry
        if entry is None:
            body.append(functions.all_models())
        elif self.spec.train is not None:
            compiling = compile_function(self.spec.train, Objects(load(), {}, functions.imports))
            body += [compiling] if compiling is not None else []
        body += entry_point(self.builders[entry.name] if entry is not None else None)
        return [*self.head(), *imports(body, functions.imports), *body]

    def head(self) -> list[ast.stmt]:
        """The docstring of the module."""
        description = self.source.document.get("description")
        words = _filled(str(description.value)) if isinstance(description, Scalar) else ""
        title = f"The model{'s' if self.spec.entry is None else ''} of the spec `{self.spec.name}`."
        return [text(f"{title}\n\n{words}" if words else title)]

    def written(self) -> tuple[Models, list[ast.stmt]] | None:
        """The functions of all models; None where one has turned out to be written flat."""
        functions = Models(self.spec, self.source, self.types, self.builders)
        body: list[ast.stmt] = []
        problems: list[Diagnostic] = []
        for key, model in self.spec.models.items():
            try:
                body += self.model(key, model, functions)
            except CannotSayError as error:
                if isinstance(model, Graph) and key not in self.flat:
                    self.flat[key] = error.reason
                    return None
                title = f"the model `{key}` cannot be written as Python: {error.reason}"
                place = error.span or model.span
                functions.keywords[key] = {}
                problems.append(Diagnostic("not-in-python", title, place, help=error.help))
        if problems:
            raise SpecError(problems)
        return functions, body

    def model(self, key: str, model: Graph | Reference, functions: Models) -> list[ast.stmt]:
        """The function that builds one model, after those of its blocks."""
        if isinstance(model, Reference):
            return [functions.reference(key, model)]
        if key in self.flat:
            return [functions.flat(key, model, self.flat[key])]
        return [*functions.blocks_of(functions.facts.models[key]), functions.model(key)]


def _filled(text: str) -> str:
    """A text whose paragraphs are no wider than a line; lists and tables are left as they are."""
    found: list[str] = []
    for paragraph in text.strip().split("\n\n"):
        lines = paragraph.splitlines()
        listed = any(not part[:1].isalnum() and part[:1] not in "(`" for part in lines if part)
        wide = max(map(len, lines), default=0) > _TEXT
        found.append(textwrap.fill(paragraph, _TEXT) if wide and not listed else paragraph)
    return "\n\n".join(found)
