"""Which steps of a spec have no rule, so that only Keras can tell what they give."""

from __future__ import annotations

from collections.abc import Mapping

from specc.frontend.project import Reference
from specc.graph.infer import infer_models
from specc.graph.ir import Graph


def to_ask(models: Mapping[str, Graph | Reference]) -> list[str]:
    """The names of steps for which Keras has to be asked; none where a model comes from a file.

    What a file holds is known when it is loaded, which checking does not do.
    """
    if any(isinstance(model, Reference) and model.form == "load" for model in models.values()):
        return []
    return [step for types in infer_models(models).values() for step in types.unknown]
