"""What a spec names as calls of Keras: `{Conv2D: {filters: 8}}` is `layers.Conv2D(filters=8)`."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping
from typing import Any, get_args

from specc.catalog.check import is_plain
from specc.catalog.plugins import registered
from specc.catalog.signature import Argument, Catalog, Category, Signature
from specc.python.errors import CannotSayError
from specc.python.trees import call, literal, name
from specc.source.values import Mapping as Entries
from specc.source.values import Scalar, Sequence, Value, to_python

_MODULES: dict[str, str] = {
    "layer": "layers",
    "loss": "keras.losses",
    "metric": "keras.metrics",
    "optimizer": "keras.optimizers",
    "schedule": "keras.optimizers.schedules",
    "callback": "keras.callbacks",
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "quantizer": "keras.quantizers",
}
_CATEGORIES = frozenset(get_args(Category))
_STAY_LISTS = frozenset(
    ["vocabulary", "idf_weights", "bin_boundaries", "mean", "variance", "values", "thresholds", "boundaries"]
)
"""Arguments that hold data; every other list of numbers is a size or a range, in Keras a tuple."""
_OF_EVERY_LAYER = frozenset(("activity_regularizer", "autocast", "dtype", "trainable"))

Dynamic = Callable[[Value], ast.expr]
"""What makes an expression of a value that holds a `$`."""
Seen = Callable[[Value], Any]
"""What tells the value that it had in an expansion."""


def _static(value: Value) -> ast.expr:
    raise AssertionError(f"a `$` that was not filled in: {to_python(value)}")


class Objects:
    """Makes constructor calls.

    `models` are the variables of built models by the names of the spec, `dynamic` is asked for values that
    hold a `$`, and `imports` collects the plugins' classes by module.
    """

    def __init__(
        self,
        catalog: Catalog,
        models: Mapping[str, ast.expr],
        imports: dict[str, set[str]],
        dynamic: Dynamic = _static,
        seen: Seen = to_python,
    ) -> None:
        self.catalog, self.models, self.imports = catalog, models, imports
        self.dynamic, self.seen = dynamic, seen

    def object(self, value: Value, category: str, **more: ast.expr) -> ast.expr:
        """The object that a value names: a class or an identifier alone, or a class with its arguments.

        `more` are further keywords, for a class. Raises CannotSayError.
        """
        if isinstance(value, Entries) and len(value) == 1:
            ((key, argument),) = value.entries
            return self.construct(str(key.value), argument, category, **more)
        if not isinstance(value, Scalar) or value.dynamic:
            raise CannotSayError(f"which {category} is meant is computed", value.span)
        text = str(value.value)
        if category == "layer" and text in self.models:
            return self.models[text]
        if self.signature(text, category) is None or (not text[:1].isupper() and category != "layer"):
            return literal(text)
        return self.construct(text, None, category, **more)

    def signature(self, kind: str, category: str) -> Signature | None:
        """The catalog's signature of a class or of an identifier for one."""
        known = self.catalog.objects.get(category, {})
        return known.get(kind) or known.get(self.catalog.identifiers.get(category, {}).get(kind, kind))

    def construct(self, kind: str, argument: Value | None, category: str, **more: ast.expr) -> ast.Call:
        """A class called with what the spec gives it, a value that is no mapping as the first argument."""
        signature = self.signature(kind, category)
        if signature is None:
            return call(name("keras.losses.get"), literal(kind))
        made = call(self.class_of(signature, category))
        if isinstance(argument, Entries):
            for key, item in argument.entries:
                found = self.argument(signature.by_name.get(str(key.value)), item, category, more)
                made.keywords.append(ast.keyword(str(key.value), found))
        elif argument is not None and not (isinstance(argument, Scalar) and argument.value is None):
            self._first(made, argument, signature, category, more)
        made.keywords += [ast.keyword(key, item) for key, item in more.items()]
        return made

    def _first(
        self,
        made: ast.Call,
        value: Value,
        signature: Signature,
        category: str,
        more: Mapping[str, ast.expr],
    ) -> None:
        if isinstance(value, Scalar) and value.dynamic and isinstance(self.seen(value), dict):
            if not all(map(_is_simple, self.seen(value).values())):
                raise CannotSayError("the arguments are computed as one mapping", value.span)
            made.keywords.append(ast.keyword(None, self.dynamic(value)))
            return
        first = next(a for a in signature.arguments if a.name not in _OF_EVERY_LAYER)
        made.args.append(self.argument(first, value, category, more))

    def class_of(self, signature: Signature, category: str) -> ast.expr:
        """The class itself; a plugin's is imported by its module. Raises CannotSayError."""
        factory = registered.factory(category, signature.name)
        if factory is None:
            return name(f"{_MODULES[category]}.{signature.name}")
        module, path = getattr(factory, "__module__", ""), getattr(factory, "__qualname__", "")
        if not module or module == "__main__" or not path.isidentifier():
            help = "define the class at the top of a module of its own"
            raise CannotSayError(f"`{signature.name}` lies in no module that could be imported", help=help)
        self.imports.setdefault(module, set()).add(path)
        return name(path)

    def argument(
        self, argument: Argument | None, value: Value, category: str, more: Mapping[str, ast.expr]
    ) -> ast.expr:
        """One argument of a constructor."""
        if argument is None:
            return self.plain(value)
        wanted = [kind for kind in argument.types if kind in _CATEGORIES]
        if isinstance(value, Scalar) and value.dynamic:
            return self._computed(argument, value, wanted)
        within = {key: item for key, item in more.items() if key == "trainable"}
        if wanted and "list" in argument.types and isinstance(value, Sequence):
            return ast.List([self.nested(item, wanted[0], within) for item in value])
        text = value.value if isinstance(value, Scalar) and isinstance(value.value, str) else None
        plain = text in argument.choices if wanted and text is not None else is_plain(argument, value)
        if plain or (isinstance(value, Scalar) and value.value is None):
            return self._number(argument, value, category)
        if "activation" in argument.types:
            known = text is not None and text in self.catalog.activations
            return literal(text) if known else self.object(value, "layer")
        number = "number" in argument.types and text is not None and not text[:1].isalpha()
        if wanted and not number and (text is not None or isinstance(value, Entries)):
            return self.nested(value, wanted[0], within)
        return self.plain(value, argument.name)

    def _computed(self, argument: Argument, value: Scalar, wanted: list[str]) -> ast.expr:
        """An argument that is computed; raises CannotSayError where it could be an object."""
        found = self.seen(value)
        named = "layer" in wanted and found is not None
        layer = "activation" in argument.types and found not in (None, *self.catalog.activations)
        if (isinstance(found, dict) and (wanted or "activation" in argument.types)) or named or layer:
            raise CannotSayError(f"`{argument.name}` is an object that is computed", value.span)
        return self.dynamic(value)

    def nested(self, value: Value, category: str, more: Mapping[str, ast.expr]) -> ast.expr:
        """An object within another's arguments; a frozen layer's own layers are frozen with it."""
        return self.object(value, category, **(more if category == "layer" else {}))

    def _number(self, argument: Argument, value: Value, category: str) -> ast.expr:
        found = value.value if isinstance(value, Scalar) else None
        if category in ("optimizer", "metric") and type(found) is int and "number" in argument.types:
            return literal(float(found))  # some of Keras's optimizers and metrics insist on a float
        if category == "initializer" and argument.name == "value" and isinstance(value, Sequence):
            return call(name("ops.array"), self.plain(value, "values"), dtype=literal("float32"))
        return self.plain(value, argument.name)

    def plain(self, value: Value, owner: str = "") -> ast.expr:
        """Plain data; lists of numbers are tuples, but where they are data."""
        if isinstance(value, Scalar):
            return self.dynamic(value) if value.dynamic else literal(value.value)
        if isinstance(value, Sequence):
            items = [self.plain(item, owner) for item in value]
            is_size = owner not in _STAY_LISTS and _is_size(value)
            return ast.Tuple(items) if is_size else ast.List(items)
        return ast.Dict(
            [self.plain(key) for key, _ in value.entries], [self.plain(item) for _, item in value.entries]
        )


def _is_simple(data: Any) -> bool:
    return not isinstance(data, dict) and not (
        isinstance(data, list) and any(isinstance(i, dict) for i in data)
    )


def _is_size(value: Value) -> bool:
    """Whether a value is a list of numbers and nulls, or of such lists; expressions may be numbers."""
    if isinstance(value, Sequence):
        return all(_is_size(item) or _is_number(item) for item in value)
    return False


def _is_number(value: Value) -> bool:
    found: Any = value.value if isinstance(value, Scalar) else ""
    return found is None or isinstance(found, int | float) or (isinstance(value, Scalar) and value.dynamic)
