"""What inference found wrong, told at the step: both shapes, and how each came to be."""

from __future__ import annotations

from collections.abc import Iterator

from specc.catalog.rules import RuleError, TensorType, uses_mask
from specc.catalog.rules.dims import Shape, render
from specc.frontend.expressions.formula import unparse
from specc.frontend.expressions.nodes import Expression, children
from specc.graph.infer import Problem, Types
from specc.graph.ir import Formula, Layer, Node, Reuse, Use, wires
from specc.source.diagnostic import Reporter
from specc.source.span import Span

LONGEST_TRACE = 6


def report_types(types: Types, reporter: Reporter) -> None:
    """Report every step that Keras would refuse, and every mask that is lost before it is used."""
    for problem in types.problems:
        _report(problem, types, reporter)
    _report_lost_masks(types, reporter)


def _report(problem: Problem, types: Types, reporter: Reporter) -> None:
    node, reason = problem.node, problem.reason
    notes = [f"it takes {reason.wanted}", f"it is given {reason.given}"]
    needed = list(dict.fromkeys(t for _, wire in node.inputs for t in wires(wire)))
    notes += [f"{tensor}: {trace}" for tensor in needed if (trace := _trace(tensor, types))]
    related = [
        (span, f"`{tensor}` is {_shown(types.tensors[tensor])}") for tensor, span in _places(needed, types)
    ]
    related += [(span, f"in {label}") for span, label in node.origin.uses]
    reporter.error(
        "shape-mismatch",
        _title(problem, len(needed)),
        _place(problem),
        _label(reason),
        notes=notes,
        related=related,
        help=_help(problem),
    )


def _help(problem: Problem) -> str:
    """What would fit: the rule's own proposal, or what is usual where shapes clash."""
    reason, operation = problem.reason, problem.node.operation
    if reason.fits:
        return f"{reason.fits} would fit"
    if isinstance(operation, Use):
        return f"`null` in the shape of an input of `{operation.model}` takes any size"
    ranks = {len(shape) for shape in reason.shapes}
    if isinstance(operation, Formula) or len(reason.shapes) < 2:
        return ""
    if len(ranks) > 1:
        return "`Flatten`, `Reshape` or global pooling change the number of axes"
    last = ranks.pop() - 1
    if all(axis in (last, -1) for axis in reason.axes):
        units = "a 1×1 convolution" if last > 1 else "`Dense`"
        return f"{units} on one of them makes the last axes equal"
    if last > 1:
        return f"`padding: same` keeps sizes; `Cropping{last - 1}D` and `ZeroPadding{last - 1}D` change them"
    return ""


def _title(problem: Problem, tensors: int) -> str:
    reason = problem.reason
    if reason.problem == "argument" and reason.arguments:
        return f"an argument of {_subject(problem)} cannot be: `{'`, `'.join(reason.arguments)}`"
    if isinstance(problem.node.operation, Formula):
        return f"{_subject(problem)} does not fit together"
    if tensors > 1 and len(reason.shapes) > 1:
        return f"what flows into {_subject(problem)} does not fit together"
    return f"{_subject(problem)} does not take what flows into it"


def _subject(problem: Problem) -> str:
    if problem.formula is not None:
        return f"`{unparse(problem.formula.node)}`"
    return f"`{kind_of(problem.node)}`"


def _place(problem: Problem) -> Span:
    """The step, or the part of its formula."""
    operation, formula = problem.node.operation, problem.formula
    if isinstance(operation, Formula) and operation.text is not None and formula is not None:
        start, end = _extent(formula.node)
        if end > start:
            return operation.text.within(start, end)
    return problem.node.origin.span


def _extent(node: Expression) -> tuple[int, int]:
    """The characters of an expression with all its parts: a node marks its operator or name alone."""
    parts = [(node.start, node.end), *map(_extent, children(node))]
    known = [part for part in parts if part[1] > part[0]]
    return (min(p[0] for p in known), max(p[1] for p in known)) if known else (0, 0)


