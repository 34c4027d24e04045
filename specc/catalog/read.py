"""Turns a resolved value of a spec into a checked `KerasObject`: `{Adam: {learning_rate: 1e-3}}`, `mse`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, get_args

from specc.catalog.check import FAILED, in_words, is_plain, plain_value, wrong_type
from specc.catalog.objects import KerasObject
from specc.catalog.signature import Argument, Catalog, Category, Signature
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.suggest import did_you_mean, nearest
from specc.source.values import Mapping, Scalar, Sequence, Value, describe

_CATEGORIES = frozenset(get_args(Category))
_ELSEWHERE: dict[str, str] = {
    "batch_shape": "inputs are declared under `inputs:`",
    "input_dim": "inputs are declared under `inputs:`",
    "input_shape": "inputs are declared under `inputs:`",
    "name": "`name:` stands beside the kind, not within its arguments",
}
"""Keywords of Keras's layers that a spec writes elsewhere."""
_OF_EVERY_LAYER = frozenset(("activity_regularizer", "autocast", "dtype", "trainable"))
"""Arguments that are always given by name."""


def read_object(
    value: Value, category: str, catalog: Catalog, reporter: Reporter, *, models: Iterable[str] = ()
) -> KerasObject | None:
    """The object that a value stands for, or None once every error in it is reported.

    `value` has no `$` left. It is a class's name or an identifier; `{Kind: {argument: …}}`; `{Kind: first}`,
    where the first argument is no mapping; or `{Kind: null}`. Where a layer is wanted, a string may name one
    of `models`.
    """
    return _Reader(catalog, reporter, frozenset(models)).object(value, category)


def read_arguments(
    arguments: Value | None,
    signature: Signature,
    catalog: Catalog,
    reporter: Reporter,
    span: Span,
    *,
    models: Iterable[str] = (),
) -> dict[str, Any] | None:
    """The arguments of one kind as plain data and KerasObjects, or None once every error in them is reported.

    `span` is where the kind stands: missing arguments are told there. What is not given is left out.
    """
    return _Reader(catalog, reporter, frozenset(models)).arguments(arguments, signature, span)


