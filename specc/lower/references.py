"""Models that are not written as layers: `application`, `average_of`, `load`."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import TYPE_CHECKING, Any

import keras

from specc.frontend.applications import FETCHED, OWN
from specc.frontend.project import Reference
from specc.graph.ir import Origin
from specc.lower.archive import check_archive
from specc.lower.errors import KERAS_ERRORS, keras_error, reason_of
from specc.lower.layers import freeze
from specc.lower.private import fresh_names
from specc.source.diagnostic import Diagnostic, SpecError
from specc.source.files import real_path, shown
from specc.source.span import Span
from specc.source.suggest import did_you_mean

if TYPE_CHECKING:
    from specc.frontend.spec import Spec


def build_reference(reference: Reference, models: Mapping[str, keras.Model], spec: Spec) -> keras.Model:
    """The Keras model of a reference; raises SpecError."""
    try:
        model = _FORMS[reference.form](reference, models, spec)
    except KERAS_ERRORS as error:
        raise _explained(error, reference) from error
    if not reference.trainable:
        freeze(model)
    return model


def _application(reference: Reference, models: Mapping[str, keras.Model], spec: Spec) -> keras.Model:
    """A constructor of keras.applications, with inner layers as outputs where the spec names them."""
    settings = reference.settings
    arguments = {name: value for name, value in settings.items() if name not in OWN}
    if isinstance(arguments.get("input_shape"), list):
        arguments["input_shape"] = tuple(arguments["input_shape"])
    weights, file = arguments.get("weights"), None
    if isinstance(weights, str) and weights != FETCHED:
        file = inside(weights, reference.place("weights"), spec)
        arguments["weights"] = None
    with fresh_names():
        model = _constructed(settings["application"], {**arguments, "name": reference.name})
    if file is not None:
        _fill(model, file, reference)
    if (lora := settings.get("lora")) is not None:
        add_adapters(model, lora, reference)
    return _with_outputs(model, settings.get("outputs"), reference)


def _fill(model: keras.Model, file: Path, reference: Reference) -> None:
    """Give an application the weights in a file, all of them; raises SpecError where they do not fit."""
    place = reference.place("weights")
    what = f"`{reference.settings['application']}`, as it is set up here"
    title = f"the weights in `{reference.settings['weights']}` do not fit {what}"
    try:
        if file.suffix == ".keras":
            check_archive(file)
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            model.load_weights(file)
    except KERAS_ERRORS as error:
        reason = reason_of(error).partition(" Target variable:")[0]  # whose numbers follow
        raise SpecError([Diagnostic("weights-mismatch", title, place, notes=(reason,))]) from error
    skipped = [str(warning.message) for warning in told if str(warning.message).startswith("Skipping")]
    if skipped:  # Keras would go on with fresh weights there
        raise SpecError([Diagnostic("weights-mismatch", title, place, notes=(skipped[0],))])


def _constructed(application: str, arguments: dict[str, Any]) -> keras.Model:
    try:
        return getattr(keras.applications, application)(**arguments)
    except Exception as error:
        if type(error) is not Exception:
            raise
        raise OSError(str(error)) from error  # Keras raises a bare Exception where a download fails


def _with_outputs(model: keras.Model, outputs: Any, reference: Reference) -> keras.Model:
    """The part of a model that leads to inner layers; raises SpecError naming every one that is not there."""
    if outputs is None:
        return model
    single = isinstance(outputs, str)
    named = (
        outputs if isinstance(outputs, dict) else {name: name for name in ([outputs] if single else outputs)}
    )
    layers = {layer.name: layer for layer in model.layers}
    missing = [str(layer) for layer in named.values() if layer not in layers]
    if missing:
        title = f"`{reference.name}` has no layer {', '.join(f'`{layer}`' for layer in missing)} to give out"
        help = did_you_mean(missing[0], layers)
        raise SpecError([Diagnostic("unknown-inner-layer", title, reference.place("outputs"), help=help)])
    tensors = {key: layers[layer].output for key, layer in named.items()}
    return keras.Model(model.input, tensors[outputs] if single else tensors, name=reference.name)


def _average(reference: Reference, models: Mapping[str, keras.Model], spec: Spec) -> keras.Model:
    """A copy of another model with the same weights, which training moves after it."""
    source = models[reference.settings["average_of"]]
    model = keras.models.clone_model(source)
    model.name = reference.name
    model.set_weights(source.get_weights())
    freeze(model)
    return model


def _load(reference: Reference, models: Mapping[str, keras.Model], spec: Spec) -> keras.Model:
    """A saved model (`.keras`, without custom code)."""
    from specc.lower.saved import load_saved

    model = load_saved(inside(str(reference.settings["load"]), reference.place("load"), spec), reference.name)
    if isinstance(model, keras.Sequential):  # its inputs and outputs have no names
        model = keras.Model(model.inputs[0], model.outputs[0], name=reference.name)
    if (lora := reference.settings.get("lora")) is not None:
        add_adapters(model, lora, reference)
    return _with_outputs(model, reference.settings.get("outputs"), reference)


def add_adapters(model: keras.Model, lora: Mapping[str, Any], reference: Reference) -> None:
    """Freeze a model and give the layers that `lora.layers` names (globs) adapters of rank `lora.rank`.

    Only the adapters are trained (Hu et al. 2021, arXiv:2106.09685); Keras alone would leave the biases of
    those layers trainable too. Raises SpecError where a glob matches no layer that can have one.
    """
    layers = {layer.name: layer for layer in model._flatten_layers() if hasattr(layer, "enable_lora")}
    freeze(model)
    globs = lora.get("layers", "*")
    for glob in [globs] if isinstance(globs, str) else globs:
        found = [layer for name, layer in layers.items() if fnmatchcase(name, glob)]
        if not found:
            title = f"`lora` names no layer of `{reference.name}` that can have an adapter: `{glob}`"
            raise SpecError(
                [Diagnostic("lora-unmatched", title, reference.span, help=did_you_mean(glob, layers))]
            )
        for layer in found:
            layer.trainable = True
            layer.enable_lora(lora["rank"])
            for variable in layer.variables:
                variable.trainable = "lora" in variable.name
    model.trainable = True  # the flag of the model itself: its layers keep theirs
    for layer in model._flatten_layers():
        if not any(variable.trainable for variable in layer.variables if "lora" in variable.name):
            layer.trainable = layer is model


def inside(named: str, span: Span, spec: Spec) -> Path:
    """A file that a spec names, which lies in the spec's folder or below it; raises SpecError."""
    path = real_path(spec.root / named)
    if path is None:
        raise SpecError([Diagnostic("missing-file", f"`{shown(Path(named))}` is no path of a file", span)])
    if not path.is_relative_to(spec.root.resolve()):
        title = f"`{named}` lies outside the spec's folder"
        raise SpecError([Diagnostic("outside-folder", title, span)])
    if not path.exists():
        raise SpecError([Diagnostic("missing-file", f"there is no file `{named}`", span)])
    return path


_FORMS = {"application": _application, "average_of": _average, "load": _load}


def _explained(error: BaseException, reference: Reference) -> SpecError:
    reason = reason_of(error)
    if reference.form == "application" and "URL fetch failure" in reason:
        weights = reference.settings.get("weights", "imagenet")
        diagnostic = Diagnostic(
            "weights-not-fetched",
            f"the weights `{weights}` of `{reference.settings['application']}` could not be fetched",
            reference.span,
            notes=(reason,),
            help=f"with a network, try again; without one: `--set models.{reference.name}.weights=null`",
        )
        return SpecError([diagnostic])
    return keras_error(error, Origin(reference.span), title=f"Keras refuses the model `{reference.name}`")
