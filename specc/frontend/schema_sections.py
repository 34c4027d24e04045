"""The JSON Schema of `data`, `train`, `generate` and `serve`."""

from __future__ import annotations

from specc.catalog.signature import Catalog
from specc.frontend.schema_values import NAME, Schema, kinds_of, list_of, mapping, names_to, ref
from specc.frontend.sections.data_source import BUNDLED, DOWNLOADED, KINDS
from specc.frontend.sections.data_types import BOX_FORMATS, CACHES, DECODES

ANY: Schema = {}
TEXT = ref("string")
FLAG = ref("boolean")
COUNT = ref("integer-from-1")
FILES: Schema = {
    "title": "a path, or a mapping of columns to paths",
    "anyOf": [{"type": "string"}, {"type": "object", "additionalProperties": TEXT}],
}


def one_of(*words: str) -> Schema:
    """One of these texts, or an expression."""
    shown = ", ".join(f"`{w}`" for w in words)
    return {"title": f"one of {shown}", "anyOf": [{"enum": list(words)}, ref("expression")]}


def one_or_list(item: Schema) -> Schema:
    """One of something, or a list of them."""
    return {"if": {"type": "array"}, "then": list_of(item), "else": item}


def data() -> Schema:
    """The `data` section."""
    return mapping(
        {
            "source": ref("source") | {"description": "Where named columns come from."},
            "sources": names_to(ref("source")) | {"description": "Sources that are drawn independently."},
            "split": ref("split"),
            "fields": names_to(ref("field")),
            "derive": ref("formulas") | {"description": "Tensors computed for each batch."},
            "augment": one_or_list(ref("layer")),
            "batch_size": COUNT,
            "shuffle": FLAG,
            "drop_remainder": FLAG,
            "cache": {"title": "`memory`, `disk` or false", "anyOf": [{"const": False}, one_of(*CACHES)]},
        }
    )


def source() -> Schema:
    """Files, or a data set by its name; beside it what its kind takes."""
    named = {"dataset": one_of(*BUNDLED, *DOWNLOADED), "sklearn": one_of(*BUNDLED)}
    kinds = dict.fromkeys(KINDS, FILES) | named
    details = {
        "base": TEXT,
        "header": FLAG,
        "columns": ref("list"),
        "separator": TEXT,
        "decimal": one_of(".", ","),
        "missing": ref("any"),
        "drop_missing": FLAG,
        "window": ref("window"),
    }
    taken = {key for keys in KINDS.values() for key in keys}
    return {"title": "a source"} | mapping(
        kinds | {key: details.get(key, ANY) for key in sorted(taken)} | {"filter": ref("formula")}
    )


def window() -> Schema:
    """Stretches of consecutive rows."""
    properties = {
        "length": COUNT,
        "stride": COUNT,
        "ahead": ref("integer-from-0"),
        "unit": one_of("row", "character", "word", "line"),
    }
    return mapping(properties, ["length"])


def split() -> Schema:
    """Fractions of 1, or counts."""
    part = ref("number-from-0")
    return mapping(
        {
            "train": part,
            "validation": part,
            "test": part,
            "stratify": ref("string-or-null"),
            "per": ref("string-or-null"),
            "seed": ref("integer-or-null"),
            "shuffle": FLAG,
        }
    )


def field() -> Schema:
    """A tensor made of one column, or of several that are stacked last."""
    column = ref("string-or-integer-or-list")
    return {"title": "a field"} | mapping(
        {
            "column": column,
            "shape": ref("shape"),
            "dtype": ref("dtype"),
            "transform": one_or_list(ref("transform")),
            "transform_as": TEXT,
            "transform_of": TEXT,
            "pad": ref("number-or-string"),
            "fill": ref("number-or-string"),
            "decode": one_of(*DECODES),
            "boxes": one_of(*BOX_FORMATS),
            "image": TEXT,
            "augment": one_or_list(ref("layer")),
        }
    )


def transform(catalog: Catalog) -> Schema:
    """A preprocessing layer, or a formula of `previous`."""
    return {
        "title": "a layer or a formula",
        "if": {"type": "object"},
        "then": ref("transform-object"),
        "else": ref("layer"),
    }


