"""Parts of the JSON Schema that every section shares: argument types, Keras objects, names, formulas."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from specc.catalog.signature import REQUIRED, Argument, Catalog, Signature
from specc.source.suggest import did_you_mean

Schema = dict[str, Any]

NAME = r"^[a-z_][a-z0-9_]*$"
DOTTED = r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$"
DOTTED = r"^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*$"
DYNAMIC = r"\$"
"""A key or text that holds an expression."""

OF_EVERY_LAYER = frozenset(("activity_regularizer", "autocast", "dtype", "trainable"))
"""Arguments that are always given by name."""

CATEGORIES: dict[str, str] = {
    "layer": "a layer",
    "loss": "a loss",
    "metric": "a metric",
    "optimizer": "an optimizer",
    "schedule": "a learning-rate schedule",
    "callback": "a callback",
    "initializer": "an initializer",
    "regularizer": "a regularizer",
    "constraint": "a constraint",
    "quantizer": "a quantizer",
}

_TYPES: dict[str, tuple[str, Schema]] = {
    "boolean": ("true or false", {"type": "boolean"}),
    "integer": ("an integer", {"type": "integer"}),
    "number": ("a number", {"type": "number"}),
    "string": ("a text", {"type": "string"}),
    "list": ("a list", {"type": "array"}),
    "mapping": ("a mapping", {"type": "object"}),
    "integers": ("a list of integers", {"type": "array", "items": {"$ref": "#/$defs/integer"}}),
    "numbers": ("a list of numbers", {"type": "array", "items": {"$ref": "#/$defs/number"}}),
    "strings": ("a list of texts", {"type": "array", "items": {"$ref": "#/$defs/string"}}),
    "shape": ("a list of integers or nulls", {"type": "array", "items": {"$ref": "#/$defs/integer-or-null"}}),
    "dtype": ("a dtype's name", {"type": "string"}),
    "activation": ("an activation", {"$ref": "#/$defs/activation"}),
}
TENSOR_DTYPES = (
    *("float16", "float32", "float64", "bfloat16"),
    *(f"{sign}int{bits}" for sign in ("", "u") for bits in (8, 16, 32, 64)),
    *("bool", "string"),
)
"""What an input of a model can hold."""
_COMMON = {"int": "int32", "uint": "uint8", "float": "float32", "double": "float64", "half": "float16"}
_COMMON |= {"long": "int64", "boolean": "bool", "str": "string", "text": "string"}
EXPRESSION: Schema = {"$ref": "#/$defs/expression"}


def dtype_help(name: str) -> str:
    """What dtype was meant: other languages have shorter names for some."""
    return did_you_mean(_COMMON.get(name, name), TENSOR_DTYPES, limit=len(TENSOR_DTYPES))


def ref(name: str) -> Schema:
    """A reference to a shared definition."""
    return {"$ref": f"#/$defs/{name}"}


def mapping(properties: Schema, required: Iterable[str] = (), **more: Any) -> Schema:
    """A mapping with these keys and no others."""
    schema: Schema = {"type": "object", "properties": properties, "additionalProperties": False, **more}
    if required:
        schema["required"] = list(required)
    return schema


def names_to(value: Schema, pattern: str = NAME) -> Schema:
    """A mapping from names of the user's, or from `$`-expressions that give names, to `value`."""
    return {
        "type": "object",
        "patternProperties": {pattern: value, DYNAMIC: value},
        "additionalProperties": False,
    }


def list_of(items: Schema) -> Schema:
    """A list."""
    return {"type": "array", "items": items}


def value_name(types: tuple[str, ...], *, nullable: bool = False, minimum: float | None = None) -> str:
    """The definition's name for a value of any of these types; `value_definition` reads it."""
    parts = [*types, *(["null"] if nullable else [])]
    return "-or-".join(parts) + (f"-from-{minimum:g}" if minimum is not None else "")


