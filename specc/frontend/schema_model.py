"""The JSON Schema of models: inputs, weights, steps, blocks, and the kinds of model."""

from __future__ import annotations

from specc.catalog.signature import Argument, Catalog
from specc.frontend.schema_values import (
    DOTTED,
    NAME,
    TENSOR_DTYPES,
    Schema,
    argument,
    kinds_of,
    list_of,
    mapping,
    names_to,
    ref,
)

ANY: Schema = {}
TEXT = ref("string")
FLAG = ref("boolean")


def tensor() -> Schema:
    """An input: its shape without the batch axis, or more of it."""
    return {
        "if": {"type": "object"},
        "then": mapping({"shape": ref("shape"), "dtype": ref("tensor-dtype"), "description": TEXT}),
        "else": ref("shape"),
        "title": "a shape",
        "description": "A shape without the batch axis, or {shape, dtype}.",
    }


def tensor_dtype() -> Schema:
    """What an input holds."""
    return {"title": "a dtype's name", "anyOf": [ref("tensor-dtype-name"), ref("expression")]}


def weight() -> Schema:
    """A trainable tensor of the model's own."""
    properties = {"shape": ref("integers"), "initializer": ref("initializer-or-null"), "trainable": FLAG}
    return mapping(properties, ["shape"])


def wire() -> Schema:
    """What flows in: a name, a list, or a mapping by call arguments."""
    return {
        "title": "a name, a list of names, or a mapping of call arguments to names",
        "if": {"type": "object"},
        "then": {"type": "object", "additionalProperties": ref("wires")},
        "else": ref("wires"),
    }


def wires() -> Schema:
    """A tensor's name, null, or a list of them."""
    return {
        "title": "a name, or a list of names",
        "anyOf": [{"type": ["string", "null"]}, list_of(ref("wires"))],
    }


def outputs() -> Schema:
    """A name, several, or a mapping of output names to tensors."""
    return {
        "title": "a name, a list of names, or a mapping of names to tensors",
        "anyOf": [{"type": "string"}, list_of(TEXT), names_to(TEXT)],
    }


def step(catalog: Catalog) -> Schema:
    """A kind as a text, or a mapping of one kind with wiring beside it."""
    plain = {"enum": list(catalog.objects.get("layer", {}))}
    named = {"type": "string", "pattern": DOTTED}
    return {
        "title": "a step",
        "if": {"type": "object"},
        "then": ref("step-object"),
        "else": {"title": "a step", "anyOf": [plain, named, ref("expression")]},
    }


def step_object(catalog: Catalog) -> Schema:
    """Wiring keys, structural kinds, all layers; lower-case kinds are blocks and models."""
    described = {
        "name": ("names this step's output", TEXT),
        "from": ("what flows in; nothing is `previous`", ref("wire")),
        "call": ("call arguments that are not tensors", ref("mapping")),
        "outputs": ("names for the several outputs", ref("strings")),
        "when": ("compile-time: leaves the step out", FLAG),
        "trainable": ("false freezes what this step makes or uses", FLAG),
        "repeat": ("makes `layers` once per value", ref("repeat")),
        "layers": ("the body of a `repeat`", ref("steps")),
        "branches": ("each branch starts from the same input", list_of(ref("steps"))),
        "residual": ("a body plus a shortcut", ref("steps")),
        "shortcut": ("the way around a `residual`; identity unless given", ref("steps")),
        "merge": ("joins branches, or body and shortcut", ref("layer")),
        "formula": ("an expression over tensors", ref("formula")),
        "reuse": ("calls that layer again", TEXT),
    }
    properties = {key: schema | {"description": words} for key, (words, schema) in described.items()}
    return mapping(properties | kinds_of("layer", catalog), patternProperties={DOTTED: ANY}, minProperties=1)


def repeat() -> Schema:
    """A number of rounds, or one variable and its values."""
    rounds = ref("integer-or-list")
    return {
        "title": "a number, or {variable: values}",
        "if": {"type": "object"},
        "then": names_to(rounds) | {"minProperties": 1, "maxProperties": 1},
        "else": ref("integer-from-0"),
    }


def layers() -> Schema:
    """Steps, or a patch of an inherited list of steps."""
    return {
        "title": "a list of steps",
        "if": {"type": "object"},
        "then": ref("patch"),
        "else": ref("steps"),
    }


def patch() -> Schema:
    """How a file changes the steps of the file it extends, by their names."""
    by_name = {"type": "object", "additionalProperties": ref("steps")}
    return mapping({"replace": by_name, "before": by_name, "after": by_name, "remove": ref("strings")})


