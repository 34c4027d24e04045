"""Sizes as numbers and bytes, once the batch and what a spec leaves open are given."""

from __future__ import annotations

from collections.abc import Mapping

from specc.catalog.rules import TensorType
from specc.catalog.rules.dims import Dim, names, substitute

BYTES = {"bool": 1, "int8": 1, "uint8": 1, "float8_e4m3fn": 1, "float8_e5m2": 1}
BYTES |= {"int16": 2, "uint16": 2, "float16": 2, "bfloat16": 2, "int32": 4, "uint32": 4, "float32": 4}
BYTES |= {"int64": 8, "uint64": 8, "float64": 8, "complex64": 8, "complex128": 16, "string": 24}
"""Bytes of one element; of a text, TensorFlow's own handle."""

Sizes = Mapping[str, Dim]
"""Numbers for symbols: the batch, and what a spec leaves open."""


class OpenSizeError(LookupError):
    """A size is needed as a number and is not known; `name` is its symbol."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the size `{name}` is not known")
        self.name = name


def number(size: Dim, sizes: Sizes) -> int:
    """A size as a number; raises OpenSizeError for a symbol that `sizes` lacks."""
    found = substitute(size, sizes)
    if not isinstance(found, int):
        raise OpenSizeError(sorted(names(found))[0])
    return found


class Measure:
    """Bytes of tensors. `activation_bytes` replaces the 4 of a float32 activation (mixed precision: 2)."""

    def __init__(self, sizes: Sizes, activation_bytes: int | None = None) -> None:
        self.sizes, self.activation_bytes = sizes, activation_bytes

    def __call__(self, tensor: TensorType) -> int:
        each = BYTES[tensor.dtype]
        if tensor.dtype == "float32" and self.activation_bytes is not None:
            each = self.activation_bytes
        return number(tensor.size, self.sizes) * each

    def within(self, numbers: Mapping[str, int]) -> Measure:
        """The same for tensors of a model that is called, whose own symbols are these numbers."""
        return Measure({**self.sizes, **numbers}, self.activation_bytes)
