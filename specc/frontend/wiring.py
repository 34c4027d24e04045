"""`from`: names to tensors, and tensors to the inputs of a layer, a block or a model."""

from __future__ import annotations

from collections.abc import Sequence as Items
from dataclasses import dataclass

from specc.catalog.signature import Signature
from specc.frontend.fill import fill_value
from specc.frontend.scope import BROKEN, Binding, Broken, LeftOut, Outputs, Scope, Tensor
from specc.graph.ir import Wire
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, describe


@dataclass(frozen=True, slots=True)
class Wired:
    """Tensors as a step takes them: one, a list, by name, or `None` for a null."""

    wires: tuple[tuple[str, Wire], ...]
    flows: bool
    constant: bool = False


def look_up(name: str, scope: Scope, span: Span, reporter: Reporter) -> Binding:
    """What a name means here; an unknown one is reported and is Broken."""
    if name == "previous":
        if scope.previous is None:
            reporter.error(
                "no-previous",
                f"there is no `previous` here: {scope.no_previous}",
                span,
                help="say what flows in: `from: …`",
            )
            return BROKEN
        return scope.previous
    found = scope.tensors.get(name)
    if found is not None:
        return _present(name, found, span, reporter)
    base, _, field = name.rpartition(".")
    outer = scope.tensors.get(base) if base else None
    if outer is not None:
        return _field(base, field, outer[0], span, reporter)
    _report_unknown(name, scope, span, reporter)
    return BROKEN


def _present(name: str, found: tuple[Binding, Span], span: Span, reporter: Reporter) -> Binding:
    binding, _ = found
    if isinstance(binding, LeftOut):
        title = f"`{name}` is left out by `when`"
        reporter.error("left-out", title, span, related=[(binding.span, "this `when` is false")])
        return BROKEN
    return binding


def _field(base: str, field: str, binding: Binding, span: Span, reporter: Reporter) -> Binding:
    if isinstance(binding, Broken | LeftOut):
        return BROKEN
    if isinstance(binding, Outputs) and field in binding.tensors:
        return binding.tensors[field]
    names = binding.tensors if isinstance(binding, Outputs) else ()
    title = f"`{base}` has no output `{field}`" if names else f"`{base}` is one tensor: it has no `.{field}`"
    reporter.error("unknown-name", title, span, help=did_you_mean(field, names))
    return BROKEN


def _report_unknown(name: str, scope: Scope, span: Span, reporter: Reporter) -> None:
    if name in scope.later:
        reporter.error(
            "later-name",
            f"`{name}` comes later",
            span,
            related=[(scope.later[name], "named here")],
            help="names refer backwards only: move the step up",
        )
        return
    help = did_you_mean(name, [*scope.tensors, "previous"])
    if name in scope.values:
        help = f"`{name}` is a value: write `${name}`"
    reporter.error("unknown-name", f"there is no tensor `{name}` here", span, help=help)


def _one(binding: Binding, span: Span, reporter: Reporter) -> Tensor | None:
    """A single tensor, or None where it is broken or several."""
    if isinstance(binding, Outputs):
        names = ", ".join(f"`{name}`" for name in binding.tensors)
        title = f"this has several outputs: {names}"
        reporter.error("several-outputs", title, span, help="name one: `from: NAME.OUTPUT`")
        return None
    return binding if isinstance(binding, Tensor) else None


class Reader:
    """Reads `from` values in one scope; `broken` tells whether anything was wrong."""

    def __init__(self, scope: Scope, reporter: Reporter) -> None:
        self.scope, self.reporter = scope, reporter
        self.broken, self.flows, self.constant = False, False, True

    def tensor(self, name: str, span: Span) -> Tensor | None:
        """The tensor of a name."""
        found = _one(look_up(name, self.scope, span, self.reporter), span, self.reporter)
        if found is None:
            self.broken = True
        else:
            self.flows |= found.flows
            self.constant &= found.constant
        return found

    def wire(self, value: Value) -> Wire:
        """A name, a list of names, or null."""
        if isinstance(value, Sequence):
            return tuple(self.wire(item) for item in value)
        if isinstance(value, Scalar) and value.value is None:
            return None
        if not isinstance(value, Scalar) or not isinstance(value.value, str):
            title = f"`from` takes names, and this is {describe(value)}"
            self.reporter.error("wrong-type", title, value.span)
            self.broken = True
            return None
        found = self.tensor(value.value, value.span)
        return found.ref if found else None


def single(value: Value | None, span: Span, scope: Scope, reporter: Reporter) -> Tensor | None:
    """What flows into a structural step: one tensor, `previous` unless given."""
    if value is None:
        return _one(look_up("previous", scope, span, reporter), span, reporter)
    filled = fill_value(value, scope.values, reporter)
    if filled is None:
        return None
    if not isinstance(filled, Scalar) or not isinstance(filled.value, str):
        title = f"one name is wanted here, and this is {describe(filled)}"
        reporter.error("wrong-input-count", title, filled.span)
        return None
    return _one(look_up(filled.value, scope, filled.span, reporter), filled.span, reporter)


