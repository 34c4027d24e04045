"""Fields: columns read, stacked, decoded, shaped and transformed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from pathlib import Path
from typing import Any, Literal, NoReturn

import numpy as np
import tensorflow as tf

from specc.data.boxes import check_follows, follow
from specc.data.csv_table import separator_within
from specc.data.errors import fail
from specc.data.image_paths import Damage
from specc.data.images import CHANNELS, decode_image, size_of_image
from specc.data.paths import inside
from specc.data.ports import Port, Shape, cast_for
from specc.data.randomness import PlacedSeed
from specc.data.table import Array, Column, Indices, Part, Table, ragged
from specc.data.transforms import Chain
from specc.frontend.sections.data import Field, Located
from specc.frontend.sections.data_types import describe_shape
from specc.source.diagnostic import SpecError
from specc.source.suggest import did_you_mean

Decoding = Literal["", "path", "bytes"]
"""How a column becomes an image: not at all, from a file's path, from a file's content."""


@dataclass(frozen=True)
class Prepared:
    """A field that is ready to be read: its columns found, its transforms built.

    `source` names the source, `columns` are the source's own, `raw` what they give before any transform.
    `shape` is what is declared for one example, `explicit` whether the field itself says so. `base` is
    where the paths of images start from, `channels` how many they are converted to, `within` the image that
    boxes lie in.
    """

    field: Field
    source: str
    columns: tuple[str, ...]
    raw: Column
    chain: Chain
    shape: Shape | None
    explicit: bool
    base: Path
    decoding: Decoding = ""
    channels: int | None = None
    within: Prepared | None = None
    damage: Damage = dataclass_field(default_factory=Damage, compare=False)

    @property
    def plain(self) -> bool:
        """Whether batches can be read and transformed as such, all examples being of one shape."""
        return self.raw.uniform and not self.chain.random

    @property
    def holds_images(self) -> bool:
        """Whether an example is [height, width, channels], or becomes that by an axis of 1."""
        rank, declared = len(self.raw.shape), self.shape
        return rank == 3 or (rank == 2 and declared is not None and len(declared) == 3 and declared[-1] == 1)

    @property
    def raw_spec(self) -> tf.TensorSpec:
        """One example before its transforms."""
        dtype = "string" if self.raw.dtype == "bytes" else self.raw.dtype
        return tf.TensorSpec(self.raw.shape, tf.as_dtype(dtype))

    def read(self, table: Table, indices: Indices) -> Array:
        """The raw values of some rows: an array [rows, …], or objects [rows] where they differ in shape."""
        columns = table.rows(indices, self.columns)
        if self.decoding:
            return self._images(columns[self.columns[0]], table)
        stacked = self.field.stacked
        values = (
            np.stack([columns[name] for name in self.columns], axis=-1)
            if stacked
            else columns[self.columns[0]]
        )
        return values if self.within is None else self._placed(values, self.within.sizes(table, indices))

    def sizes(self, table: Table, indices: Indices) -> list[tuple[int, int]]:
        """Height and width of some images before their transforms, without decoding them."""
        if self.raw.shape[0] is not None and self.raw.shape[1] is not None:
            return [(self.raw.shape[0], self.raw.shape[1])] * len(indices)
        values = table.rows(indices, self.columns)[self.columns[0]]
        if not self.decoding:
            return [value.shape[:2] for value in values]
        span = self.field.span
        return [size_of_image(self._file(value), self._named(value), span) for value in values]

    def _named(self, value: Any) -> str:
        """What an image is called where it is refused: its path, or the column that holds it."""
        return self.columns[0] if self.decoding == "bytes" else str(value)

    def _placed(self, values: Array, sizes: list[tuple[int, int]]) -> Array:
        """Boxes where their images' transforms take them."""
        assert self.within is not None and self.field.boxes is not None
        pad = float(self.field.pad or 0)
        chain = self.within.chain
        found = [
            follow(boxes, self.field.boxes, size, chain, pad)
            for boxes, size in zip(values, sizes, strict=True)
        ]
        return np.stack(found) if self.raw.uniform else ragged(found)

    def _file(self, value: Any) -> Path | bytes:
        if self.decoding == "bytes":
            return bytes(value)
        return inside(self.base, self.base / str(value), self.field.span)

    def _images(self, values: Array, table: Table) -> Array:
        try:
            return ragged([self._decode(value) for value in values])
        except SpecError as error:
            if self.decoding == "bytes":
                raise
            whole = table.table if isinstance(table, Part) else table  # all splits
            every = whole.rows(np.arange(len(whole), dtype=np.int64), self.columns)[self.columns[0]]
            raise self.damage.all(error, every, self._decode) from None

    def _decode(self, value: Any) -> Array:
        span, channels, name = self.field.span, self.raw.shape[-1], self._named(value)
        pixels = decode_image(self._file(value), name, self.channels, span, self.field.decode == "palette")
        if self.raw.dtype != "" and pixels.dtype.name != self.raw.dtype:
            bits, first = 8 * pixels.dtype.itemsize, 8 * np.dtype(self.raw.dtype).itemsize
            title = f"the image `{name}` has {bits} bits a channel, the first image {first}"
            fail("data-image", title, span)
        if channels is not None and pixels.shape[-1] != channels:
            fail(
                "data-image",
                f"the image `{name}` has {pixels.shape[-1]} channels, the first image {channels}",
                span,
                help=f"say `shape: [null, null, {channels}]` in the field to convert all of them",
            )
        return pixels

    def transform(
        self,
        value: tf.Tensor,
        training: bool = False,
        seed: PlacedSeed | None = None,
        until: int | None = None,
    ) -> tf.Tensor:
        """A raw batch [batch, …] as the model, or `derive`, will see it; or as it is before step `until`."""
        value = self._reshaped(value)
        value = self.chain(value, training, seed, until)
        if until is not None:
            return value
        return self._checked(cast_for(self._reshaped(value), self.field.dtype))

    def _reshaped(self, value: tf.Tensor) -> tf.Tensor:
        """Given the declared shape where the same numbers fill it; a last axis of 1 is added."""
        wanted, shape = self.shape, tuple(value.shape)[1:]
        if wanted is None or shape == wanted or None in shape:
            return value
        if len(wanted) == len(shape) + 1 and wanted[-1] == 1:
            return tf.expand_dims(value, -1)
        known = [size for size in wanted if size is not None]
        if self.explicit and len(known) == len(wanted) and np.prod(shape) == np.prod(known):
            return tf.reshape(value, (-1, *known))
        return value

    def _checked(self, value: tf.Tensor) -> tf.Tensor:
        """Refuse what the field's own `shape` contradicts."""
        shape = tuple(value.shape)[1:]
        wanted = self.field.shape
        if wanted is None:
            return value
        clash = len(wanted) != len(shape) or any(
            w is not None and s is not None and s != w for s, w in zip(shape, wanted, strict=True)
        )
        if clash:
            fail(
                "data-shape",
                f"the field `{self.field.name}` holds {describe_shape(shape)}, its `shape` says "
                f"{describe_shape(wanted)}",
                self.field.shape_span,
                f"the data: {describe_shape(shape)}",
            )
        return tf.ensure_shape(value, (None, *wanted))


