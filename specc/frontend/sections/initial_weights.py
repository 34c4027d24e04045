"""`initial_weights` of `train:`: whose weights a model starts with, and which of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from specc.frontend.sections.data_types import Located
from specc.frontend.sections.train_parts import Glob, is_null, read_globs
from specc.frontend.sections.train_settings import read_choice, wrong
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Value

Match = Literal["name", "order"]
KEYS = ("from", "only", "skip", "match")


@dataclass(frozen=True, slots=True)
class InitialWeights:
    """Weights that a model takes over before it is trained.

    `path` is a run's folder, a `.keras` or a weights file. Layers that `only` names (all where it names none)
    and `skip` does not name are looked for in it: by their dotted name, or by their place among the layers of
    their class (`order`).
    """

    path: Located
    span: Span | None
    only: tuple[Glob, ...] = ()
    skip: tuple[Glob, ...] = ()
    match: Match = "name"

    @property
    def place(self) -> Span | None:
        """Where the path stands; nowhere, where the command line gave it."""
        return None if self.span is None else self.path.span

    def wants(self, layer: str) -> bool:
        """Whether a layer is looked for."""
        chosen = not self.only or any(glob.matches(layer) for glob in self.only)
        return chosen and not any(glob.matches(layer) for glob in self.skip)


def read_initial_weights(section: Mapping, reporter: Reporter) -> InitialWeights | None:
    """Read the key of a resolved `train:`; None where it is absent, or wrong (and reported)."""
    value = section.get("initial_weights")
    if value is None or is_null(value):
        return None
    if not isinstance(value, Mapping):
        path = _path(value, "initial_weights", reporter)
        return None if path is None else InitialWeights(path, value.span)
    for name in value.names():
        if name not in KEYS:
            title, help = f"`initial_weights` knows no key `{name}`", did_you_mean(name, KEYS)
            reporter.error("training-setting", title, value.key(name).span, "unknown key", help=help)
    source = value.get("from")
    if source is None:
        title, help = "`initial_weights` without `from`", "`{from: runs/base, skip: [label]}`, say"
        reporter.error("training-setting", title, value.span, help=help)
        return None
    path = _path(source, "initial_weights.from", reporter)
    choices: tuple[Match, ...] = ("name", "order")
    only, skip = read_globs(value, "only", reporter), read_globs(value, "skip", reporter)
    match = read_choice(value, "match", choices, "name", reporter)
    return None if path is None else InitialWeights(path, value.span, only, skip, match)


def _path(value: Value, setting: str, reporter: Reporter) -> Located | None:
    if isinstance(value, Scalar) and isinstance(value.value, str) and value.value:
        return Located(value.value, value.span)
    wrong(setting, value, "a run's folder, a `.keras` file or a `.weights.h5` file", reporter)
    return None