def block() -> Schema:
    """A template: each use makes new layers."""
    properties = {
        "description": TEXT,
        "params": ref("params"),
        "let": ref("let"),
        "inputs": ref("string-or-strings"),
        "weights": ref("weights"),
        "layers": ref("layers"),
        "outputs": ref("outputs"),
    }
    return mapping(properties, ["layers"])


def model() -> Schema:
    """One of `layers`, `application`, `load`, `average_of`."""
    return {
        "title": "a model",
        "if": {"required": ["application"]},
        "then": ref("model-application"),
        "else": {
            "if": {"required": ["load"]},
            "then": ref("model-load"),
            "else": {
                "if": {"required": ["average_of"]},
                "then": ref("model-average"),
                "else": ref("model-layers"),
            },
        },
    }


def model_layers() -> Schema:
    """A model of steps."""
    properties = {
        "description": TEXT,
        "inputs": ref("tensors") | {"description": "The inputs' shapes, without the batch axis."},
        "weights": ref("weights"),
        "let": ref("let"),
        "layers": ref("layers"),
        "outputs": ref("outputs") | {"description": "The outputs; the last step unless given."},
        "trainable": FLAG,
    }
    return mapping(properties, ["inputs", "layers"])


def model_application(catalog: Catalog) -> Schema:
    """A model of keras.applications; `outputs` name inner layers."""
    found: dict[str, Argument] = {}
    for signature in catalog.applications.values():
        found |= {a.name: a for a in signature.arguments}
    own = {name: argument(a) for name, a in found.items() if name != "name"}
    properties = own | {
        "description": TEXT,
        "application": ref("application"),
        "outputs": ref("outputs"),
        "trainable": FLAG,
        "lora": ref("lora"),
    }
    return mapping(properties, ["application"])


def model_load() -> Schema:
    """A saved model or a run."""
    properties = {
        "description": TEXT,
        "load": TEXT,
        "outputs": ref("outputs"),
        "trainable": FLAG,
        "lora": ref("lora"),
    }
    return mapping(properties, ["load"])


def model_average() -> Schema:
    """A moving average of another model's weights."""
    properties = {"description": TEXT, "average_of": TEXT, "momentum": ref("number")}
    return mapping(properties, ["average_of"])


def lora() -> Schema:
    """Low-rank adapters."""
    return mapping({"rank": ref("integer-from-1"), "layers": ref("string-or-strings")}, ["rank"])


def params() -> Schema:
    """Parameters: a default each, or a declaration."""
    declared = ("default", "type", "minimum", "maximum", "choices", "help")
    declaration = {
        "if": {"type": "object", "anyOf": [{"required": [key]} for key in declared]},
        "then": ref("declaration"),
    }
    return {"type": "object", "patternProperties": {NAME: declaration}, "additionalProperties": False}


def declaration() -> Schema:
    """What a parameter may be."""
    types = ["integer", "number", "string", "boolean", "list", "mapping"]
    named = {"title": f"one of {', '.join(types)}", "enum": types}
    properties = {
        "default": ANY,
        "type": {"if": {"type": "array"}, "then": list_of(named), "else": named},
        "minimum": ref("number"),
        "maximum": ref("number"),
        "choices": ref("list"),
        "help": TEXT,
    }
    return mapping(properties)


def definitions(catalog: Catalog) -> Schema:
    """All definitions of this module by name."""
    return {
        "formula": {"title": "a formula", "type": ["string", "number"]},
        "tensor": tensor(),
        "spec-name": {
            "title": "a name of letters, digits, `_`, `.` and `-`",
            "anyOf": [ref("plain-spec-name"), ref("expression")],
        },
        "plain-spec-name": {
            "title": "a name of letters, digits, `_`, `.` and `-`",
            "type": "string",
            "pattern": r"^[A-Za-z0-9_.-]+$",
        },
        "tensor-dtype": tensor_dtype(),
        "tensor-dtype-name": {"enum": list(TENSOR_DTYPES)},
        "tensors": names_to(ref("tensor")),
        "weights": names_to(weight(), DOTTED),
        "wire": wire(),
        "wires": wires(),
        "outputs": outputs(),
        "step": step(catalog),
        "step-object": step_object(catalog),
        "steps": {"title": "a list of steps"} | list_of(ref("step")),
        "repeat": repeat(),
        "layers": layers(),
        "patch": patch(),
        "block": block(),
        "model": model(),
        "model-layers": model_layers(),
        "model-application": model_application(catalog),
        "application": {"title": "a constructor of keras.applications", "enum": list(catalog.applications)},
        "model-load": model_load(),
        "model-average": model_average(),
        "lora": lora(),
        "params": params(),
        "declaration": declaration(),
        "let": {"type": "object", "patternProperties": {NAME: ANY}, "additionalProperties": False},
    }
