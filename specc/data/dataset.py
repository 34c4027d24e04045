"""A spec's data, open: its splits, what was fitted, and `tf.data` pipelines over them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from specc.data.augment import Augment, BoxField
from specc.data.cache import CacheFolder
from specc.data.errors import fail
from specc.data.failure import Failures
from specc.data.fields import Prepared, check_parts
from specc.data.filtering import filter_of
from specc.data.fitted import Fitted
from specc.data.functions import build_functions
from specc.data.images import conversion
from specc.data.order import Order
from specc.data.ports import Port, cast_for, check_shape, fits, to_port
from specc.data.randomness import PlacedSeed, root_seed
from specc.data.stream import MOST_STORED, Batch, Stream
from specc.data.table import Part, Table
from specc.data.transforms import evaluate_all
from specc.frontend.sections.data import DataSection
from specc.frontend.sections.data_types import SplitName
from specc.source.diagnostic import Diagnostic, SpecError


@dataclass(frozen=True)
class Wanted:
    """What is asked of the data: the model's inputs, targets by output, weights of examples by output.

    `others` are further names (a training program's); batches hold them only where all names are asked for.
    """

    inputs: tuple[Port, ...] = ()
    targets: tuple[str, ...] = ()
    sample_weight: Mapping[str, str] | None = None
    others: tuple[str, ...] = ()

    @property
    def names(self) -> tuple[str, ...]:
        """All names, each once."""
        weights = tuple((self.sample_weight or {}).values())
        inputs = tuple(port.name for port in self.inputs)
        return tuple(dict.fromkeys((*inputs, *self.targets, *weights, *self.others)))


@dataclass(frozen=True)
class Pipeline:
    """Batches of one split.

    `once` is one epoch: iterated again while training it is shuffled anew. `endless` are all epochs in
    turn, `batches` each, as a function of the seed alone: with `fit(endless, steps_per_epoch=batches)` no
    epoch waits for its first batch, and a training goes on where it stopped from `first_epoch`.
    """

    once: tf.data.Dataset
    batches: int
    rows: int
    _endless: Callable[[], tf.data.Dataset]

    @property
    def endless(self) -> tf.data.Dataset:
        """All epochs in turn."""
        return self._endless()


class Dataset:
    """The open data of a spec. Made by `specc.data.open_data`."""

    def __init__(
        self,
        section: DataSection,
        wanted: Wanted,
        fields: Sequence[Prepared],
        parts: Mapping[SplitName, Mapping[str, Table]],
        seed: int,
        failures: Failures,
    ) -> None:
        self.section = section
        self.wanted = wanted
        self.fields = tuple(fields)
        self.parts = parts
        self.seed = seed
        self._failures = failures
        self._folders: list[CacheFolder] = []
        self._streams: dict[tuple[SplitName, bool], Stream] = {}
        boxes = [_box_field(field) for field in fields if field.within is not None]
        own = [field.field for field in fields if field.field.augment]
        pictures = {port.name for port in wanted.inputs if tf.as_dtype(port.dtype).is_floating}
        self._augments = [Augment(f.augment, [f.name], boxes, failures, pictures) for f in own]
        if section.augment:
            self._augments.append(Augment(section.augment, None, boxes, failures, pictures))

    @property
    def splits(self) -> dict[SplitName, int]:
        """The splits that have rows, and how many (of the longest source)."""
        return {name: max(len(t) for t in tables.values()) for name, tables in self.parts.items()}

    @property
    def filters(self) -> tuple[str, ...]:
        """What the sources' filters kept, in words; none where there are none."""
        tables = [t for part in self.parts.values() for t in part.values()]
        return tuple(dict.fromkeys(found.told() for found in map(filter_of, tables) if found is not None))

    @property
    def fitted(self) -> Fitted:
        """What the transforms have learnt from the training split."""
        return Fitted.of({field.field.name: field.chain for field in self.fields})

    def errors_told(self) -> AbstractContextManager[None]:
        """Put it around whatever iterates a pipeline: a SpecError raised within comes out as such."""
        return self._failures.told()

    def pipeline(
        self,
        split: SplitName,
        *,
        training: bool = False,
        batch_size: int | None = None,
        names: Sequence[str] | None = None,
        first_epoch: int = 0,
    ) -> Pipeline:
        """Batches of a split: (inputs, targets) or (inputs, targets, weights), padded, on time.

        With one input, or one target, it is a tensor, else a dict by name. With `names`, batches are dicts of
        those. `training` shuffles and augments, and drops the last, smaller batch where the section says so.
        While training, each epoch is another order and other draws, the same in every process with the same
        seed; else every pass is the same. Raises SpecError.
        """
        self._check_split(split)
        stream = self._stream(split, training)
        order = Order(
            lengths=tuple(len(self.parts[split][source]) for source in stream.sources),
            batch_size=batch_size or self.section.batch_size,
            shuffle=training and self.section.shuffle,
            seed=self.seed,
            drop_remainder=training and self.section.drop_remainder,
            first=first_epoch,
            fixed=not training,
        )
        self._check_order(order, split)
        if order.batch_size > 1:
            for field in stream.fields:
                check_parts(field, stream.specs)

        alone = training and bool(self._augments) and stream.images_vary
        change = self.augmented if alone else None

        def finish(batch: Batch, seed: PlacedSeed) -> Any:
            changed = self.augmented(batch, seed) if training and not alone else batch
            found = self.derived(changed, seed)
            return self._arranged(found) if names is None else {name: found[name] for name in names}

        def dataset(endless: bool) -> tf.data.Dataset:
            return stream.dataset(order, finish, endless, change)

        return Pipeline(dataset(endless=False), order.batches, order.rows, lambda: dataset(endless=True))

    def _check_split(self, split: SplitName) -> None:
        if split not in self.parts:
            fail(
                "data-split",
                f"the data has no {split} rows",
                self.section.split.span if self.section.split else self.section.span,
                help=f"say `split: {{…, {split}: 0.2}}`",
            )

    def spread(self, split: SplitName, count: int) -> Dataset:
        """The same data with no more than `count` rows of one split, evenly spread over it.

        Raises SpecError where the split has no rows.
        """
        self._check_split(split)
        tables = {name: _spread(table, count) for name, table in self.parts[split].items()}
        section = replace(self.section, cache="none")
        return Dataset(section, self.wanted, self.fields, {split: tables}, self.seed, self._failures)

    def _check_order(self, order: Order, split: SplitName) -> None:
        if not order.batches:
            fail(
                "data-split",
                f"{max(order.lengths)} {split} rows make no batch of {order.batch_size}",
                self.section.span,
                help="say `drop_remainder: false`, or a smaller `batch_size`",
            )

    def augmented(self, batch: Batch, seed: PlacedSeed) -> Batch:
        """A batch of fields whose images are changed at random."""
        for augment in self._augments:
            batch = augment(batch, seed)
        return batch

    def derived(self, batch: Batch, seed: PlacedSeed) -> Batch:
        """A batch of fields with what is derived of it."""
        for name, formula in self.section.derive.items():
            if set(formula.names) <= set(batch):
                found = evaluate_all(formula, {**self._functions, **batch}, seed)
                made = {f"{name}.{output}" if output else name: part for output, part in found.items()}
                batch = {**batch, **{key: cast_for(tensor, None) for key, tensor in made.items()}}
        return batch

    @cached_property
    def _functions(self) -> dict[str, Callable[..., Any]]:
        """The models that derived tensors call."""
        return build_functions(self.section.models)

    def disagreements(self, batch: Batch) -> list[Diagnostic]:
        """What is wrong with a batch of one row for the model, all of it."""
        found: list[Diagnostic] = []
        try:
            seed = PlacedSeed(root_seed(self.seed))
            batch = self.derived(self.augmented(batch, seed), seed)
        except SpecError as error:
            return list(error.diagnostics)
        for port in self.wanted.inputs:
            try:
                to_port(batch[port.name], port, self._origin(port.name))
            except SpecError as error:
                help = self._conversion(port, batch[port.name])
                found += [replace(each, help=each.help or help) for each in error.diagnostics]
        for name in self.wanted.targets:
            if batch[name].dtype == tf.string:
                found.append(self._text_target(name))
        return found

    def _conversion(self, port: Port, value: tf.Tensor) -> str:
        """How images would become what an input wants."""
        decoded = any(field.decoding for field in self.fields if field.field.name == port.name)
        return conversion(tuple(value.shape)[1:], port.shape) if decoded and port.shape else ""

    def _text_target(self, name: str) -> Diagnostic:
        return Diagnostic(
            "data-shape",
            f"the target `{name}` holds texts",
            self._origin(name),
            "a loss wants numbers",
            help="give it a `transform`: `[{StringLookup: {num_oov_indices: 0}}]` numbers classes",
        )

    def _stream(self, split: SplitName, training: bool) -> Stream:
        training = training and any(field.chain.random for field in self.fields)
        key = (split, training)
        if key not in self._streams:
            self._streams[key] = self._opened(split, training)
        return self._streams[key]

    def _opened(self, split: SplitName, training: bool) -> Stream:
        """The rows of a split, kept as the section's `cache` says."""
        cache = self.section.cache
        most = {"auto": MOST_STORED, "memory": sys.maxsize}.get(cache, 0)
        stream = Stream(self.fields, self.parts[split], self._failures, training, most)
        if cache in ("auto", "none") or stream.can_store:
            return stream
        drawn = next((field.field for field in self.fields if field.chain.random), None)
        if drawn is not None:
            title = f"`{drawn.name}` is drawn anew at each pass, and cannot be kept"
            help = "random layers stand under `augment`; or say `cache: false`"
            fail("data-cache", title, drawn.span, help=help)
        folder = CacheFolder(stream.size(), self.section.span) if cache == "disk" else None
        if folder is not None:
            self._folders.append(folder)
        return stream.kept(None if folder is None else folder.path, self.section.span)

    def _arranged(self, batch: Batch) -> Any:
        """(inputs, targets, weights) out of named tensors; what is not wanted is left out."""
        inputs = {p.name: self._checked(batch[p.name], p) for p in self.wanted.inputs}
        targets = {name: batch[name] for name in self.wanted.targets}
        if not targets:
            return _alone(inputs)
        weights = self.wanted.sample_weight or {}
        if not weights:
            return _alone(inputs), _alone(targets)
        rows = tf.shape(next(iter(targets.values())))[0]
        given = {o: batch[weights[o]] if o in weights else tf.ones([rows]) for o in targets}
        return _alone(inputs), _alone(targets), _alone(given)

    def _checked(self, tensor: tf.Tensor, port: Port) -> tf.Tensor:
        """An input; where its size is known only when it comes, it is checked then."""
        origin = self._origin(port.name)
        found = to_port(tensor, port, origin)
        if port.shape is None or fits(tuple(found.shape)[1:], port.shape, strict=True):
            return found

        def check(shape: Any) -> Any:
            with self._failures.kept():
                check_shape(tuple(int(size) for size in shape)[1:], port, origin)
            return shape

        checked = tf.numpy_function(check, [tf.shape(found)], tf.int32)
        with tf.control_dependencies([checked]):
            return tf.ensure_shape(tf.identity(found), (None, *port.shape))

    def _origin(self, name: str) -> Any:
        if name in self.section.derive:
            return self.section.derive[name].span
        field = self.section.fields.get(name)
        return self.section.span if field is None else field.span


def _box_field(field: Prepared) -> BoxField:
    assert field.within is not None and field.field.boxes is not None
    return BoxField(field.field.name, field.within.field.name, field.field.boxes, float(field.field.pad or 0))


def _spread(table: Table, count: int) -> Table:
    if len(table) <= count:
        return table
    return Part(table, np.linspace(0, len(table) - 1, count).astype(np.int64))


def _alone(tensors: dict[str, tf.Tensor]) -> Any:
    return next(iter(tensors.values())) if len(tensors) == 1 else tensors


def data_root(spec: Path, given: Path | None) -> Path:
    """The folder that a spec's paths start from: what was given, or the spec's own; raises SpecError."""
    if given is not None and not given.is_dir():
        fail("data-file", f"there is no folder `{given}`", None, help="--data names the folder of the data")
    return (given if given is not None else spec.parent).resolve()
