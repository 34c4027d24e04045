"""Weights of one model moved into another, layer by layer, with a report of what went where."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import h5py
import keras

from specc.frontend.sections.initial_weights import InitialWeights
from specc.lower.errors import reason_of
from specc.lower.layers import walk
from specc.lower.weight_files import LayerWeights, layers_of, open_weights
from specc.source.diagnostic import Diagnostic, Reporter, SpecError
from specc.source.suggest import did_you_mean

Fate = Literal["moved", "shapes differ", "not in the source", "left out", "unused in the source"]
FATES: tuple[Fate, ...] = ("moved", "shapes differ", "not in the source", "left out", "unused in the source")
Layers = dict[str, LayerWeights]


@dataclass(frozen=True, slots=True)
class Row:
    """What became of one layer: its dotted name (the source's where it is unused there), its parameters."""

    layer: str
    fate: Fate
    parameters: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class MoveReport:
    """What became of every layer with weights, those of the model in its order, then those unused."""

    source: str
    rows: tuple[Row, ...]

    def of(self, fate: Fate) -> tuple[Row, ...]:
        """The layers with one fate."""
        return tuple(row for row in self.rows if row.fate == fate)

    @property
    def moved(self) -> int:
        """How many parameters were moved."""
        return sum(row.parameters for row in self.of("moved"))

    @property
    def total(self) -> int:
        """How many parameters the model has."""
        return sum(row.parameters for row in self.rows if row.fate != "unused in the source")

    def to_json(self) -> dict[str, Any]:
        """As plain data."""
        return asdict(self) | {"moved": self.moved, "total": self.total}

    def lines(self, most: int = 12) -> Iterator[str]:
        """The report for people: what was moved in one line, then up to `most` layers of each other fate."""
        moved, layers = self.of("moved"), sum(row.fate != "unused in the source" for row in self.rows)
        what = f"{self.moved:,} of {self.total:,} parameters ({len(moved)} of {layers} layers)"
        yield f"initial weights from {self.source}: {what}"
        rows = [row for fate in FATES[1:] for row in self.of(fate)[:most]]
        width = max((len(row.layer) for row in rows), default=0)
        for fate in FATES[1:]:
            found = self.of(fate)
            for row in found[:most]:
                yield f"  {row.layer:<{width}}  {fate}{f': {row.note}' if row.note else ''}"
            if len(found) > most:
                yield f"  and {len(found) - most} more {fate}"


def move_weights(model: keras.Model, initial: InitialWeights, path: Path) -> MoveReport:
    """Give layers of `model` the weights that layers of another model have in the file at `path`.

    A layer is moved whole or not at all. Raises SpecError where the file cannot be read, a pattern matches no
    layer, or nothing is moved.
    """
    with tempfile.TemporaryDirectory() as folder:
        own = Path(folder) / "model.weights.h5"
        model.save_weights(own)
        try:
            with open_weights(path) as source, h5py.File(own, "r+") as file:
                target = _in_order(layers_of(file), model)
                _check_patterns(initial, target)
                rows = tuple(_moved(target, source, initial))
        except (ValueError, OSError) as error:
            title = f"`{initial.path}` holds no weights that can be read"
            diagnostic = Diagnostic("weights-unreadable", title, initial.place, notes=(reason_of(error),))
            raise SpecError([diagnostic]) from error
        report = MoveReport(initial.path.text, rows)
        if not report.moved:
            raise SpecError([_nothing(report, initial)])
        model.load_weights(own)
    return report


def _in_order(layers: Layers, model: keras.Model) -> Layers:
    """Layers in the order of the model instead of the file's, which is the alphabet's."""
    places = {name: place for place, (name, _) in enumerate(walk(model))}
    return dict(sorted(layers.items(), key=lambda item: places.get(item[0], len(places))))


def _check_patterns(initial: InitialWeights, target: Layers) -> None:
    reporter = Reporter()
    for setting, globs in (("only", initial.only), ("skip", initial.skip)):
        for glob in globs:
            if not any(glob.matches(name) for name in target):
                title = f"`{setting}` names `{glob.pattern}`, which matches no layer with weights"
                help = did_you_mean(glob.pattern, target)
                reporter.error("weights-unmatched", title, glob.span, "matches nothing", help=help)
    reporter.stop_if_failed()


def _moved(target: Layers, source: Layers, initial: InitialWeights) -> Iterator[Row]:
    """Move what can be moved; what became of each layer."""
    places = {layer.place: layer for layer in source.values()}
    used: set[str] = set()
    for name, layer in target.items():
        if not initial.wants(name):
            used.add(name)
            yield Row(name, "left out", layer.parameters)
            continue
        found = source.get(name) if initial.match == "name" else places.get(layer.place)
        if found is None:
            yield Row(name, "not in the source", layer.parameters)
            continue
        used.add(found.name)
        called = "" if found.name == name else f"`{found.name}`"
        if not _fits(layer, found):
            yield Row(name, "shapes differ", layer.parameters, _difference(layer, found))
            continue
        for key, array in layer.arrays.items():
            array[...] = found.arrays[key][...]
        yield Row(name, "moved", layer.parameters, called)
    for layer in source.values():
        if layer.name not in used:
            yield Row(layer.name, "unused in the source", layer.parameters)


def _fits(layer: LayerWeights, found: LayerWeights) -> bool:
    return layer.shapes == found.shapes and all(
        (array.dtype.kind == "V") == (found.arrays[key].dtype.kind == "V")
        for key, array in layer.arrays.items()
    )


def _difference(layer: LayerWeights, found: LayerWeights) -> str:
    """The first weights of two layers that differ in shape."""
    here, there = layer.shapes, found.shapes
    if here.keys() != there.keys():
        return f"{len(here)} weights here, {len(there)} in the source"
    key = next((key for key in here if here[key] != there[key]), next(iter(here)))
    return f"{list(here[key])} here, {list(there[key])} in the source"


def _nothing(report: MoveReport, initial: InitialWeights) -> Diagnostic:
    names = [row.layer for row in report.of("unused in the source")][:5]
    own = [row.layer for row in report.rows if row.fate not in ("left out", "unused in the source")][:5]
    notes = [f"the model has {_listed(own)}", f"the source has {_listed(names)}"]
    differing = report.of("shapes differ")
    if differing:
        notes = [f"`{row.layer}`: {row.note}" for row in differing[:3]]
    help = ""
    if initial.match == "name" and not differing:
        help = "`match: order` pairs the layers of each class by their place"
    title = f"none of the weights in `{initial.path}` goes into the model"
    return Diagnostic("weights-unmatched", title, initial.place, notes=tuple(notes), help=help)


def _listed(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names) or "no other layers with weights"
