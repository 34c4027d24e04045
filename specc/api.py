"""The Python interface: what `import specc` offers. Heavy modules are imported when a function needs them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from specc.source.collection import no_collection
from specc.source.diagnostic import Diagnostic, SpecError

if TYPE_CHECKING:
    import keras

    from specc.catalog.signature import Category
    from specc.frontend.spec import Spec
    from specc.inference.run import Run

Values = Mapping[str, Any] | None
"""Parameters or overrides by name: `{"filters": 16}`, `{"train.epochs": 3}`."""


@dataclass(frozen=True)
class Report:
    """What checking a spec found; printing it shows each place. `texts` are the files by their names."""

    diagnostics: tuple[Diagnostic, ...]
    texts: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def ok(self) -> bool:
        """Whether there is no error; there may be warnings."""
        return not self.errors

    @property
    def errors(self) -> tuple[Diagnostic, ...]:
        """What is wrong."""
        return tuple(d for d in self.diagnostics if d.severity == "error")

    @property
    def warnings(self) -> tuple[Diagnostic, ...]:
        """What is odd."""
        return tuple(d for d in self.diagnostics if d.severity == "warning")

    def __bool__(self) -> bool:
        return self.ok

    def __str__(self) -> str:
        from specc.source.render import render

        return render(self.diagnostics, dict(self.texts), color=False) if self.diagnostics else "no problems"


def check(path: str | Path, params: Values = None, overrides: Values = None) -> Report:
    """Check a spec without TensorFlow and without data; finds everything that is wrong and raises nothing."""
    try:
        spec = _load(path, params, overrides)
    except SpecError as error:
        return Report(error.diagnostics, dict(error.texts))
    return Report(spec.warnings, spec.texts)


def resolve(path: str | Path, params: Values = None, overrides: Values = None) -> str:
    """The spec as flat YAML: no parameters, blocks, loops or expressions are left. Raises SpecError."""
    from specc.frontend.emit import emit

    return emit(_load(path, params, overrides))


def compile(
    path: str | Path, params: Values = None, overrides: Values = None, model: str | None = None
) -> keras.Model:
    """The spec's model with fresh weights: a plain `keras.Model`.

    `model` names one of several; the entry is compiled for `fit` where the spec has a supervised `train`
    section. Raises SpecError.
    """
    from specc.lower.quiet import load_tensorflow

    with no_collection():
        spec = _load(path, params, overrides)
        load_tensorflow()
        from specc.training.train import build_compiled

        return build_compiled(spec, model)


def to_python(path: str | Path, params: Values = None, overrides: Values = None) -> str:
    """The spec as Python source that builds its models with nothing but Keras. Raises SpecError."""
    from specc.python.module import to_source

    return to_source(_load(path, params, overrides))


def compile_models(
    path: str | Path, params: Values = None, overrides: Values = None
) -> dict[str, keras.Model]:
    """All models of the spec by name, with fresh weights; sub-models are shared. Raises SpecError."""
    from specc.lower.quiet import load_tensorflow

    with no_collection():
        spec = _load(path, params, overrides)
        load_tensorflow()
        from specc.lower.models import build_models

        return build_models(spec)


def decompile(model: keras.Model, *, flat: bool = False) -> str:
    """The spec, as YAML text, that builds the same model as a Functional or Sequential Keras model.

    Repeated structure becomes blocks and repeats; with `flat`, there is one step a layer. The compiled spec
    has the same weights in the same order. Raises SpecError naming everything that a spec cannot say.
    """
    from specc.decompile.model import decompile_model

    return decompile_model(model, flat=flat).text


def train(
    path: str | Path,
    params: Values = None,
    overrides: Values = None,
    *,
    run_dir: str | Path | None = None,
    data_root: str | Path | None = None,
    strategy: str = "auto",
    devices: Sequence[str] = (),
    epochs: int | None = None,
    overwrite: bool = False,
    callbacks: Sequence[keras.callbacks.Callback] = (),
    verbose: str | None = None,
    log: Callable[[str], None] = print,
    warn: Callable[[Diagnostic], None] | None = None,
    initial_weights: str | Path | None = None,
) -> Run:
    """Train the spec's model and return its run; the folder holds all that is needed to use it again.

    - `run_dir`: the run's folder, new or empty (`runs/NAME-TIMESTAMP` otherwise); a run that lies there is
      replaced only with `overwrite`.
    - `data_root`: the folder that the spec's paths start from (otherwise the spec's own).
    - `strategy`: `auto`, `one_device` or `mirrored`; `devices`: `["gpu:0", "gpu:1"]`, `["cpu:0", "cpu:1"]`.
    - `epochs`: instead of the number in the spec, in each stage.
    - `callbacks`: Keras callbacks beside the spec's.
    - `verbose`: `bar`, `line` (by `log`) or `silent`; otherwise a bar on a terminal and lines elsewhere.
    - `warn`: takes the warnings.
    - `initial_weights`: a run's folder, a `.keras` or a `.weights.h5` file, whose layers' weights the model
      starts with.

    Ctrl-C ends training with the status `interrupted`, and the run is returned. Raises SpecError where the
    spec, the data or an argument is wrong, RunError where training fails.
    """
    from specc.lower.quiet import load_tensorflow

    spec = _load(path, params, overrides)
    load_tensorflow()
    from specc.inference.run import Run
    from specc.report.curves import draw_curves
    from specc.report.gallery import draw_after
    from specc.report.samples import draw_samples
    from specc.source.diagnostic import Reporter
    from specc.training.train import train as train_spec

    reporter = Reporter()
    folder = train_spec(
        spec,
        run_dir=None if run_dir is None else Path(run_dir),
        data_root=None if data_root is None else Path(data_root),
        strategy=strategy,
        devices=devices,
        epochs=epochs,
        overwrite=overwrite,
        callbacks=callbacks,
        verbose=verbose,  # type: ignore[arg-type]
        log=log,
        reporter=reporter,
        after=draw_after,
        draw=draw_samples,
        initial_weights=None if initial_weights is None else Path(initial_weights),
    )
    for warning in (*spec.warnings, *reporter.sorted()):
        if warn is not None:
            warn(warning)
    draw_curves(folder)
    return Run(folder)


def open_run(folder: str | Path) -> Run:
    """Open a run, to evaluate it, to predict with it, or to take its model. Raises SpecError."""
    from specc.lower.quiet import load_tensorflow

    load_tensorflow()
    from specc.inference.run import open_run as open_folder

    return open_folder(folder)


def register(kind: str, cls: Callable[..., Any], category: Category = "layer") -> None:
    """Let specs name a class of yours by `kind`: a layer, loss, metric, optimizer, … with its arguments."""
    from specc.catalog.plugins import register as register_kind

    register_kind(kind, cls, category)


def _load(path: str | Path, params: Values, overrides: Values) -> Spec:
    from specc.frontend.load import load_spec

    return load_spec(Path(path), (params or {}).items(), (overrides or {}).items())
