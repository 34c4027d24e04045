"""`-p name=value` and `--set path=value`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from specc.frontend.patch import NESTED, step_name, step_names
from specc.source.diagnostic import Reporter
from specc.source.parse import parse
from specc.source.span import COMMAND_LINE, Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, from_python


@dataclass(frozen=True, slots=True)
class Override:
    """A value for the place a dotted path names."""

    path: str
    value: Value
    span: Span


class Typed(str):
    """`name=value` that was typed behind an option of another name, which messages show."""

    option: str

    def __new__(cls, option: str, text: str) -> Typed:
        made = super().__new__(cls, text)
        made.option = option
        return made


class CommandLine:
    """What was given beside the spec: its `-p` and `--set`, with a text that diagnostics can quote."""

    def __init__(self, params: Iterable[object] = (), overrides: Iterable[object] = ()) -> None:
        self._params = [_Given("-p", item) for item in params]
        self._overrides = [_Given("--set", item) for item in overrides]
        lines = []
        for number, given in enumerate((*self._params, *self._overrides), start=1):
            given.line = number
            lines.append(given.text)
        self.texts = {COMMAND_LINE: "\n".join(lines)} if lines else {}

    def params(self, reporter: Reporter) -> dict[str, Override]:
        """The parameters by name; of two for one name the last counts."""
        return {o.path: o for o in self._read(self._params, reporter)}

    def overrides(self, reporter: Reporter) -> list[Override]:
        """The overrides, left to right."""
        found = list(self._read(self._overrides, reporter))
        params = {given.name for given in self._params}
        for override in found:
            head, _, name = override.path.partition(".")
            if head == "params" and name.partition(".")[0] in params:
                title = f"`{name}` is given by `-p` and by `--set`"
                reporter.error("given-twice", title, override.span, help="give it once, with `-p`")
        return found

    def _read(self, items: list[_Given], reporter: Reporter) -> Iterator[Override]:
        for given in items:
            value = given.read(reporter)
            if value is not None:
                yield Override(given.name, value, given.span)


class _Given:
    """One `-p` or `--set`: text `name=value`, or a pair of name and plain value from Python."""

    line = 1

    def __init__(self, option: str, item: object) -> None:
        self.option, self.item = item.option if isinstance(item, Typed) else option, item
        if isinstance(item, tuple):
            self.name, self.value_text = str(item[0]), repr(item[1])
            self.separated = True
        else:
            self.name, equals, self.value_text = str(item).partition("=")
            self.separated = bool(equals)
        self.text = f"{self.option} {self.name}" + (f"={self.value_text}" if self.separated else "")

    @property
    def span(self) -> Span:
        start = len(self.option) + 2
        return Span(COMMAND_LINE, self.line, start, self.line, max(len(self.text) + 1, start + 1))

    def read(self, reporter: Reporter) -> Value | None:
        if not self.separated or not self.name:
            title = f"`{self.text}` is not `{self.option} NAME=VALUE`"
            reporter.error("bad-option", title, self.span)
            return None
        if isinstance(self.item, tuple):
            return from_python(self.item[1], self.span)
        if not self.value_text.strip():
            return Scalar("", self.span, quoted=True)
        found = parse(self.value_text, COMMAND_LINE, held := Reporter())
        for problem in held:
            reporter.error(problem.code, problem.title, self.span, help=problem.help, notes=problem.notes)
        return None if found is None else _moved(found, self.span)


def _moved(value: Value, span: Span) -> Value:
    if isinstance(value, Sequence):
        return Sequence(tuple(_moved(item, span) for item in value), span)
    if isinstance(value, Mapping):
        return Mapping(tuple((Scalar(k.value, span), _moved(v, span)) for k, v in value.entries), span)
    return Scalar(value.value, span, value.quoted)


def set_path(document: Mapping, override: Override, reporter: Reporter) -> Mapping:
    """The document with the value at a dotted path replaced; a step in a list is found by its name.

    The last part may be new (what may stand there, the schema says); every part before it must exist.
    """
    changed = _set(document, override.path.split("."), override, reporter)
    return changed if isinstance(changed, Mapping) else document


def _set(value: Value, path: list[str], override: Override, reporter: Reporter) -> Value | None:
    head, *rest = path
    if isinstance(value, Mapping):
        if not rest:
            return value.replaced(head, override.value, Scalar(head, override.span))
        inner = value.get(head)
        if inner is None:
            _report_unknown(override, head, value.names(), reporter)
            return None
        changed = _set(inner, rest, override, reporter)
        return None if changed is None else value.replaced(head, changed)
    if isinstance(value, Sequence):
        names = step_names(value)
        if head not in names:
            _report_unknown(override, head, names, reporter)
            return None
        return _set_step(value, path, override, reporter)
    _report_unknown(override, head, (), reporter)
    return None


def _set_step(steps: Sequence, path: list[str], override: Override, reporter: Reporter) -> Sequence | None:
    """The steps with a place of the one called `path[0]` set, which may lie within another."""
    head, *rest = path
    items: list[Value] = []
    for item in steps:
        changed: Value | None = item
        if step_name(item) == head:
            changed = _set(item, rest, override, reporter) if rest else override.value
        elif isinstance(item, Sequence) and head in step_names(item):
            changed = _set_step(item, path, override, reporter)
        elif isinstance(item, Mapping):
            for key in NESTED:
                inner = item.get(key)
                if isinstance(inner, Sequence) and head in step_names(inner) and isinstance(changed, Mapping):
                    below = _set_step(inner, path, override, reporter)
                    changed = None if below is None else changed.replaced(key, below)
        if changed is None:
            return None
        items.append(changed)
    return Sequence(tuple(items), steps.span)


def _report_unknown(override: Override, part: str, known: Iterable[str], reporter: Reporter) -> None:
    title = f"`{override.path}` leads nowhere: there is no `{part}`"
    reporter.error("unknown-path", title, override.span, help=did_you_mean(part, known))
