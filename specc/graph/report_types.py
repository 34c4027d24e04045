"""What inference found wrong, told at the step: both shapes, and how each came to be."""

from __future__ import annotations

from collections.abc import Iterator

from specc.catalog.rules import uses_mask
from specc.frontend.expressions.formula import unparse
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
    related = [(span, f"{tensor} is {types.tensors[tensor]}") for tensor, span in _places(needed, types)]
    related += [(span, f"in {label}") for span, label in node.origin.uses]
    reporter.error(
        "shape-mismatch",
        f"{_subject(problem)} does not fit",
        node.origin.span,
        _label(problem),
        notes=notes,
        related=related,
        help=f"{reason.fits} would fit" if reason.fits else "",
    )


def _subject(problem: Problem) -> str:
    if problem.formula is not None:
        return f"`{unparse(problem.formula.node)}`"
    return f"`{kind_of(problem.node)}`"


def _label(problem: Problem) -> str:
    axes = sorted(set(problem.reason.axes))
    if problem.reason.problem == "size" and len(axes) == 1:
        return f"axis {axes[0]} clashes"
    return ""


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
            parts.append(f"{current} {types.tensors[current]}")
            break
        parts.append(f"{_described(node)} {types.tensors[current]}")
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
