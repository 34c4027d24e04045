"""Steps that use something of the user's: a block (new layers at each use) or a model (shared weights)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from specc.catalog.objects import KerasObject
from specc.catalog.read import read_object
from specc.frontend.expressions.evaluate import UNKNOWN
from specc.frontend.fill import fill_value
from specc.frontend.layers import read_settings
from specc.frontend.naming import step_name
from specc.frontend.outputs import read_outputs
from specc.frontend.parameters import bind_lets, bind_parameters, check_name
from specc.frontend.scope import (
    BROKEN,
    Binding,
    Block,
    Broken,
    Outputs,
    Scope,
    Tensor,
    is_generated,
    written_names,
)
from specc.frontend.steps import Step
from specc.frontend.wiring import into_callable
from specc.graph.ir import Node, Use, Weight
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import Mapping, Scalar, Sequence, Value, describe, to_python

if TYPE_CHECKING:
    from specc.frontend.expand import Expander


def use_block(expander: Expander, block: Block, step: Step, scope: Scope) -> None:
    """Expand one use of a block."""
    reporter = expander.reporter
    name = step_name(step, scope, reporter)
    if any(outer is block for outer in scope.blocks):
        title = f"the block `{step.kind}` uses itself"
        reporter.error("recursive-block", title, step.key.span, help="use `repeat` for repetition")
        expander.broken(name, None, scope, step)
        return
    inputs = block_inputs(block, reporter)
    values = _arguments(expander, block, step, scope)
    wired = into_callable(
        step.get("from"), inputs, f"the block `{step.kind}`", step.key.span, scope, reporter
    )
    label = name or scope.generate(step.kind)
    inner = Scope(
        block.home,
        f"{scope.path}{label}.",
        values,
        uses=(*scope.uses, (step.span, f"block `{step.kind}`")),
        blocks=(*scope.blocks, block),
        trainable=scope.trainable,
        later=written_names(block.body.get("layers")),
    )
    for given in inputs:
        inner.tensors[given] = ((wired or {}).get(given, BROKEN), block.span)
    if len(inputs) == 1:
        inner.previous = inner.tensors[inputs[0]][0]
    else:
        inner.stop_flow(f"the block `{step.kind}` has several inputs")
    add_weights(expander, block.body.get("weights"), inner)
    expander.steps(block.body.get("layers"), inner)
    expander.finish(step, name, _result(expander, block, inner), scope)


def _result(expander: Expander, block: Block, inner: Scope) -> Binding:
    pairs = read_outputs(block.body.get("outputs"), inner, block.span, expander.reporter)
    if pairs is None:
        return BROKEN
    if len(pairs) == 1:
        return pairs[0][1]
    return Outputs(dict(pairs))


def block_inputs(block: Block, reporter: Reporter) -> tuple[str, ...]:
    """The names of a block's inputs: `input` unless it says otherwise."""
    value = block.body.get("inputs")
    if value is None:
        return ("input",)
    items = list(value) if isinstance(value, Sequence) else []
    names = [str(item.value) for item in items if isinstance(item, Scalar)]
    for position, item in enumerate(items):
        if isinstance(item, Scalar) and item.value != "input":
            check_name(str(item.value), item.span, reporter, "input")
        if isinstance(item, Scalar) and str(item.value) in names[:position]:
            reporter.error("duplicate-name", f"two inputs are named `{item.value}`", item.span)
    if not names:
        reporter.error("wrong-type", "a block's `inputs` is a list of names", value.span)
    return tuple(dict.fromkeys(names)) or ("input",)


def _arguments(expander: Expander, block: Block, step: Step, scope: Scope) -> dict[str, object]:
    """The block's values in this use: its parameters, then its lets; those that are wrong UNKNOWN."""
    given: dict[str, tuple[Span, Value]] = {}
    if step.argument is not None:
        filled = fill_value(step.argument, scope.values, expander.reporter)
        if filled is None:
            return dict.fromkeys(block.parameters, UNKNOWN)
        if isinstance(filled, Mapping):
            given = {str(key.value): (key.span, value) for key, value in filled.entries}
        elif block.parameters:
            given = {next(iter(block.parameters)): (filled.span, filled)}
        else:
            title = f"the block `{step.kind}` takes no parameters"
            expander.reporter.error("unknown-parameter", title, filled.span)
    bound = bind_parameters(
        block.parameters,
        given,
        block.home.values,
        f"the block `{step.kind}`",
        step.key.span,
        expander.reporter,
    )
    return bind_lets(block.body.get("let"), bound, expander.reporter)


