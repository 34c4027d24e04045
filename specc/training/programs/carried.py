"""What a program carries from step to step, kept in a run's folder: the steps done, and its states."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import keras
import numpy as np

from specc.lower.archive import DAMAGED
from specc.training.programs.trainer import ProgramTrainer

CARRIED = "carried.npz"
"""The file, beside the models."""

HEADER = 4096
"""Bytes of a stored array that are not its numbers, at most."""


def save_carried(trainer: ProgramTrainer, path: Path) -> None:
    """Write what a trainer carries. Raises OSError."""
    arrays: dict[str, Any] = {name: variable.numpy() for name, variable in _variables(trainer).items()}
    with path.open("wb") as file:
        np.savez(file, **arrays)


def load_carried(trainer: ProgramTrainer, path: Path) -> None:
    """Give a trainer what the file holds. Raises ValueError, with the reason, or OSError."""
    variables = _variables(trainer)
    try:
        with ZipFile(path) as archive:
            sizes = {member.filename.removesuffix(".npy"): member.file_size for member in archive.infolist()}
        if sizes.keys() != variables.keys():
            raise ValueError("it does not hold the states of the program")
        if any(sizes[name] > _bytes(variable) + HEADER for name, variable in variables.items()):
            raise ValueError("its arrays are too large")
        with np.load(path, allow_pickle=False) as held:
            arrays = {name: held[name] for name in variables}
    except DAMAGED as error:
        raise ValueError("it is damaged") from error
    for name, variable in variables.items():
        if arrays[name].shape != tuple(variable.shape) or arrays[name].dtype.kind not in "if":
            raise ValueError(f"`{name}` in it does not fit")
        variable.assign(arrays[name])


def _variables(trainer: ProgramTrainer) -> dict[str, keras.Variable]:
    return {"steps": trainer.steps} | {f"state.{name}": v for name, v in trainer.states.items()}


def _bytes(variable: keras.Variable) -> int:
    return int(math.prod(variable.shape) * np.dtype(variable.dtype).itemsize)
