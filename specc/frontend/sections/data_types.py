"""The `data:` section: where rows come from, what is made of them, and how they are dealt out.

```yaml
data:
  source: {csv: data/bank.csv, separator: ";"}
  split: {train: 0.7, validation: 0.15, test: 0.15, stratify: subscribed}
  fields:
    numbers: {column: [age, balance], transform: [Normalization]}
    subscribed: {transform: [{formula: "cast(previous == 'yes', 'float32')"}]}
  derive: {doubt: "1 - subscribed"}
  batch_size: 256
```
"""

from __future__ import annotations

from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from specc.catalog.objects import KerasObject
from specc.frontend.expressions import Expression
from specc.frontend.expressions.formula import tensor_names
from specc.frontend.expressions.nodes import dotted
from specc.graph.ir import Graph
from specc.source.span import Span

Kind = Literal["csv", "jsonl", "npz", "npy", "idx", "images", "text", "tfrecord", "dataset"]
SplitName = Literal["train", "validation", "test"]
SPLITS: tuple[SplitName, ...] = ("train", "validation", "test")


BoxFormat = Literal[
    "xyxy",
    "yxyx",
    "xywh",
    "yxhw",
    "center_xywh",
    "center_yxhw",
    "rel_xyxy",
    "rel_yxyx",
    "rel_xywh",
    "rel_yxhw",
    "rel_center_xywh",
    "rel_center_yxhw",
]
"""What the four numbers of a box are: corners, or a corner or the middle with width and height; in pixels, or
`rel_`: in parts of the image. Keras's names, and the same with y before x."""
BOX_FORMATS: tuple[BoxFormat, ...] = get_args(BoxFormat)


Decode = Literal["image", "palette"]
"""What is made of a path: the pixels, or the numbers that they have in the file's palette."""
DECODES: tuple[Decode, ...] = get_args(Decode)


Cache = Literal["auto", "memory", "disk", "none"]
"""Where decoded and transformed examples are kept: in memory where they are few, always there, on the disk,
or nowhere."""
CACHES: tuple[Cache, ...] = get_args(Cache)


@dataclass(frozen=True, slots=True)
class Located:
    """A text of the spec (a path, a name) and where it stands."""

    text: str
    span: Span

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class CsvFormat:
    """How a CSV file is written. `columns` overrides what a header says; without either they are 0, 1, …

    `missing` are the texts that mean «no value»; with `drop_missing` their rows are left out, otherwise
    they are an error where a field that is used has no `fill`.
    """

    header: bool = True
    columns: tuple[str, ...] | None = None
    separator: str = ","
    decimal: str = "."
    missing: tuple[str, ...] = ("",)
    drop_missing: bool = False


@dataclass(frozen=True, slots=True)
class Window:
    """Stretches of `length` consecutive rows (or characters, words, lines), `stride` apart.

    With `ahead`, each column `c` also has `c.ahead`: the `ahead` rows that follow the stretch.
    """

    length: int
    stride: int
    ahead: int = 0
    unit: Literal["row", "character", "word", "line"] = "row"


@dataclass(frozen=True, slots=True)
class Source:
    """Files, or a data set by its name, that give named columns.

    `files` maps columns to paths or patterns; a file with columns of its own stands under ``""``.
    `base` is the folder that paths within the data start from. Rows for which `filter`, a formula over one
    row's columns, is false are left out.
    """

    kind: Kind
    files: MappingType[str, Located]
    span: Span
    csv: CsvFormat = CsvFormat()
    window: Window | None = None
    base: Located | None = None
    filter: Formula | None = None


