"""The structural kinds: loops, branches and residuals."""

from __future__ import annotations

import ast

from specc.frontend.steps import Step
from specc.python.builder import Builder
from specc.python.errors import CannotSayError
from specc.python.places import Bound
from specc.python.trees import assign, call, literal, name
from specc.python.values import bare
from specc.source.values import Mapping, Scalar, Sequence, Value


def repeat(builder: Builder, step: Step) -> None:
    """`repeat`, as a `for` loop."""
    start = step.get("from")
    if start is not None:
        builder.flow = Bound(builder.tensor(start))
    builder.settle()
    variable, rounds = _rounds(builder, step)
    outer = dict(builder.variables)
    target = builder.names.loop(variable) if variable else "_"
    if variable:
        builder.variables[variable] = name(target)
    builder.loops.append(target)
    with builder.suite() as inner:
        builder.write(step.get("layers"))
        builder.settle()
    builder.loops.pop()
    builder.variables = outer
    if not builder.loops and builder.flow_variable in builder.carried:
        builder.carried.discard(builder.flow_variable)
        builder.statements.append(assign(builder.flow_variable, literal(None)))
    if inner:
        builder.statements.append(ast.For(name(target), rounds, inner, []))
    if step.get("name") is not None:
        builder.deliver(step, builder.identity(step, builder.previous().tree))


def _rounds(builder: Builder, step: Step) -> tuple[str, ast.expr]:
    """The variable of a loop, and what it runs over."""
    argument = step.argument
    variable, value = "", argument
    if isinstance(argument, Mapping):
        ((key, value),) = argument.entries
        variable = str(key.value)
        if key.dynamic:
            raise CannotSayError("a loop's variable is computed", key.span)
    assert value is not None
    tree = builder.values().value(value)
    seen = builder.seen(value)
    if isinstance(seen, dict):
        raise CannotSayError("a loop's variable is computed", value.span)
    return variable, bare(tree) if isinstance(seen, list) else call(name("range"), tree)


def branches(builder: Builder, step: Step) -> None:
    """`branches`: each starts from the same tensor and has a variable of its own."""
    start = _start(builder, step)
    bodies = list(step.argument) if isinstance(step.argument, Sequence) else []
    ends: list[ast.expr] = []
    held = len(builder.live)
    for number, steps in enumerate(bodies, start=1):
        ends.append(_body(builder, steps, start, f"branch_{number}"))
        builder.live += _variables(ends[-1])  # its end is still needed
    del builder.live[held:]
    merge = step.get("merge")
    if merge is not None:
        builder.deliver(step, builder.identity(step, _merged(builder, merge, ends)))
        return
    outputs, own = step.get("outputs"), step.get("name")
    if isinstance(own, Scalar) and ends:
        fields = {f"branch_{number}": end for number, end in enumerate(ends)}
        builder.bind(own, Bound(ends[0], fields=fields))
    for item, end in zip(outputs if isinstance(outputs, Sequence) else (), ends, strict=True):
        place = builder.place(item) if isinstance(item, Scalar) else None
        if isinstance(item, Scalar) and place is not None:
            builder.statements.append(assign(place, end))
            builder.bind(item, Bound(place))
    builder.flow = None


def residual(builder: Builder, step: Step) -> None:
    """`residual`: the body, plus what flowed in or what the shortcut makes of it."""
    start = _start(builder, step)
    held = len(builder.live)
    end = _body(builder, step.argument, start, "")
    builder.live += _variables(end)
    shortcut = start.tree
    if step.get("shortcut") is not None:
        shortcut = _body(builder, step.get("shortcut"), start, "shortcut")
    del builder.live[held:]
    merge = step.get("merge") or Scalar("Add", step.key.span)
    builder.deliver(step, builder.identity(step, _merged(builder, merge, [shortcut, end])))


def _start(builder: Builder, step: Step) -> Bound:
    value = step.get("from")
    return builder.previous() if value is None else Bound(builder.tensor(value))


def _body(builder: Builder, steps: Value | None, start: Bound, wanted: str) -> ast.expr:
    with builder.inner_flow(start, wanted):
        builder.write(steps)
        return builder.previous().tree


def _variables(tree: ast.expr) -> list[str]:
    return [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]


def _merged(builder: Builder, merge: Value, ends: list[ast.expr]) -> ast.expr:
    if isinstance(merge, Scalar) and merge.dynamic:
        raise CannotSayError("what merges is computed", merge.span)
    more: dict[str, ast.expr] = {} if builder.frozen is None else {"trainable": builder.frozen}
    return call(builder.objects().object(merge, "layer", **more), ast.List(ends))
