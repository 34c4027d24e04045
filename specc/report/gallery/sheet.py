"""The picture of examples: a row for each where several panels go together, else a grid."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specc.inference.examples import Examples, examples_after
from specc.report.gallery.colours import RIGHT, WRONG, palette
from specc.report.gallery.frames import draw_frames
from specc.report.gallery.panels import Board, Panel, board_of
from specc.training.fitting import Training
from specc.training.folder import EXAMPLES_FILE

if TYPE_CHECKING:
    from matplotlib.axes import Axes

FEW = 4
"""Examples of the picture that training leaves behind."""

MOST_COLUMNS = 6
MOST_NAMED = 12
"""More classes than these have no legend."""
INCHES, DPI = 2.7, 130


def draw_examples(examples: Examples, path: Path) -> None:
    """Draw examples as a picture, PNG, SVG or PDF by the name's ending.

    Raises OSError where the file cannot be written.
    """
    _figure(board_of(examples), examples.title).savefig(path, dpi=DPI)


def draw_after(training: Training) -> None:
    """Draw a few examples into the folder of a finished training, `examples.png`, where its data are images.

    Of the test split, or the validation split where there is none, or else of what was trained on. Raises
    RunError where the folder cannot be written.
    """
    split = next(name for name in ("test", "validation", "train") if name in training.data.splits)
    examples = examples_after(training, split, FEW)
    if examples is not None:
        training.folder.write(EXAMPLES_FILE, lambda path: draw_examples(examples, path))


def _figure(board: Board, title: str) -> Any:
    from matplotlib.figure import Figure  # here, for it takes a second to import

    wide = len(board.rows[0])
    panels = [panel for row in board.rows for panel in row]
    columns = wide if wide > 1 else min(len(panels), max(math.ceil(math.sqrt(len(panels))), 2), MOST_COLUMNS)
    lines = math.ceil(len(panels) / columns)
    height = INCHES * min(max(_ratio(panels), 0.4), 2.5) + 0.3
    legend = 0.35 if 1 < len(board.classes) <= MOST_NAMED else 0.0
    figure = Figure(figsize=(INCHES * columns, height * lines + 0.4 + legend), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    for position, axes in enumerate(grid.flat):
        if position < len(panels):
            _draw(axes, panels[position], titled=position < columns if wide > 1 else False)
        else:
            axes.set_axis_off()
    figure.suptitle(title, fontsize=11)
    if legend:
        _add_legend(figure, board.classes)
    return figure


def _ratio(panels: list[Panel]) -> float:
    return max(float(panel.image.shape[0] / panel.image.shape[1]) for panel in panels)


def _draw(axes: Axes, panel: Panel, titled: bool) -> None:
    small = max(panel.image.shape[:2]) < 128
    axes.imshow(panel.image, interpolation="nearest" if small else "antialiased")
    draw_frames(axes, panel.frames)
    axes.set_xticks([])
    axes.set_yticks([])
    colour = {None: "0.25", True: RIGHT, False: WRONG}[panel.right]
    mark = {None: "", True: "", False: "✗ "}[panel.right]
    for spine in axes.spines.values():
        spine.set_color(colour if panel.right is False else "0.8")
        spine.set_linewidth(2.0 if panel.right is False else 0.8)
    if titled:
        axes.set_title(panel.title, fontsize=10)
    if panel.note:
        axes.set_xlabel(mark + panel.note, fontsize=9, color=colour)


def _add_legend(figure: Any, classes: tuple[str, ...]) -> None:
    from matplotlib.patches import Patch

    patches = [
        Patch(facecolor=colour, edgecolor="0.5", label=name)
        for name, colour in zip(classes, palette(len(classes)), strict=True)
    ]
    figure.legend(handles=patches, loc="outside lower center", ncols=min(len(patches), 6), fontsize=9)