def _label(reason: RuleError) -> str:
    """Which axes clash, the batch counted as 0."""
    sizes = [_size(shape, axis) for shape, axis in zip(reason.shapes, reason.axes, strict=False)]
    if reason.problem != "size" or not reason.axes or None in sizes:
        return ""
    axes = list(dict.fromkeys(reason.axes))
    if len(sizes) == 2 and len(reason.axes) == 2:
        if len(axes) == 1:
            return f"axis {axes[0]} is {sizes[0]} and {sizes[1]}"
        return f"axis {axes[0]} is {sizes[0]}, and axis {axes[1]} of the other is {sizes[1]}"
    if len(sizes) == 1 and len(axes) == 1:
        return f"axis {axes[0]} is {sizes[0]}"
    return f"axis {axes[0]} clashes" if len(axes) == 1 else f"axes {', '.join(map(str, axes))} clash"


def _size(shape: Shape, axis: int) -> str | None:
    return str(shape[axis]) if -len(shape) <= axis < len(shape) else None


def _shown(tensor: TensorType) -> str:
    """A shape, and a dtype where it is not the usual one."""
    return render(tensor.shape) if tensor.dtype == "float32" else str(tensor)


def kind_of(node: Node) -> str:
    """What a node is, in a spec's own word."""
    operation = node.operation
    if isinstance(operation, Layer):
        return operation.object.kind
    if isinstance(operation, Use):
        return operation.model
    return f"reuse: {operation.target}" if isinstance(operation, Reuse) else "formula"


def _places(tensors: list[str], types: Types) -> Iterator[tuple[str, Span]]:
    """Where the tensors come from."""
    for tensor in tensors:
        node = types.producers.get(tensor)
        if node is not None:
            yield tensor, node.origin.span
            continue
        for spec in types.graph.inputs:
            if spec.name == tensor:
                yield tensor, spec.span


def _trace(tensor: str, types: Types) -> str:
    """How a tensor's shape came to be: the steps that led to it along its first input."""
    parts: list[str] = []
    current = tensor
    while True:
        node = types.producers.get(current)
        if node is None:
            parts.append(f"{current} {_shown(types.tensors[current])}")
            break
        parts.append(f"{_described(node)} {_shown(types.tensors[current])}")
        before = [t for _, wire in node.inputs for t in wires(wire)]
        if not before:
            break
        if len(parts) == LONGEST_TRACE:
            parts.append("…")
            break
        current = before[0]
    return " → ".join(reversed(parts)) if len(parts) > 1 else ""


def _described(node: Node) -> str:
    rounds = [
        label.removeprefix("`repeat`, ") for _, label in node.origin.uses if label.startswith("`repeat`")
    ]
    return kind_of(node) + (f" ({', '.join(rounds)})" if rounds else "")


# --- masks ------------------------------------------------------------------------------------------------
def _report_lost_masks(types: Types, reporter: Reporter) -> None:
    """Warn where a mask is lost on its way to a layer that would have used it."""
    lost: dict[str, Node] = {}
    for node in types.graph.nodes:
        call = types.calls.get(node.name)
        tensors = [t for _, wire in node.inputs for t in wires(wire) if t in types.tensors]
        if call is None or not tensors:
            continue
        by = next((lost[t] for t in tensors if t in lost), None)
        if by is not None and _would_use(node) and not _given_mask(node):
            _warn_lost(by, node, reporter)
        elif isinstance(node.operation, Use | Reuse):
            continue
        elif by is None and types.tensors[tensors[0]].mask and _drops(node, types):
            by = node
        if by is not None and not _would_use(node):
            lost.update((output, by) for output in node.outputs)


def _would_use(node: Node) -> bool:
    return isinstance(node.operation, Layer) and uses_mask(node.operation.object.kind)


def _given_mask(node: Node) -> bool:
    return any(name in ("mask", "attention_mask", "query_mask") for name, _ in node.inputs)


def _drops(node: Node, types: Types) -> bool:
    if isinstance(node.operation, Formula):
        return True
    return types.calls[node.name].mask == "dropped"


def _warn_lost(by: Node, user: Node, reporter: Reporter) -> None:
    reporter.warning(
        "mask-lost",
        f"`{kind_of(by)}` loses the mask that `{kind_of(user)}` would use",
        by.origin.span,
        "the mask ends here",
        related=[(user.origin.span, "padding is no longer seen here")],
        help="give the mask by hand: `from: {" + _first_name(user) + ": …, mask: seen}`",
    )


def _first_name(node: Node) -> str:
    from specc.catalog.load import load

    assert isinstance(node.operation, Layer)
    return load().objects["layer"][node.operation.object.kind].tensors[0].name
