"""One document over another: mappings merge, lists replace, steps are patched by name."""

from __future__ import annotations

from specc.frontend.parameters import is_declaration
from specc.frontend.sections.data_source import KINDS as SOURCES
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean
from specc.source.values import Mapping, Scalar, Sequence, Value, describe

KEPT = ("model", "models", "blocks", "params", "let")
"""Sections in which null is a value: elsewhere it takes out what lies below."""
PATCHES = ("replace", "before", "after", "remove")
NESTED = ("layers", "branches", "residual", "shortcut")


def merge(parent: Mapping, child: Mapping, reporter: Reporter, taking_out: bool = True) -> Mapping:
    """`child` over `parent`: the child wins, key by key; with `taking_out`, its nulls take the parent's out.

    Within a kind (`Adam: {clipnorm: null}`) and within what a model is made of, null is a value.
    """
    merged = parent
    for key, value in child.entries:
        name = str(key.value)
        below = parent.get(name)
        if taking_out and below is not None and isinstance(value, Scalar) and value.value is None:
            merged = merged.without(name)
            continue
        deeper = taking_out and name not in KEPT and not name[:1].isupper()
        merged = merged.replaced(name, _over(below, value, name, reporter, deeper), key)
    return Mapping(merged.entries, child.span)


def _over(below: Value | None, value: Value, name: str, reporter: Reporter, taking_out: bool) -> Value:
    if isinstance(below, Sequence) and is_patch(value):
        assert isinstance(value, Mapping)
        return patch(below, value, reporter)
    if isinstance(below, Mapping) and isinstance(value, Mapping) and not _other_kind(below, value, name):
        if name == "params":
            return _redeclared(below, value, reporter)
        return merge(below, value, reporter, taking_out)
    return value


def _redeclared(below: Mapping, value: Mapping, reporter: Reporter) -> Mapping:
    """Parameters over parameters: a plain value is another default for what is declared below."""
    changed = below
    for key, given in value.entries:
        name = str(key.value)
        declared = below.get(name)
        if isinstance(declared, Mapping) and is_declaration(declared) and not isinstance(given, Mapping):
            given = declared.replaced("default", given)
        changed = changed.replaced(name, _over(declared, given, name, reporter, taking_out=False), key)
    return changed


def is_patch(value: Value) -> bool:
    """Whether a value patches a list of steps."""
    return isinstance(value, Mapping) and len(value) > 0 and set(value.names()) <= set(PATCHES)


def _other_kind(below: Mapping, value: Mapping, name: str) -> bool:
    """`{Adam: …}` over `{SGD: …}`, a source `{idx: …}` over `{csv: …}`: each names one kind, and another."""
    sources = SOURCES if name == "source" else ()
    first = [n for n in below.names() if n[:1].isupper() or n in sources]
    second = [n for n in value.names() if n[:1].isupper() or n in sources]
    return len(first) == 1 and len(second) == 1 and first != second


def patch(steps: Sequence, changes: Mapping, reporter: Reporter) -> Sequence:
    """A list of steps with some replaced, removed, or given neighbours, each found by its name."""
    for action, value in changes:
        if action == "remove":
            names = list(value) if isinstance(value, Sequence) else [value]
            for name in names:
                steps = _apply(steps, action, str(getattr(name, "value", "")), name.span, (), reporter)
        elif isinstance(value, Mapping):
            for key, new in value.entries:
                items = new.items if isinstance(new, Sequence) else (new,)
                steps = _apply(steps, action, str(key.value), key.span, items, reporter)
        else:
            title = f"`{action}` maps names of steps to steps, and this is {describe(value)}"
            reporter.error("wrong-type", title, value.span)
    return steps


def _apply(
    steps: Sequence, action: str, name: str, span: Span, items: tuple[Value, ...], reporter: Reporter
) -> Sequence:
    if name not in step_names(steps):
        title = f"there is no step named `{name}` to {_VERBS[action]}"
        reporter.error("unknown-step", title, span, help=did_you_mean(name, step_names(steps)))
        return steps
    return _changed(steps, action, name, items)


_VERBS = {
    "remove": "remove",
    "replace": "replace",
    "before": "put something before",
    "after": "put something after",
}


def _changed(steps: Sequence, action: str, name: str, items: tuple[Value, ...]) -> Sequence:
    result: list[Value] = []
    for step in steps:
        if step_name(step) != name:
            result.append(_inside(step, action, name, items))
        elif action == "before":
            result += [*items, step]
        elif action == "after":
            result += [step, *items]
        elif action == "replace":
            result += items
    return Sequence(tuple(result), steps.span)


def _inside(step: Value, action: str, name: str, items: tuple[Value, ...]) -> Value:
    """The same change in the steps nested within a step."""
    if isinstance(step, Sequence):
        return _changed(step, action, name, items)
    if not isinstance(step, Mapping):
        return step
    for key in NESTED:
        inner = step.get(key)
        if isinstance(inner, Sequence):
            step = step.replaced(key, _changed(inner, action, name, items))
    return step


def step_name(step: Value) -> str | None:
    """The name a step gives itself, as it is written."""
    name = step.get("name") if isinstance(step, Mapping) else None
    return str(name.value) if isinstance(name, Scalar) else None


def step_names(steps: Value | None) -> list[str]:
    """The names of steps, those nested within them too."""
    if isinstance(steps, Sequence):
        return [name for step in steps for name in step_names(step)]
    if not isinstance(steps, Mapping):
        return []
    own = step_name(steps)
    nested = [name for key in NESTED for name in step_names(steps.get(key))]
    return [own, *nested] if own else nested
