"""Reads the catalog off the installed Keras: `python -m specc.lower.catalog [--check]`.

What specc brings itself (`specc.lower.own`) is read in the same way.
The files it writes are what `specc.catalog.load` reads without Keras: one object a line, in a stable order.
"""

from __future__ import annotations

import argparse
import inspect
import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import keras

from specc.lower.catalog_calls import call_arguments, operand, outputs
from specc.lower.catalog_inherited import inherited
from specc.lower.catalog_refused import why_refused
from specc.lower.catalog_types import BY_OPERAND, nullable, type_of
from specc.lower.own import OWN
from specc.lower.private import to_snake_case

FOLDER = Path(__file__).parents[1] / "catalog" / "data"

CATEGORIES: dict[str, tuple[str, Any, type]] = {
    "layer": ("layers", keras.layers, keras.layers.Layer),
    "loss": ("losses", keras.losses, keras.losses.Loss),
    "metric": ("metrics", keras.metrics, keras.metrics.Metric),
    "optimizer": ("optimizers", keras.optimizers, object),
    "schedule": ("schedules", keras.optimizers.schedules, keras.optimizers.schedules.LearningRateSchedule),
    "callback": ("callbacks", keras.callbacks, object),
    "initializer": ("initializers", keras.initializers, keras.initializers.Initializer),
    "regularizer": ("regularizers", keras.regularizers, keras.regularizers.Regularizer),
    "constraint": ("constraints", keras.constraints, keras.constraints.Constraint),
    "quantizer": ("quantizers", keras.quantizers, object),
}
"""For each category its file, its module and the base of its classes."""

_IDENTIFIED = ("loss", "metric", "optimizer", "initializer", "regularizer", "constraint")
_SHORT = ("mse", "mae", "mape", "msle", "bce", "kld", "zero", "one", "uniform", "normal", "l1l2")
_BY_COMPILE = {"metric": ("accuracy", "acc", "crossentropy", "ce")}
"""Metrics that `compile` chooses by the loss: they have no class of their own."""
_NO_ACTIVATIONS = {"get", "serialize", "deserialize"}


def read() -> dict[str, dict[str, Any]]:
    """Every file of the catalog by its name, as plain data."""
    files = {file: _category(category) for category, (file, _, _) in CATEGORIES.items()}
    files["activations"] = {"names": sorted(_functions(keras.activations, _NO_ACTIVATIONS))}
    files["ops"] = {"objects": dict(sorted(_ops()))}
    files["applications"] = {"objects": dict(sorted(_applications()))}
    files["datasets"] = {"names": sorted(_submodules(keras.datasets))}
    version = ".".join(keras.__version__.split(".")[:2])
    return {name: {"keras": version, **content} for name, content in files.items()}


def _category(category: str) -> dict[str, Any]:
    _, module, base = CATEGORIES[category]
    classes = {n: c for n, c in vars(module).items() if inspect.isclass(c) and issubclass(c, base)}
    names: dict[type, str] = {}
    for name, cls in classes.items():
        if cls not in names or name == cls.__name__:
            names[cls] = name
    objects = {name: _entry(category, name, cls) for cls, name in names.items()}
    objects |= {name: _entry(category, name, cls) for name, cls in OWN.get(category, {}).items()}
    if category == "layer":
        objects["Input"] = {"refused": why_refused("layer", "Input")}
    for name, cls in sorted(classes.items()):
        if name != names[cls] and name[0].isupper():
            objects[names[cls]].setdefault("aliases", []).append(name)
    content: dict[str, Any] = {"objects": dict(sorted(objects.items()))}
    if category in _IDENTIFIED:
        spelled_low = {name: names[cls] for name, cls in classes.items() if name[0].islower()}
        content["identifiers"] = dict(
            sorted((spelled_low | dict(_identifiers(category, module, names))).items())
        )
    return content


def _entry(category: str, name: str, cls: type) -> dict[str, Any]:
    refused = why_refused(category, name)
    if refused:
        return {"refused": refused, "summary": _summary(cls)}
    parameters = _own(cls) | inherited(category, name, cls)
    entry: dict[str, Any] = {"arguments": {p: _argument(category, name, q) for p, q in parameters.items()}}
    if category == "layer":
        entry["arguments"].pop("name", None)
        entry |= {"call": call_arguments(cls), "outputs": outputs(cls)}
    return entry | {"summary": _summary(cls)}


def _own(cls: Any) -> dict[str, inspect.Parameter]:
    parameters = inspect.signature(cls).parameters
    return {n: p for n, p in parameters.items() if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}


def _argument(category: str, kind: str, parameter: inspect.Parameter) -> list[Any]:
    written = type_of(category, kind, parameter)
    return [written] if parameter.default is parameter.empty else [written, _plain(parameter.default)]


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    raise TypeError(f"a default that is no plain data: {value!r}")


