"""The keys beside a step that are not wiring: `when` and `trainable`, and keys that would do nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specc.frontend.fill import fill_value
from specc.frontend.scope import LeftOut, Scope, written_names
from specc.frontend.steps import NO_EFFECT, Step
from specc.frontend.unused import mentioned
from specc.source.values import Scalar, Sequence, describe

if TYPE_CHECKING:
    from specc.frontend.expand import Expander

_EFFECT_HELP = {
    "from": "a formula names its tensors itself",
    "outputs": "one output is named by `name`",
    "call": "call arguments are for layers and models",
    "trainable": "freeze the layer where it is made",
}


def check_effect(expander: Expander, step: Step, scope: Scope) -> None:
    """Report keys beside a step that would have no effect on its kind."""
    useless = NO_EFFECT.get(step.kind, ())
    if step.kind in scope.home.blocks:
        useless = ("call",)
    for key in useless:
        if step.keys is not None and key in step.keys:
            title = f"`{key}` has no effect on `{step.kind}`"
            expander.reporter.error(
                "misplaced-key", title, step.keys.key(key).span, help=_EFFECT_HELP.get(key, "")
            )


def flag(expander: Expander, step: Step, key: str, scope: Scope) -> bool | None:
    """A truth value beside a step, or None."""
    value = step.get(key)
    if value is None:
        return None
    filled = fill_value(value, scope.values, expander.reporter)
    if isinstance(filled, Scalar) and isinstance(filled.value, bool):
        return filled.value
    if filled is not None:
        title = f"`{key}` is true or false, and this is {describe(filled)}"
        expander.reporter.error("wrong-type", title, filled.span)
    return None


def leave_out(expander: Expander, step: Step, scope: Scope) -> None:
    """Bind the names of a step that `when` leaves out, so that using one says so; its blocks are used."""
    named = (step.key, step.argument, step.get("layers"), step.get("shortcut"))
    scope.home.used |= mentioned(named, scope.home.blocks)
    when = step.get("when")
    assert when is not None
    left_out = LeftOut(when.span)
    names = written_names(step.keys)
    for key in ("name", "outputs"):
        value = step.get(key)
        filled = fill_value(value, scope.values, expander.reporter) if value is not None else None
        items = filled.items if isinstance(filled, Sequence) else (filled,)
        names |= {str(item.value): item.span for item in items if isinstance(item, Scalar)}
    for name, span in names.items():
        scope.tensors.setdefault(name, (left_out, span))
