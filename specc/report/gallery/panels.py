"""What is drawn of an example: its images, and beside or upon them the truth and the prediction."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from specc.frontend.sections.data_types import BoxFormat
from specc.inference.classes import Meaning
from specc.inference.examples import Examples, is_image
from specc.report.gallery.colours import coloured, displayable
from specc.report.gallery.frames import Frame, frames_of, frames_of_one

Array = np.ndarray[Any, Any]
MOST_NUMBERS = 4
"""Outputs of more numbers are not written out."""


@dataclass(frozen=True)
class Panel:
    """One picture [h, w, 3 or 4] of 0 to 1, what it is, and a line on how good it is.

    `right` says whether that line is good news (None: neither). `frames` are boxes drawn upon it.
    """

    image: Array
    title: str
    note: str = ""
    right: bool | None = None
    frames: tuple[Frame, ...] = ()


@dataclass(frozen=True)
class Board:
    """All panels: one list for each example, equally long; `classes` are the names of colours."""

    rows: tuple[tuple[Panel, ...], ...]
    classes: tuple[str, ...] = ()


@dataclass
class _Columns:
    """Panels by column, while they are collected; `notes` and `frames` (by row) go to the image."""

    panels: list[list[Panel]] = field(default_factory=list)
    notes: list[list[tuple[str, bool | None]]] = field(default_factory=list)
    classes: tuple[str, ...] = ()
    frames: list[tuple[Frame, ...]] = field(default_factory=list)

    def add_frames(self, frames: list[tuple[Frame, ...]]) -> None:
        """Draw more boxes, by row."""
        before = self.frames or [()] * len(frames)
        self.frames = [(*old, *new) for old, new in zip(before, frames, strict=True)]


def board_of(examples: Examples) -> Board:
    """The panels of examples that have an image among their inputs.

    Classes of pixels and images that come out stand beside the image; classes and numbers are its caption,
    and boxes are drawn upon it.
    """
    columns = _Columns()
    for name, values in examples.inputs.items():
        if is_image(values.shape[1:]):
            columns.panels.append([Panel(image, name) for image in displayable(values)])
    for name, values in examples.outputs.items():
        meaning, truth = examples.meanings.get(name, Meaning("value")), examples.targets.get(name)
        if (form := examples.boxes.get(name)) is not None and values.shape[1:] == (4,):
            _add_boxes(columns, name, values, truth, form)
        else:
            _add_output(columns, name, values, truth, meaning)
    first = columns.panels[0]
    for row, panel in enumerate(first):
        notes = [notes[row] for notes in columns.notes]
        text = "\n".join(note for note, _ in notes if note)
        told = [right for _, right in notes if right is not None]
        frames = columns.frames[row] if columns.frames else ()
        first[row] = Panel(panel.image, panel.title, text, all(told) if told else None, frames)
    return Board(tuple(zip(*columns.panels, strict=True)), columns.classes)


def _add_output(columns: _Columns, name: str, values: Array, truth: Array | None, meaning: Meaning) -> None:
    if meaning.form == "boxes":
        frames = [
            frames_of(found, None if truth is None else truth[row], meaning.names)
            for row, found in enumerate(values)
        ]
        columns.add_frames(frames)
    elif values.ndim == 4 and meaning.form != "value":
        _add_masks(columns, name, values, truth, meaning)
    elif is_image(values.shape[1:]):
        _add_images(columns, name, values, truth)
    elif values.ndim <= 2 and meaning.form != "value":
        columns.notes.append(_class_notes(values, truth, meaning))
    elif values.ndim <= 2 and values[0].size <= MOST_NUMBERS:
        columns.notes.append([_numbers(name, values, truth, row) for row in range(len(values))])


def _add_boxes(columns: _Columns, name: str, values: Array, truth: Array | None, form: BoxFormat) -> None:
    """One box each, drawn upon the image."""
    images = [panel.image.shape for panel in columns.panels[0]]
    columns.add_frames(
        [
            frames_of_one(name, found, None if truth is None else truth[row], form, (shape[0], shape[1]))
            for row, (found, shape) in enumerate(zip(values, images, strict=True))
        ]
    )


def _add_masks(columns: _Columns, name: str, values: Array, truth: Array | None, meaning: Meaning) -> None:
    """Classes of pixels: the truth, the prediction with how many pixels are right."""
    count = max(values.shape[-1], 2)
    found = classes_of(values, meaning)
    columns.classes = columns.classes or _names(meaning, count)
    notes: list[tuple[str, bool | None]] = [("", None)] * len(found)
    if truth is not None:
        true = true_classes(truth, values)
        columns.panels.append([Panel(coloured(mask, count), f"{name}: truth") for mask in true])
        notes = [(scores_of(mask, said, count), None) for mask, said in zip(true, found, strict=True)]
    columns.panels.append(
        [
            Panel(coloured(mask, count), f"{name}: prediction", note)
            for mask, (note, _) in zip(found, notes, strict=True)
        ]
    )


def scores_of(truth: Array, found: Array, classes: int) -> str:
    """How well classes of pixels agree: the share of equal ones, and the mean of intersection over union.

    Pixels whose truth is no class do not count, nor do classes that neither has.
    """
    known = (truth >= 0) & (truth < classes)
    if not known.any():
        return ""
    truth, found = truth[known], found[known]
    unions = {k: np.count_nonzero((truth == k) | (found == k)) for k in range(classes)}
    shares = [np.count_nonzero((truth == k) & (found == k)) / union for k, union in unions.items() if union]
    return f"{np.mean(truth == found):.1%} of pixels, mean IoU {np.mean(shares):.3f}"


def _add_images(columns: _Columns, name: str, values: Array, truth: Array | None) -> None:
    if truth is None or truth.shape[1:3] != values.shape[1:3]:
        columns.panels.append([Panel(image, f"{name}: output") for image in displayable(values)])
        return
    both = displayable(np.concatenate([truth.astype(values.dtype), values]))
    errors = np.abs(truth.astype(np.float64) - values).reshape(len(values), -1).mean(axis=1)
    columns.panels.append([Panel(image, f"{name}: target") for image in both[: len(truth)]])
    columns.panels.append(
        [
            Panel(image, f"{name}: output", f"mean absolute error {error:.3g}")
            for image, error in zip(both[len(truth) :], errors, strict=True)
        ]
    )


def _class_notes(values: Array, truth: Array | None, meaning: Meaning) -> list[tuple[str, bool | None]]:
    """`cat 98%`, with what is true where that is something else."""
    found, sure = classes_of(values, meaning), probabilities(values, meaning)
    names = _names(meaning, max(values.reshape(len(values), -1).shape[1], 2))
    true = None if truth is None else true_classes(truth, values)
    notes: list[tuple[str, bool | None]] = []
    for row, said in enumerate(found):
        text = f"{_name(names, said)} {sure[row].max():.0%}"
        if true is None:
            notes.append((text, None))
            continue
        right = bool(true[row] == said)
        notes.append((text if right else f"{text}, not {_name(names, true[row])}", right))
    return notes


def _numbers(name: str, values: Array, truth: Array | None, row: int) -> tuple[str, bool | None]:
    said = " ".join(f"{value:.3g}" for value in values[row].reshape(-1))
    if truth is None:
        return f"{name} {said}", None
    between = ", " if values[row].size == 1 else "\n"  # on one line more numbers are wider than the image
    return f"{name} {said}{between}true {' '.join(f'{value:.3g}' for value in truth[row].reshape(-1))}", None


def probabilities(values: Array, meaning: Meaning) -> Array:
    """Probabilities [rows, …, classes] of two classes or more."""
    values = values.astype(np.float64)
    if meaning.form == "binary":
        values = values[..., None] if values.ndim == 1 else values
        one = 1 / (1 + np.exp(-np.clip(values, -500, 500))) if meaning.from_logits else values
        return np.concatenate([1 - one, one], axis=-1) if one.shape[-1] == 1 else np.asarray(one)
    if not meaning.from_logits:
        return values
    powers = np.exp(values - values.max(axis=-1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-1, keepdims=True))


def classes_of(values: Array, meaning: Meaning) -> Array:
    """The likeliest class of each row, or pixel."""
    return np.asarray(probabilities(values, meaning).argmax(axis=-1))


def true_classes(truth: Array, values: Array) -> Array:
    """The true class of each row, or pixel, whether the target is one-hot or numbers."""
    if truth.ndim == values.ndim and truth.shape[-1] == values.shape[-1] and values.shape[-1] > 1:
        return np.asarray(truth.argmax(axis=-1))
    if truth.ndim == values.ndim and truth.shape[-1] == 1:
        truth = truth[..., 0]
    return np.asarray(np.rint(truth)).astype(np.int64)


def _names(meaning: Meaning, count: int) -> tuple[str, ...]:
    return meaning.names if len(meaning.names) == count else tuple(str(k) for k in range(count))


def _name(names: Sequence[str], number: Any) -> str:
    return names[int(number)] if 0 <= int(number) < len(names) else str(int(number))
