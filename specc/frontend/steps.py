"""The shape of one step: its kind, its argument, and the wiring keys beside it."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass
from difflib import SequenceMatcher

from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import nearest
from specc.source.values import Mapping, Scalar, Value, describe

WIRING = ("name", "from", "call", "outputs", "when", "trainable")
HELPERS = {"layers": ("repeat",), "merge": ("branches", "residual"), "shortcut": ("residual",)}
"""Keys that belong to one structural kind or two."""
NO_EFFECT = {
    "formula": ("from", "call", "outputs", "trainable"),
    "reuse": ("trainable",),
    "repeat": ("call", "outputs"),
    "branches": ("call",),
    "residual": ("call",),
}
"""Wiring keys that would do nothing beside a kind."""
SURE = 0.75
"""How alike a key and a wiring key are where the one is the other, misspelt: `form` and `from`."""
STRUCTURAL = ("repeat", "branches", "residual", "formula", "reuse")


@dataclass(frozen=True, slots=True)
class Step:
    """A list entry of `layers`, taken apart."""

    kind: str
    key: Scalar
    argument: Value | None
    span: Span
    keys: Mapping | None = None

    @property
    def place(self) -> Span:
        """Where the argument stands, be it null; the kind where there is none."""
        value = self.get(self.kind)
        return self.key.span if value is None else value.span

    def get(self, name: str) -> Value | None:
        """What stands beside the kind under `name`."""
        return self.keys.get(name) if self.keys is not None else None


def read_step(value: Value, reporter: Reporter, known: Container[str] = ()) -> Step | None:
    """The step, or None where its shape is wrong (and reported); `known` are blocks and models."""
    if isinstance(value, Scalar) and isinstance(value.value, str):
        return Step(value.value, value, None, value.span)
    if not isinstance(value, Mapping):
        title = f"a step is a kind or a mapping, and this is {describe(value)}"
        reporter.error("wrong-type", title, value.span)
        return None
    kinds = _kinds(value)
    if len(kinds) > 1:
        value = _mended(value, kinds, known, reporter)
        kinds = _kinds(value)
    if len(kinds) != 1:
        _report_kinds(value, kinds, reporter)
        return None
    key = kinds[0]
    kind = str(key.value)
    for name, owners in HELPERS.items():
        if name in value and kind not in owners:
            title = f"`{name}` belongs to {' and '.join(f'`{o}`' for o in owners)}, not to `{kind}`"
            reporter.error("misplaced-key", title, value.key(name).span)
    argument = value.get(kind)
    if isinstance(argument, Scalar) and argument.value is None:
        argument = None
    return Step(kind, key, argument, value.span, value)


def _kinds(value: Mapping) -> list[Scalar]:
    return [key for key, _ in value.entries if key.value not in WIRING and key.value not in HELPERS]


def _meant(name: str) -> str | None:
    """The wiring key that a name surely stands for: a name of the user's own may be a little like one."""
    near = nearest(name, (*WIRING, *HELPERS))
    if near is None or near == name.lower():
        return near
    sure = SequenceMatcher(None, name, near).ratio() >= SURE and not name[:1].isupper()
    return near if sure else None


def _mended(value: Mapping, kinds: list[Scalar], known: Container[str], reporter: Reporter) -> Mapping:
    """The step with misspelt wiring keys, which are reported, read as what was meant."""
    for key in kinds:
        name = str(key.value)
        meant = None if name in STRUCTURAL or name in known else _meant(name)
        if meant is None or meant in value:
            continue
        reporter.error(
            "unknown-key", f"a step has no key `{name}`", key.span, help=f"did you mean `{meant}`?"
        )
        entries = ((Scalar(meant, k.span) if k is key else k, item) for k, item in value.entries)
        value = Mapping(tuple(entries), value.span)
    return value


def _report_kinds(value: Mapping, kinds: list[Scalar], reporter: Reporter) -> None:
    if not kinds:
        reporter.error(
            "no-kind", "this step has no kind", value.span, help="name a layer, a block, a model or a formula"
        )
        return
    names = ", ".join(f"`{k.value}`" for k in kinds)
    reporter.error(
        "several-kinds",
        f"this step has several kinds: {names}",
        kinds[1].span,
        related=[(kinds[0].span, "the first kind")],
        help="one step, one kind: start the other with `- `; arguments stand inside the kind's mapping",
    )