def into_layer(
    value: Value | None, signature: Signature, span: Span, scope: Scope, reporter: Reporter
) -> Wired | None:
    """The inputs of a layer, checked against the tensors its call takes; None where wrong."""
    reader = Reader(scope, reporter)
    first = signature.tensors[0] if signature.tensors else None
    if first is None:
        reporter.error("refused-kind", f"`{signature.name}` takes no tensor", span)
        return None
    given: dict[str, Wire] = {}
    places: dict[str, Span] = {}
    if value is None:
        found = reader.tensor("previous", span)
        given[first.name] = found.ref if found else None
        places[first.name] = span
    else:
        filled = fill_value(value, scope.values, reporter)
        if filled is None:
            return None
        if isinstance(filled, Scalar) and filled.value is None:
            reporter.error("wrong-type", "`from` takes names, and this is null", filled.span)
            return None
        if isinstance(filled, Mapping):
            for key, item in filled.entries:
                given[str(key.value)] = reader.wire(item)
                places[str(key.value)] = key.span
        else:
            given[first.name] = reader.wire(filled)
            places[first.name] = filled.span
    if reader.broken or not _fits(signature, given, places, span, reporter):
        return None
    ordered = [("", given.pop(first.name)), *given.items()]
    if reader.constant:
        reporter.error(
            "constant-input",
            f"`{signature.name}` is given constants only",
            span,
            notes=["its weights would not be part of the model"],
            help="let it depend on an input, `cumsum(ones_like(tokens), axis=1) - 1` for positions, say",
        )
        return None
    return Wired(tuple(ordered), reader.flows)


def _fits(
    signature: Signature, given: dict[str, Wire], places: dict[str, Span], span: Span, reporter: Reporter
) -> bool:
    arguments = {a.name: a for a in signature.tensors}
    right, unnamed = True, False
    for name, wire in given.items():
        if name not in arguments:
            title = f"`{signature.name}` takes no tensor `{name}`"
            reporter.error("unknown-input", title, places[name], help=did_you_mean(name, arguments))
            right = False
        elif arguments[name].form == "tensor" and isinstance(wire, tuple):
            reporter.error(
                "wrong-input-count",
                f"`{signature.name}` takes one tensor, and {len(wire)} are given",
                places[name],
                help=_join_help(signature),
            )
            right, unnamed = False, True
        elif isinstance(wire, tuple) and any(isinstance(part, tuple) for part in wire):
            title = f"`{signature.name}` takes a list of tensors, and a list of lists is given"
            reporter.error("wrong-input-count", title, places[name], help="list them flat: `from: [a, b]`")
            right = False
        elif name == signature.tensors[0].name and isinstance(wire, tuple) and None in wire:
            title = f"`{signature.name}` takes tensors, and one of these is null"
            reporter.error("wrong-input-count", title, places[name], help="leave it out, or name a step")
            right = False
        elif arguments[name].form == "tensors" and not isinstance(wire, tuple):
            reporter.error(
                "wrong-input-count",
                f"`{signature.name}` takes a list of tensors, and one is given",
                places[name],
                help="list them: `from: [a, b]`",
            )
            right = False
    for position, argument in enumerate(signature.tensors):
        if (argument.required or position == 0) and argument.name not in given and not unnamed:
            title = f"`{signature.name}` lacks its tensor `{argument.name}`"
            help = (
                "name it: `from: {"
                + ", ".join(f"{a.name}: …" for a in signature.tensors if a.required)
                + "}`"
            )
            reporter.error("missing-input", title, span, help=help)
            right = False
    return right


def _join_help(signature: Signature) -> str:
    named = [a.name for a in signature.tensors if a.required]
    if len(named) > 1:
        return "name them: `from: {" + ", ".join(f"{name}: …" for name in named) + "}`"
    return "merge them first, with `Add` or `Concatenate`, say"


def into_callable(
    value: Value | None, names: Items[str] | None, what: str, span: Span, scope: Scope, reporter: Reporter
) -> dict[str, Tensor] | None:
    """The inputs of a block or a model by their names (None: any names, or one tensor); None where wrong."""
    reader = Reader(scope, reporter)
    if value is None:
        names = ("",) if names is None else names
        if len(names) != 1:
            listed = ", ".join(f"`{name}`" for name in names)
            title = f"{what} takes {len(names)} tensors: {listed}"
            reporter.error(
                "wrong-input-count", title, span, help="say which: `from: [" + ", ".join(names) + "]`"
            )
            return None
        found = reader.tensor("previous", span)
        return {names[0]: found} if found else None
    filled = fill_value(value, scope.values, reporter)
    if filled is None:
        return None
    pairs = _any_pairs(filled) if names is None else _pairs(filled, names, what, reporter)
    if pairs is None:
        return None
    bound: dict[str, Tensor] = {}
    for name, item in pairs:
        if not isinstance(item, Scalar) or not isinstance(item.value, str):
            reporter.error("wrong-type", f"`{name}` wants one name, and this is {describe(item)}", item.span)
            reader.broken = True
            continue
        found = reader.tensor(item.value, item.span)
        if found:
            bound[name] = found
    return None if reader.broken else bound


def _any_pairs(value: Value) -> list[tuple[str, Value]]:
    return list(value) if isinstance(value, Mapping) else [("", value)]


def _pairs(value: Value, names: Items[str], what: str, reporter: Reporter) -> list[tuple[str, Value]] | None:
    listed = ", ".join(f"`{name}`" for name in names)
    if isinstance(value, Mapping):
        unknown = [key for key, _ in value.entries if key.value not in names]
        for key in unknown:
            title = f"{what} has no input `{key.value}`"
            reporter.error("unknown-input", title, key.span, help=did_you_mean(str(key.value), names))
        missing = [name for name in names if name not in value]
        if missing:
            title = f"{what} lacks its input `{missing[0]}`"
            reporter.error("missing-input", title, value.span, help=f"it takes {listed}")
        return None if unknown or missing else list(value)
    items = list(value) if isinstance(value, Sequence) else [value]
    if len(items) != len(names):
        title = f"{what} takes {_count(len(names))}, and {len(items)} are given"
        reporter.error("wrong-input-count", title, value.span, help=f"it takes {listed}")
        return None
    return list(zip(names, items, strict=True))


def _count(number: int) -> str:
    return "one tensor" if number == 1 else f"{number} tensors"
