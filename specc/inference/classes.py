"""What a model's outputs mean: which class, how sure, and what the class is called."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile

import numpy as np

from specc.catalog.objects import KerasObject
from specc.data.fitted import Fitted
from specc.data.transforms import LayerStep
from specc.inference.boxes import FILE, box_table, write_json_lines
from specc.source.diagnostic import Diagnostic, RunError, SpecError
from specc.training.detection import OF_BOXES

Array = np.ndarray[Any, Any]
CATEGORICAL = ("categoricalcrossentropy", "categoricalfocalcrossentropy", "sparsecategoricalcrossentropy")
BINARY = ("binarycrossentropy", "binaryfocalcrossentropy")


@dataclass(frozen=True, slots=True)
class Meaning:
    """How an output is read. `names` are those of its classes, where they have any."""

    form: str  # `categorical`, `binary`, `boxes` or `value`
    from_logits: bool = False
    names: tuple[str, ...] = ()


def meaning_of(
    output: str,
    loss: KerasObject | None,
    fitted: Fitted | None,
    metrics: Sequence[KerasObject] = (),
    fields: Sequence[str] = (),
) -> Meaning:
    """What an output means, by the loss it was trained with, its metrics, and what its target was made of.

    `fields` are those that the target is made of: where one of them has named classes, boxes found have them.
    """
    if any(metric.kind in OF_BOXES for metric in metrics):
        named = [names for field in fields if (names := vocabulary(field, fitted))]
        return Meaning("boxes", names=named[0] if len(named) == 1 else ())
    kind = "" if loss is None else loss.kind.lower().replace("_", "")
    form = "categorical" if kind in CATEGORICAL else "binary" if kind in BINARY else "value"
    logits = bool(loss.arguments.get("from_logits", False)) if loss is not None else False
    return Meaning(form, logits, vocabulary(output, fitted) if form != "value" else ())


def vocabulary(field: str, fitted: Fitted | None) -> tuple[str, ...]:
    """The names of a field's classes by number, where a lookup layer numbered them last."""
    if fitted is None or not fitted.fields.get(field):
        return ()
    last = fitted.chain(field).steps[-1]
    if not isinstance(last, LayerStep) or last.object.kind not in ("StringLookup", "IntegerLookup"):
        return ()
    return tuple(str(word) for word in last.layer.get_vocabulary())


def columns_of(name: str, values: Array, meaning: Meaning) -> dict[str, list[Any]]:
    """One output as columns: class and probabilities, or plain numbers.

    Of shapes [rows], [rows, 1] and [rows, k]; raises SpecError on others.
    """
    if values.ndim == 1:
        values = values[:, None]
    if values.ndim != 2:
        shape = list(values.shape[1:])
        title = f"`{name}` is an array of shape {shape} for each row, which no CSV can hold"
        raise SpecError(
            [Diagnostic("run-data", title, None, help="write to a file that ends in .npz or .jsonl")]
        )
    values = values.astype(np.float64)
    if meaning.form == "categorical" and values.shape[1] > 1:
        return _categorical(name, _softmax(values) if meaning.from_logits else values, meaning.names)
    if meaning.form == "binary" and values.shape[1] == 1:
        sure = _sigmoid(values[:, 0]) if meaning.from_logits else values[:, 0]
        return _binary(name, sure, meaning.names)
    if values.shape[1] == 1:
        return {name: values[:, 0].tolist()}
    return {f"{name}_{position}": column.tolist() for position, column in enumerate(values.T)}


def _categorical(name: str, sure: Array, names: Sequence[str]) -> dict[str, list[Any]]:
    known = names if len(names) == sure.shape[1] else [str(k) for k in range(sure.shape[1])]
    found: dict[str, list[Any]] = {name: [known[k] for k in sure.argmax(axis=1)]}
    return found | {f"{name}_{label}": column.tolist() for label, column in zip(known, sure.T, strict=True)}


def _binary(name: str, sure: Array, names: Sequence[str]) -> dict[str, list[Any]]:
    known = names if len(names) == 2 else ("0", "1")
    return {name: [known[int(p > 0.5)] for p in sure], f"{name}_{known[1]}": sure.tolist()}


def _softmax(values: Array) -> Array:
    powers = np.exp(values - values.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))


def _sigmoid(values: Array) -> Array:
    return np.asarray(
        np.where(values >= 0, 1 / (1 + np.exp(-np.abs(values))), 1 - 1 / (1 + np.exp(-np.abs(values))))
    )


def write_predictions(
    path: Path, outputs: Mapping[str, Array], meanings: Mapping[str, Meaning], files: Sequence[str] = ()
) -> None:
    """Write predictions as CSV (classes and probabilities, numbers, boxes), as `.jsonl`, or raw as `.npz`.

    Where the rows are `files`, their names come first, as `file`, unless an output is called so. Raises
    SpecError where a CSV cannot hold it all, RunError where the file cannot be written.
    """
    temporary = path.with_name(f".writing-{path.name}")
    files = () if FILE in outputs else files
    try:
        if path.suffix == ".npz":
            _write_arrays(temporary, ({FILE: np.asarray(files)} if files else {}) | dict(outputs))
        elif path.suffix == ".jsonl":
            boxes = {name: meaning.names for name, meaning in meanings.items() if meaning.form == "boxes"}
            write_json_lines(temporary, outputs, boxes, files)
        else:
            _write_csv(temporary, outputs, meanings, files)
        temporary.replace(path)
    except OSError as error:
        reason = error.strerror or str(error)
        title = f"`{path}` cannot be written"
        raise RunError([Diagnostic("run-folder-unwritable", title, None, notes=(reason,))]) from error
    finally:
        temporary.unlink(missing_ok=True)


def _write_arrays(path: Path, arrays: Mapping[str, Array]) -> None:
    """An `.npz` file; to numpy's own function no array may be called `file`."""
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        for name, values in arrays.items():
            with archive.open(f"{name}.npy", "w", force_zip64=True) as member:
                np.lib.format.write_array(member, np.asarray(values), allow_pickle=False)


def _write_csv(
    path: Path, outputs: Mapping[str, Array], meanings: Mapping[str, Meaning], files: Sequence[str]
) -> None:
    boxes = [name for name, meaning in meanings.items() if meaning.form == "boxes"]
    if boxes:
        _write_table(path, box_table(outputs[boxes[0]], meanings[boxes[0]].names, files))
        return
    columns: dict[str, list[Any]] = {}
    for name, values in outputs.items():
        columns |= columns_of(name, values, meanings[name])
    rows = zip(*columns.values(), strict=True)
    whole = ([file, *row] for file, row in zip(files, rows, strict=True)) if files else rows
    _write_table(path, chain([[FILE, *columns] if files else list(columns)], whole))


def _write_table(path: Path, lines: Iterable[Iterable[Any]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows(lines)
