"""Models that are not written as layers: `application` and `load`, as functions."""

from __future__ import annotations

import ast

from specc.python.errors import CannotSayError
from specc.python.objects import Objects
from specc.python.trees import assign, call, literal, name
from specc.source.span import Span
from specc.source.values import Mapping, Scalar, Sequence, Value

_OWN = frozenset({"application", "load", "outputs", "trainable"})
"""Keys that are no arguments of a constructor."""
_REFUSED = {
    "average_of": "a moving average of another model belongs to a training program",
    "lora": "adapters belong to a training program",
}


def reference_body(title: str, body: Mapping, objects: Objects, span: Span) -> list[ast.stmt]:
    """The statements that make the model called `title`. Raises CannotSayError."""
    for key, reason in _REFUSED.items():
        if key in body:
            raise CannotSayError(reason, span)
    made = _application(title, body, objects) if "application" in body else _loaded(body, objects)
    statements = [assign("model", made)]
    model = name("model")
    if "load" in body:
        statements.append(assign(ast.Attribute(model, "name"), literal(title)))
    outputs = body.get("outputs")
    if outputs is not None:
        inner = call(name("keras.Model"), ast.Attribute(model, "input"), _outputs(outputs, objects))
        inner.keywords.append(ast.keyword("name", literal(title)))
        statements.append(assign("model", inner))
    trainable = body.get("trainable")
    if isinstance(trainable, Scalar) and trainable.value is not True:
        statements.append(assign(ast.Attribute(model, "trainable"), objects.plain(trainable)))
    return [*statements, ast.Return(model)]


def _application(title: str, body: Mapping, objects: Objects) -> ast.expr:
    constructor = body.get("application")
    assert isinstance(constructor, Scalar)
    made = call(name(f"keras.applications.{constructor.value}"))
    for key, item in body:
        if key not in _OWN:
            made.keywords.append(ast.keyword(key, objects.plain(item)))
    made.keywords.append(ast.keyword("name", literal(title)))
    return made


def _loaded(body: Mapping, objects: Objects) -> ast.expr:
    path = body.get("load")
    assert isinstance(path, Scalar)
    file = str(path.value)
    place = objects.plain(path) if path.dynamic or file.endswith(".keras") else literal(f"{file}/best.keras")
    return call(name("keras.models.load_model"), place, compile=literal(False))


def _outputs(value: Value, objects: Objects) -> ast.expr:
    if isinstance(value, Mapping):
        return ast.Dict([literal(key) for key, _ in value], [_output(item, objects) for _, item in value])
    if isinstance(value, Sequence):
        return ast.Dict([objects.plain(item) for item in value], [_output(item, objects) for item in value])
    return _output(value, objects)


def _output(value: Value, objects: Objects) -> ast.expr:
    layer = call(ast.Attribute(name("model"), "get_layer"), objects.plain(value))
    return ast.Attribute(layer, "output")
