"""A run's metrics over its epochs, as a picture."""

from __future__ import annotations

import csv
import math
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specc.training.folder import RunFolder

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_COLUMNS = 3
Row = dict[str, str]


def draw_curves(folder: RunFolder) -> Path | None:
    """Draw `metrics.csv` of a run as `curves.png`: a panel per metric, training and validation in it.

    Returns where the picture lies, or None where no epoch was finished. Raises RunError where the folder
    cannot be written.
    """
    rows = read_rows(folder.metrics)
    if not rows:
        return None
    folder.write("curves.png", lambda path: _figure(rows).savefig(path, dpi=120))
    return folder.path / "curves.png"


def read_rows(path: Path) -> list[Row]:
    """The lines of a `metrics.csv`; none where there is no file."""
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def panels(rows: list[Row]) -> list[str]:
    """The metrics that get a panel: every column but the epoch and the stage, validation folded in."""
    names = [name for name in rows[0] if name not in ("epoch", "stage")]
    return list(dict.fromkeys(name.removeprefix("val_") for name in names))


def _figure(rows: list[Row]) -> Any:
    from matplotlib.figure import Figure  # here, for it takes a second to import

    names = panels(rows)
    columns = min(len(names), MOST_COLUMNS)
    lines = math.ceil(len(names) / columns)
    figure = Figure(figsize=(4.6 * columns, 3.4 * lines), layout="constrained")
    grid = figure.subplots(lines, columns, squeeze=False)
    for position, axes in enumerate(grid.flat):
        if position < len(names):
            _panel(axes, rows, names[position])
        else:
            axes.set_axis_off()
    return figure


def _panel(axes: Axes, rows: list[Row], name: str) -> None:
    for column, label in ((name, "training"), (f"val_{name}", "validation")):
        points = [(int(row["epoch"]), float(row[column])) for row in rows if row.get(column)]
        if points:
            epochs, values = zip(*points, strict=True)
            axes.plot(epochs, values, label=label, marker="." if len(points) < 30 else "")
    for row, following in pairwise(rows):
        if row.get("stage") != following.get("stage"):
            axes.axvline(int(following["epoch"]) - 0.5, color="0.7", linestyle=":")
    axes.set_title(name.replace("_", " "))
    axes.set_xlabel("epoch")
    axes.locator_params(axis="x", integer=True)
    axes.grid(alpha=0.3)
    axes.legend()