def transform_object(catalog: Catalog) -> Schema:
    """`{Layer: arguments}` or `{formula: …}`."""
    kinds = {"formula": ref("formula")} | kinds_of("layer", catalog)
    return mapping(kinds, minProperties=1, maxProperties=1)


def losses(catalog: Catalog) -> Schema:
    """A loss, or a loss or formula for each output or term."""
    return {
        "title": "a loss, or a mapping of names to losses",
        "if": {"type": "object"},
        "then": ref("losses-object"),
        "else": ref("loss-or-null"),
    }


def losses_object(catalog: Catalog) -> Schema:
    """`{Loss: arguments}`, or names of outputs or terms."""
    return mapping(kinds_of("loss", catalog), patternProperties={NAME: ref("term")})


def term() -> Schema:
    """A loss, null, or a formula."""
    return {
        "title": "a loss or a formula",
        "if": {"type": "object"},
        "then": ref("loss-object"),
        "else": {"title": "a loss or a formula", "type": ["string", "number", "null"]},
    }


def metrics(catalog: Catalog) -> Schema:
    """Metrics for all outputs, or by output; in a program, formulas by name."""
    return {
        "title": "a list of metrics, or a mapping of names to metrics",
        "if": {"type": "object"},
        "then": ref("metrics-object"),
        "else": ref("metric-list"),
    }


def metrics_object(catalog: Catalog) -> Schema:
    """`{Metric: arguments}`, or names of outputs; `weighted` holds those that are weighted."""
    return mapping(kinds_of("metric", catalog), patternProperties={NAME: ref("metric-entry")})


def metric_list() -> Schema:
    """Metrics, each a name or `{Metric: arguments}`."""
    return {
        "title": "a list of metrics",
        "if": {"type": "array"},
        "then": list_of(ref("metric")),
        "else": ref("metric-or-null"),
    }


def metric_entry(catalog: Catalog) -> Schema:
    """What stands under an output's or a metric's name: metrics, or a formula."""
    by_name = mapping(kinds_of("metric", catalog), patternProperties={NAME: ref("metric-list")})
    plain: Schema = {"title": "a metric or a formula", "type": ["string", "number", "null"]}
    return {
        "title": "a list of metrics",
        "if": {"type": "object"},
        "then": by_name,
        "else": {"if": {"type": "array"}, "then": list_of(ref("metric")), "else": plain},
    }


def stage_keys() -> Schema:
    """Keys of `train` that a stage may have too."""
    return {
        "name": TEXT,
        "epochs": COUNT,
        "optimizer": ref("optimizer-or-null"),
        "loss": ref("losses"),
        "loss_weights": ref("numbers-by-name"),
        "metrics": ref("metrics"),
        "sample_weight": ref("texts-by-name"),
        "class_weight": ref("class-weight"),
        "callbacks": list_of(ref("callback")),
        "freeze": ref("string-or-strings"),
        "unfreeze": ref("string-or-strings"),
        "steps_per_epoch": ref("integer-or-null-from-1"),
        "validation_steps": ref("integer-or-null-from-1"),
        "validation_freq": COUNT,
        "derive": ref("formulas"),
        "state": names_to(ref("state")),
        "update": list_of(ref("update")),
        "objective": {"title": "an objective", "type": "object", "minProperties": 1, "maxProperties": 1},
    }


def train() -> Schema:
    """The `train` section: supervised training, or a program."""
    whole = {
        "precision": one_of("float32", "mixed_float16", "mixed_bfloat16"),
        "jit_compile": {"title": "`auto`, true or false", "anyOf": [{"type": "boolean"}, one_of("auto")]},
        "steps_per_execution": {"title": "`auto` or an integer", "anyOf": [COUNT, one_of("auto")]},
        "initial_weights": ref("initial-weights"),
        "stages": list_of(mapping(stage_keys())),
    }
    return mapping(stage_keys() | whole)


