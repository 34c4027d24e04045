"""The JSON Schema of a whole spec, generated from the catalog; `python -m specc.frontend.schema` prints it.

Definitions are made when they are first asked for, so that checking a small spec makes few of them.
"""

from __future__ import annotations

import json
import sys
from typing import Any

from specc.catalog.load import load
from specc.catalog.signature import Catalog
from specc.frontend import schema_model, schema_sections
from specc.frontend.schema_values import (
    CATEGORIES,
    NAME,
    Schema,
    activation,
    arguments_of,
    names_to,
    object_definition,
    one_kind,
    ref,
    use_of,
    value_definition,
)

DIALECT = "https://json-schema.org/draft/2020-12/schema"
IDENTITY = "https://specc.dev/schemas/spec.schema.json"


def schema(catalog: Catalog) -> Schema:
    """The schema of a spec document, with every definition that it refers to."""
    definitions = Definitions(catalog)
    root = document()
    found: Schema = {}
    pending = references(root)
    while pending:
        name = pending.pop()
        if name not in found:
            found[name] = definitions[name]
            pending += references(found[name])
    return {"$schema": DIALECT, "$id": IDENTITY, **root, "$defs": dict(sorted(found.items()))}


def document() -> Schema:
    """The top level of a spec."""
    described: dict[str, tuple[str, Schema]] = {
        "specc": ("The language's version.", {"title": "the language's version, 1", "const": 1}),
        "name": ("The spec's name.", ref("spec-name")),
        "description": ("What the spec is for.", ref("string")),
        "seed": ("Makes draws and initial weights repeatable.", ref("integer")),
        "extends": ("The spec that this one changes.", ref("string-or-strings")),
        "import": ("Files whose blocks can be used as `name.block`.", _texts()),
        "params": ("Values that `-p name=value` sets.", ref("params")),
        "let": ("Values computed from parameters.", ref("let")),
        "blocks": ("Templates: each use makes new layers.", _by_name("block")),
        "model": ("The entry model.", ref("model")),
        "models": ("Models: every use shares their weights.", _by_name("model")),
        "data": ("Where examples come from.", ref("data")),
        "train": ("How the models are trained.", ref("train")),
        "generate": ("How new examples are made.", ref("generate")),
        "serve": ("What predict and export use.", ref("serve")),
    }
    return {
        "title": "a spec",
        "type": "object",
        "properties": {name: part | {"description": words} for name, (words, part) in described.items()},
        "required": ["specc"],
        "additionalProperties": False,
    }


def _by_name(definition: str) -> Schema:
    return {"type": "object", "patternProperties": {NAME: ref(definition)}, "additionalProperties": False}


def _texts() -> Schema:
    return names_to(ref("string"))


def references(part: Any) -> list[str]:
    """The names of the definitions that a part of the schema refers to."""
    if isinstance(part, dict):
        own = [part["$ref"].removeprefix("#/$defs/")] if isinstance(part.get("$ref"), str) else []
        return own + [name for item in part.values() for name in references(item)]
    if isinstance(part, list):
        return [name for item in part for name in references(item)]
    return []


class Definitions(dict[str, Schema]):
    """`$defs`, each made when it is asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        own = schema_model.definitions(catalog) | schema_sections.definitions(catalog)
        super().__init__(own | {"expression": _expression(), "activation": activation(catalog)})

    def __missing__(self, name: str) -> Schema:
        self[name] = made = self._make(name)
        return made

    def _make(self, name: str) -> Schema:
        first, _, rest = name.partition(".")
        if first == "arguments":
            category, _, kind = rest.partition(".")
            return arguments_of(self._catalog.objects[category][kind])
        if first in CATEGORIES and rest:
            return use_of(first, self._catalog.objects[first][rest])
        if name in CATEGORIES:
            return object_definition(name, self._catalog)
        category = name.removesuffix("-object")
        known = category in CATEGORIES and category != name
        return one_kind(category, self._catalog) if known else value_definition(name)


def _expression() -> Schema:
    return {
        "title": "an expression",
        "description": "`$name` or `$(…)`, computed when the spec is compiled.",
        "type": "string",
        "pattern": r"\$",
    }


def text() -> str:
    """The schema as JSON text, with what plugins have registered until now."""
    return json.dumps(schema(load()), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    sys.stdout.write(text())
