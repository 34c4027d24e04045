"""Flat graphs to the data of a spec in which what repeats is written once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from specc.decompile.document import Document
from specc.decompile.flat import flat
from specc.decompile.fold_blocks import Folding
from specc.decompile.inline import inlined
from specc.decompile.leaves import Leaves
from specc.decompile.regions import Regions
from specc.decompile.same import same_up_to_names
from specc.decompile.tree import Forge
from specc.frontend.load import load_spec
from specc.graph.ir import Graph
from specc.source.diagnostic import SpecError
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
    """Whether a document, read as a spec, expands to these graphs up to names."""
    with TemporaryDirectory() as folder:
        path = Path(folder) / "folded.yaml"
        path.write_text(dump({"specc": 1, **document}), encoding="utf-8")
        try:
            found = load_spec(path).models
        except SpecError:
            return False
    graphs = {name: graph for name, graph in found.items() if isinstance(graph, Graph)}
    return graphs.keys() == models.keys() and all(
        same_up_to_names(models[name], graphs[name]) for name in models
    )
