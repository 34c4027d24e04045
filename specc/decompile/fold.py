"""Flat graphs to the data of a spec in which what repeats is written once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from specc.decompile.checked import comes_back
from specc.decompile.flat import flat
from specc.decompile.inline import inlined
from specc.decompile.ways import Ways
from specc.graph.ir import Graph
from specc.source.dump import dump

NUMBERED = re.compile(r"(?:name: |outputs: \[)([\w.]+)\$\(")
"""A name that a loop numbers, where it is given."""
PRICE = 3
"""How many lines it is worth to do without such names."""


def fold(models: Mapping[str, Graph]) -> dict[str, Any]:
    """The `blocks`, `models` and `model` of a spec that gives these graphs again, and reads well.

    What comes again becomes a `repeat` or a block with parameters; branches that meet become `residual` or
    `branches`. Names are those of a spec already. Names of steps are kept where something refers to them, or
    where nothing of a model is folded. Models that one step calls become part of their caller.

    Every result is expanded and compared with the graphs (`same_up_to_names`); where none of the ways to
    fold is right, the document is flat.
    """
    whole = inlined(models)
    return next((found for found in foldings(whole) if gives(found, whole)), flat(models))


def foldings(models: Mapping[str, Graph], swaps: bool = True) -> Iterator[dict[str, Any]]:
    """The document folded in several ways, the best first.

    Of chains only, the shortest reads best. Before it, where they take fewer lines, come those with cells of
    several inputs and loops that number names. Without `swaps`, all keep summands in their order.
    """
    ways = Ways(models, swaps)
    chains = sorted(ways.chains(), key=lambda document: len(dump(document)))
    most = _lines(chains[0])
    yield from sorted((found for found in ways.others() if _lines(found) < most), key=_length)
    yield from chains


def _lines(document: Mapping[str, Any]) -> int:
    return dump(document).count("\n")


def _length(document: Mapping[str, Any]) -> int:
    """How long a document reads: its lines, and more for names that loops number."""
    bases = set(NUMBERED.findall(dump(document)))
    return _lines(document) + PRICE * len(bases)


def gives(document: Mapping[str, Any], models: Mapping[str, Graph]) -> bool:
    """Whether a document, read as a spec, gives these graphs again."""
    return comes_back(dump({"specc": 1, **document}), models)
