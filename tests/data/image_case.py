"""Writes small images, opens data that is made of them, and collects batches."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from data_case import section

from specc.data.dataset import Dataset, Wanted
from specc.data.open import open_data
from specc.data.ports import Port

Pixels = np.ndarray[Any, np.dtype[np.uint8]]


def png(path: Path, pixels: Pixels) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tf.io.encode_png(pixels).numpy())
    return path


def pixels(seed: int, height: int = 6, width: int = 5, channels: int = 1) -> Pixels:
    return np.random.default_rng(seed).integers(0, 256, (height, width, channels)).astype(np.uint8)


def opened(root: Path, text: str, *targets: str, image: list[int] | None = None, seed: int = 0) -> Dataset:
    ports = () if image is None else (Port("image", tuple(image)),)
    return open_data(section(text), Wanted(ports, targets), root=root, seed=seed)


def batches(data: Dataset, split: str = "train", training: bool = False) -> list[Any]:
    pipeline = data.pipeline(split, training=training)  # type: ignore[arg-type]
    with data.errors_told():
        return [tf.nest.map_structure(lambda t: t.numpy(), batch) for batch in pipeline.once]


def paired(folder: Path) -> None:
    """Eight pairs of 16×16: a bright rectangle, and a mask that is 1 on it."""
    for number in range(8):
        square = np.zeros((16, 16, 1), np.uint8)
        square[2 + number : 8, 3:9] = 255
        png(folder / f"image/{number}.png", square)
        png(folder / f"mask/{number}.png", square // 255)
