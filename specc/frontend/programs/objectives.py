"""Short forms of common programs: `objective: {wgan_gp: {latent: 64}}`, written in the language themselves.

Each is a file of `specc/library/objectives`: the models and fields that it speaks of, its parameters, and a
`train` section. A use names its own models and fields, and gets that section with these names in it.
"""

from __future__ import annotations

from collections.abc import Mapping as Values
from functools import cache
from pathlib import Path

from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import rename, unparse
from specc.frontend.expressions.nodes import Expression
from specc.frontend.expressions.parser import parse_text
from specc.frontend.formula_positions import fill_section, is_formula
from specc.frontend.parameters import bind_parameters, read_parameters
from specc.source.diagnostic import Reporter
from specc.source.parse import parse
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, describe, to_python

LIBRARY = Path(__file__).parents[2] / "library" / "objectives"
MERGED = ("derive", "metrics", "state")
"""Keys in which a use adds to what its objective says; all others of its own replace."""


@cache
def objectives() -> tuple[str, ...]:
    """The names of all objectives."""
    return tuple(sorted(path.stem for path in LIBRARY.glob("*.yaml")))


def file_of(name: str) -> str:
    """What the file of an objective is called in diagnostics."""
    return f"<objective {name}>"


def expand_objective(train: Mapping, texts: dict[str, str], reporter: Reporter) -> Mapping | None:
    """A resolved `train:` with its `objective` written out; None where that is wrong (and reported)."""
    value = train.get("objective")
    plain = train.without("objective")
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((key, given),) = value.entries
    name = str(key.value)
    if name not in objectives():
        help = did_you_mean(name, objectives(), limit=len(objectives()))
        reporter.error("unknown-objective", f"there is no objective `{name}`", key.span, help=help)
        return None
    if "update" in train:
        title = "`update` stands beside `objective`, which has its own"
        help = f"remove one of them; `specc explain program-objective` shows what `{name}` stands for"
        reporter.error("program-objective", title, train.key("update").span, help=help)
    made = _Use(name, key.span, given, texts, reporter).section()
    return None if made is None else _over(made, plain)


class _Use:
    """One use of an objective."""

    def __init__(
        self, name: str, span: Span, given: Value, texts: dict[str, str], reporter: Reporter
    ) -> None:
        self.name, self.span, self.reporter = name, span, reporter
        self.given = given if isinstance(given, Mapping) else Mapping((), given.span)
        if not isinstance(given, Mapping) and to_python(given) is not None:
            title = f"the arguments of an objective are a mapping, not {describe(given)}"
            reporter.error("wrong-type", title, given.span)
        text = (LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")
        texts[file_of(name)] = text
        parsed = parse(text, file_of(name), Reporter())
        assert isinstance(parsed, Mapping), f"the library's {name} is broken"
        self.library = parsed

    def section(self) -> Mapping | None:
        """The `train` section with the names of this use."""
        names = self.names()
        values = self.values(names)
        train = self.library.get("train")
        assert isinstance(train, Mapping)
        filled = fill_section("train", train, values, self.reporter)
        return self.renamed(("train",), filled, names) if isinstance(filled, Mapping) else None  # type: ignore[return-value]

    def names(self) -> dict[str, str]:
        """The models and fields of this use by those of the library."""
        found: dict[str, str] = {}
        for kind in ("models", "fields"):
            for formal in self.listed(kind):
                value = self.given.get(formal)
                found[formal] = formal
                if isinstance(value, Scalar) and isinstance(value.value, str):
                    found[formal] = value.value
                elif value is not None:
                    title = f"`{formal}` is the name of one of the {kind}, not {describe(value)}"
                    self.reporter.error("wrong-type", title, value.span)
        return found

    def listed(self, key: str) -> list[str]:
        value = self.library.get(key)
        return [] if value is None else [str(item) for item in to_python(value)]

    def values(self, names: Values[str, str]) -> dict[str, object]:
        """The parameters of this use."""
        declared = read_parameters(self.library.get("params"), self.reporter)
        given = {
            str(key.value): (key.span, value)
            for key, value in self.given.entries
            if str(key.value) not in names
        }
        owner = f"the objective `{self.name}`"
        return bind_parameters(declared, given, {}, owner, self.span, self.reporter)

    # --- names in formulas --------------------------------------------------------------------------------
    def renamed(self, path: tuple[str, ...], value: Value, names: Values[str, str]) -> Value:
        """The value with the names of this use in its formulas and lists of models."""
        if isinstance(value, Mapping):
            entries = (
                (key, self.renamed((*path, str(key.value)), item, names)) for key, item in value.entries
            )
            return Mapping(tuple(entries), value.span)
        if isinstance(value, Sequence):
            return Sequence(tuple(self.renamed((*path, "*"), item, names) for item in value), value.span)
        if is_formula(path) and isinstance(value.value, str):
            expression = _called(rename(parse_text(value.value), names), names)
            return Scalar(unparse(expression), value.span, quoted=True)
        if path[-2:-1] == ("models",) or path[-1] == "models":
            return Scalar(names.get(str(value.value), value.value), value.span)
        return value


def _called(expression: Expression, names: Values[str, str]) -> Expression:
    """The formula with its calls of models renamed."""
    renamed = n.map_children(expression, lambda child: _called(child, names))
    if isinstance(renamed, n.Call) and isinstance(renamed.function, n.Name):
        name = names.get(renamed.function.name, renamed.function.name)
        function = n.Name(name, start=renamed.function.start, end=renamed.function.end)
        return n.Call(function, renamed.arguments, renamed.keywords, start=renamed.start, end=renamed.end)
    return renamed


def _over(below: Mapping, above: Mapping) -> Mapping:
    """The objective's section with what the use says itself on top."""
    found = Mapping(below.entries, above.span)
    for key, value in above.entries:
        name = str(key.value)
        under = found.get(name)
        if name in MERGED and isinstance(under, Mapping) and isinstance(value, Mapping):
            value = _over(under, value)
        found = found.replaced(name, value, key)
    return found