def prepare(
    field: Field,
    tables: Mapping[str, Table],
    bases: Mapping[str, Path],
    chain: Chain,
    port: Port | None,
    trained: bool = False,
) -> Prepared:
    """Find a field's columns in the tables of its source; raises SpecError (`data-column`, `data-shape`).

    For a model that is trained, images get the channels that its input takes.
    """
    maybe = [_find(column.text, tables) for column in field.columns]
    for column, place in zip(field.columns, maybe, strict=True):
        if place is None:
            _report_column(field, column, tables)
    places = [place for place in maybe if place is not None]
    sources = {source for source, _ in places}
    if len(sources) > 1:
        fail("data-column", f"`{field.name}` stacks columns of two sources", field.span)
    source = places[0][0]
    columns = tuple(name for _, name in places)
    shape = field.shape if field.shape is not None else (None if port is None else port.shape)
    held = [tables[source].columns[name] for name in columns]
    decoding = _decoding(field, held[0])
    channels = _channels(field, chain, port if trained else None) if decoding else None
    raw = Column((None, None, channels), "") if decoding else _raw(field, held)
    base, explicit = bases[source], field.shape is not None
    found = Prepared(field, source, columns, raw, chain, shape, explicit, base, decoding, channels)
    if decoding:
        first = found.read(tables[source], np.zeros(1, np.int64))[0]
        return replace(found, raw=Column((None, None, first.shape[-1]), first.dtype.name))
    return found