@dataclass(frozen=True, slots=True)
class Split:
    """How rows are shared out: fractions of 1, or counts. What is not named gets nothing.

    `stratify` keeps the proportions of a column's values; with `per`, the counts hold for each value of a
    column. Without `shuffle` the parts are stretches of the data in order: train, then validation, then test.
    """

    parts: MappingType[SplitName, float]
    span: Span
    stratify: Located | None = None
    seed: int | None = None
    shuffle: bool = True
    per: Located | None = None

    @property
    def by(self) -> Located | None:
        """The column whose values decide which rows go where."""
        return self.stratify or self.per


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula with every `$` filled in; `written` is its text before that, where it held any."""

    text: str
    expression: Expression
    span: Span
    written: str = ""

    @property
    def names(self) -> tuple[str, ...]:
        """The tensors it refers to."""
        found = (dotted(node) for node in tensor_names(self.expression))
        return tuple(dict.fromkeys(name for name in found if name is not None))

    def place(self, node: Expression) -> Span:
        """Where a part of it stands in the spec."""
        quoted = self.span.end_column - self.span.column == len(self.written or self.text) + 2
        return self.span.within(node.start + quoted, node.end + quoted)


Transform = KerasObject | Formula


@dataclass(frozen=True, slots=True)
class Field:
    """A tensor made of one column, or of several that are stacked last.

    `shape` is one example's; None in it is padded to the batch's longest with `pad`. `fill` stands in
    for missing values. `decode` makes an image of a path. `boxes` says that the numbers are boxes in the
    field `image` (the only one of images unless given), which they follow. An `implied` field is a column
    that is used under its own name and not written under `fields`.
    """

    name: str
    span: Span
    columns: tuple[Located, ...]
    stacked: bool = False
    shape: tuple[int | None, ...] | None = None
    shape_span: Span | None = None
    dtype: str | None = None
    transforms: tuple[Transform, ...] = ()
    transform_as: Located | None = None
    transform_of: Located | None = None
    pad: float | int | str | None = None
    fill: float | int | str | None = None
    decode: Decode | None = None
    augment: tuple[KerasObject, ...] = ()
    boxes: BoxFormat | None = None
    image: Located | None = None
    implied: bool = False


@dataclass(frozen=True, slots=True)
class DataSection:
    """All of `data:`, checked. A single source stands in `sources` under ``""``.

    `models` are those that `derive` calls, each after those it uses itself.
    """

    sources: MappingType[str, Source]
    fields: MappingType[str, Field]
    span: Span
    split: Split | None = None
    derive: MappingType[str, Formula] = field(default_factory=dict)
    models: MappingType[str, Graph] = field(default_factory=dict)
    augment: tuple[KerasObject, ...] = ()
    batch_size: int = 32
    shuffle: bool = True
    drop_remainder: bool = False
    cache: Cache = "auto"

    def needed(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The names of fields (written or implied) that `wanted` names are made of, in order."""
        found: dict[str, None] = {}
        pending = list(reversed(wanted))
        seen: set[str] = set()
        while pending:
            name = pending.pop()
            if name in seen:
                continue
            seen.add(name)
            derived = self.derived(name)
            if derived is not None:
                pending.extend(reversed(self.derive[derived].names))
                continue
            found[name] = None
            written = self.fields.get(name)
            if written is not None:
                pending.extend(other.text for other in (written.transform_as, written.image) if other)
        return tuple(found)

    def derived(self, name: str) -> str | None:
        """The derived tensor that a name means, itself or (`goal.scores`) an output of its; else None."""
        owner = name if name in self.derive else name.partition(".")[0]
        return owner if owner in self.derive else None

    def unused(self, wanted: tuple[str, ...]) -> tuple[Field, ...]:
        """The written fields that nothing in `wanted` is made of."""
        needed = self.needed(wanted)
        return tuple(f for name, f in self.fields.items() if name not in needed)

    def unused_derived(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The derived names that nothing in `wanted` is made of."""
        used = {self.derived(name) for name in wanted}
        for name in reversed(tuple(self.derive)):  # they refer backwards only
            if name in used:
                used.update(self.derived(other) for other in self.derive[name].names)
        return tuple(name for name in self.derive if name not in used)

    def bare(self, wanted: tuple[str, ...]) -> tuple[str, ...]:
        """The columns that `wanted` takes under their own names, without a field."""
        return tuple(name for name in self.needed(wanted) if name not in self.fields)


def describe_shape(shape: tuple[Any, ...] | None) -> str:
    """`[28, 28, 1]`, with `null` for what is not known; «a number» for []."""
    if shape is None:
        return "any shape"
    return "[" + ", ".join("null" if d is None else str(d) for d in shape) + "]"
