"""The words in a picture: families of layers, arguments in small print, shapes, names."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from specc.catalog.objects import KerasObject, plain
from specc.catalog.rules.dims import Dim
from specc.catalog.rules.types import TensorType
from specc.frontend.expressions.formula import rename, tensor_names, unparse
from specc.frontend.expressions.nodes import Expression, dotted

LONGEST_NOTE = 44

_FAMILIES = (
    ("preprocessing", r"Random|Rescaling|Resizing|CenterCrop|Hashing|Hashed|Lookup|Vectorization|Category"),
    ("preprocessing", r"Discretization|^Normalization$|Spectrogram|^AutoContrast|^Solarization|MixUp|CutMix"),
    ("attention", r"Attention"),
    ("recurrent", r"LSTM|GRU|RNN|Bidirectional|Cell$"),
    ("convolution", r"Conv"),
    ("pooling", r"Pool"),
    ("normalisation", r"Normalization$"),
    ("dense", r"Dense|Embedding"),
    ("dropout", r"Drop|Noise|ActivityRegularization"),
    ("activation", r"Activation|Softmax|ReLU|ELU|PReLU"),
    ("merge", r"^(Add|Subtract|Multiply|Average|Maximum|Minimum|Concatenate|Dot)$"),
    ("shape", r"Flatten|Reshape|Permute|RepeatVector|Cropping|ZeroPadding|UpSampling|Masking|Identity"),
)
FOLLOWERS = frozenset({"normalisation", "activation", "dropout"})
"""Families of layers that are drawn in one box with the layer before them."""


def family(made: KerasObject) -> str:
    """The family of a layer: `convolution`, `pooling`, … or `other`; a wrapper's is that of what it wraps."""
    inner = made.arguments.get("layer")
    if isinstance(inner, KerasObject):
        return "model" if inner.model else family(inner)
    for name, pattern in _FAMILIES:
        if re.search(pattern, made.kind):
            return name
    return "other"


_QUIET = re.compile(
    r"initializer|regularizer|constraint|^name$|^dtype$|^padding$|^use_bias$|data_format|seed|^epsilon$"
)
_BARE = {"filters", "units", "rate", "activation", "target_shape", "n", "input_dim", "output_dim"}
_GRIDS = re.compile("shape|size|padding|cropping|dilation")
_SIZES = {"kernel_size", "pool_size"}


def note(made: KerasObject) -> str:
    """A layer's arguments in short: `64 · 3×3 · /2 · relu`."""
    parts = [part for name, value in made.arguments.items() if (part := _argument(made.kind, name, value))]
    return clipped(" · ".join(parts))


def _argument(kind: str, name: str, value: Any) -> str:
    if value is None or value is False or _QUIET.search(name):
        return ""
    if isinstance(value, KerasObject):
        inner = note(value)
        return f"{value.kind} {inner}".strip() if not value.model else value.model
    if name in _SIZES:
        return sizes(value if isinstance(value, (list, tuple)) else [value] * _rank(kind))
    if name == "strides":
        whole = len(set(value)) == 1 if isinstance(value, (list, tuple)) else False
        text = str(value[0]) if whole else sizes(value) if isinstance(value, (list, tuple)) else str(value)
        return "" if text == "1" else f"/{text}"
    if isinstance(value, (list, tuple)):
        value = sizes(value) if _GRIDS.search(name) else ", ".join(str(plain(item)) for item in value)
    if name in _BARE:
        return str(value)
    words = name.removeprefix("num_").removeprefix("return_").replace("_", " ")
    return words if value is True else f"{words} {plain(value)}"


def _rank(kind: str) -> int:
    match = re.search(r"([123])D", kind)
    return int(match.group(1)) if match else 1


def sizes(values: Iterable[Any]) -> str:
    """`28×28×64`."""
    return "×".join("?" if value is None else str(plain(value)) for value in values)


def clipped(text: str, longest: int = LONGEST_NOTE) -> str:
    """A text cut where it is too long for small print."""
    return text if len(text) <= longest else text[: longest - 1].rstrip(" ·,(") + "…"


def shape_label(tensor: TensorType, single: frozenset[str]) -> str:
    """A tensor's shape without its batch; `single` are the inputs of which only one size is open."""
    shape = tensor.shape[1:] if tensor.shape and str(tensor.shape[0]) == "batch" else tensor.shape
    return "×".join(_size(size, single) for size in shape) or "1"


def _size(size: Dim, single: frozenset[str]) -> str:
    text = re.sub(r"(\w+)\.\d+", lambda m: m[1] if m[1] in single else m[0], str(size)).replace(" * ", "·")
    return text if isinstance(size, int) or " " not in text else f"({text})"


def count(number: int, at_least: bool = False) -> str:
    """A number of parameters in words, or nothing for none; `at_least` where some are not known."""
    return f"{'at least ' if at_least else ''}{number:,} parameters" if number else ""


def formula(expression: Expression) -> str:
    """A formula in small print, the names in it without their paths."""
    names = {dotted(name) or "": name for name in tensor_names(expression)}
    short = {full: full.rpartition(".")[2] for full in names if "." in full}
    return clipped(unparse(rename(expression, short)))
