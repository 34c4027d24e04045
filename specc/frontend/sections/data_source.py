"""Reading `source:` and `sources:` of `data:`."""

from __future__ import annotations

from typing import cast

from specc.frontend.sections.data_settings import MOST_SEED, Context
from specc.frontend.sections.data_types import (
    SPLITS,
    CsvFormat,
    Kind,
    Located,
    Source,
    Split,
    SplitName,
    Window,
)
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Value

BUNDLED = ("breast_cancer", "diabetes", "digits", "iris", "linnerud", "wine")
"""Data sets that come with scikit-learn."""

DOWNLOADED = (
    "california_housing",
    "cifar10",
    "cifar100",
    "fashion_mnist",
    "imdb",
    "mnist",
    "reuters",
)
"""Data sets that `keras.datasets` downloads."""

KINDS: dict[str, tuple[str, ...]] = {
    "csv": ("header", "columns", "separator", "decimal", "missing", "drop_missing", "base", "window"),
    "jsonl": ("base", "window"),
    "npz": ("window",),
    "npy": ("window",),
    "idx": (),
    "images": (),
    "text": ("window",),
    "tfrecord": (),
    "dataset": (),
    "sklearn": (),
}
"""The kinds of source, each with the keys that may stand beside it."""

OF_EVERY_KIND = ("filter",)
"""Keys that may stand beside every kind."""

_ONE_FILE = ("csv", "jsonl", "npz", "tfrecord")
_PER_COLUMN = ("npy", "idx")


def read_sources(section: Mapping, context: Context) -> dict[str, Source]:
    """The sources by name; a single one under ``""``."""
    single, several = section.get("source"), section.get("sources")
    if single is not None and several is not None:
        span = section.key("sources").span
        related = [(section.key("source").span, "the first")]
        context.reporter.error("data-source", "`source` and `sources` in one `data`", span, related=related)
        return {}
    if several is not None:
        return _read_several(several, context)
    if single is None:
        context.reporter.error(
            "data-source",
            "`data` has no source",
            section.span,
            "`source` is missing",
            help="add `source: {csv: PATH}`, or another of " + ", ".join(f"`{kind}`" for kind in KINDS),
        )
        return {}
    source = _read_source(single, context)
    return {} if source is None else {"": source}


def _read_several(value: Value, context: Context) -> dict[str, Source]:
    if not isinstance(value, Mapping) or not len(value):
        context.wrong("sources", value, "a mapping of names to sources")
        return {}
    read = {name: _read_source(entry, context) for name, entry in value}
    return {name: source for name, source in read.items() if source is not None}


def _read_source(value: Value, context: Context) -> Source | None:
    if not isinstance(value, Mapping):
        context.wrong("source", value, "a mapping such as `{csv: PATH}`")
        return None
    kinds = [name for name in value.names() if name in KINDS]
    if len(kinds) != 1:
        _report_kind(value, kinds, context)
        return None
    kind = kinds[0]
    context.check_keys(value, f"a `{kind}` source", (kind, *KINDS[kind], *OF_EVERY_KIND))
    entry = value.get(kind)
    assert entry is not None
    files = _read_files(kind, entry, context)
    window = _read_window(value, kind, context)
    rows = value.get("filter")
    base = context.text(value, "base")
    csv = _read_csv(value, context) if kind == "csv" else CsvFormat()
    if files is None:
        return None
    named = "dataset" if kind == "sklearn" else kind
    kept = None if rows is None else context.formula(rows, "filter")
    return Source(cast(Kind, named), files, value.span, csv, window, base, kept)


def _report_kind(value: Mapping, kinds: list[str], context: Context) -> None:
    if len(kinds) > 1:
        span = value.key(kinds[1]).span
        related = [(value.key(kinds[0]).span, "the first")]
        context.reporter.error("data-source", "a source of two kinds", span, "the second", related=related)
        return
    first = value.names()[0] if len(value) else ""
    context.reporter.error(
        "data-source",
        f"a source has no kind `{first}`" if first else "a source without a kind",
        value.key(first).span if first else value.span,
        help=did_you_mean(first, KINDS),
    )


def _read_files(kind: str, value: Value, context: Context) -> dict[str, Located] | None:
    if kind in ("dataset", "sklearn"):
        return _read_dataset(kind, value, context)
    if isinstance(value, Mapping) and kind not in _ONE_FILE:
        read = {name: context.as_text(name, entry, "a path") for name, entry in value}
        if not read:
            context.wrong(kind, value, "a mapping of columns to paths")
        found = {name: path for name, path in read.items() if path is not None}
        return found if found and len(found) == len(read) else None
    if kind in _PER_COLUMN:
        context.wrong(kind, value, f"a mapping of columns to paths, `{{{kind}: {{image: PATH}}}}`,")
        return None
    path = context.as_text(kind, value, "a path")
    return None if path is None else {"": path}


def _read_dataset(kind: str, value: Value, context: Context) -> dict[str, Located] | None:
    known = BUNDLED if kind == "sklearn" else (*BUNDLED, *DOWNLOADED)
    name = context.as_text(kind, value, "the name of a data set")
    if name is None:
        return None
    if name.text not in known:
        context.reporter.error(
            "data-source",
            f"there is no data set `{name.text}`",
            name.span,
            help=did_you_mean(name.text, known, limit=len(known)),
        )
        return None
    return {"": name}


