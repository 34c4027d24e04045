"""Models from files: a `.keras` file, or the folder of a run. Nothing in them is executed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras

from specc.frontend.project import Reference
from specc.frontend.spec import Spec
from specc.graph.ir import Graph
from specc.lower.archive import check_archive
from specc.lower.references import inside
from specc.source.diagnostic import Diagnostic, SpecError

MODELS = "models"
"""The folder within a run's that holds the models it loads."""


def load_saved(path: Path, name: str) -> keras.Model:
    """The model saved at `path`: a `.keras` file, or a run's folder (its spec rebuilt, best weights).

    Keras's safe mode refuses whatever holds code. Raises ValueError, OSError or SpecError.
    """
    if path.is_dir():
        model = _from_run(path)
    elif path.suffix == ".keras":
        check_archive(path)
        model = keras.models.load_model(path, compile=False, safe_mode=True)
    else:
        raise ValueError(f"`{path.name}` is neither a `.keras` file nor the folder of a run")
    model.name = name
    return model


def carry(spec: Spec, folder: Path) -> Spec:
    """The spec with nothing from outside `folder`: a run of it can be opened where its sources are gone.

    Models that were loaded are saved under `folder/models`; the weights of applications are left out, as a
    run's own file holds them. Raises OSError.
    """
    models: dict[str, Graph | Reference] = {}
    for name, model in spec.models.items():
        models[name] = _carried(model, spec, folder) if isinstance(model, Reference) else model
    return replace(spec, models=models)


def _carried(model: Reference, spec: Spec, folder: Path) -> Reference:
    if model.form == "application":
        return replace(model, settings=model.settings | {"weights": None})
    if model.form != "load":
        return model
    target = folder / MODELS / f"{model.name}.keras"
    target.parent.mkdir(parents=True, exist_ok=True)
    load_saved(inside(str(model.settings["load"]), model.span, spec), model.name).save(target)
    return replace(model, settings=model.settings | {"load": f"{MODELS}/{model.name}.keras"})


_open: list[Path] = []
"""The runs that are being read: a run's spec may load another run's model."""


def _from_run(folder: Path) -> keras.Model:
    if folder in _open:
        title = "these runs load one another: " + " → ".join(run.name for run in (*_open, folder))
        raise SpecError([Diagnostic("recursive-model", title, None)])
    _open.append(folder)
    try:
        return _rebuilt(folder)
    finally:
        _open.pop()


def _rebuilt(folder: Path) -> keras.Model:
    from specc.frontend.load import load_spec
    from specc.lower.models import build_models

    for name in ("spec.yaml", "best.keras"):
        if not (folder / name).resolve().is_relative_to(folder):
            raise SpecError([Diagnostic("outside-folder", f"`{folder / name}` leads outside its run", None)])
    spec = load_spec(folder / "spec.yaml")
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(spec.train.precision if spec.train else "float32")
    try:
        models = build_models(spec)
    finally:
        keras.config.set_dtype_policy(before)
    model = models["model"] if "model" in models else next(iter(models.values()))
    check_archive(folder / "best.keras")
    model.load_weights(folder / "best.keras")
    return model
