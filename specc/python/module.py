"""A whole spec as the source of one Python module."""

from __future__ import annotations

import ast

from specc.catalog.load import load
from specc.frontend.project import ENTRY, Reference
from specc.frontend.spec import Spec
from specc.graph.infer import Types, infer_models
from specc.graph.ir import Graph, models_used
from specc.python.errors import CannotSayError
from specc.python.flat import flat_body
from specc.python.names import Names, identifier
from specc.python.objects import Objects
from specc.python.parts import RAW_WEIGHT, entry_point, function, imports, raw_weight
from specc.python.printer import print_module
from specc.python.references import reference_body
from specc.python.trees import assign, call, name
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.values import Mapping, from_python


def to_source(spec: Spec) -> str:
    """Python source that builds the spec's models with nothing but Keras. Raises SpecError."""
    return print_module(_Module(spec).statements())


class _Module:
    def __init__(self, spec: Spec) -> None:
        self.spec = spec
        self.types: dict[str, Types] = infer_models(spec.models)
        self.plugins: dict[str, set[str]] = {}
        self.builders = {key: f"build_{identifier(key)}" for key in spec.models}
        self.outputs = {
            key: model.output_names if isinstance(model, Graph) else model.interface.outputs
            for key, model in spec.models.items()
        }

    def statements(self) -> list[ast.stmt]:
        problems: list[Diagnostic] = []
        body: list[ast.stmt] = []
        for key, model in self.spec.models.items():
            try:
                body.append(self.model(key, model))
            except CannotSayError as error:
                title = f"the model `{key}` cannot be written as Python: {error.reason}"
                place = error.span or model.span
                problems.append(Diagnostic("not-in-python", title, place, help=error.help))
        if problems:
            raise SpecError(problems)
        called = {node.id for part in body for node in ast.walk(part) if isinstance(node, ast.Name)}
        if RAW_WEIGHT in called:
            body.insert(0, raw_weight())
        entry = self.spec.entry
        if entry is not None:
            body.append(entry_point(self.builders[entry.name]))
        return [*imports(body, self.plugins), *body]

    def model(self, key: str, model: Graph | Reference) -> ast.stmt:
        """The function that builds one model."""
        builder = self.builders[key]
        if isinstance(model, Reference):
            settings = from_python(model.settings, model.span)
            assert isinstance(settings, Mapping)
            objects = Objects(load(), {}, self.plugins)
            return function(builder, reference_body(key, settings, objects, model.span))
        names = Names((*self.builders.values(), RAW_WEIGHT))
        used = {item: names.new(item) for item in models_used(model)}
        made: list[ast.stmt] = [
            assign(variable, call(name(self.builders[item]))) for item, variable in used.items()
        ]
        label = self.spec.name if key == ENTRY else key
        body = flat_body(model, label, used, self.outputs, self.types[key], self.plugins, names)
        return function(builder, [*made, *body])
