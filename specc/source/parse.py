"""YAML 1.2 text to values with spans, in one pass over PyYAML's events and without recursion."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

import yaml

from specc.source.brackets import balanced_stretch, is_balanced
from specc.source.diagnostic import Reporter
from specc.source.files import MAX_BYTES, report_too_large
from specc.source.lines import split_lines
from specc.source.scalars import resolve
from specc.source.span import Span
from specc.source.syntax import report_syntax
from specc.source.values import Mapping, Plain, Scalar, Sequence, Value

MAX_DEPTH = 100
MAX_VALUES = 1_000_000
MAX_ERRORS = 100
"""After so many errors a file is given up: it is no spec, or one slip repeated."""

_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CORE = "tag:yaml.org,2002:"
_SCALAR_TAGS: dict[str, tuple[type, ...]] = {
    "null": (type(None),),
    "bool": (bool,),
    "int": (int,),
    "float": (float, int),
}
_OPERATOR = re.compile(r"[-+*/%<>=!&|@.,)\]^](?![0-9.])|(and|or|if|in|not)\b")
_QUOTE_FORMULA = 'a formula that starts with `&` or `*` must be quoted: `"&a + b"`'


def parse(text: str, file: str, reporter: Reporter) -> Value | None:
    """The one document in `text`, or None where it is no YAML that a spec may use.

    Duplicate and unusable keys are reported and left out of the value, so that the rest can be
    checked too. What goes wrong is reported; nothing is raised, whatever the text.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_BYTES:
        report_too_large(file, reporter)
        return None
    if not _printable(text, file, reporter):
        return None
    composer = _Composer(text, file, reporter)
    try:
        _feed(composer, _LOADER(text))
    except yaml.MarkedYAMLError as error:
        if not composer.explains(error):
            report_syntax(error, text, file, reporter)
        return None
    except _StopError:
        return None
    if composer.root is None and not composer.spoiled:
        reporter.error("empty-file", "the file is empty", Span(file, 1, 1, 1, 1))
    return None if composer.spoiled else composer.root


def _feed(composer: _Composer, loader: Any) -> None:
    try:
        while loader.check_event():
            composer.take(loader.get_event())
    finally:
        loader.dispose()


def _printable(text: str, file: str, reporter: Reporter) -> bool:
    found = _UNPRINTABLE.search(text)
    if found is None:
        return True
    before = split_lines(text[: found.start()])
    line, column = len(before), len(before[-1]) + 1
    reporter.error(
        "bad-character",
        f"the character U+{ord(found.group()):04X} may not stand in YAML",
        Span(file, line, column, line, column + 1),
        help='inside double quotes it can be written with an escape, as in "\\x00"; else remove it',
    )
    return False


class _StopError(Exception):
    """Nothing after this place can be understood; it has been reported."""


@dataclass(slots=True)
class _Frame:
    """A list or mapping whose end has not come yet; `size` and `height` count what aliases expand to."""

    mapping: bool
    flow: bool
    start: Any
    anchor: str | None
    items: list[Value] = field(default_factory=list)
    keys: list[Scalar | None] = field(default_factory=list)
    places: dict[str, Span] = field(default_factory=dict)
    size: int = 1
    height: int = 0
    split_told: bool = False

    @property
    def wants_key(self) -> bool:
        return self.mapping and len(self.keys) == len(self.items)


