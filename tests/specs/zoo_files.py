"""The specs of the zoo, and small files for those that read some."""

from __future__ import annotations

import csv
import gzip
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).parents[2] / "specs"


def _is_whole(path: Path) -> bool:
    """Whether a file is a spec by itself; the others are parts, which specs extend."""
    keys = {line.partition(":")[0] for line in path.read_text(encoding="utf-8").splitlines()}
    return bool(keys & {"model", "models", "extends"})


SPECS = [path for path in sorted(ROOT.glob("*/*.yaml")) if _is_whole(path)]
CLASSIFIERS = [path for path in SPECS if path.parent.name == "cnn" and not path.stem.endswith("_digits")]
"""Those of many layers and many weights, which `counterparts.py` looks at."""
LIGHT = [path for path in SPECS if path not in CLASSIFIERS]

SMALLER: dict[str, dict[str, int]] = {
    "detection/retinanet": {"size": 64, "classes": 3, "filters": 8},
    "text/text_cnn": {"vocabulary": 200, "width": 32},
    "transformer/gpt3": {"vocabulary": 64, "context": 16, "width": 32, "layers": 2, "heads": 2},
    "segmentation/unet": {"size": 32, "filters": 4},
    "segmentation/unet_paper": {"size": 60, "depth": 2, "filters": 4},
    "segmentation/attention_unet": {"size": 32, "filters": 4},
    "segmentation/unet_plus_plus": {"size": 32, "filters": 4},
    "segmentation/unet_vgg16": {"size": 32},
    "segmentation/segnet": {"size": 32, "filters": 4},
    "segmentation/fcn8s": {"size": 32, "dense": 16},
    "segmentation/deeplab_v3_plus": {"size": 64},
}
"""Parameters of those whose weights would not fit into memory."""


def params_of(path: Path) -> dict[str, int]:
    """The parameters with which a spec is built here."""
    return SMALLER.get(name_of(path), {})


def name_of(path: Path) -> str:
    """`lenet/lenet_digits`."""
    return path.relative_to(ROOT).with_suffix("").as_posix()


def write_digits(folder: Path) -> None:
    """Scikit-learn's digits on canvases of 28×28, in the files and the numbers of MNIST's test set."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    rows = np.resize(np.arange(len(digits.target)), 10_000)
    images = np.zeros((len(rows), 28, 28), np.uint8)
    images[:, 10:18, 10:18] = digits.images[rows] * 15
    _write_idx(folder / "t10k-images-idx3-ubyte.gz", images)
    _write_idx(folder / "t10k-labels-idx1-ubyte.gz", digits.target[rows].astype(np.uint8))


def write_large_digits(folder: Path) -> None:
    """Scikit-learn's digits, twice as large, on canvases of 28×28, in the files of MNIST's training set."""
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = np.zeros((len(digits.target), 28, 28), np.uint8)
    images[:, 6:22, 6:22] = np.kron(digits.images, np.ones((2, 2))) * 15
    _write_idx(folder / "train-images-idx3-ubyte.gz", images)
    _write_idx(folder / "train-labels-idx1-ubyte.gz", digits.target.astype(np.uint8))


def _write_idx(path: Path, values: np.ndarray[Any, Any]) -> None:
    header = bytes([0, 0, 8, values.ndim]) + np.asarray(values.shape, ">u4").tobytes()
    path.write_bytes(gzip.compress(header + values.tobytes(), 1))


def write_iris(folder: Path) -> None:
    from sklearn.datasets import load_iris

    iris = load_iris()
    names = [f"Iris-{name}" for name in iris.target_names]
    _write_csv(
        folder / "iris.csv", [[*row, names[label]] for row, label in zip(iris.data, iris.target, strict=True)]
    )


def write_wines(folder: Path) -> None:
    random = np.random.default_rng(0)
    measures = random.normal(size=(2000, 11))
    marks = np.clip(np.round(6 + measures[:, 0] - measures[:, 1]), 0, 10).astype(int)
    _write_csv(
        folder / "winequality-white.csv",
        [[*row, mark] for row, mark in zip(measures.round(3), marks, strict=True)],
    )


def write_temperatures(folder: Path) -> None:
    days = np.arange(600)
    degrees = 11 + 4 * np.sin(2 * np.pi * days / 50) + np.random.default_rng(0).normal(scale=0.5, size=600)
    rows = [[f"day {day}", degree] for day, degree in zip(days, degrees.round(1), strict=True)]
    _write_csv(folder / "daily-min-temperatures.csv", [["Date", "Temp"], *rows])


def write_reviews(folder: Path) -> None:
    """Sentences of four to twelve words whose one telling word says what the reviewer thinks."""
    random = np.random.default_rng(0)
    dull = np.array(["the", "film", "actor", "scene", "music", "story", "camera", "a", "of", "in"])
    telling = (["awful", "tedious", "clumsy"], ["superb", "moving", "witty"])
    rows = []
    for _ in range(600):
        label = int(random.integers(2))
        words = list(random.choice(dull, random.integers(3, 12)))
        words.insert(int(random.integers(len(words))), str(random.choice(telling[label])))
        rows.append([" ".join(words), label])
    _write_csv(folder / "reviews.csv", [["text", "label"], *rows])


def write_polarity(folder: Path) -> None:
    """Sentences made up as above, one file for each side."""
    write_reviews(folder)
    with (folder / "reviews.csv").open(encoding="utf-8") as file:
        rows = [(row["text"], row["label"]) for row in csv.DictReader(file)]
    for label, ending in (("0", "neg"), ("1", "pos")):
        lines = [text for text, side in rows if side == label]
        (folder / f"rt-polarity.{ending}").write_text("\n".join(lines) + "\n", encoding="utf-8")


def _write_csv(path: Path, rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(rows)


FILES: dict[str, Callable[[Path], None]] = {
    "lenet/lenet_mnist": write_digits,
    "cnn/lenet5": write_large_digits,
    "tabular/mlp_iris_csv": write_iris,
    "tabular/regression_wine_quality": write_wines,
    "rnn/lstm_forecast": write_temperatures,
    "attention/attention_tokens": write_reviews,
    "text/text_cnn": write_polarity,
}
"""Who writes the files of a spec that reads some; their form is that of the real ones."""
