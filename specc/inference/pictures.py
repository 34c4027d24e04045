"""Image files that are given to a generation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from specc.data.dataset import Wanted
from specc.data.fitted import Fitted
from specc.data.images import decode_image
from specc.data.ports import Port, to_port
from specc.frontend.programs.generation import Given
from specc.frontend.sections.data import DataSection
from specc.frontend.spec import Spec
from specc.inference.given import open_given
from specc.training.programs.data import named_ports

Array = np.ndarray[Any, Any]


def read_pictures(
    inputs: Mapping[str, Any], wanted: Mapping[str, Given], spec: Spec, fitted: Callable[[], Fitted]
) -> dict[str, Any]:
    """The inputs of a generation, paths of images among them as numbers [1, height, width, channels].

    One for a field that the run reads from image files is read and transformed as those were; any other is
    numbers from 0 to 1, with the channels that are wanted. Raises SpecError where an image cannot be read.
    """
    ports = {port.name: port for port in named_ports(spec.models)}
    found = dict(inputs)
    for name, path in inputs.items():
        if not isinstance(path, Path):
            continue
        if spec.data is not None and reads_images(spec.data, name):
            found[name] = _as_field(path, name, ports.get(name), spec.data, spec.seed, fitted())
        else:
            found[name] = _plain(path, wanted[name].shape if name in wanted else None)
    return found


def reads_images(section: DataSection, name: str) -> bool:
    """Whether a field comes from image files."""
    field = section.fields.get(name)
    if field is None:
        return False
    kinds = {source.kind for source in section.sources.values()}
    return field.decode is not None or (kinds == {"images"} and len(field.columns) == 1)


def _as_field(
    path: Path, name: str, port: Port | None, section: DataSection, seed: int, fitted: Fitted
) -> Array:
    wanted = Wanted(others=(name,)) if port is None else Wanted((port,))
    opened = open_given(path, section, wanted, seed=seed, fitted=fitted)
    with opened.errors_told():
        batch = next(iter(opened.pipeline("train", batch_size=1, names=(name,)).once))
    return np.asarray(batch[name] if port is None else to_port(batch[name], port, None))


def _plain(path: Path, shape: tuple[int | None, ...] | None) -> Array:
    channels = shape[-1] if shape is not None and len(shape) == 3 else None
    pixels = decode_image(path, str(path), channels, None)
    return (pixels / np.float32(np.iinfo(pixels.dtype).max))[None]
