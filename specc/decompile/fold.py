"""Flat graphs to the data of a spec in which what repeats is written once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from specc.decompile.checked import comes_back
from specc.decompile.document import Document
from specc.decompile.flat import flat
from specc.decompile.fold_blocks import Folding
from specc.decompile.inline import inlined
from specc.decompile.leaves import Leaves
from specc.decompile.regions import Regions
from specc.decompile.tree import Forge
from specc.graph.ir import Graph
from specc.source.dump import dump


def fold(models: Mapping[str, Graph]) -> dict[str, Any]:
    """The `blocks`, `models` and `model` of a spec that gives these graphs again, and reads well.

    What comes again becomes a `repeat` or a block with parameters; branches that meet become `residual` or
    `branches`. Names are those of a spec already. Names of steps are kept where something refers to them, or
    where nothing of a model is folded. Models that one step calls become part of their caller.

    Every result is expanded and compared with the graphs (`same_up_to_names`); where none of the ways to
    fold is right, the document is flat.
    """
    whole = inlined(models)
    found = sorted(foldings(whole), key=lambda document: len(dump(document)))
    return next((document for document in found if gives(document, whole)), flat(models))


def foldings(models: Mapping[str, Graph]) -> Iterator[dict[str, Any]]:
    """The document folded in several ways."""
    for singles in (True, False):
        forge = Forge()
        leaves = Leaves(models.values(), forge)
        document = Document(models)
        runs = [Regions(graph, leaves, forge).run() for graph in models.values()]
        document.name_tensors(runs)
        folding = Folding(forge, runs, document.named)
        folding.fold(singles)
        yield document.data(folding.runs)


def gives(document: Mapping[str, Any], models: Mapping[str, Graph]) -> bool:
    """Whether a document, read as a spec, gives these graphs again."""
    return comes_back(dump({"specc": 1, **document}), models)
