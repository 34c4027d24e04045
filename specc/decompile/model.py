"""A Keras model as the text of a spec."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from specc.decompile.checked import comes_back
from specc.decompile.flat import flat as flat_document
from specc.decompile.fold import fold
from specc.decompile.merge import merged
from specc.decompile.names import is_unnamed, model_name, rename_models
from specc.decompile.training import UnsaidError, train_section, untold
from specc.decompile.write import write
from specc.frontend.emit import escape
from specc.frontend.project import ENTRY
from specc.graph.ir import Graph
from specc.lower.read_kind import functional
from specc.lower.read_model import ReadModel, read_model
from specc.source.diagnostic import Diagnostic, SpecError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Decompiled:
    """The text of a spec, how many blocks it has, and the model it came from, as it was read."""

    text: str
    blocks: int
    read: ReadModel


def decompile_model(
    model: keras.Model,
    *,
    source: str = "",
    training: Mapping[str, Any] | None = None,
    flat: bool = False,
) -> Decompiled:
    """The spec that builds the same model: a Functional or Sequential one.

    - `source`: where the model is from, for the spec's description;
    - `training`: how it was compiled (Keras's `compile_config`); the model's own otherwise;
    - `flat`: one step a call, without blocks and loops.

    Raises SpecError (`inexpressible`) naming everything that a spec cannot say.
    """
    read = read_model(model)
    graphs = rename_models(read.graphs)
    config = _compiled(model) if training is None else training
    train, notes = _training(model, graphs[ENTRY], config)
    head = {"name": _name(model, source), "description": escape(_description(model, source))}
    if not flat:
        short = {name: merged(graph) for name, graph in graphs.items()}
        document = fold(short)
        text = write(head | document | train, notes)
        if comes_back(text, short):
            return Decompiled(text, len(document.get("blocks", ())), read)
        notes += ("what repeats in it is not folded: blocks and loops would change the model",)
    text = write(head | flat_document(graphs) | train, notes)
    if not comes_back(text, graphs):
        title = f"the model `{model.name}` cannot be written in a spec"
        note = "what is written of it is read as another model"
        raise SpecError([Diagnostic("inexpressible", title, None, notes=(note,))])
    return Decompiled(text, 0, read)


def _name(model: keras.Model, source: str) -> str:
    """The model's name, or its file's where nobody named it."""
    return model_name(source.partition(".")[0] if source and is_unnamed(model.name) else model.name)


def _description(model: keras.Model, source: str) -> str:
    named = "a Keras model" if is_unnamed(model.name) else f"the Keras model `{model.name}`"
    return f"Decompiled from {named}" + (f" in {source}." if source else ".")


def _compiled(model: keras.Model) -> Mapping[str, Any]:
    """How a model in memory was compiled; empty where it was not."""
    config = model.get_compile_config() if model.compiled else None
    return config or {}


def _training(
    model: keras.Model, graph: Graph, config: Mapping[str, Any]
) -> tuple[dict[str, Any], tuple[str, ...]]:
    """The `train` section, or a note why there is none."""
    if not config:
        return {}, ()
    try:
        outputs = dict(zip(functional(model).output_names, graph.output_names, strict=True))
        return {"train": train_section(config, outputs)}, tuple(untold(config))
    except UnsaidError as error:
        return {}, (f"how it was trained is left out: {error}",)
