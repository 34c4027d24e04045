"""The structural kinds: `repeat`, `branches`, `residual`. They open no scope."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from specc.catalog.read import read_object
from specc.frontend.expressions.evaluate import to_text
from specc.frontend.fill import fill_value
from specc.frontend.naming import output_names, step_name
from specc.frontend.parameters import check_name
from specc.frontend.scope import BROKEN, Binding, Broken, Outputs, Scope, Tensor
from specc.frontend.steps import Step
from specc.frontend.wiring import Wired, single
from specc.graph.ir import Layer
from specc.source.values import Mapping, Scalar, Sequence, Value, describe, describe_python, to_python

if TYPE_CHECKING:
    from specc.frontend.expand import Expander

MOST_ROUNDS = 100_000


def repeat(expander: Expander, step: Step, scope: Scope) -> None:
    """`repeat: N` or `repeat: {i: values}` with `layers`."""
    name = step_name(step, scope, expander.reporter)
    rounds = _rounds(expander, step, scope)
    body = step.get("layers")
    if body is None:
        expander.reporter.error(
            "missing-key",
            "this `repeat` has no `layers`",
            step.key.span,
            help="put its steps under `layers:`",
        )
    if not _enter(expander, step, scope) or rounds is None or body is None:
        expander.broken(name, None, scope, step)
        return
    variable, items = rounds
    outer_values, outer_uses = scope.values, scope.uses
    scope.loops += (variable,)
    for number, item in enumerate(items):
        expander.spend(step.key.span)
        if variable:
            scope.values = {**outer_values, variable: item}
        label = f"round {number + 1} of {len(items)}"
        if variable:
            plain = isinstance(item, (bool, int, float, str))
            label += f", {variable} = {to_text(item) if plain else describe_python(item)}"
        scope.uses = (*outer_uses, (step.key.span, f"`repeat`, {label}"))
        expander.steps(body, scope)
    scope.values, scope.uses = outer_values, outer_uses
    scope.loops = scope.loops[:-1]
    if name:
        result = scope.previous if scope.previous is not None else BROKEN
        if scope.previous is None:
            title = f"this `repeat` has no single output to name: {scope.no_previous}"
            expander.reporter.error("no-previous", title, step.span)
        expander.finish(step, name, result, scope)


def _enter(expander: Expander, step: Step, scope: Scope) -> bool:
    """Let what `from` names flow into a repeat; without `from`, what flows goes on."""
    value = step.get("from")
    if value is None:
        return True
    tensor = single(value, step.key.span, scope, expander.reporter)
    if tensor is None:
        return False
    scope.previous = tensor
    return True


def _rounds(expander: Expander, step: Step, scope: Scope) -> tuple[str, list[Any]] | None:
    """The loop variable (empty without one) and its values; None where wrong."""
    reporter = expander.reporter
    if step.argument is None:
        reporter.error("wrong-type", "`repeat` wants a number, or a variable and its values", step.place)
        return None
    filled = fill_value(step.argument, scope.values, reporter)
    if filled is None:
        return None
    variable, value = "", filled
    if isinstance(filled, Mapping):
        if len(filled) != 1:
            title = f"`repeat` takes one variable, and {len(filled)} are given"
            place = filled.entries[1][0].span if len(filled) else filled.span
            code = "several-kinds" if len(filled) else "no-kind"
            reporter.error(code, title, place, help="nest one repeat in the other")
            return None
        key, value = filled.entries[0]
        variable = str(key.value)
        if not check_name(variable, key.span, reporter, "loop variable"):
            return None
        if variable in scope.values:
            title = f"`{variable}` is a value already"
            reporter.error("duplicate-name", title, key.span, help="give the loop another variable")
            return None
    items = to_python(value)
    if isinstance(items, int) and not isinstance(items, bool):
        if items < 0:
            reporter.error("out-of-range", f"{items} rounds are not possible", value.span)
            return None
        if items > MOST_ROUNDS:
            reporter.error(
                "too-large", f"{items:,} rounds are too many (at most {MOST_ROUNDS:,})", value.span
            )
            return None
        return variable, list(range(items))
    if isinstance(items, list) and variable:
        return variable, items
    wanted = "a number or a list" if variable else "a number, or a variable and its values"
    reporter.error(
        "wrong-type",
        f"`repeat` wants {wanted}, and this is {describe(value)}",
        value.span,
        help="" if variable or not isinstance(items, list) else "name the variable: `repeat: {i: […]}`",
    )
    return None


def branches(expander: Expander, step: Step, scope: Scope) -> None:
    """`branches: [[…], […]]` with `merge` or `outputs`: all start from the same input."""
    reporter = expander.reporter
    name = step_name(step, scope, reporter)
    start = single(step.get("from"), step.key.span, scope, reporter)
    results: list[Binding | None] = []
    if not isinstance(step.argument, Sequence):
        found = "empty" if step.argument is None else describe(step.argument)
        title = f"`branches` is a list of lists of steps, and this is {found}"
        reporter.error("wrong-type", title, step.place)
    else:
        for steps in step.argument:
            results.append(_body(expander, steps, start, scope))
    merge, wanted = step.get("merge"), step.get("outputs")
    if merge is None and wanted is None:
        reporter.error(
            "missing-key",
            "these branches are neither merged nor named",
            step.key.span,
            help="add `merge: Concatenate` (or `Add`, …), or `outputs: [a, b]`",
        )
    ends = [_end(expander, result, step) for result in results]
    if isinstance(step.argument, Sequence) and not len(step.argument):
        reporter.error("wrong-type", "these `branches` are empty", step.place)
    if start is None or not ends or any(end is None for end in ends) or (merge is None and wanted is None):
        names = output_names(step, scope, reporter) if merge is None else None
        expander.broken(name, names, scope, step)
        return
    tensors = [end for end in ends if end is not None]
    if merge is not None:
        expander.finish(step, name, _merge(expander, merge, tensors, step, scope), scope)
    else:
        outputs = Outputs({f"branch_{number}": tensor for number, tensor in enumerate(tensors)})
        expander.finish(step, name, outputs, scope)


def residual(expander: Expander, step: Step, scope: Scope) -> None:
    """`residual: […]`: the body plus a shortcut, the identity unless given."""
    reporter = expander.reporter
    name = step_name(step, scope, reporter)
    start = single(step.get("from"), step.key.span, scope, reporter)
    if step.argument is None:
        reporter.error("wrong-type", "`residual` wants a list of steps", step.place)
    body = _body(expander, step.argument, start, scope)
    shortcut: Binding | None = start or BROKEN
    if (steps := step.get("shortcut")) is not None:
        shortcut = _body(expander, steps, start, scope)
    ends = [_end(expander, shortcut, step), _end(expander, body, step)]
    if start is None or step.argument is None or ends[0] is None or ends[1] is None:
        expander.broken(name, None, scope, step)
        return
    merge = step.get("merge") or Scalar("Add", step.key.span)
    expander.finish(step, name, _merge(expander, merge, [ends[0], ends[1]], step, scope), scope)


def _body(expander: Expander, steps: Value | None, start: Tensor | None, scope: Scope) -> Binding | None:
    """Expand a body that starts from `start`; what it ends with, or None where nothing single flows out."""
    scope.previous = start if start is not None else BROKEN
    expander.steps(steps, scope)
    return scope.previous


def _end(expander: Expander, result: Binding | None, step: Step) -> Tensor | None:
    if isinstance(result, Tensor):
        return result
    if not isinstance(result, Broken):
        title = f"a part of this `{step.kind}` ends with several outputs"
        expander.reporter.error("several-outputs", title, step.key.span, help="end it with one tensor")
    return None


def _merge(
    expander: Expander, value: Value, tensors: list[Tensor], step: Step, scope: Scope
) -> Tensor | Broken:
    """One layer over several tensors."""
    filled = fill_value(value, scope.values, expander.reporter)
    if filled is None:
        return BROKEN
    made = read_object(filled, "layer", expander.catalog, expander.reporter)
    signature = expander.signature(made.kind) if made else None
    if made is None or signature is None:
        return BROKEN
    if signature.tensors[0].form == "tensor":
        title = f"`{made.kind}` takes one tensor and cannot merge {len(tensors)}"
        expander.reporter.error(
            "wrong-input-count",
            title,
            filled.span,
            help="`Add`, `Concatenate`, `Multiply`, `Average` … merge",
        )
        return BROKEN
    wired = Wired((("", tuple(t.ref for t in tensors)),), any(t.flows for t in tensors))
    label = scope.generate(made.kind)
    return expander.node(scope.path + label, Layer(made), wired, scope, step.span)
