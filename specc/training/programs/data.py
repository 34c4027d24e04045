"""The batches of a program: dictionaries of the fields that its formulas name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np
import tensorflow as tf

from specc.data.dataset import Dataset, Wanted
from specc.data.fitted import Fitted
from specc.data.open import open_data
from specc.data.ports import Port, to_port
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import tensor_names
from specc.frontend.programs.names import BUILT_IN
from specc.frontend.programs.types import Program
from specc.frontend.project import Reference
from specc.frontend.sections.data import DataSection
from specc.frontend.sections.data_types import SplitName
from specc.graph.ir import Graph
from specc.training.batches import too_few


class FieldData:
    """A spec's data as dictionaries of fields. Those with the name of a model's input are what it takes."""

    def __init__(
        self,
        section: DataSection,
        names: Sequence[str],
        models: Mapping[str, Graph | Reference],
        *,
        root: Path,
        seed: int,
        fitted: Fitted | None = None,
    ) -> None:
        self.section = section
        self.names = tuple(names)
        self.ports = {port.name: port for port in named_ports(models) if port.name in self.names}
        others = tuple(name for name in self.names if name not in self.ports)
        wanted = Wanted(tuple(self.ports.values()), others=others)
        self.dataset: Dataset = open_data(section, wanted, root=root, seed=seed, fitted=fitted)

    @property
    def splits(self) -> tuple[str, ...]:
        """The splits that have rows."""
        return tuple(self.dataset.splits)

    def left_out(self, replicas: int) -> int:
        """The examples at the end of an epoch that are too few for each device to get one."""
        rows = self.dataset.splits["train"]
        return 0 if self.section.drop_remainder else too_few(rows, self.section.batch_size, replicas)

    def steps(self, replicas: int) -> int:
        """The steps of an epoch of training."""
        rows, size = self.dataset.splits["train"] - self.left_out(replicas), self.section.batch_size
        return rows // size if self.section.drop_remainder else -(-rows // size)

    def batches(
        self, split: str, *, training: bool = False, first_epoch: int = 0, endless: bool = False
    ) -> tf.data.Dataset:
        """Dictionaries of fields [batch, …]; one epoch, or `endless`ly all in turn."""
        pipeline = self.dataset.pipeline(
            cast(SplitName, split), training=training, names=self.names, first_epoch=first_epoch
        )
        found = pipeline.endless if endless else pipeline.once
        return found.map(self._typed, num_parallel_calls=tf.data.AUTOTUNE).prefetch(tf.data.AUTOTUNE)

    def rows(self, split: str, count: int) -> dict[str, Any]:
        """The first `count` rows of a split, from its first again where there are not so many."""
        once = self.dataset.pipeline(cast(SplitName, split), names=self.names).once.map(self._typed)
        parts = list(once.take(-(-count // self.section.batch_size)).as_numpy_iterator())
        held = {name: np.concatenate([part[name] for part in parts]) for name in self.names}
        return {name: np.take(v, np.arange(count), axis=0, mode="wrap") for name, v in held.items()}

    def _typed(self, batch: dict[str, Any]) -> dict[str, Any]:
        typed = {
            name: to_port(value, self.ports[name], None)
            for name, value in batch.items()
            if name in self.ports
        }
        return {**batch, **typed}


def fields_of_all(programs: Iterable[Program]) -> tuple[str, ...]:
    """The names in several programs that the data gives, each once."""
    return tuple(dict.fromkeys(name for program in programs for name in fields_of(program)))


def fields_of(program: Program) -> Iterator[str]:
    """The names in a program that the data gives."""
    own = {*program.derive, *program.states, *BUILT_IN}
    for formula in program.formulas:
        for node in tensor_names(formula.expression):
            name = (n.dotted(node) or "").partition(".")[0]
            if name not in own:
                yield name


def named_ports(models: Mapping[str, Graph | Reference]) -> Iterator[Port]:
    """The inputs of the models that are written as layers, the first of each name."""
    seen: set[str] = set()
    for model in models.values():
        for spec in model.inputs if isinstance(model, Graph) else ():
            if spec.name not in seen:
                seen.add(spec.name)
                yield Port(spec.name, spec.shape, spec.dtype, spec.span)