def use_model(expander: Expander, step: Step, scope: Scope) -> None:
    """Add a call of another model of the spec."""
    reporter = expander.reporter
    name = step_name(step, scope, reporter)
    if step.argument is not None:
        title = f"the model `{step.kind}` takes no arguments"
        reporter.error("unknown-parameter", title, step.argument.span, help="tensors are given by `from`")
    interface = expander.project.interface(step.kind, step.key.span)
    settings = read_settings(expander, step, {"training"}, f"the model `{step.kind}`", scope)
    if interface is None:
        expander.broken(name, None, scope, step)
        return
    what = f"the model `{step.kind}`"
    wired = into_callable(step.get("from"), interface.inputs, what, step.key.span, scope, reporter)
    if wired is None or settings is None:
        expander.broken(name, None, scope, step)
        return
    plain = name is not None and is_generated(name, step.kind)
    label = name if name and (plain or len(interface.outputs) > 1) else scope.generate(step.kind)
    full = scope.path + label
    several = len(interface.outputs) > 1
    outputs = tuple(f"{full}.{output}" for output in interface.outputs) if several else (full,)
    node = Node(
        full,
        Use(step.kind),
        tuple((given, tensor.ref) for given, tensor in wired.items()),
        outputs,
        scope.origin(step.span),
        settings,
        scope.trainable,
        any(tensor.flows for tensor in wired.values()),
    )
    tensors = expander.add(node)
    result: Binding = tensors[0]
    if several:
        result = Outputs(dict(zip(interface.outputs, tensors, strict=True)))
    elif plain and name:
        scope.tensors[name] = (result, step.span)
        scope.flow(result)
        return
    expander.finish(step, name, result, scope)


def add_weights(expander: Expander, section: Value | None, scope: Scope) -> None:
    """Bind the trainable tensors under `weights:`."""
    reporter = expander.reporter
    if not isinstance(section, Mapping):
        return
    for key, value in section.entries:
        name = str(key.value)
        if name in scope.tensors:
            known = scope.tensors[name][1]
            title = f"the name `{name}` is taken"
            reporter.error("duplicate-name", title, key.span, related=[(known, "by this one")])
            continue
        scope.tensors[name] = (BROKEN, key.span)
        filled = fill_value(value, scope.values, reporter)
        if not isinstance(filled, Mapping):
            if filled is not None:
                title = f"a weight is `{{shape: […]}}`, and this is {describe(filled)}"
                reporter.error("wrong-type", title, filled.span)
            continue
        weight = _weight(expander, name, key, filled, scope)
        if weight is not None:
            expander.weights.append(weight)
            scope.tensors[name] = (Tensor(weight.name, flows=False), key.span)


def _weight(expander: Expander, name: str, key: Scalar, value: Mapping, scope: Scope) -> Weight | None:
    shape = value.get("shape")
    sizes = to_python(shape) if shape is not None else None
    if not isinstance(sizes, list) or not all(type(size) is int and size > 0 for size in sizes):
        place = shape.span if shape is not None else key.span
        title = f"the weight `{name}` wants a shape of positive integers"
        expander.reporter.error("wrong-type", title, place, help="`shape: [64, 16]`, say")
        return None
    initializer: KerasObject | None = None
    if (given := value.get("initializer")) is not None:
        initializer = read_object(given, "initializer", expander.catalog, expander.reporter)
        if initializer is None:
            return None
    trainable = value.get("trainable")
    free = scope.trainable is not False and not (isinstance(trainable, Scalar) and trainable.value is False)
    return Weight(scope.path + name, tuple(sizes), initializer, free, scope.origin(key.span))


__all__ = ["Broken", "add_weights", "block_inputs", "use_block", "use_model"]
