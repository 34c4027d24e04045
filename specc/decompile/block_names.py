"""What a block is called, by what it holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from itertools import groupby

from specc.decompile.rounds import pays
from specc.decompile.tree import Call, Fork, Item, Leaf, Loop, Maybe, inner_runs
from specc.frontend.scope import snake_case

WORDS = {
    "BatchNormalization": "bn",
    "LayerNormalization": "norm",
    "GroupNormalization": "norm",
    "RMSNormalization": "norm",
    "DepthwiseConv2D": "depthwise",
    "SeparableConv2D": "separable",
    "Conv2DTranspose": "up_conv",
    "ReLU": "relu",
    "LeakyReLU": "relu",
    "MultiHeadAttention": "attention",
}
"""Layers whose own name is not what people call them in the name of a block."""
MOST_WORDS = 4


def block_name(uses: Sequence[Call], known: Callable[[Call], str]) -> str:
    """The name of a block with these uses; `known` gives those of blocks within. It may be taken already."""
    body = uses[0].body
    if len(body.items) == 1 and isinstance(fork := body.items[0], Fork):
        return _fork(fork)
    flat = all(isinstance(item, (Leaf, Call)) for item in body.items)
    words = [word for word, _ in groupby(word for item in body.items for word in _words(item, known))]
    if flat and len(words) <= MOST_WORDS:
        return "_".join(words) or "block"
    return _whole(uses)


def _words(item: Item, known: Callable[[Call], str]) -> list[str]:
    if isinstance(item, Call):
        return known(item).split("_")
    return [_word(item)] if isinstance(item, Leaf) else []


def word(item: Item) -> str:
    """What the output of an item is called, by what it is."""
    if isinstance(item, Leaf):
        return item.kind if item.kind == "formula" else _word(item)
    if isinstance(item, Fork):
        return snake_case(item.merge.kind)
    if isinstance(item, Maybe):
        return word(item.item)
    return word(item.body.items[-1] if isinstance(item, Call) else item.pattern.items[-1])


def _word(leaf: Leaf) -> str:
    if leaf.kind == "formula":
        return "scale" if leaf.weights else "formula"
    if leaf.kind == "Activation":
        name = dict(leaf.slots)["activation"].data
        return name if isinstance(name, str) and name.isidentifier() else "activation"
    if leaf.kind in WORDS:
        return WORDS[leaf.kind]
    for part in ("Conv", "Pooling", "Padding", "Dropout"):
        if part in leaf.kind:
            return {"Pooling": "pool", "Padding": "pad"}.get(part, part.lower())
    return snake_case(leaf.kind)


def _fork(fork: Fork) -> str:
    """A block that is one fork."""
    merge = fork.merge.kind
    one_sided = any(not branch.items for branch in fork.branches)
    kinds = set(_kinds(fork))
    if merge == "Multiply":
        return "squeeze_excite" if any(kind.startswith("Global") for kind in kinds) else "gated"
    if merge == "Concatenate":
        return "growth" if one_sided else "mixed"
    if len(fork.branches) == 2 and merge in ("Add", "formula"):
        return "inverted_residual" if "DepthwiseConv2D" in kinds else "residual_block"
    return "joined"


def _whole(uses: Sequence[Call]) -> str:
    """A longer block."""
    body = uses[0].body
    kinds = {kind for item in body.items for kind in _kinds(item)}
    if len(uses[0].sources) > 1:
        return "attention_block" if "MultiHeadAttention" in kinds else "cell"
    forks = [item for item in body.items if isinstance(item, Fork)]
    if any(map(_is_written, zip(*(use.body.items for use in uses), strict=True))):
        return "stage"
    if any(fork.merge.kind == "Add" for fork in forks):
        return "residual_block"
    if any(fork.merge.kind == "Concatenate" for fork in forks):
        return "mixed_block"
    for part in ("Attention", "Depthwise", "Separable", "Conv", "LSTM", "GRU", "Dense"):
        if any(part in kind for kind in kinds):
            return f"{part.lower()}_block"
    return "block"


def _is_written(items: Sequence[Item]) -> bool:
    """Whether an item of a block is a loop as it is written."""
    loops = [item for item in items if isinstance(item, Loop)]
    return bool(loops) and pays(loops)


def _kinds(item: Item) -> Iterator[str]:
    if isinstance(item, Leaf):
        yield item.kind
    if isinstance(item, Fork):
        yield item.merge.kind
    for run in inner_runs(item)[:1] if isinstance(item, Loop) else inner_runs(item):
        for inner in run.items:
            yield from _kinds(inner)
