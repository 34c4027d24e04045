"""What training wants of data, and how a spec's data gives it."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol, cast

import numpy as np
import tensorflow as tf

from specc.data.dataset import Dataset, Wanted
from specc.data.fields import Prepared
from specc.data.fitted import Fitted
from specc.data.open import open_data
from specc.data.ports import Port
from specc.data.table import MemoryTable, Part, Table
from specc.data.transforms import LayerStep
from specc.frontend.sections.data import DataSection
from specc.frontend.sections.data_types import SplitName
from specc.frontend.sections.train import Stage
from specc.training.replicas import feeds_all

MOST_KEPT = 64 << 20
"""Bytes of validation data that are kept as batches."""


class Data(Protocol):
    """Batches by split, for a stage's targets and weights."""

    @property
    def splits(self) -> Sequence[str]:
        """The names of the splits there are, of `train`, `validation` and `test`."""

    @property
    def batch_size(self) -> int:
        """The number of examples in a whole batch."""

    def count(self, split: str) -> int:
        """The number of examples of a split in an epoch."""

    def batches(
        self, split: str, stage: Stage, *, first_epoch: int = 0, endless: bool = False
    ) -> tf.data.Dataset:
        """`(inputs, targets)` or `(inputs, targets, weights)`, each a tensor where it is one, else by name.

        The training split is shuffled; its order is a function of the seed and the number of the epoch. One
        epoch (the next at each pass), or `endless`ly all in turn.
        """

    def targets(self, stage: Stage) -> Any:
        """The `tf.TensorSpec`s [batch, …] of a stage's targets: by name, or the only one."""

    def labels(self, stage: Stage) -> dict[str, tuple[int, int]]:
        """The least and the greatest of each target of whole numbers, where that is quickly known."""

    def told(self) -> AbstractContextManager[None]:
        """Put around whatever reads batches: what reading finds wrong comes out as SpecError."""


class SpecData:
    """A spec's data for its entry model, opened once for each set of targets and weights."""

    def __init__(
        self,
        section: DataSection,
        inputs: tuple[Port, ...],
        *,
        root: Path,
        seed: int,
        fitted: Fitted | None = None,
    ) -> None:
        self._section = section
        self._inputs = inputs
        self._root = root
        self._seed = seed
        self._fitted = fitted
        self._opened: dict[tuple[Any, ...], Dataset] = {}
        self._first: Dataset | None = None

    def opened(self, stage: Stage) -> Dataset:
        """The data as a stage wants it; raises SpecError with all that disagrees."""
        key = (stage.targets, tuple(sorted(stage.sample_weight.items())))
        if key not in self._opened:
            wanted = Wanted(self._inputs, stage.targets, stage.sample_weight or None)
            dataset = open_data(self._section, wanted, root=self._root, seed=self._seed, fitted=self._fitted)
            self._opened[key] = dataset
            self._first = self._first or dataset
        return self._opened[key]

    @property
    def _any(self) -> Dataset:
        assert self._first is not None, "nothing was opened"
        return self._first

    @property
    def fitted(self) -> Fitted:
        """What the transforms of all opened fields have learnt."""
        fields = [dataset.fitted.fields for dataset in self._opened.values()]
        return Fitted({name: steps for found in fields for name, steps in found.items()})

    @property
    def filters(self) -> tuple[str, ...]:
        """What the sources' filters kept, in words."""
        return self._any.filters

    @property
    def splits(self) -> tuple[str, ...]:
        return tuple(self._any.splits)

    @property
    def batch_size(self) -> int:
        return self._section.batch_size

    def count(self, split: str) -> int:
        rows = self._any.splits[cast(SplitName, split)]
        dropped = rows % self.batch_size if split == "train" and self._section.drop_remainder else 0
        return rows - dropped

    def batches(
        self, split: str, stage: Stage, *, first_epoch: int = 0, endless: bool = False
    ) -> tf.data.Dataset:
        training = split == "train"
        dataset = self.opened(stage)
        pipeline = dataset.pipeline(cast(SplitName, split), training=training, first_epoch=first_epoch)
        return pipeline.endless if endless else pipeline.once

    def targets(self, stage: Stage) -> Any:
        return self.batches("train", stage).element_spec[1]

    def labels(self, stage: Stage) -> dict[str, tuple[int, int]]:
        dataset = self.opened(stage)
        fields = [field for field in dataset.fields if field.field.name in stage.targets]
        tables = [part for name, part in dataset.parts.items() if name != "test"]
        ranges = {field.field.name: label_range(field, tables) for field in fields}
        return {name: found for name, found in ranges.items() if found is not None}

    def told(self) -> AbstractContextManager[None]:
        return self._any.errors_told()


def label_range(field: Prepared, parts: Sequence[Mapping[str, Table]]) -> tuple[int, int] | None:
    """The least and the greatest value of a field; None where it is not whole numbers, or not in memory."""
    steps = field.chain.steps
    if (
        steps
        and isinstance(steps[-1], LayerStep)
        and steps[-1].object.kind in ("StringLookup", "IntegerLookup")
    ):
        coded = steps[-1].object.arguments.get("output_mode", "int") != "int"
        return None if coded else (0, len(steps[-1].layer.get_vocabulary()) - 1)
    if steps or field.decoding:
        return None
    found: list[int] = []
    for part in parts:
        table = part[field.source]
        inner = table
        while isinstance(inner, Part):
            inner = inner.table
        if not isinstance(inner, MemoryTable):
            return None
        values = field.read(table, np.arange(len(table)))
        if values.dtype.kind not in "iub":
            return None
        found += [int(values.min()), int(values.max())] if values.size else []
    return (min(found), max(found)) if found else None


def left_out(data: Data, replicas: int) -> int:
    """The examples at the end of an epoch that are too few for each replica to get one."""
    return too_few(data.count("train"), data.batch_size, replicas)


def too_few(count: int, batch_size: int, replicas: int) -> int:
    """The examples of the last of `count` in batches, where each replica would not get one; else 0."""
    rest = count % batch_size
    return 0 if replicas == 1 or not rest or feeds_all(rest, replicas) else rest


def steps_of(stage: Stage, data: Data, replicas: int) -> int:
    """The steps of an epoch."""
    if stage.steps_per_epoch is not None:
        return stage.steps_per_epoch
    return -(-(data.count("train") - left_out(data, replicas)) // data.batch_size)


def kept(batches: tf.data.Dataset, count: int) -> tf.data.Dataset:
    """Batches that are the same at every pass, kept in memory where all `count` examples are small.

    Beginning a pass over a pipeline takes longer than drawing hundreds of small batches from memory.
    """
    tensors = tf.nest.flatten(batches.element_spec)
    if any(not t.shape[1:].is_fully_defined() or t.dtype == tf.string for t in tensors):
        return batches
    size = sum(math.prod(t.shape[1:]) * t.dtype.size for t in tensors) * count
    return batches.cache() if size <= MOST_KEPT else batches