@dataclass(slots=True)
class _Composer:
    """Builds values bottom-up; `spoiled` says that an error leaves no value worth checking."""

    text: str
    file: str
    reporter: Reporter
    root: Value | None = None
    spoiled: bool = False
    frames: list[_Frame] = field(default_factory=list)
    anchors: dict[str, tuple[Value, int, int]] = field(default_factory=dict)
    documents: int = 0
    total: int = 0
    told: int = 0
    last: Any = None

    def explains(self, error: yaml.MarkedYAMLError) -> bool:
        """Whether a syntax error only follows from what was told, or from brackets that were not quoted."""
        mark: Any = error.problem_mark
        last = self.last
        if mark is None or last is None or last.start_mark.line != mark.line:
            return False
        if not self.spoiled and self.text[mark.index : mark.index + 1] in ("[", "{"):
            self._split_before(last, mark.index)
        return self.spoiled

    def _split_before(self, last: Any, position: int) -> None:
        """`x[1, 2]` inside `[]` or `{}`: YAML starts a new list right after the `x`."""
        flow = bool(self.frames) and self.frames[-1].flow
        if flow and isinstance(last, yaml.ScalarEvent) and not last.style:
            end: Any = last.end_mark
            if end.index == position:
                self._split(self.frames[-1], last, self.span(last.start_mark, end))

    def take(self, event: yaml.Event) -> None:
        kind = type(event)
        self.last = event
        if kind is yaml.ScalarEvent:
            self._scalar(event)
        elif kind is yaml.MappingStartEvent or kind is yaml.SequenceStartEvent:
            self._open(event)
        elif kind is yaml.MappingEndEvent or kind is yaml.SequenceEndEvent:
            self._close(event)
        elif kind is yaml.AliasEvent:
            self._alias(event)
        elif kind is yaml.DocumentStartEvent:
            self._document(event)

    def span(self, start: Any, end: Any) -> Span:
        return Span(self.file, start.line + 1, start.column + 1, end.line + 1, end.column + 1)

    def fail(self, code: str, title: str, span: Span, label: str = "", help: str = "") -> None:
        """Report what leaves no value."""
        self.spoiled = True
        self.report(code, title, span, label, help)

    def report(
        self,
        code: str,
        title: str,
        span: Span,
        label: str = "",
        help: str = "",
        related: tuple[tuple[Span, str], ...] = (),
    ) -> None:
        """Report what is left out of the value."""
        self.reporter.error(code, title, span, label, help=help, related=related)
        self.told += 1
        if self.told >= MAX_ERRORS:
            self.spoiled = True
            raise _StopError

    def _document(self, event: Any) -> None:
        self.documents += 1
        if self.documents > 1:
            span = self.span(event.start_mark, event.end_mark)
            self.fail("several-documents", "the file holds more than one YAML document", span)
            raise _StopError

    def _scalar(self, event: Any) -> None:
        span = self.span(event.start_mark, event.end_mark)
        frame = self.frames[-1] if self.frames else None
        quoted = bool(event.style)
        if not quoted and frame is not None and frame.flow and not is_balanced(event.value):
            self._split(frame, event, span)
        if frame is not None and frame.wants_key:
            self._key(frame, event.value, quoted, span)
            return
        value = (
            self._tagged(event, span) if event.tag else event.value if quoted else self._plain(event, span)
        )
        if event.anchor and not quoted and _OPERATOR.match(event.value):
            title = f"`&{event.anchor}` is read as an anchor, not as part of a formula"
            self.fail("formula-anchor", title, span, help=_QUOTE_FORMULA)
        self._add(Scalar(value, span, quoted), event.anchor, 1, 0)

    def _plain(self, event: Any, span: Span) -> Plain:
        try:
            return resolve(event.value)
        except OverflowError:
            self.fail("number-out-of-range", "this number is too large", span)
            return 0

    def _tagged(self, event: Any, span: Span) -> Plain:
        name = event.tag.removeprefix(_CORE)
        if event.tag == "!" or (name == "str" and event.tag != name):
            return str(event.value)
        if event.tag == name or name not in _SCALAR_TAGS:
            self._refuse_tag(event.tag, span)
            return None
        value = self._plain(event, span)
        if type(value) not in _SCALAR_TAGS[name]:
            self.fail("bad-tag", f"`{event.value}` cannot be read as `!!{name}`", span)
        return float(value) if name == "float" and isinstance(value, int) else value

    def _refuse_tag(self, tag: str, span: Span) -> None:
        self.fail(
            "bad-tag",
            f"the YAML tag `{tag}` has no meaning in a spec",
            span,
            help='a text that starts with `!` must be quoted: "!x"',
        )

    def _split(self, frame: _Frame, event: Any, span: Span) -> None:
        """A plain scalar with an open bracket, inside `{}` or `[]`: a comma cut an expression apart."""
        if frame.split_told:
            return
        frame.split_told = True
        whole = balanced_stretch(self.text, event.start_mark.index)
        self.fail(
            "unquoted-brackets",
            "an expression with commas or brackets must be quoted inside `{}` and `[]`",
            span.within(0, len(whole)) if whole else span,
            "YAML ends a value at `,`, `]` or `}`" if whole else "the brackets in this text do not match",
            help=f'write "{whole}"' if whole and '"' not in whole else "put it in quotes",
        )

    def _key(self, frame: _Frame, text: str, quoted: bool, span: Span) -> None:
        key: Scalar | None = Scalar(text, span, quoted)
        if text == "<<" and not quoted:
            self.report(
                "merge-key",
                "`<<` is not supported",
                span,
                "YAML 1.2 has no merge keys",
                "write the entries out, or use `let`, `params` or `extends`",
            )
            key = None
        elif text == "" and not quoted:
            self.report("bad-key", "this entry has no key", span)
            key = None
        elif text in frame.places:
            related = ((frame.places[text], "first written here"),)
            title = f"the key `{text}` stands twice in this mapping"
            self.report("duplicate-key", title, span, "written again", related=related)
            key = None
        elif not is_balanced(text) and not frame.split_told and not quoted:
            title = f"the brackets in the key `{text}` do not match"
            self.fail("unquoted-brackets", title, span, help="put the key, or the value before it, in quotes")
        if key is not None:
            frame.places[text] = span
        frame.keys.append(key)

    def _open(self, event: Any) -> None:
        mapping = type(event) is yaml.MappingStartEvent
        if event.tag and event.tag not in ("!", _CORE + ("map" if mapping else "seq")):
            self._refuse_tag(event.tag, self.span(event.start_mark, event.end_mark))
        if len(self.frames) >= MAX_DEPTH:
            self._too_deep(self.span(event.start_mark, event.end_mark))
        self.frames.append(_Frame(mapping, bool(event.flow_style), event.start_mark, event.anchor))

    def _close(self, event: Any) -> None:
        frame = self.frames.pop()
        start, end = self.span(frame.start, event.start_mark), self.span(frame.start, event.end_mark)
        span = end if frame.flow else _until(start, frame)
        value: Value
        if frame.mapping:
            pairs = zip(frame.keys, frame.items, strict=True)
            value = Mapping(tuple((key, item) for key, item in pairs if key is not None), span)
        else:
            value = Sequence(tuple(frame.items), span)
        self._add(value, frame.anchor, frame.size, frame.height)

    def _alias(self, event: Any) -> None:
        span = self.span(event.start_mark, event.end_mark)
        if event.anchor not in self.anchors:
            inside = any(frame.anchor == event.anchor for frame in self.frames)
            title = f"`*{event.anchor}` stands inside what it repeats" if inside else ""
            title = title or f"there is no anchor `&{event.anchor}` before this place"
            self.fail("unknown-alias", title, span, help="" if inside else _QUOTE_FORMULA)
            self._add(Scalar(None, span), None, 1, 0)
            return
        value, size, height = self.anchors[event.anchor]
        if len(self.frames) + height > MAX_DEPTH:
            self._too_deep(span)
        self._add(value, None, size, height, span)

    def _add(
        self, value: Value, anchor: str | None, size: int, height: int, span: Span | None = None
    ) -> None:
        """Give a finished value to the list or mapping that it stands in."""
        self.total += size if span or not isinstance(value, Mapping | Sequence) else 1
        if self.total > MAX_VALUES:
            title = f"with its aliases the file holds more than {MAX_VALUES:,} values"
            self.fail("too-many-values", title, span or value.span)
            raise _StopError
        if anchor:
            self.anchors[anchor] = (value, size, height)
        if not self.frames:
            self.root = value
            return
        frame = self.frames[-1]
        frame.size += size
        frame.height = max(frame.height, height + 1)
        if frame.wants_key:
            self.report("bad-key", "a key must be a name", span or value.span)
            frame.keys.append(None)
        else:
            frame.items.append(value)

    def _too_deep(self, span: Span) -> None:
        self.fail("too-deep", f"lists and mappings are nested more than {MAX_DEPTH} deep", span)
        raise _StopError


def _until(span: Span, frame: _Frame) -> Span:
    """A block collection ends with its last item: YAML's own end is the start of whatever follows."""
    if not frame.items:
        return span
    last = frame.items[-1].span
    key = frame.keys[-1].span if frame.keys and frame.keys[-1] is not None else last
    if (key.end_line, key.end_column) > (last.end_line, last.end_column) or last.line < span.line:
        last = key
    return Span(span.file, span.line, span.column, last.end_line, last.end_column)