def _read_csv(value: Mapping, context: Context) -> CsvFormat:
    columns = context.texts(value, "columns")
    if columns is not None and len(set(columns)) < len(columns):
        twice = next(c for c in columns if columns.count(c) > 1)
        entry = value.get("columns")
        span = value.span if entry is None else entry.span
        context.reporter.error("data-name-twice", f"two columns are named `{twice}`", span)
    separator = _character(value, "separator", ",", context)
    decimal = context.choice(value, "decimal", (".", ","), ".")
    if separator == decimal == ",":
        entry = value.get("decimal")
        assert entry is not None
        context.wrong("decimal", entry, "another character than the separator", "say `separator: ';'`")
    missing = context.texts(value, "missing")
    return CsvFormat(
        header=context.switch(value, "header", columns is None),
        columns=columns,
        separator=separator,
        decimal=decimal,
        missing=("",) if missing is None else ("", *missing),
        drop_missing=context.switch(value, "drop_missing", False),
    )


def _character(value: Mapping, name: str, default: str, context: Context) -> str:
    entry = value.get(name)
    if entry is None:
        return default
    if isinstance(entry, Scalar) and isinstance(entry.value, str) and len(entry.value) == 1:
        return entry.value
    context.wrong(name, entry, "one character", r"a tab is written `separator: \"\t\"`")
    return default


def _read_window(value: Mapping, kind: str, context: Context) -> Window | None:
    entry = value.get("window")
    if entry is None or "window" not in KINDS[kind]:
        return None
    if not isinstance(entry, Mapping):
        context.wrong("window", entry, "a mapping such as `{length: 64}`")
        return None
    text = kind == "text"
    context.check_keys(entry, "a window", ("length", "stride", "unit" if text else "ahead"))
    if "length" not in entry:
        context.reporter.error("data-setting", "a window without `length`", entry.span)
    length = context.count(entry, "length", 1)
    unit = context.choice(entry, "unit", ("character", "word", "line"), "character") if text else "row"
    stride = context.count(entry, "stride", length if text else 1)
    ahead = 0 if text else context.count(entry, "ahead", 0, 0)
    return Window(length, stride, ahead, unit)  # type: ignore[arg-type]


def read_split(value: Value | None, context: Context) -> Split | None:
    """`split:`: fractions that do not exceed 1, or counts."""
    if value is None:
        return None
    if not isinstance(value, Mapping):
        context.wrong("split", value, "a mapping such as `{train: 0.8, test: 0.2}`")
        return None
    context.check_keys(value, "`split`", (*SPLITS, "stratify", "per", "seed", "shuffle"))
    parts: dict[SplitName, float] = {}
    for name in SPLITS:
        part = value.get(name)
        if part is None:
            continue
        if isinstance(part, Scalar) and _is_part(part.value):
            parts[name] = cast(float, part.value)
        else:
            context.wrong(name, part, "a fraction between 0 and 1, or a count,")
    _check_parts(value, parts, context)
    stratify, per = _given(value, "stratify"), _given(value, "per")
    shuffle = context.switch(value, "shuffle", True)
    if stratify is not None and not shuffle:
        span = value.key("stratify").span
        context.reporter.error("data-split", "a split in order cannot be stratified", span)
    if per is not None:
        _check_per(value, parts, shuffle, context)
    return Split(
        parts,
        value.span,
        stratify=None if stratify is None else context.column("stratify", stratify),
        seed=context.count(value, "seed", 0, 0, MOST_SEED) if "seed" in value else None,
        shuffle=shuffle,
        per=None if per is None else context.column("per", per),
    )


def _given(value: Mapping, name: str) -> Value | None:
    """What stands under a key; None where it is null, as where a spec takes back what it extends."""
    found = value.get(name)
    return None if isinstance(found, Scalar) and found.value is None else found


def _check_per(value: Mapping, parts: dict[SplitName, float], shuffle: bool, context: Context) -> None:
    span = value.key("per").span
    if not shuffle:
        context.reporter.error("data-split", "a split in order has no counts by value", span)
    if _given(value, "stratify") is not None:
        title = "`stratify` keeps proportions, and `per` makes all values as frequent"
        related = [(value.key("stratify").span, "the other")]
        context.reporter.error("data-split", title, span, "one of them", related=related)
    if any(isinstance(part, float) for part in parts.values()):
        help = "`{train: 20, test: 100, per: label}` takes 20 and 100 rows of each label"
        context.reporter.error("data-split", "`per` wants counts, not fractions", value.span, help=help)


def _is_part(value: object) -> bool:
    if isinstance(value, bool):
        return False
    return (isinstance(value, int) and value > 0) or (isinstance(value, float) and 0 < value <= 1)


def _check_parts(value: Mapping, parts: dict[SplitName, float], context: Context) -> None:
    def report(title: str, help: str = "") -> None:
        context.reporter.error("data-split", title, value.span, help=help)

    if "train" not in value:
        report("`split` leaves nothing to train on", "add `train`")
    if len(parts) > 1 and any(part > 1 for part in parts.values()):
        if any(isinstance(part, float) for part in parts.values()):
            report("`split` mixes fractions and counts")
    elif sum(parts.values()) > 1 + 1e-9 and all(part <= 1 for part in parts.values()):
        report(f"the fractions of `split` add up to {sum(parts.values()):g}", "they add up to 1 at most")
