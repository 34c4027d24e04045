"""The weights in a file, layer by layer, read as arrays: no model is built, and nothing is executed."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import h5py
import numpy as np

from specc.lower.archive import check_archive, read_member

Array = np.ndarray[Any, Any]
BEST = "best.keras"
"""The weights that a run is known by."""
WEIGHTS = "model.weights.h5"
"""The member of a `.keras` file that holds them."""
DEEPEST = 64
"""How deep groups may lie within one another."""
SEEDS = "seed_generator"
"""The state of random draws: kept among the weights, and none."""


@dataclass(frozen=True)
class LayerWeights:
    """The weights of one layer: datasets by their path within it.

    `name` is dotted by the models that it lies in; `place` is the layer's path in the file, where Keras
    numbers the layers of each class: `layers/conv2d_1`.
    """

    name: str
    place: str
    arrays: dict[str, h5py.Dataset] = field(compare=False)

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The shape of each weight."""
        return {key: tuple(array.shape) for key, array in self.arrays.items()}

    @property
    def parameters(self) -> int:
        """How many numbers they are."""
        return sum(int(np.prod(shape)) for shape in self.shapes.values())


@contextmanager
def open_weights(path: Path) -> Iterator[dict[str, LayerWeights]]:
    """The layers with weights in a run's folder (its best), a `.keras` or a weights file (HDF5), by name.

    The arrays can be read until the context ends. Raises ValueError, with the reason, or OSError.
    """
    with _opened(path) as file:
        yield layers_of(file)


def layers_of(file: h5py.File) -> dict[str, LayerWeights]:
    """The layers with weights in an open file as Keras 3 writes them; raises ValueError for another."""
    if "layers" not in _names(file):
        raise ValueError("it does not hold the layers of a Keras 3 model")
    found = {layer.name: layer for layer in _layers(file, "", "", 0)}
    return {name: layer for name, layer in found.items() if layer.arrays}


@contextmanager
def _opened(path: Path) -> Iterator[h5py.File]:
    if path.is_dir():
        inner = path / BEST
        if not inner.resolve().is_relative_to(path.resolve()):
            raise ValueError(f"its `{BEST}` leads out of the run's folder")
        path = inner
    if path.suffix == ".keras":
        check_archive(path)
        with h5py.File(io.BytesIO(read_member(path, WEIGHTS))) as file:
            yield file
    elif path.suffix == ".h5":
        with h5py.File(path) as file:
            yield file
    else:
        raise ValueError("it is neither a run's folder, nor a `.keras`, nor a `.h5` file")


def _names(group: h5py.Group) -> list[str]:
    """What lies in a group; links that lead elsewhere are refused."""
    names = list(group)
    for name in names:
        if not isinstance(group.get(name, getlink=True), h5py.HardLink):
            raise ValueError(f"`{name}` in it is a link")
    return names


def _layers(group: h5py.Group, place: str, prefix: str, depth: int) -> Iterator[LayerWeights]:
    """The layers under a model's `layers`, models among them opened."""
    if depth > DEEPEST:
        raise ValueError(f"models lie more than {DEEPEST} deep within one another")
    container = group["layers"]
    for key in _names(container):
        layer = container[key]
        if not isinstance(layer, h5py.Group):
            raise ValueError(f"`{key}` in it is no layer")
        inner = f"{place}layers/{key}"
        name = prefix + _name(layer, key)
        if "layers" in _names(layer):
            yield from _layers(layer, f"{inner}/", f"{name}.", depth + 1)
        else:
            yield LayerWeights(name, inner, dict(_arrays(layer, "", 0)))


def _name(layer: h5py.Group, key: str) -> str:
    """The layer's own name, which Keras keeps beside its weights."""
    name = layer["vars"].attrs.get("name") if "vars" in layer else None
    if not isinstance(name, str):
        raise ValueError(f"it does not say how the layer `{key}` is called")
    return name


def _arrays(group: h5py.Group, path: str, depth: int) -> Iterator[tuple[str, h5py.Dataset]]:
    if depth > DEEPEST:
        raise ValueError(f"groups lie more than {DEEPEST} deep within one another")
    for key in _names(group):
        item = group[key]
        if isinstance(item, h5py.Group):
            if key != SEEDS:
                yield from _arrays(item, f"{path}{key}/", depth + 1)
        elif isinstance(item, h5py.Dataset):
            if item.external or item.is_virtual or item.dtype.kind not in "biufV":
                raise ValueError(f"`{path}{key}` in it is no plain array")
            yield path + key, item
