"""Loads the catalog: JSON that was read off Keras, and the plugins that were registered."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

from specc.catalog.plugins import registered
from specc.catalog.signature import REQUIRED, Argument, CallArgument, Catalog, Signature

_FOLDER = Path(__file__).parent / "data"
_FILES: dict[str, str] = {
    "layer": "layers",
    "loss": "losses",
    "metric": "metrics",
    "optimizer": "optimizers",
    "schedule": "schedules",
    "callback": "callbacks",
    "initializer": "initializers",
    "regularizer": "regularizers",
    "constraint": "constraints",
    "quantizer": "quantizers",
}


def load() -> Catalog:
    """The catalog: what Keras offers, and what plugins have registered until now."""
    return _with_plugins(registered.count)


@cache
def _with_plugins(count: int) -> Catalog:
    """The catalog with the first `count` plugins; registering another makes a new one."""
    contents = {category: _read(file) for category, file in _FILES.items()}
    objects = {category: _Signatures(category, contents[category]["objects"]) for category in _FILES}
    identifiers = {category: contents[category].get("identifiers", {}) for category in _FILES}
    return Catalog(
        keras=contents["layer"]["keras"],
        objects=objects,
        identifiers=identifiers,
        activations=tuple(_read("activations")["names"]),
        ops=_Signatures("op", _read("ops")["objects"]),
        applications=_Signatures("application", _read("applications")["objects"]),
        datasets=tuple(_read("datasets")["names"]),
    )


@cache
def _read(file: str) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((_FOLDER / f"{file}.json").read_text("utf-8"))
    return content


class _Signatures(Mapping[str, Signature]):
    """Signatures by name and by alias, each made when it is first asked for: most never are."""

    def __init__(self, category: str, entries: dict[str, dict[str, Any]]) -> None:
        self._category = category
        self._entries = entries
        self._canonical = {a: name for name, entry in entries.items() for a in entry.get("aliases", ())}
        self._made: dict[str, Signature] = {}

    def __getitem__(self, name: str) -> Signature:
        if name in registered.of(self._category):
            return registered.of(self._category)[name]
        name = self._canonical.get(name, name)
        if name not in self._made:
            self._made[name] = _signature(self._category, name, self._entries[name])
        return self._made[name]

    def __contains__(self, name: object) -> bool:
        return name in self._entries or name in self._canonical or name in registered.of(self._category)

    def __iter__(self) -> Iterator[str]:
        yield from self._entries
        yield from self._canonical
        yield from (name for name in registered.of(self._category) if name not in self._entries)

    def __len__(self) -> int:
        return sum(1 for _ in self)


def _signature(category: str, name: str, entry: dict[str, Any]) -> Signature:
    return Signature(
        name=name,
        category=category,
        arguments=tuple(_argument(n, written) for n, written in entry.get("arguments", {}).items()),
        call=tuple(_call_argument(written) for written in entry.get("call", ())),
        outputs=entry.get("outputs", "one"),
        refused=entry.get("refused", ""),
        summary=entry.get("summary", ""),
        aliases=tuple(entry.get("aliases", ())),
    )


def _argument(name: str, written: list[Any]) -> Argument:
    """`["integer|integers? >=1 <=9 {a,b}", default]`, the default left out where the argument is required."""
    types, *limits = written[0].split(" ")
    bounds = {limit[:2]: float(limit[2:]) for limit in limits if limit[:2] in (">=", "<=")}
    choices = [limit[1:-1].split(",") for limit in limits if limit.startswith("{")]
    return Argument(
        name=name,
        types=tuple(types.rstrip("?").split("|")),
        default=written[1] if len(written) == 2 else REQUIRED,
        choices=tuple(choices[0]) if choices else (),
        nullable=types.endswith("?"),
        minimum=bounds.get(">="),
        maximum=bounds.get("<="),
    )


def _call_argument(written: str) -> CallArgument:
    name, _, form = written.partition(":")
    return CallArgument(name, form.rstrip("!") or "setting", form.endswith("!"))  # type: ignore[arg-type]