def _summary(obj: Any) -> str:
    lines = (inspect.getdoc(obj) or "").split("\n\n")[0].split("\n")
    return " ".join(line.strip() for line in lines).split(". ")[0].rstrip(".")


def _identifiers(category: str, module: Any, names: dict[type, str]) -> Iterator[tuple[str, str]]:
    """The strings that the module's `get` takes, with the class or function that each stands for."""
    for name in sorted({*_spellings(vars(module)), *_BY_COMPILE.get(category, ())}):
        if name in _BY_COMPILE.get(category, ()):
            yield name, name
            continue
        try:
            found = module.get(name)
        except (ValueError, TypeError, KeyError):
            continue
        stands_for = names.get(type(found), "") if not inspect.isfunction(found) else name
        if stands_for and name not in names.values():
            yield name, stands_for


def _spellings(exported: Iterable[str]) -> Iterator[str]:
    yield from (form for name in _SHORT for form in (name, name.upper()))
    for name in exported:
        if not name.startswith("_"):
            yield from (name, name.lower(), to_snake_case(name))


def _functions(module: Any, without: Iterable[str]) -> dict[str, Any]:
    found = {n: f for n, f in vars(module).items() if inspect.isfunction(f) and not n.startswith("_")}
    return {name: function for name, function in found.items() if name not in without}


def _submodules(module: Any) -> list[str]:
    return [
        n for n, m in vars(module).items() if inspect.ismodule(m) and m.__name__.startswith("keras.datasets")
    ]


def _ops() -> Iterator[tuple[str, dict[str, Any]]]:
    top = _functions(keras.ops, ())
    for name, function in top.items():
        yield name, _op(name, function)
    for prefix, module in (("image", keras.ops.image), ("linalg", keras.ops.linalg), ("nn", keras.ops.nn)):
        for name, function in _functions(module, top).items():
            yield f"{prefix}.{name}", _op(f"{prefix}.{name}", function)
    for name, function in _functions(keras.random, ()).items():
        yield f"random.{name}", _op(f"random.{name}", function)


def _op(name: str, function: Any) -> dict[str, Any]:
    refused = why_refused("op", name)
    if refused:
        return {"refused": refused, "summary": _summary(function)}
    arguments = {}
    for parameter in inspect.signature(function).parameters.values():
        if parameter.kind is not parameter.VAR_KEYWORD:
            arguments[parameter.name] = _operand(name, parameter)
    return {"arguments": arguments, "summary": _summary(function)}


def _operand(op: str, parameter: inspect.Parameter) -> list[Any]:
    default = parameter.default
    otherwise = BY_OPERAND.get(parameter.name) or ("boolean" if isinstance(default, bool) else "any")
    written = operand(op, parameter, otherwise)
    if parameter.kind is parameter.VAR_POSITIONAL:
        return [written, []]
    if default is parameter.empty:
        return [written]
    return [nullable(written) if default is None else written, _plain(default)]


def _applications() -> Iterator[tuple[str, dict[str, Any]]]:
    for name, function in _functions(keras.applications, ()).items():
        parameters = {n: p for n, p in _own(function).items() if n not in ("input_tensor", "name")}
        arguments = {n: _argument("application", name, p) for n, p in parameters.items()}
        yield name, {"arguments": arguments, "summary": _summary(function)}


def render(content: dict[str, Any]) -> str:
    """A file of the catalog as text: one object a line."""
    parts = [f'"keras": {json.dumps(content["keras"])}']
    for key in ("names", "identifiers"):
        if key in content:
            parts.append(f'"{key}": {json.dumps(content[key])}')
    if "objects" in content:
        lines = (f"{json.dumps(n)}: {json.dumps(entry)}" for n, entry in content["objects"].items())
        parts.append('"objects": {\n' + ",\n".join(lines) + "\n}")
    return "{" + ",\n".join(parts) + "}\n"


def stale() -> list[str]:
    """The files that the installed Keras would write differently."""
    return [
        name
        for name, content in read().items()
        if not (path := FOLDER / f"{name}.json").exists() or path.read_text("utf-8") != render(content)
    ]


def main(arguments: list[str] | None = None) -> int:
    """Write the catalog, or with `--check` say whether it is current (exit code 1 where it is not)."""
    parser = argparse.ArgumentParser(prog="python -m specc.lower.catalog", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if stale")
    if parser.parse_args(arguments).check:
        names = stale()
        for name in names:
            print(f"{name}.json is not what Keras {keras.__version__} says")
        return 1 if names else 0
    FOLDER.mkdir(exist_ok=True)
    for name, content in read().items():
        (FOLDER / f"{name}.json").write_text(render(content), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