def place_boxes(boxes: Prepared, others: Mapping[str, Prepared]) -> Prepared:
    """A field of boxes that follow their image, one of `others`; raises SpecError (`data-boxes`)."""
    field = boxes.field
    images = {name: other for name, other in others.items() if other.holds_images}
    name = field.image.text if field.image is not None else _only_image(field, images)
    span = field.span if field.image is None else field.image.span
    if name not in images:
        fail("data-boxes", f"`{name}` is no image", span, "boxes lie in a field [height, width, channels]")
    image = images[name]
    if image.source != boxes.source:
        fail("data-boxes", f"`{field.name}` and `{name}` are of two sources", span)
    check_follows(image.chain, field.span)
    shape = boxes.raw.shape
    if len(shape) not in (1, 2) or shape[-1] != 4 or boxes.raw.dtype == "string":
        held = "texts" if boxes.raw.dtype == "string" else describe_shape(shape)
        fail("data-boxes", f"`{field.name}` holds {held}", field.span, "a box is four numbers")
    return replace(boxes, raw=Column(shape, "float32"), within=image)


def check_parts(boxes: Prepared, specs: Mapping[str, tf.TensorSpec]) -> None:
    """Refuse boxes in parts of images that are padded in their batches: of these they are other parts.

    `specs` tell of each field what one example is; raises SpecError (`data-boxes`).
    """
    form = boxes.field.boxes or ""
    if boxes.within is None or not form.startswith("rel_"):
        return
    name = boxes.within.field.name
    if not specs[name].shape[:2].is_fully_defined():
        title = f"`{boxes.field.name}` are parts of `{name}`, which is padded in each batch"
        help = f"resize the images, or give boxes in pixels: `boxes: {form.removeprefix('rel_')}`"
        fail("data-boxes", title, boxes.field.span, help=help)


def _only_image(field: Field, images: Mapping[str, Prepared]) -> str:
    if len(images) != 1:
        listed = ", ".join(f"`{name}`" for name in images) or "there is none"
        help = "say `image: NAME`, the field of the image that they lie in" if images else ""
        fail("data-boxes", f"which image the boxes lie in is open: {listed}", field.span, help=help)
    return next(iter(images))


def _decoding(field: Field, column: Column) -> Decoding:
    if column.dtype == "image":
        return "path"
    if not field.decode:
        return ""
    if column.dtype not in ("string", "bytes"):
        fail("data-column", f"`{field.name}` decodes {column.dtype}, not paths", field.span)
    return "bytes" if column.dtype == "bytes" else "path"


def _channels(field: Field, chain: Chain, port: Port | None) -> int | None:
    """How many channels images are converted to; None leaves to each its own."""
    if field.decode == "palette":
        return 1
    shape = field.shape
    if shape is None and port is not None and chain.keeps_channels:
        shape = port.shape
    return shape[-1] if shape and len(shape) == 3 and shape[-1] in CHANNELS else None


def _report_column(field: Field, column: Located, tables: Mapping[str, Table]) -> NoReturn:
    known = [f"{s}.{c}" if s else c for s, table in tables.items() for c in table.names]
    other = next((mark for table in tables.values() if (mark := separator_within(table.names))), "")
    help = f'say `separator: "{other}"` beside the path' if other else did_you_mean(column.text, known)
    if field.implied:
        fail(
            "data-column",
            f"nothing gives `{field.name}`: no field, nothing derived, no column of the data",
            column.span,
            help=help,
        )
    fail("data-column", f"the data has no column `{column.text}`", column.span, help=help)


def _find(column: str, tables: Mapping[str, Table]) -> tuple[str, str] | None:
    """The source and the column in it; several sources' columns are dotted."""
    for source, table in tables.items():
        prefix = f"{source}." if source else ""
        if column.startswith(prefix) and column[len(prefix) :] in table.columns:
            return source, column[len(prefix) :]
    return None


def _raw(field: Field, columns: list[Column]) -> Column:
    if not field.stacked:
        return columns[0]
    for located, column in zip(field.columns, columns, strict=True):
        if column.shape != columns[0].shape or (column.dtype == "string") != (columns[0].dtype == "string"):
            fail(
                "data-shape",
                f"`{field.name}` stacks {columns[0].dtype} {describe_shape(columns[0].shape)} and "
                f"{column.dtype} {describe_shape(column.shape)}",
                located.span,
                related=[(field.columns[0].span, "the first")],
            )
    dtypes = [column.dtype for column in columns]
    joined = "string" if dtypes[0] == "string" else np.result_type(*dtypes).name
    return Column((*columns[0].shape, len(columns)), joined)
