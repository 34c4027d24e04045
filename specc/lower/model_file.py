"""A stranger's `.keras` file opened to be read: its configuration is data, and nothing in it is executed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from specc.catalog.plugins import registered
from specc.lower.archive import check_archive, read_member
from specc.lower.errors import KERAS_ERRORS, reason_of
from specc.source.diagnostic import Diagnostic, Reporter, SpecError

_CONFIG = "config.json"
_OWN_CODE = frozenset({"Lambda", "TorchModuleWrapper", "FlaxLayer", "JaxLayer", "TFSMLayer"})
"""Layers of Keras's that hold programs, which its safe mode refuses, or runs."""


@dataclass(frozen=True)
class ModelFile:
    """A saved model and how it was compiled (Keras's `compile_config`; empty where it was not)."""

    model: keras.Model
    training: dict[str, Any]


def open_model_file(path: Path) -> ModelFile:
    """The model in a `.keras` file, loaded in Keras's safe mode.

    Raises SpecError: `missing-file`, `model-file` where it is no such file or is damaged, `inexpressible`
    naming every layer with code, and every class that is neither Keras's nor a plugin's.
    """
    config = _configuration(path)
    reporter = Reporter()
    for name, kind in dict.fromkeys(_foreign(config)):
        title = f"`{name}` in `{path.name}` cannot be written in a spec"
        reporter.error("inexpressible", title, None, notes=[_why(kind)], help=_help(kind))
    reporter.stop_if_failed()
    plugins = {kind: registered.factory("layer", kind) for kind in registered.of("layer")}
    try:
        model = keras.models.load_model(path, custom_objects=plugins, compile=False, safe_mode=True)
    except KERAS_ERRORS as error:
        raise _unreadable(path, f"Keras says: {reason_of(error)}") from error
    training = config.get("compile_config")
    return ModelFile(model, training if isinstance(training, dict) else {})


def _configuration(path: Path) -> dict[str, Any]:
    """What `config.json` in the file says; raises SpecError."""
    if not path.exists():
        raise SpecError([Diagnostic("missing-file", f"there is no file `{path}`", None)])
    if path.suffix != ".keras":
        help = "load it where it was made and save it anew: `model.save('NAME.keras')`"
        if path.name.endswith(".weights.h5"):
            help = "it holds weights alone; save the whole model: `model.save('NAME.keras')`"
        raise _unreadable(path, "its name does not end in `.keras`", help)
    try:
        check_archive(path)
        config = json.loads(read_member(path, _CONFIG))
    except (OSError, ValueError, RecursionError) as error:
        raise _unreadable(path, str(error)) from error
    if not isinstance(config, dict):
        raise _unreadable(path, f"its `{_CONFIG}` is no mapping")
    return config


def _unreadable(path: Path, reason: str, help: str = "") -> SpecError:
    title = f"`{path.name}` cannot be read as a Keras model"
    return SpecError([Diagnostic("model-file", title, None, notes=(reason,), help=help)])


def _foreign(config: Any) -> Iterator[tuple[str, str]]:
    """Names and classes of layers that hold code, and of whatever is neither Keras's nor a plugin's."""
    stack = [config]
    while stack:
        data = stack.pop()
        if isinstance(data, dict):
            kind, inner = data.get("class_name"), data.get("config")
            if isinstance(kind, str) and _is_foreign(data, kind):
                name = inner.get("name") if isinstance(inner, dict) else inner
                yield str(name or kind), kind
            stack += [item for key, item in reversed(data.items()) if key != "compile_config"]
        elif isinstance(data, list):
            stack += reversed(data)


def _is_foreign(data: dict[str, Any], kind: str) -> bool:
    if kind in _OWN_CODE:
        return True
    module, registration = data.get("module"), str(data.get("registered_name") or "")
    if str(module or "keras").split(".")[0] == "keras" and (module or not registration):
        return False
    return registered.factory("layer", registration.rpartition(">")[2] or kind) is None


def _why(kind: str) -> str:
    if kind in _OWN_CODE:
        return f"a `{kind}` holds a program, and a file's programs are not run"
    return f"its class `{kind}` is neither Keras's nor a plugin's"


def _help(kind: str) -> str:
    return "" if kind in _OWN_CODE else "`--plugin MODULE` imports a module that registers it"
