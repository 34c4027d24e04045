"""The names a step gives: its own, and those of its outputs."""

from __future__ import annotations

import re

from specc.frontend.fill import fill_value
from specc.frontend.parameters import RESERVED
from specc.frontend.scope import BROKEN, Binding, Broken, LeftOut, Outputs, Scope, Tensor, is_generated
from specc.frontend.steps import Step
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import Scalar, Sequence, Value, describe

NAME = re.compile(r"[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)*\Z")
"""A step's name. Dots join the parts that expansion gives; `specc resolve` writes such names."""


def step_name(step: Step, scope: Scope, reporter: Reporter) -> str | None:
    """The name a step gives itself, well formed and new; None without one, or where it is wrong."""
    value = step.get("name")
    return None if value is None else _name(value, scope, reporter, kind=step.kind)


def output_names(step: Step, scope: Scope, reporter: Reporter) -> list[tuple[str, Span]] | None:
    """The names under `outputs`, with their places; None where one is wrong."""
    value = step.get("outputs")
    if value is None:
        return []
    filled = fill_value(value, scope.values, reporter)
    if filled is None:
        return None
    items = list(filled) if isinstance(filled, Sequence) else [filled]
    found: list[tuple[str, Span]] = []
    for item in items:
        name = _name(item, scope, reporter, taken=[n for n, _ in found], dynamic=value.dynamic)
        if name is None:
            return None
        found.append((name, item.span))
    return found


def _name(
    value: Value,
    scope: Scope,
    reporter: Reporter,
    taken: list[str] | None = None,
    dynamic: bool = False,
    kind: str = "",
) -> str | None:
    filled = fill_value(value, scope.values, reporter)
    if filled is None:
        return None
    if not isinstance(filled, Scalar) or not isinstance(filled.value, str):
        reporter.error("wrong-type", f"a name is a text, and this is {describe(filled)}", filled.span)
        return None
    name = filled.value
    if not NAME.match(name) or name in RESERVED:
        _report_bad(name, filled.span, reporter)
        scope.tensors.setdefault(name, (BROKEN, filled.span))  # using it is no further error
        return None
    if scope.loops and not value.dynamic and not dynamic:
        _report_fixed(name, scope, filled.span, reporter)
        scope.tensors.setdefault(name, (BROKEN, filled.span))  # using it is no further error
        return None
    known = scope.tensors.get(name)
    generated = kind != "" and is_generated(name, kind)
    if name in scope.home.models and not generated and not scope.path:
        title = f"`{name}` is a model of this spec"
        reporter.error("duplicate-name", title, filled.span, help="give the step another name")
        scope.tensors.setdefault(name, (BROKEN, filled.span))  # using it is no further error
        return None
    if isinstance(known and known[0], LeftOut):
        known = None
    if known is not None or name in (taken or []):
        _report_duplicate(name, known, filled.span, reporter)
        return None
    return name


def _report_bad(name: str, span: Span, reporter: Reporter) -> None:
    if name in RESERVED:
        title, help = f"`{name}` is a word of the language", "take another name"
    else:
        title = f"`{name}` cannot be the name of a step"
        help = "names are lower-case letters, digits and `_`, and do not start with a digit"
    reporter.error("bad-name", title, span, help=help)


def _report_fixed(name: str, scope: Scope, span: Span, reporter: Reporter) -> None:
    variable = scope.loops[-1]
    help = f"write `{name}$({variable})`" if variable else "give the repeat a variable: `repeat: {i: 4}`"
    reporter.error("name-in-repeat", f"`{name}` would be the name of every round", span, help=help)


def _report_duplicate(name: str, known: tuple[Binding, Span] | None, span: Span, reporter: Reporter) -> None:
    related = [(known[1], "by this one")] if known is not None else []
    title = f"the name `{name}` is taken" if known is not None else f"the name `{name}` is there twice"
    reporter.error("duplicate-name", title, span, related=related, help="each name is given once")


def bind_outputs(step: Step, result: Binding, scope: Scope, reporter: Reporter) -> bool | None:
    """Bind the names under `outputs` to a block's or a model's, in order.

    Whether there were any; None where they are wrong (and reported).
    """
    names = output_names(step, scope, reporter)
    if not names:
        return None if names is None else False
    tensors: list[Tensor | Broken]
    if isinstance(result, Outputs):
        tensors = list(result.tensors.values())
    elif isinstance(result, Tensor):
        tensors = [result]
    else:
        tensors = [BROKEN] * len(names)
    if len(tensors) != len(names):
        title = f"`{step.kind}` gives {len(tensors)} outputs, and {len(names)} are named"
        reporter.error("wrong-output-count", title, names[0][1])
        scope.tensors |= {name: (BROKEN, span) for name, span in names}
        return None
    for (name, span), tensor in zip(names, tensors, strict=True):
        scope.tensors[name] = (tensor, span)
    return True