def initial_weights() -> Schema:
    """The weights that training starts with: a path, or what is taken from it."""
    properties = {
        "from": TEXT,
        "only": ref("string-or-strings"),
        "skip": ref("string-or-strings"),
        "match": one_of("name", "order"),
    }
    return {
        "title": "a path, or a mapping with `from`",
        "if": {"type": "object"},
        "then": mapping(properties, ["from"]),
        "else": TEXT,
    }


def update() -> Schema:
    """One update of a training program."""
    properties = {
        "models": ref("string-or-strings"),
        "repeat": COUNT,
        "every": COUNT,
        "when": FLAG,
        "optimizer": ref("optimizer"),
        "loss": ref("formulas"),
        "loss_weights": ref("numbers-by-name"),
    }
    return mapping(properties, ["models", "loss"])


def state() -> Schema:
    """A tensor that a training program carries from step to step."""
    properties = {"shape": ref("shape"), "initializer": ref("initializer"), "update": ref("formula")}
    return mapping(properties, ["shape", "update"])


def by_name(value: Schema, title: str) -> Schema:
    """One value, or one for each name."""
    return {
        "title": title,
        "if": {"type": "object"},
        "then": {"type": "object", "additionalProperties": value},
        "else": value,
    }


def generate() -> Schema:
    """The `generate` section: one way of making examples, or several by name."""
    known: Schema = {"anyOf": [{"required": [key]} for key in GENERATION]}
    return {
        "title": "how examples are made, or several ways by name",
        "type": "object",
        "if": known,
        "then": ref("generation"),
        "else": names_to(ref("generation")),
    }


GENERATION = ("inputs", "derive", "repeat", "decode", "step", "outputs")


def generation() -> Schema:
    """One way of making examples."""
    return mapping(
        {
            "inputs": ref("tensors"),
            "derive": ref("formulas"),
            "repeat": ref("repeat"),
            "decode": ref("decode"),
            "step": ref("formulas"),
            "outputs": ref("formulas"),
        }
    )


def decode() -> Schema:
    """Decoding token by token."""
    sampled = mapping(
        {
            "temperature": ref("number-from-0"),
            "top_k": ref("integer-or-null-from-1"),
            "top_p": ref("number-or-null-from-0"),
        }
    )
    search: Schema = {
        "title": "`greedy`, {sample: …} or {beam: …}",
        "if": {"type": "object"},
        "then": mapping({"sample": sampled, "beam": COUNT}, minProperties=1, maxProperties=1),
        "else": one_of("greedy", "sample"),
    }
    properties = {
        "start": ref("formula"),
        "end": ref("integer-or-null"),
        "length": COUNT,
        "search": search,
    }
    return mapping(properties, ["start", "length"])


def definitions(catalog: Catalog) -> Schema:
    """All definitions of this module by name."""
    return {
        "data": data(),
        "source": source(),
        "window": window(),
        "split": split(),
        "field": field(),
        "formulas": names_to(ref("formula")) | {"title": "a mapping of names to formulas"},
        "transform": transform(catalog),
        "transform-object": transform_object(catalog),
        "losses": losses(catalog),
        "losses-object": losses_object(catalog),
        "term": term(),
        "metrics": metrics(catalog),
        "metrics-object": metrics_object(catalog),
        "metric-list": metric_list(),
        "metric-entry": metric_entry(catalog),
        "numbers-by-name": by_name(ref("number"), "a mapping of names to numbers"),
        "texts-by-name": by_name(TEXT, "a name, or a mapping of outputs to names"),
        "class-weight": {
            "title": "a list of numbers, or a mapping of classes to numbers",
            "if": {"type": "object"},
            "then": {
                "type": "object",
                "patternProperties": {r"^[0-9]+$": ref("number-from-0"), NAME: ref("class-weight")},
                "additionalProperties": False,
            },
            "else": ref("numbers"),
        },
        "update": update(),
        "state": state(),
        "train": train(),
        "initial-weights": initial_weights(),
        "generate": generate(),
        "generation": generation(),
        "decode": decode(),
        "serve": mapping({"model": TEXT, "outputs": ref("strings")}),
    }
