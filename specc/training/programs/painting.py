"""Pictures of what a program's models make, drawn while they are trained: `samples/epoch-0003.png`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras

from specc.frontend.spec import Spec
from specc.training.folder import SAMPLES, RunFolder
from specc.training.images import Draw
from specc.training.programs.build import callees_of
from specc.training.programs.data import FieldData
from specc.training.programs.generator import Generator, given_by_data
from specc.training.watching import Seldom

COUNT = 16


class Painter(keras.callbacks.Callback):  # type: ignore[misc]
    """After an epoch draws what the first way of `generate` makes, always of the same draws and rows.

    Slow samplers draw seldom; the last epoch is always drawn.
    """

    def __init__(self, generator: Generator, given: Mapping[str, Any], folder: RunFolder, draw: Draw) -> None:
        super().__init__()
        self._generator, self._given, self._folder, self._draw = generator, given, folder, draw
        self._drawing = Seldom()
        self._epochs = 0
        self._drawn = 0

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Draw, where it is time."""
        self._epochs += 1
        if self._drawing.due:
            self.paint()

    def paint(self) -> None:
        """Draw what the models make now."""
        if self._drawn == self._epochs:
            return
        with self._drawing:
            made = self._generator.make(COUNT, self._given)
            name = f"{SAMPLES}/epoch-{self._epochs:04d}.png"
            self._folder.write(name, lambda path: self._draw(made, path))
        self._drawn = self._epochs


def painter_of(
    spec: Spec, models: Mapping[str, keras.Model], data: FieldData, folder: RunFolder, draw: Draw
) -> Painter | None:
    """The painter of the first way of `generate` that draws images; None where there is none."""
    for generation in spec.generations.values():
        generator = Generator(generation, callees_of(spec, models))
        given = _given(generator, data)
        if given is not None and _makes_images(generator, given, folder, draw):
            return Painter(generator, given, folder, draw)
    return None


def _given(generator: Generator, data: FieldData) -> dict[str, Any] | None:
    """Rows of the data for what a generation needs; None where the data lacks something."""
    if any(name not in data.names for name in generator.needs):
        return None
    if not generator.needs:
        return {}
    rows = data.rows(data.splits[-1], COUNT)
    return {name: rows[name] for name in generator.needs}


def _makes_images(generator: Generator, given: Mapping[str, Any], folder: RunFolder, draw: Draw) -> bool:
    path = folder.path / ".samples.png"
    try:
        return draw(generator.make(1, {name: rows[:1] for name, rows in given.items()}), path)
    finally:
        path.unlink(missing_ok=True)


def needed_fields(spec: Spec) -> tuple[str, ...]:
    """The fields of the data that the generations of a spec need."""
    needs = (name for generation in spec.generations.values() for name in given_by_data(spec, generation))
    return tuple(dict.fromkeys(needs))