@dataclass(frozen=True, slots=True)
class _Reader:
    catalog: Catalog
    reporter: Reporter
    models: frozenset[str]

    def object(self, value: Value, category: str) -> KerasObject | None:
        name = _text(value)
        if name is not None:
            return self._named(name, value.span, category)
        if isinstance(value, Mapping) and len(value) == 1:
            ((key, argument),) = value.entries
            return self._kind(str(key.value), argument, key.span, category)
        if isinstance(value, Mapping) and len(value):
            self._several(value, category)
            return None
        found = "an empty mapping" if isinstance(value, Mapping) else describe(value)
        self.reporter.error(
            "wrong-type",
            f"{_a(category)} was expected, not {found}",
            value.span,
            "a name or `Name: {…}` was expected",
        )
        return None

    def _named(self, name: str, span: Span, category: str) -> KerasObject | None:
        if category == "layer" and name in self.models:
            return KerasObject("layer", name, span=span, model=name)
        return self._kind(name, None, span, category)

    def _kind(self, name: str, argument: Value | None, span: Span, category: str) -> KerasObject | None:
        signature = self._signature(name, category)
        if signature is None:
            if self.catalog.identifiers.get(category, {}).get(name) == name:
                return self._function(name, argument, span, category)
            self._unknown(name, span, category)
            return None
        if signature.refused:
            self._refuse(signature, span)
            return None
        arguments = self.arguments(argument, signature, span)
        return None if arguments is None else KerasObject(category, signature.name, arguments, span)

    def _signature(self, name: str, category: str) -> Signature | None:
        objects = self.catalog.objects.get(category, {})
        if name not in objects:
            name = self.catalog.identifiers.get(category, {}).get(name, name)
        return objects.get(name)

    def _function(self, name: str, argument: Value | None, span: Span, category: str) -> KerasObject | None:
        if argument is not None and _says_something(argument):
            classes = self.catalog.objects[category]
            near = self.catalog.identifiers["metric"].get(name) if category == "loss" else None
            near = near if near in classes else nearest(name, classes)
            self.reporter.error(
                "unknown-argument",
                f"`{name}` is a function and takes no arguments here",
                argument.span,
                "is not taken",
                help=f"the class `{near}` takes arguments" if near else "",
            )
            return None
        return KerasObject(category, name, span=span, identifier=True)

    def arguments(self, value: Value | None, signature: Signature, span: Span) -> dict[str, Any] | None:
        if value is None or (isinstance(value, Scalar) and value.value is None):
            return self._complete({}, signature, span, ())
        if not isinstance(value, Mapping):
            return self._first(value, signature, span)
        found: dict[str, Any] = {}
        unknown: list[str] = []
        for key, item in value.entries:
            name = str(key.value)
            argument = signature.by_name.get(name)
            if argument is None:
                unknown.append(name)
                self._unknown_argument(key, item, signature)
            else:
                found[name] = self._value(argument, item)
        result = self._complete(found, signature, span, unknown)
        return None if unknown else result

    def _first(self, value: Value, signature: Signature, span: Span) -> dict[str, Any] | None:
        own = [a for a in signature.arguments if a.name not in _OF_EVERY_LAYER]
        if not own:
            self.reporter.error(
                "unknown-argument", f"`{signature.name}` takes no first argument", value.span, "is not taken"
            )
            return None
        first, *others = own
        needed = [a.name for a in others if a.required]
        if needed and isinstance(value, Sequence) and not is_plain(first, value):
            names = [first.name, *needed]
            self.reporter.error(
                "wrong-type",
                f"`{first.name}` of `{signature.name}` takes {in_words(first)}, not a list",
                value.span,
                f"is taken as `{first.name}`, the first argument",
                help=f"write `{signature.name}: {{{', '.join(f'{n}: …' for n in names)}}}`",
            )
            return None
        return self._complete({first.name: self._value(first, value)}, signature, span, ())

    def _complete(
        self, found: dict[str, Any], signature: Signature, span: Span, unknown: Iterable[str]
    ) -> dict[str, Any] | None:
        """`found`, unless an argument is missing: a misspelt one was already told as unknown."""
        missing = [a.name for a in signature.arguments if a.required and a.name not in found]
        meant = {self._meant(name, signature) for name in unknown}
        if untold := [name for name in missing if name not in meant]:
            named = " and ".join(f"`{name}`" for name in untold)
            self.reporter.error(
                "missing-argument",
                f"`{signature.name}` needs {named}",
                span,
                f"{named} {'is' if len(untold) == 1 else 'are'} not given",
                help=f"write `{signature.name}: {{{', '.join(f'{n}: …' for n in [*found, *untold])}}}`",
            )
        return None if missing or any(v is FAILED for v in found.values()) else found

    def _value(self, argument: Argument, value: Value) -> Any:
        wanted = [kind for kind in argument.types if kind in _CATEGORIES]
        null = isinstance(value, Scalar) and value.value is None
        if wanted and "list" in argument.types and isinstance(value, Sequence):
            items = [self.object(item, wanted[0]) for item in value]
            return FAILED if None in items else items
        name = _text(value)
        plain = name in argument.choices if wanted and name is not None else is_plain(argument, value)
        if (null and argument.nullable) or plain:
            return plain_value(argument, value, self.reporter)
        if "activation" in argument.types:
            return self._activation(argument, value)
        number = "number" in argument.types and name is not None and not name[:1].isalpha()
        if wanted and not number and (name is not None or isinstance(value, Mapping)):
            found = self.object(value, wanted[0])
            return FAILED if found is None else found
        wrong_type(argument, value, self.reporter)
        return FAILED

    def _activation(self, argument: Argument, value: Value) -> Any:
        """An activation's name, or a layer that serves as one (`{LeakyReLU: 0.1}`)."""
        name = _text(value)
        if name in self.catalog.activations:
            return name
        if isinstance(value, Mapping) or name in self.catalog.objects["layer"]:
            found = self.object(value, "layer")
            return FAILED if found is None else found
        if name is not None:
            self._unknown(name, value.span, "activation")
        else:
            wrong_type(argument, value, self.reporter)
        return FAILED

    def _unknown(self, name: str, span: Span, category: str) -> None:
        objects = self.catalog.objects.get(category, {})
        identifiers = self.catalog.identifiers.get(category, {})
        known = [n for n in objects if not objects[n].refused]
        known += [n for n, kind in identifiers.items() if kind not in objects or not objects[kind].refused]
        if category == "activation":
            known = list(self.catalog.activations)
        if category == "layer":
            known += self.models
        elsewhere = [c for c, objects in self.catalog.objects.items() if name in objects and c != category]
        self.reporter.error(
            f"unknown-{category}",
            f"there is no {category} `{name}`",
            span,
            f"is {_a(elsewhere[0])}, not {_a(category)}" if elsewhere else "unknown",
            help="" if elsewhere else _called(name, known) or did_you_mean(name, known),
        )

    def _refuse(self, signature: Signature, span: Span) -> None:
        reason, _, suggestion = signature.refused.partition("; ")
        self.reporter.error(
            "refused-kind",
            f"a spec may not name `{signature.name}`: it {reason}",
            span,
            "cannot be named here",
            help=suggestion,
        )

    def _several(self, value: Mapping, category: str) -> None:
        names = value.names()
        first, second = value.key(names[0]), value.key(names[1])
        known = self._signature(names[0], category)
        others = [name for name in names[1:] if known and name in known.by_name]
        listed = ", ".join(f"`{name}`" for name in names)
        self.reporter.error(
            "several-kinds",
            f"one {category} was expected, but {len(names)} names are here: {listed}",
            second.span,
            f"beside `{names[0]}`",
            related=[(first.span, "the first is here")],
            help=f"`{others[0]}` is an argument of `{names[0]}`: indent it further" if others else "",
        )

    def _unknown_argument(self, key: Scalar, value: Value, signature: Signature) -> None:
        name = str(key.value)
        help_ = _ELSEWHERE.get(name, "") if signature.category == "layer" else ""
        meant = self._meant(name, signature)
        if meant and self._is_kind(name, signature.by_name[meant]):
            help_ = f"write `{signature.name}: {{{meant}: {{{name}: …}}}}`"
        self.reporter.error(
            "unknown-argument",
            f"`{signature.name}` has no argument `{name}`",
            key.span,
            "unknown",
            help=help_ or (f"did you mean `{meant}`?" if meant else did_you_mean(name, signature.by_name)),
        )

    def _meant(self, name: str, signature: Signature) -> str | None:
        """The argument that an unknown name stands for.

        The first, where the name is an object for it; the nearest; or the one with these initials (`lr`).
        """
        if signature.arguments and self._is_kind(name, signature.arguments[0]):
            return signature.arguments[0].name
        near = nearest(name, signature.by_name)
        if near is None:
            near = next((a for a in signature.by_name if "".join(p[:1] for p in a.split("_")) == name), None)
        return near

    def _is_kind(self, name: str, argument: Argument) -> bool:
        wanted = ["layer" if kind == "activation" else kind for kind in argument.types]
        return any(name in self.catalog.objects.get(category, ()) for category in wanted)


def _called(name: str, known: Iterable[str]) -> str:
    """How to write what is written as a call in Python: `Adam(1e-2)`."""
    match = re.fullmatch(r"(?:\w+\.)*(\w+)\((.*)\)", name)
    if match is None or match.group(1) not in known:
        return ""
    kind, given = match.groups()
    if not given.strip():
        return f"write `{kind}`"
    if re.fullmatch(r"[-+.\w]+", given):
        return f"write `{{{kind}: {given}}}`"
    pairs = [part.split("=") for part in given.split(",")]
    if all(len(pair) == 2 and re.fullmatch(r"[-+.\w]+", pair[1].strip()) for pair in pairs):
        inner = ", ".join(f"{key.strip()}: {value.strip()}" for key, value in pairs)
        return f"write `{{{kind}: {{{inner}}}}}`"
    return f"write `{{{kind}: {{…}}}}`"


def _says_something(value: Value) -> bool:
    """Whether a value is neither null nor empty."""
    return value.value is not None if isinstance(value, Scalar) else len(value) > 0


def _text(value: Value) -> str | None:
    return value.value if isinstance(value, Scalar) and isinstance(value.value, str) else None


def _a(category: str) -> str:
    return f"an {category}" if category[0] in "aeiou" else f"a {category}"
