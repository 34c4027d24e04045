"""What the schema finds wrong, in our own words, at the exact key or value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from specc.catalog.read import read_object
from specc.catalog.signature import Catalog
from specc.frontend.finding_helps import key_help, shape_help, stands_for, told_with_shape
from specc.frontend.parameters import check_name
from specc.frontend.schema_values import CATEGORIES, DOTTED, NAME, Schema, dtype_help
from specc.frontend.sections.data_source import KINDS
from specc.frontend.steps import HELPERS, WIRING
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, describe

_KINDS = {
    "step-object": "layer",
    "transform-object": "layer",
    "losses-object": "loss",
    "metrics-object": "metric",
    "metric-entry-object": "metric",
} | {f"{category}-object": category for category in CATEGORIES}
"""Definitions whose capitalised keys are kinds of a category."""

_NAMED = {
    "params": "parameter",
    "let": "value",
    "blocks": "block",
    "models": "model",
    "inputs": "tensor",
    "weights": "weight",
    "fields": "field",
    "derive": "tensor",
    "sources": "source",
    "repeat": "loop variable",
}
"""Keys whose mappings hold names of the user's own, and what these name."""


FORMS = ("layers", "application", "load", "average_of")
"""The keys of which a model has one."""

_VALUES = ("wrong-type", "wrong-choice", "out-of-range")
_SECTION_CODES = {
    ("data", "unknown-key"): "data-key-unknown",
    **{("data", code): "data-setting" for code in _VALUES},
    **{("train", code): "training-setting" for code in _VALUES},
}
"""The codes of the sections' own readers, so that what both find is told once."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One violated keyword of the schema.

    `definition` names the part of `$defs` that it stands in; `owner` the use of a Keras object that it lies
    in, as its definition (`layer.Dense`), and how many keys and items deeper.
    """

    path: tuple[str | int, ...]
    keyword: str
    wanted: Any
    data: Any
    schema: Schema
    definition: str
    owner: tuple[str, int]


class Teller:
    """Reports findings about one document."""

    def __init__(self, document: Mapping, catalog: Catalog, reporter: Reporter) -> None:
        self._document = document
        self._catalog = catalog
        self._reporter = reporter
        self._models = frozenset(
            name
            for section in (document.get("models"), document.get("blocks"))
            if isinstance(section, Mapping)
            for name in section.names()
        )

    def tell(self, finding: Finding) -> None:
        """Report a finding."""
        place = _Place(self._document, finding.path)
        owner, deeper = finding.owner
        category = _KINDS.get(finding.definition, "")
        if owner:
            outer = _Place(self._document, finding.path[: len(finding.path) - deeper])
            self._object(outer, owner.removeprefix("arguments.").partition(".")[0])
        elif finding.keyword == "additionalProperties" and _is_kind(finding, place.words[-1]):
            self._object(place, category)
        elif not self._named(finding, place):
            _TELLERS.get(finding.keyword, _wrong_value)(finding, place, self._reporter)

    def _object(self, place: _Place, category: str) -> None:
        """Tell what is wrong with `Kind: arguments` in the words of the catalog's reader."""
        assert place.key is not None
        self._read(Mapping(((place.key, place.value),), place.key.span), category)

    def _named(self, finding: Finding, place: _Place) -> bool:
        """Whether a text stands where a kind's name was wanted; if so, that is told."""
        value = place.value
        plain = value.value if isinstance(value, Scalar) else None
        if not isinstance(plain, str) or not plain:
            return False
        title = finding.schema.get("title", "")
        category = next((c for c, words in CATEGORIES.items() if title.startswith(words)), "")
        if title == "a step" and plain[:1].isupper():
            category = "layer"
        if category:
            self._read(value, category)
        return bool(category)

    def _read(self, value: Value, category: str) -> None:
        """Have the reader of Keras objects tell what is wrong, but not with what is yet to be computed."""
        held = Reporter()
        read_object(value, category, self._catalog, held, models=self._models)
        waiting = _dynamic_spans(value) if value.dynamic else frozenset()
        for diagnostic in held:
            if diagnostic.span not in waiting:
                self._reporter.add(diagnostic)


def _is_kind(finding: Finding, key: str) -> bool:
    """Whether an unknown key was meant as a kind: where names can stand too, only capitalised ones are."""
    category = _KINDS.get(finding.definition, "")
    if finding.definition == "step-object" and key.lower() in (*WIRING, *HELPERS):
        return False
    return bool(category) and (key[:1].isupper() or finding.definition == f"{category}-object")


def _dynamic_spans(value: Value) -> frozenset[Span]:
    """Where values stand that an expression may yet change."""
    found: set[Span] = set()
    pending = [value]
    while pending:
        value = pending.pop()
        if value.dynamic and not isinstance(value, Mapping):
            found.add(value.span)
        if isinstance(value, Sequence):
            pending.extend(value.items)
        elif isinstance(value, Mapping):
            pending.extend(item for _, item in value.entries)
    return frozenset(found)


class _Place:
    """Where a finding's path leads in the document."""

    def __init__(self, document: Mapping, path: tuple[str | int, ...]) -> None:
        self.value: Value = document
        self.key: Scalar | None = None
        self.path = path
        self.around: Value = document
        for part in path:
            self.around = self.value
            if isinstance(self.value, Sequence) and isinstance(part, int):
                self.value = self.value.items[part]
            elif isinstance(self.value, Mapping) and isinstance(part, str):
                self.key = self.value.key(part)
                self.value = self.value.entries[self.value.names().index(part)][1]

    @property
    def words(self) -> list[str]:
        """The keys on the way."""
        return [part for part in self.path if isinstance(part, str)]

    @property
    def key_span(self) -> Span:
        return self.key.span if self.key is not None else _first(self.value)