def value_definition(name: str) -> Schema:
    """The definition behind a `value_name`: each value may be an expression instead. Raises KeyError."""
    kinds, _, least = name.partition("-from-")
    parts = kinds.split("-or-")
    if "any" in parts:
        return {"title": "any value"}
    branches, words = [], []
    for part in parts:
        word, schema = _branch(part)
        if least and part in ("integer", "number"):
            word, schema = f"{word} of at least {least}", schema | {"minimum": float(least)}
        branches.append(schema)
        words.append(word)
    return {"title": " or ".join(words), "anyOf": [*branches, EXPRESSION]}


def _branch(part: str) -> tuple[str, Schema]:
    if part == "null":
        return "null", {"type": "null"}
    if part in CATEGORIES:
        return CATEGORIES[part], ref(part)
    return _TYPES[part]


def argument(wanted: Argument) -> Schema:
    """The schema of one argument of a constructor."""
    schema = _choice(wanted) if wanted.choices else ref(_name_of(wanted))
    if wanted.default is not REQUIRED and isinstance(wanted.default, bool | int | float | str):
        schema["default"] = wanted.default
    return schema


def _name_of(wanted: Argument) -> str:
    return value_name(wanted.types, nullable=wanted.nullable, minimum=wanted.minimum)


def _choice(wanted: Argument) -> Schema:
    """One of the choices, or of the argument's other types."""
    others = tuple(kind for kind in wanted.types if kind != "string")
    named = {"enum": [*wanted.choices, *([None] if wanted.nullable else [])]}
    words = ", ".join(f"`{choice}`" for choice in wanted.choices)
    branches = [named, *([ref(value_name(others, minimum=wanted.minimum))] if others else []), EXPRESSION]
    return {"title": f"one of {words}", "anyOf": branches}


def activation(catalog: Catalog) -> Schema:
    """An activation's name, or a layer that serves as one."""
    names = list(dict.fromkeys([*catalog.activations, *catalog.objects.get("layer", {})]))
    return {
        "title": "an activation",
        "if": {"type": "object"},
        "then": ref("layer-object"),
        "else": {"title": "an activation", "anyOf": [{"enum": names}, EXPRESSION]},
    }


def use_of(category: str, signature: Signature) -> Schema:
    """What stands after `Kind:`: its arguments, its first argument alone, an expression, or nothing."""
    if signature.refused:
        return {"not": {}, "description": signature.refused}
    own = [a for a in signature.arguments if a.name not in OF_EVERY_LAYER]
    first = [argument(own[0])] if own else []
    schema: Schema = {
        "if": {"type": "object"},
        "then": ref(f"arguments.{category}.{signature.name}"),
        "else": {"title": "arguments", "anyOf": [*first, {"type": "null"}, EXPRESSION]},
    }
    if signature.summary:
        schema["description"] = signature.summary
    return schema


def arguments_of(signature: Signature) -> Schema:
    """The mapping of a kind's arguments."""
    required = [a.name for a in signature.arguments if a.required]
    return mapping({a.name: argument(a) for a in signature.arguments}, required)


def kinds_of(category: str, catalog: Catalog) -> Schema:
    """The kinds of a category as keys of a mapping."""
    return {name: ref(f"{category}.{name}") for name in catalog.objects.get(category, {})}


def object_definition(category: str, catalog: Catalog) -> Schema:
    """An object of a category: the name of a kind, `{Kind: arguments}`, or an identifier of Keras's."""
    names = [*catalog.objects.get(category, {}), *catalog.identifiers.get(category, {})]
    known: Schema = {"title": CATEGORIES[category], "enum": list(dict.fromkeys(names))}
    branches = [known, EXPRESSION]
    if category == "layer":
        branches.append({"type": "string", "pattern": DOTTED})
    return {
        "title": CATEGORIES[category],
        "if": {"type": "object"},
        "then": ref(f"{category}-object"),
        "else": {"title": CATEGORIES[category], "anyOf": branches},
    }


def one_kind(category: str, catalog: Catalog) -> Schema:
    """`{Kind: arguments}`; an identifier stands for its class, and takes nothing where it has none."""
    kinds = catalog.objects.get(category, {})
    named = {
        name: ref(f"{category}.{kind}") if kind in kinds else {"title": "nothing", "type": "null"}
        for name, kind in catalog.identifiers.get(category, {}).items()
    }
    return mapping(named | kinds_of(category, catalog), minProperties=1, maxProperties=1)
