"""A document against the published JSON Schema: the one user of jsonschema.

jsonschema's keywords do the checking. Those that lead into other schemas are replaced by ones that keep
each subschema's validator and look `$ref` up in `$defs` without URIs: the same verdict, several times faster.
What it finds is told by `findings`; its own words are never shown.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from specc.catalog.signature import Catalog
from specc.frontend.findings import Finding, Teller
from specc.frontend.schema import Definitions, document
from specc.frontend.schema_values import EXPRESSION, Schema
from specc.source.diagnostic import Reporter
from specc.source.values import Mapping, Value, describe, to_python

OWNER = "owner"
"""The attribute in which an error keeps the Keras object it lies in, and how many keys deeper."""

_PREFIX = len("#/$defs/")


def check_structure(document: Value, catalog: Catalog, reporter: Reporter) -> None:
    """Report every place where the document is not what the published schema says.

    Values that hold a `$` are taken to be right; they are checked once they are computed.
    """
    if not isinstance(document, Mapping):
        title = f"a spec is a mapping, and this is {describe(document)}"
        reporter.error("wrong-type", title, document.span, help="begin with `specc: 1`")
        return
    teller = Teller(document, catalog, reporter)
    for finding in _checker(catalog).findings(to_python(document)):
        teller.tell(finding)


_checkers: list[tuple[Catalog, Checker]] = []


def _checker(catalog: Catalog) -> Checker:
    """The checker of the catalog in use; it is kept, for there is rarely more than one."""
    if not _checkers or _checkers[0][0] is not catalog:
        _checkers[:] = [(catalog, Checker(Definitions(catalog)))]
    return _checkers[0][1]


class Checker:
    """The schema of one catalog, ready to check documents."""

    def __init__(self, definitions: Definitions) -> None:
        keywords = {
            "$ref": self._ref,
            "properties": self._properties,
            "patternProperties": self._pattern_properties,
            "additionalProperties": self._additional_properties,
            "required": self._required,
            "items": self._items,
            "if": self._if,
            "anyOf": self._any_of,
        }
        self._type = extend(Draft202012Validator, keywords)  # type: ignore[no-untyped-call]
        self._definitions = definitions
        self._validators: dict[int, Any] = {}
        self._names: dict[int, str] = {}
        self._root = document()

    def findings(self, data: Any) -> Iterator[Finding]:
        """What is wrong with a whole document."""
        for error in self._of(self._root).iter_errors(data):
            yield Finding(
                path=tuple(error.absolute_path),
                keyword=str(error.validator),
                wanted=error.validator_value,
                data=error.instance,
                schema=error.schema,
                definition=self._names.get(id(error.schema), ""),
                owner=getattr(error, OWNER, ("", 0)),
            )

    def _of(self, schema: Any) -> Any:
        validator = self._validators.get(id(schema))
        if validator is None:
            # The validator keeps its schema alive, and so the id its own.
            self._validators[id(schema)] = validator = self._type(schema)
        return validator

    def _below(self, data: Any, schema: Any, path: str | int) -> Iterator[ValidationError]:
        for error in self._of(schema).iter_errors(data):
            error.path.appendleft(path)
            yield error

    def _ref(self, _: Any, reference: str, data: Any, __: Any) -> Iterator[ValidationError]:
        name = reference[_PREFIX:]
        schema = self._definitions[name]
        self._names[id(schema)] = name
        for error in self._of(schema).iter_errors(data):
            if "." in name and not hasattr(error, OWNER):
                setattr(error, OWNER, (name, len(error.path)))
            yield error

    def _properties(self, _: Any, properties: Schema, data: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(data, dict):
            for key, item in data.items():
                if key in properties:
                    yield from self._below(item, properties[key], key)

    def _pattern_properties(
        self, _: Any, patterns: Schema, data: Any, schema: Any
    ) -> Iterator[ValidationError]:
        if isinstance(data, dict):
            for key, item in data.items():
                for pattern, below in patterns.items():
                    if below and _pattern(pattern).search(key):
                        yield from self._below(item, below, key)

    def _additional_properties(self, _: Any, more: Any, data: Any, schema: Any) -> Iterator[ValidationError]:
        if not isinstance(data, dict):
            return
        properties, patterns = schema.get("properties", {}), schema.get("patternProperties", {})
        for key, item in data.items():
            if key in properties or any(_pattern(p).search(key) for p in patterns):
                continue
            if more is False:
                yield ValidationError("additional", path=[key])
            else:
                yield from self._below(item, more, key)

    def _required(self, _: Any, required: list[str], data: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(data, dict) and (missing := [key for key in required if key not in data]):
            yield ValidationError("required", validator_value=missing)

    def _items(self, _: Any, items: Any, data: Any, __: Any) -> Iterator[ValidationError]:
        if isinstance(data, list):
            for position, item in enumerate(data):
                yield from self._below(item, items, position)

    def _if(self, _: Any, condition: Any, data: Any, schema: Any) -> Iterator[ValidationError]:
        chosen = "then" if self._valid(data, condition) else "else"
        if chosen in schema:
            yield from self._of(schema[chosen]).iter_errors(data)

    def _any_of(self, _: Any, branches: list[Any], data: Any, __: Any) -> Iterator[ValidationError]:
        """What is wrong, told by the branch that was meant where the kind of value shows it."""
        meant: list[list[ValidationError]] = []
        for branch in branches:
            errors = list(self._of(branch).iter_errors(data))
            if not errors:
                return
            if _is_meant(errors[0], branch):
                meant.append(errors)
        if len(meant) == 1:
            yield from meant[0]
        else:
            yield ValidationError("none of several")

    def _valid(self, data: Any, schema: Any) -> bool:
        if len(schema) == 1 and "type" in schema:
            return bool(self._type.TYPE_CHECKER.is_type(data, schema["type"]))
        return next(self._of(schema).iter_errors(data), None) is None


def _is_meant(error: ValidationError, branch: Any) -> bool:
    """Whether a branch that failed is of the kind of value that was given."""
    if error.path:
        return True
    if error.validator == "enum":
        return isinstance(error.instance, str)
    return error.validator != "type" and branch != EXPRESSION


@cache
def _pattern(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)