def _first(value: Value) -> Span:
    """The first character of a value that fills a file."""
    span = value.span
    return Span(span.file, span.line, span.column, span.line, span.column + 1)


def _unknown_key(finding: Finding, place: _Place, reporter: Reporter) -> None:
    name, span = place.words[-1], place.key_span
    known = [*finding.schema.get("properties", {})]
    owner = place.words[-2] if len(place.words) > 1 else ""
    if NAME in finding.schema.get("patternProperties", {}) and owner in _NAMED:
        if owner != "inputs" or not told_with_shape(name, place.around):
            check_name(name, span, reporter, _NAMED[owner])
        return
    if finding.definition.startswith("model-") and sum(form in finding.data for form in FORMS) > 1:
        return  # told as a model of two forms
    code = _SECTION_CODES.get((place.words[0], "unknown-key"), "unknown-key")
    no_kind = finding.definition == "source" and KINDS.keys().isdisjoint(finding.data)
    if no_kind and name == next(iter(finding.data)):
        code = "data-source"
    if owner == "stages":
        code = "training-setting"
    what = "a step" if finding.definition == "step-object" else f"`{owner}`" if owner else "a spec"
    title = f"{what} has no key `{name}`"
    reporter.error(code, title, span, "unknown", help=key_help(owner, name, known))


def _missing_key(finding: Finding, place: _Place, reporter: Reporter) -> None:
    owner = f"`{place.words[-1]}`" if place.words else "a spec"
    known = [*finding.schema.get("properties", {})]
    given = place.value
    missing = [
        name
        for name in finding.wanted
        if not isinstance(given, Mapping) or not stands_for(name, given, known)
    ]
    if not missing:
        return
    named = " and ".join(f"`{name}`" for name in missing)
    help = "begin with `specc: 1`, the version of the language" if "specc" in missing else ""
    title = f"{owner} needs the key{'s' if len(missing) > 1 else ''} {named}"
    in_list = isinstance(place.around, Sequence) and isinstance(given, Mapping) and given.entries
    span = given.entries[0][0].span if in_list and isinstance(given, Mapping) else place.key_span
    reporter.error("missing-key", title, span, help=help)


def _number_of_keys(finding: Finding, place: _Place, reporter: Reporter) -> None:
    span = place.value.span
    if finding.keyword == "minProperties":
        reporter.error("no-kind", "this mapping is empty", span, "one entry belongs here")
        return
    assert isinstance(place.value, Mapping)
    (first, _value), (second, _other), *_rest = place.value.entries
    title = f"one entry belongs here, and `{second.value}` is another"
    reporter.error("several-kinds", title, second.span, related=[(first.span, "the first")])


def _wrong_value(finding: Finding, place: _Place, reporter: Reporter) -> None:
    value = place.value
    if finding.keyword == "enum" and isinstance(finding.data, str):
        choices = [str(choice) for choice in finding.wanted if choice is not None]
        title = f"{_subject(place)} cannot be `{finding.data}`"
        is_dtype = finding.definition == "tensor-dtype-name"
        help = dtype_help(finding.data) if is_dtype else did_you_mean(finding.data, choices)
        code = "unknown-application" if finding.definition == "application" else "wrong-choice"
        if place.words[-1] in ("sklearn", "dataset") and place.words[0] == "data":
            code = "data-source"
        reporter.error(_code(place, code), title, value.span, help=help)
        return
    expected = finding.schema.get("title") or _expected(finding)
    is_shape = place.words[:1] != ["data"] and expected == "a list of integers or nulls"
    help = shape_help(value, place.words[-1], place.around) if is_shape else ""
    title = f"{_subject(place)} is {describe(value)}"
    reporter.error(_code(place, "wrong-type"), title, value.span, f"{expected} was expected", help=help)


def _out_of_range(finding: Finding, place: _Place, reporter: Reporter) -> None:
    title = f"{_subject(place)} is at least {finding.wanted:g}, not {describe(place.value)}"
    reporter.error(_code(place, "out-of-range"), title, place.value.span, f"less than {finding.wanted:g}")


def _code(place: _Place, code: str) -> str:
    return _SECTION_CODES.get((place.words[0] if place.words else "", code), code)


def _subject(place: _Place) -> str:
    if place.path and isinstance(place.path[-1], int):
        return f"an entry of `{place.words[-1]}`"
    return f"`{place.words[-1]}`" if place.words else "a spec"


def _expected(finding: Finding) -> str:
    words = {
        "object": "a mapping",
        "array": "a list",
        "string": "a text",
        "number": "a number",
        "integer": "an integer",
        "boolean": "true or false",
        "null": "null",
    }
    if finding.keyword == "type":
        wanted = finding.wanted if isinstance(finding.wanted, list) else [finding.wanted]
        return " or ".join(words[kind] for kind in wanted)
    if finding.keyword == "pattern" and finding.wanted in (NAME, DOTTED):
        return "a lower-case name"
    return "something else"


_TELLERS: dict[str, Callable[[Finding, _Place, Reporter], None]] = {
    "additionalProperties": _unknown_key,
    "required": _missing_key,
    "minProperties": _number_of_keys,
    "maxProperties": _number_of_keys,
    "minimum": _out_of_range,
}
