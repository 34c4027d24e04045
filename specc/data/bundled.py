"""Data sets by name: scikit-learn's own, and those that `keras.datasets` downloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import numpy as np

from specc.data.errors import fail
from specc.data.table import Array, Column, Indices, MemoryTable, ragged
from specc.frontend.sections.data import Located
from specc.frontend.sections.data_source import BUNDLED
from specc.frontend.sections.data_types import SplitName

Official = dict[SplitName, Indices]
"""Rows of the splits that a data set comes with; none where it has no say."""


def open_bundled(name: Located) -> tuple[MemoryTable, Official]:
    """The table of a data set and the split it comes with; raises SpecError."""
    if name.text in BUNDLED:
        return MemoryTable(_bundled(name.text)), {}
    return _downloaded(name)


def _bundled(name: str) -> dict[str, Array]:
    """Columns of a set of scikit-learn: `features` and each feature by its name, `label` or `target`."""
    from sklearn import datasets

    loaded = getattr(datasets, f"load_{name}")()
    if name == "digits":
        return {
            "image": loaded.images.astype(np.float32),
            "features": loaded.data.astype(np.float32),
            "label": loaded.target.astype(np.int64),
        }
    features = np.asarray(loaded.data, np.float64)
    found: dict[str, Array] = {"features": features}
    for position, feature in enumerate(loaded.feature_names):
        found[_identifier(feature)] = features[:, position]
    if name in ("diabetes", "linnerud"):
        target = np.asarray(loaded.target, np.float64)
        found["target"] = target
        if target.ndim == 2:
            for position, column in enumerate(loaded.target_names):
                found[_identifier(column)] = target[:, position]
    else:
        found["label"] = loaded.target.astype(np.int64)
    return found


def _identifier(name: str) -> str:
    """`sepal length (cm)` as `sepal_length_cm`."""
    return re.sub(r"[^A-Za-z0-9]+", "_", name).strip("_").lower()


def _downloaded(name: Located) -> tuple[MemoryTable, Official]:
    import keras

    load: Callable[[], Any] = getattr(keras.datasets, name.text).load_data
    try:
        (x_train, y_train), (x_test, y_test) = load()
    except Exception as error:  # urllib, ssl and Keras each raise their own
        fail("data-download", f"the data set `{name.text}` did not come", name.span, notes=[str(error)])
    features, target = _COLUMNS[name.text]
    columns: dict[str, Column] = {}
    if x_train.dtype == object:
        x = ragged([np.asarray(row, np.int64) for row in (*x_train, *x_test)])
        columns[features] = Column((None,), "int64")
    else:
        x = np.concatenate([x_train, x_test])
    y = np.concatenate([y_train, y_test])
    if y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    official: Official = {
        "train": np.arange(len(y_train), dtype=np.int64),
        "test": np.arange(len(y_train), len(y), dtype=np.int64),
    }
    if y.dtype.kind in "iu":
        y = y.astype(np.int64)
    return MemoryTable({features: x, target: y}, columns), official


_COLUMNS = {
    "california_housing": ("features", "target"),
    "cifar10": ("image", "label"),
    "cifar100": ("image", "label"),
    "fashion_mnist": ("image", "label"),
    "imdb": ("tokens", "label"),
    "mnist": ("image", "label"),
    "reuters": ("tokens", "label"),
}
