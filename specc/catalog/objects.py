"""A Keras object as a spec writes it down: a kind and its arguments, checked, not yet built."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from specc.source.span import Span


@dataclass(frozen=True, slots=True, eq=False)
class KerasObject:
    """`{Adam: {learning_rate: 1e-3}}` or `adam`, after checking against the catalog.

    `arguments` holds plain data and nested KerasObjects. `identifier` is set where the spec gave a string
    that names a function rather than a class (`mse`, `relu`): then `kind` is that string. `model` is set
    where a layer was wanted and a model of the spec was named.
    """

    category: str
    kind: str
    arguments: dict[str, Any] = field(default_factory=dict)
    span: Span | None = None
    identifier: bool = False
    model: str = ""


def plain(data: Any) -> Any:
    """KerasObjects within `data` written back the way a spec writes them."""
    if isinstance(data, KerasObject):
        if data.identifier or data.model:
            return data.kind
        return {data.kind: plain(data.arguments)} if data.arguments else data.kind
    if isinstance(data, dict):
        return {name: plain(item) for name, item in data.items()}
    if isinstance(data, (list, tuple)):
        return [plain(item) for item in data]
    return data
