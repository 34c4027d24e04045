"""Steps that call a layer: of Keras's, of a plugin's, or one of the steps before, by `reuse`."""

from __future__ import annotations

from collections.abc import Mapping as Values
from typing import TYPE_CHECKING, Any

from specc.catalog.objects import KerasObject
from specc.catalog.signature import Signature
from specc.frontend.fill import fill_value
from specc.frontend.naming import output_names, step_name
from specc.frontend.scope import BROKEN, Outputs, Scope
from specc.frontend.steps import Step
from specc.frontend.wiring import Wired, into_layer
from specc.graph.ir import Layer, Node, Operation, Reuse
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, describe, to_python

if TYPE_CHECKING:
    from specc.frontend.expand import Expander


def layer(expander: Expander, step: Step, scope: Scope) -> None:
    """A step that is one layer of Keras's or a plugin's."""
    made = expander.object(step, scope)
    signature = expander.signature(step.kind)
    name = step_name(step, scope, expander.reporter)
    wired = settings = None
    if signature is not None and not signature.refused:
        wired = into_layer(step.get("from"), signature, step.key.span, scope, expander.reporter)
        settings = _settings(expander, step, signature, scope)
    names = output_names(step, scope, expander.reporter)
    if made is None or signature is None or wired is None or settings is None or names is None:
        expander.broken(name, names, scope, step)
        return
    label = name or scope.generate(step.kind)
    _call(expander, step, scope, label, name, names, Layer(made), signature, wired, settings)
    scope.layers[label] = scope.path + label


def _call(
    expander: Expander,
    step: Step,
    scope: Scope,
    label: str,
    name: str | None,
    names: list[tuple[str, Span]],
    operation: Operation,
    signature: Signature,
    wired: Wired,
    settings: dict[str, Any],
) -> None:
    """Add the node of a layer's call and bind what comes out."""
    several = _gives_several(expander, operation, signature, settings)
    if names and len(names) > 1 and not several:
        title = f"`{signature.name}` gives one output, and {len(names)} are named"
        expander.reporter.error("wrong-output-count", title, names[0][1])
        return expander.broken(name, names, scope, step)
    if several and len(names) < 2:
        title = f"`{signature.name}` gives several outputs here"
        expander.reporter.error(
            "several-outputs",
            title,
            step.key.span,
            help="name them all: `outputs: [sequence, h, c]`, say",
        )
        return expander.broken(name, names, scope, step)
    outputs = tuple(scope.path + given for given, _ in names) or (scope.path + label,)
    node = Node(
        scope.path + label,
        operation,
        wired.wires,
        outputs,
        scope.origin(step.span),
        settings,
        scope.trainable if isinstance(operation, Layer) else None,
        wired.flows,
    )
    tensors = expander.add(node)
    for (given, span), tensor in zip(names, tensors, strict=False):
        scope.tensors[given] = (tensor, span)
    if len(tensors) == 1:
        if name:
            scope.tensors[name] = (tensors[0], step.span)
        scope.flow(tensors[0])
    else:
        scope.stop_flow(f"`{step.kind}` gives several outputs")
        if name:
            pairs = {given: tensor for (given, _), tensor in zip(names, tensors, strict=True)}
            scope.tensors[name] = (Outputs(pairs), step.span)
    return None


def _gives_several(
    expander: Expander, operation: Operation, signature: Signature, settings: Values[str, Any]
) -> bool:
    """Whether a layer's call has more than one output, as far as the catalog knows."""
    if signature.outputs == "state":
        target = operation
        if isinstance(operation, Reuse):
            target = expander.by_node[operation.target].operation
        made = target.object if isinstance(target, Layer) else None
        return made is not None and _returns_state(made)
    if signature.outputs == "scores":
        return bool(settings.get("return_attention_scores"))
    return signature.outputs == "many"


def reuse(expander: Expander, step: Step, scope: Scope) -> None:
    """A `reuse:` step: another call of an earlier layer."""
    name = step_name(step, scope, expander.reporter)
    names = output_names(step, scope, expander.reporter)
    filled = None
    if step.argument is not None:
        filled = fill_value(step.argument, scope.values, expander.reporter)
    target = str(filled.value) if isinstance(filled, Scalar) else ""
    node = expander.by_node.get(scope.layers.get(target, ""))
    if node is None or not isinstance(node.operation, Layer):
        if filled is not None and not isinstance(scope.tensors.get(target, (None,))[0], type(BROKEN)):
            title = f"`{target}` is no layer that was named before"
            expander.reporter.error(
                "unknown-name", title, filled.span, help=did_you_mean(target, scope.layers)
            )
        expander.broken(name, names, scope, step)
        return
    signature = expander.signature(node.operation.object.kind)
    assert signature is not None
    wired = into_layer(step.get("from"), signature, step.key.span, scope, expander.reporter)
    settings = _settings(expander, step, signature, scope)
    if wired is None or settings is None or names is None:
        expander.broken(name, names, scope, step)
        return
    label = name or scope.generate("reuse")
    _call(expander, step, scope, label, name, names, Reuse(node.name), signature, wired, settings)


def _settings(expander: Expander, step: Step, signature: Signature, scope: Scope) -> dict[str, Any] | None:
    """The call-time settings of a step, checked by name; None where wrong."""
    allowed = {c.name for c in signature.call if c.form == "setting"}
    return read_settings(expander, step, allowed, f"`{signature.name}`", scope)


def read_settings(
    expander: Expander, step: Step, allowed: set[str], what: str, scope: Scope
) -> dict[str, Any] | None:
    """`call:` with names among `allowed`; None where wrong."""
    value = step.get("call")
    if value is None:
        return {}
    filled = fill_value(value, scope.values, expander.reporter)
    if not isinstance(filled, Mapping):
        if filled is not None:
            title = f"`call` is a mapping, and this is {describe(filled)}"
            expander.reporter.error("wrong-type", title, filled.span)
        return None
    unknown = [key for key, _ in filled.entries if key.value not in allowed]
    for key in unknown:
        title = f"{what} takes no call argument `{key.value}`"
        help = did_you_mean(str(key.value), allowed) or "tensors are given by `from`"
        expander.reporter.error("unknown-argument", title, key.span, help=help)
    if not unknown and "training" in filled:
        _warn_of_mode(expander, filled)
    return None if unknown else to_python(filled)


def _warn_of_mode(expander: Expander, settings: Mapping) -> None:
    """Say that Keras puts its own mode over `training`: in `fit` true, elsewhere false."""
    value = settings.get("training")
    if not isinstance(value, Scalar) or value.value is None:
        return
    where = "in `evaluate` and `predict`" if value.value else "while the model is trained"
    title = f"`training: {str(value.value).lower()}` does not hold {where}: Keras puts its own mode there"
    help = "" if value.value else "`trainable: false` keeps batch normalisation as it is"
    expander.reporter.warning("without-effect", title, settings.key("training").span, help=help)


def _returns_state(made: KerasObject) -> bool:
    inner = made.arguments.get("layer")
    own = bool(made.arguments.get("return_state"))
    return own or (isinstance(inner, KerasObject) and _returns_state(inner))
