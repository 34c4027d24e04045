"""Asking Keras about what has no rule: the models built without a weight, and thrown away."""

from __future__ import annotations

from dataclasses import replace

from specc.frontend.project import Reference
from specc.frontend.spec import Spec
from specc.lower.models import build_models
from specc.lower.private import without_weights


def ask_keras(spec: Spec) -> None:
    """Build a spec's models without allocating their weights. Raises SpecError where Keras refuses a step.

    Weights of applications are not fetched: their shapes do not depend on them.
    """
    models = {
        name: replace(model, settings=model.settings | {"weights": None})
        if isinstance(model, Reference) and model.form == "application"
        else model
        for name, model in spec.models.items()
    }
    with without_weights():
        build_models(replace(spec, models=models))
