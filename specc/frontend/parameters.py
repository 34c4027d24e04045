"""Parameters and lets: the values a spec, a block or a model computes with."""

from __future__ import annotations

import re
from collections.abc import Mapping as Values
from dataclasses import dataclass
from typing import Any

from specc.frontend.expressions.evaluate import FUNCTIONS, MOST_ITEMS, UNKNOWN, count_items
from specc.frontend.fill import fill_value
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Value, describe_python, to_python

NAME = re.compile(r"[a-z_][a-z0-9_]*\Z")
RESERVED = frozenset(
    {"previous", "input", "batch", "step", "and", "or", "not", "if", "else", "for", "in", "is"}
    | {"true", "false", "none", "null"}
)
DECLARATION = frozenset({"default", "type", "minimum", "maximum", "choices", "help"})
TYPES: dict[str, tuple[type, ...]] = {
    "integer": (int,),
    "number": (int, float),
    "string": (str,),
    "boolean": (bool,),
    "list": (list,),
    "mapping": (dict,),
}


@dataclass(frozen=True)
class Parameter:
    """A declared parameter: what it may be, and what it is unless given."""

    name: str
    span: Span
    types: tuple[str, ...] = ()
    default: Value | None = None
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[Any, ...] = ()
    help: str = ""


def read_parameters(section: Value | None, reporter: Reporter) -> dict[str, Parameter]:
    """The declarations of a `params:` mapping, in order."""
    found: dict[str, Parameter] = {}
    if not isinstance(section, Mapping):
        return found
    for key, value in section.entries:
        name = str(key.value)
        if check_name(name, key.span, reporter, "parameter"):
            found[name] = _read(name, key.span, value)
    return found


def _read(name: str, span: Span, value: Value) -> Parameter:
    if isinstance(value, Mapping) and is_declaration(value):
        plain = {key: to_python(item) for key, item in value if key != "default" and _declares(key, item)}
        return Parameter(
            name,
            span,
            types=_listed(plain.get("type")) or _types_of(value.get("default")),
            default=value.get("default"),
            minimum=plain.get("minimum"),
            maximum=plain.get("maximum"),
            choices=tuple(plain.get("choices") or ()),
            help=plain.get("help", ""),
        )
    return Parameter(name, span, types=_types_of(value), default=value)


def is_declaration(value: Mapping) -> bool:
    """Whether a mapping declares a parameter, and is not a default itself."""
    return set(value.names()) <= DECLARATION and len(value) > 0


def _declares(key: str, value: Value) -> bool:
    """Whether a part of a declaration is of the kind it must be; the structure check has told where not."""
    plain = to_python(value)
    if key in ("minimum", "maximum"):
        return isinstance(plain, (int, float)) and not isinstance(plain, bool)
    if key == "choices":
        return isinstance(plain, list)
    if key == "type":
        return all(isinstance(name, str) and name in TYPES for name in _listed(plain))
    return isinstance(plain, str)


def _listed(plain: Any) -> tuple[Any, ...]:
    """One or several, as it is written."""
    return () if plain is None else tuple(plain) if isinstance(plain, list) else (plain,)


def _types_of(value: Value | None) -> tuple[str, ...]:
    """The type a default implies; an integer's is `number`, so that `rate: 0` can become 0.5."""
    if value is None or value.dynamic:
        return ()
    plain = to_python(value)
    if isinstance(plain, bool):
        return ("boolean",)
    if isinstance(plain, int):
        return ("number",)
    return tuple(t for t in ("number", "string", "list", "mapping") if isinstance(plain, TYPES[t]))


def check_name(name: str, span: Span, reporter: Reporter, what: str) -> bool:
    """Whether a name of the user's own is well formed; reports `bad-name` where not."""
    if NAME.match(name) and name not in RESERVED:
        return True
    if name in RESERVED:
        reporter.error("bad-name", f"`{name}` is a word of the language", span, help="take another name")
    else:
        reporter.error(
            "bad-name",
            f"`{name}` cannot be the name of a {what}",
            span,
            help="names are lower-case letters, digits and `_`, and do not start with a digit",
        )
    return False


def bind_parameters(
    declared: Values[str, Parameter],
    given: Values[str, tuple[Span, Value]],
    outer: Values[str, Any],
    owner: str,
    place: Span | None,
    reporter: Reporter,
) -> dict[str, Any]:
    """Values for all parameters: given (the place of its name, a filled value), or the default over `outer`.

    A parameter that is missing or wrong is reported and UNKNOWN. `place` is where they are to be given, None
    for those of the command line.
    """
    for name, (span, _) in given.items():
        if name not in declared:
            title = f"{owner} has no parameter `{name}`"
            reporter.error("unknown-parameter", title, span, help=did_you_mean(name, declared))
    return {
        name: _bind(parameter, given[name][1] if name in given else None, outer, owner, place, reporter)
        for name, parameter in declared.items()
    }


