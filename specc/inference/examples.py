"""Some rows of a split as the model saw them, with the truth and what it said: what a picture is drawn of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, NoReturn, cast

import keras
import numpy as np

from specc.data.dataset import Dataset
from specc.frontend.sections.data_types import BoxFormat, SplitName
from specc.frontend.sections.train import Stage
from specc.inference.classes import Meaning, meaning_of
from specc.source.diagnostic import Diagnostic, SpecError
from specc.training.batches import SpecData
from specc.training.feed import Ports
from specc.training.fitting import Training

Array = np.ndarray[Any, Any]
Shape = tuple[int | None, ...]
CHANNELS = (1, 3, 4)
"""Grey, colours, colours with transparency."""


@dataclass(frozen=True)
class Examples:
    """Rows of a split: what flowed in, what should have come out, and what did; each [rows, …] by name.

    `inputs` are those of the model after all transforms. `targets` and `outputs` go by the outputs' names;
    an output that is not trained has no target. `boxes` are the formats of those that are one box each.
    """

    title: str
    inputs: Mapping[str, Array]
    targets: Mapping[str, Array]
    outputs: Mapping[str, Array]
    meanings: Mapping[str, Meaning] = field(default_factory=dict)
    boxes: Mapping[str, BoxFormat] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """How many there are."""
        return len(next(iter(self.inputs.values())))


def is_image(shape: Shape | None) -> bool:
    """Whether an example of this shape is a picture: [height, width, channels], of more than one pixel."""
    if shape is None or len(shape) != 3 or shape[-1] not in CHANNELS:
        return False
    return all(size is None or size > 1 for size in shape[:2])


def examples_of(
    model: keras.Model,
    data: Dataset,
    stage: Stage,
    meanings: Mapping[str, Meaning],
    split: str,
    count: int,
    title: str,
) -> Examples:
    """`count` rows of a split, evenly spread over it, through the model.

    Raises SpecError where the split has no rows, or they do not go together.
    """
    few = data.spread(cast(SplitName, split), count)
    with few.errors_told():
        batch = next(iter(few.pipeline(cast(SplitName, split), batch_size=count).once))
    x, y = batch[:2] if isinstance(batch, tuple) else (batch, {})
    names = tuple(port.name for port in data.wanted.inputs)
    ports = Ports.of(model, next(iter(stage.targets), None))
    found = model(x, training=False)
    if not isinstance(found, dict):
        found = dict(zip(ports.outputs, keras.tree.flatten(found), strict=True))
    return Examples(
        title=title,
        inputs=_arrays(x if isinstance(x, dict) else {names[0]: x}),
        targets=_arrays(y if isinstance(y, dict) else {stage.targets[0]: y}),
        outputs=_arrays(found),
        meanings=meanings,
        boxes={f.name: f.boxes for f in data.section.fields.values() if f.boxes and f.name in found},
    )


def check_pictures(shapes: Mapping[str, Shape | None]) -> None:
    """Raise SpecError (`nothing-to-show`) where no input of these shapes is a picture."""
    if not any(is_image(shape) for shape in shapes.values()):
        listed = ", ".join(f"`{name}`" for name in shapes)
        title = f"there is nothing to draw: no input ({listed}) is an image"
        help = "`specc predict` writes predictions of any kind"
        raise SpecError([Diagnostic("nothing-to-show", title, None, help=help)])


def refuse_program() -> NoReturn:
    """Raise SpecError: a training program has no targets to draw."""
    title = "there is nothing to draw: a training program has no targets that a model is held to"
    help = "`specc generate` makes what the spec's `generate` says"
    raise SpecError([Diagnostic("nothing-to-show", title, None, help=help)])


def examples_after(training: Training, split: str, count: int) -> Examples | None:
    """Examples of what a training has led to, by its best model; None where no input is an image.

    Raises SpecError where the split has no rows.
    """
    data, stage = training.data, training.stages[-1]
    if not isinstance(data, SpecData):
        return None
    opened = data.opened(stage)
    if not any(is_image(port.shape) for port in opened.wanted.inputs):
        return None
    record = training.folder.record
    if record.best_epoch not in (None, record.epochs):
        training.model.load_weights(training.folder.best)
    meanings = {
        name: meaning_of(
            name,
            stage.losses.get(name),
            data.fitted,
            stage.metrics.get(name, ()),
            opened.section.needed((name,)),
        )
        for name in stage.targets
    }
    title = f"{record.name}: {split}"
    return examples_of(training.model, opened, stage, meanings, split, count, title)


def _arrays(tensors: Mapping[str, Any]) -> dict[str, Array]:
    return {name: keras.ops.convert_to_numpy(tensor) for name, tensor in tensors.items()}
