"""Models from files: a `.keras` file, or the folder of a run. Nothing in them is executed."""

from __future__ import annotations

from pathlib import Path

import keras


def load_saved(path: Path, name: str) -> keras.Model:
    """The model saved at `path`: a `.keras` file, or a run's folder (its spec rebuilt, best weights).

    Keras's safe mode refuses whatever holds code. Raises ValueError, OSError or SpecError.
    """
    if path.is_dir():
        model = _from_run(path)
    elif path.suffix == ".keras":
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    else:
        raise ValueError(f"`{path.name}` is neither a `.keras` file nor the folder of a run")
    model.name = name
    return model


def _from_run(folder: Path) -> keras.Model:
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models

    spec = load_spec(folder / "spec.yaml")
    models = build_models(spec)
    model = models["model"] if "model" in models else next(iter(models.values()))
    model.load_weights(folder / "best.keras")
    return model
