"""`python -m benchmarks.canvases FOLDER`: digits drawn at random on canvases, for detectors.

In FOLDER come to lie `canvases/000000.png` … and `canvases.jsonl`, a line each: `{"image": …, "boxes":
[[y, x, height, width], …], "kinds": […]}`, where y and x are a box's middle, in pixels. The last canvases
(`--test`) show digits that the first (`--train`) do not. The digits are scikit-learn's, or those of two files
in MNIST's format.
"""

from __future__ import annotations

import argparse
import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

Array = np.ndarray[Any, Any]

SIDES = (22, 42)
"""The least and the greatest side of the square that a digit is drawn in, in pixels."""
MOST_OVERLAP = 0.1
"""Intersection over union that two digits of a canvas may have."""
HELD_OUT = 0.2
"""The part of the digits that only the last canvases show."""


@dataclass(frozen=True)
class Canvas:
    """One picture [size, size] uint8, with its boxes [n, 4] (y, x, height, width) and their kinds [n]."""

    pixels: Array
    boxes: Array
    kinds: Array


def bundled_digits() -> tuple[Array, Array]:
    """Scikit-learn's digits: uint8 [1797, 8, 8], and what they show."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    return (digits.images * 15.9).astype(np.uint8), digits.target.astype(np.int64)


def read_idx(path: Path) -> Array:
    """An array of a file in MNIST's format, gzipped or not."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    shape = np.frombuffer(data, ">u4", data[3], 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * data[3]).reshape(shape)


def draw(
    images: Array, labels: Array, count: int, size: int, random: np.random.Generator
) -> Iterator[Canvas]:
    """Canvases with one to four digits each."""
    for _ in range(count):
        pixels = np.zeros((size, size), np.uint8)
        boxes: list[Array] = []
        kinds: list[int] = []
        for chosen in random.integers(0, len(images), random.integers(1, 5)):
            digit = resized(images[chosen], int(random.integers(SIDES[0], SIDES[1] + 1)))
            y, x = random.integers(0, size - digit.shape[0] + 1, 2)
            box = box_of(digit) + np.array([y, x, 0, 0])
            if all(overlap(box, other) <= MOST_OVERLAP for other in boxes):
                part = pixels[y : y + digit.shape[0], x : x + digit.shape[1]]
                np.maximum(part, digit, out=part)
                boxes.append(box)
                kinds.append(int(labels[chosen]))
        yield Canvas(pixels, np.stack(boxes), np.array(kinds))


def resized(image: Array, side: int) -> Array:
    """A square picture at another size, between its pixels on straight lines."""
    rows = weights(image.shape[0], side)
    return np.asarray(np.rint(rows @ image @ rows.T), np.uint8)


def weights(old: int, new: int) -> Array:
    """How much each of `old` pixels counts for each of `new`, [new, old]."""
    places = np.clip((np.arange(new) + 0.5) * old / new - 0.5, 0, old - 1)
    return np.maximum(0.0, 1.0 - np.abs(places[:, None] - np.arange(old)))


def box_of(digit: Array) -> Array:
    """The box around what is not dark."""
    rows, columns = np.flatnonzero((digit > 64).any(axis=1)), np.flatnonzero((digit > 64).any(axis=0))
    low, high = np.array([rows[0], columns[0]]), np.array([rows[-1] + 1, columns[-1] + 1])
    return np.concatenate([(low + high) / 2, high - low]).astype(np.float64)


def overlap(one: Array, other: Array) -> float:
    """Intersection over union of two boxes."""
    low = np.maximum(one[:2] - one[2:] / 2, other[:2] - other[2:] / 2)
    high = np.minimum(one[:2] + one[2:] / 2, other[:2] + other[2:] / 2)
    both = np.prod(np.maximum(high - low, 0))
    return float(both / (np.prod(one[2:]) + np.prod(other[2:]) - both))


def write(folder: Path, images: Array, labels: Array, counts: tuple[int, int], size: int, seed: int) -> None:
    """Write canvases: `counts[0]` of most digits, then `counts[1]` of those that are held out."""
    import tensorflow as tf

    random = np.random.default_rng(seed)
    order = random.permutation(len(images))
    shown, held_out = np.split(order, [round(len(order) * (1 - HELD_OUT))])
    (folder / "canvases").mkdir(parents=True, exist_ok=True)
    lines: list[str] = []
    for rows, count in ((shown, counts[0]), (held_out, counts[1])):
        for canvas in draw(images[rows], labels[rows], count, size, random):
            name = f"canvases/{len(lines):06}.png"
            (folder / name).write_bytes(tf.io.encode_png(canvas.pixels[..., None]).numpy())
            lines.append(
                json.dumps({"image": name, "boxes": canvas.boxes.tolist(), "kinds": canvas.kinds.tolist()})
            )
    (folder / "canvases.jsonl").write_text("\n".join(lines) + "\n", "utf-8")


def main() -> None:
    """Read the command line and write the canvases."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.canvases", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=Path, help="pictures in MNIST's format; scikit-learn's digits else")
    parser.add_argument("--labels", type=Path, help="what they show")
    parser.add_argument("--train", type=int, default=4000)
    parser.add_argument("--test", type=int, default=500)
    parser.add_argument("--size", type=int, default=96)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    if (given.images is None) != (given.labels is None):
        parser.error("--images and --labels belong together")
    bundled = given.images is None
    images, labels = bundled_digits() if bundled else (read_idx(given.images), read_idx(given.labels))
    write(given.folder, images, labels, (given.train, given.test), given.size, given.seed)


if __name__ == "__main__":
    main()