def _bind(
    parameter: Parameter,
    value: Value | None,
    outer: Values[str, Any],
    owner: str,
    place: Span | None,
    reporter: Reporter,
) -> Any:
    if value is None and parameter.default is None:
        _report_missing(parameter, owner, place, reporter)
        return UNKNOWN
    if value is None and parameter.default is not None:
        value = fill_value(parameter.default, outer, reporter)
    if value is None or not _is_small(value, reporter):
        return UNKNOWN
    plain = to_python(value)
    return plain if _check(parameter, plain, value.span, reporter) else UNKNOWN


def _report_missing(parameter: Parameter, owner: str, place: Span | None, reporter: Reporter) -> None:
    name = parameter.name
    by_name = f"give it: `{name}: …`"
    reporter.error(
        "missing-parameter",
        f"{owner} needs a value for `{name}`",
        place or parameter.span,
        related=[(parameter.span, "declared here, without a default")] if place else [],
        help=by_name if place else f"give it with `-p {name}=…`, or write a `default`",
    )


def _is_small(value: Value, reporter: Reporter) -> bool:
    """Whether a value is of a size that expressions may copy; a larger one is reported."""
    if not isinstance(value, Scalar) and count_items(to_python(value)) > MOST_ITEMS:
        title = f"this holds more than {MOST_ITEMS:,} values"
        reporter.error("too-large", title, value.span, help="data belongs in files, under `data:`")
        return False
    return True


def _check(parameter: Parameter, value: Any, span: Span, reporter: Reporter) -> bool:
    name = parameter.name
    wanted = tuple(t for name in parameter.types for t in TYPES[name])
    is_boolean = isinstance(value, bool)
    if wanted and (not isinstance(value, wanted) or (is_boolean and bool not in wanted)):
        types = " or ".join(map(_article, parameter.types))
        title = f"`{name}` wants {types}, and this is {describe_python(value)}"
        reporter.error("parameter-type", title, span)
        return False
    if parameter.choices and value not in parameter.choices:
        allowed = ", ".join(str(c) for c in parameter.choices)
        reporter.error("parameter-range", f"`{name}` is one of {allowed}, not {describe_python(value)}", span)
        return False
    low, high = parameter.minimum, parameter.maximum
    if isinstance(value, (int, float)) and not is_boolean:
        if low is not None and value < low:
            reporter.error("parameter-range", f"`{name}` is at least {low}, not {value}", span)
            return False
        if high is not None and value > high:
            reporter.error("parameter-range", f"`{name}` is at most {high}, not {value}", span)
            return False
    return True


def _article(type_name: str) -> str:
    return f"an {type_name}" if type_name[0] in "aeiou" else f"a {type_name}"


def bind_lets(section: Value | None, values: dict[str, Any], reporter: Reporter) -> dict[str, Any]:
    """`values` with a `let:` mapping's own added, each computed over those before it.

    A wrong one is reported and UNKNOWN.
    """
    if not isinstance(section, Mapping):
        return values
    bound = dict(values)
    for key, value in section.entries:
        name = str(key.value)
        if not check_name(name, key.span, reporter, "value"):
            continue
        if name in bound:
            reporter.error("duplicate-name", f"the value `{name}` exists already", key.span)
            continue
        filled = fill_value(value, bound, reporter)
        bound[name] = UNKNOWN
        if filled is not None and _is_small(filled, reporter):
            _warn_arithmetic(filled, bound, reporter)
            bound[name] = to_python(filled)
    return bound


_ARITHMETIC = re.compile(r"[a-z_][a-z0-9_]*\s*(?://|\*\*|[-+*/%])\s*[a-z0-9_(]")


def _warn_arithmetic(value: Value, values: Values[str, Any], reporter: Reporter) -> None:
    """A text that reads like arithmetic over known names probably lacks its `$`."""
    if (
        not isinstance(value, Scalar)
        or not isinstance(value.value, str)
        or not _ARITHMETIC.match(value.value)
    ):
        return
    words = re.findall(r"[a-z_][a-z0-9_]*", value.value)
    if words and all(word in values or word in FUNCTIONS for word in words):
        reporter.warning(
            "missing-dollar", "this is a text, not arithmetic", value.span, help=f"write `$({value.value})`"
        )
