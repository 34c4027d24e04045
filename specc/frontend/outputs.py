"""`outputs` of a model or block: the last step, one name, a list, or names for tensors."""

from __future__ import annotations

from specc.frontend.fill import fill_value
from specc.frontend.scope import BROKEN, Broken, Outputs, Scope, Tensor
from specc.frontend.wiring import look_up
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import Mapping, Scalar, Sequence, Value, describe

Pairs = list[tuple[str, Tensor | Broken]]


def read_outputs(value: Value | None, scope: Scope, span: Span, reporter: Reporter) -> Pairs | None:
    """Output names and tensors in order; the last step's has no name. None where wrong."""
    if value is None:
        return _last(scope, span, reporter)
    filled = fill_value(value, scope.values, reporter)
    if filled is None:
        return None
    if isinstance(filled, Mapping):
        found = [(name, item) for name, item in filled]
    else:
        items = list(filled) if isinstance(filled, Sequence) else [filled]
        found = [(_short(item, scope), item) for item in items]
    pairs = [(name, _tensor(item, scope, reporter)) for name, item in found]
    names = [name for name, _ in pairs]
    for name in dict.fromkeys(n for n in names if names.count(n) > 1):
        reporter.error("duplicate-name", f"two outputs are named `{name}`", filled.span)
    return pairs


def _short(item: Value, scope: Scope) -> str:
    """`enc.memory` is the output `memory`, unless a step itself has that name."""
    if not isinstance(item, Scalar):
        return ""
    name = str(item.value)
    return name if name in scope.tensors else name.rpartition(".")[2]


def _last(scope: Scope, span: Span, reporter: Reporter) -> Pairs | None:
    if isinstance(scope.previous, Tensor):
        return [("", scope.previous)]
    if isinstance(scope.previous, Outputs):
        return [(name, tensor) for name, tensor in scope.previous.tensors.items()]
    if scope.previous is None:
        title = f"this has no single last output: {scope.no_previous}"
        reporter.error("no-previous", title, span, help="say what comes out: `outputs: …`")
    return None


def _tensor(item: Value, scope: Scope, reporter: Reporter) -> Tensor | Broken:
    if not isinstance(item, Scalar) or not isinstance(item.value, str):
        reporter.error("wrong-type", f"an output is a name, and this is {describe(item)}", item.span)
        return BROKEN
    found = look_up(item.value, scope, item.span, reporter)
    if isinstance(found, Outputs):
        names = ", ".join(f"`{item.value}.{name}`" for name in found.tensors)
        reporter.error("several-outputs", f"`{item.value}` has several outputs: {names}", item.span)
    return found if isinstance(found, Tensor) else BROKEN
