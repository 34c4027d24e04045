"""The weights that a training starts with, where a spec or a caller names some."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import keras

from specc.frontend.sections.data_types import Located
from specc.frontend.sections.initial_weights import InitialWeights, read_initial_weights
from specc.frontend.spec import Spec
from specc.lower.references import inside
from specc.lower.weight_moves import MoveReport, move_weights
from specc.source.diagnostic import Diagnostic, Reporter, SpecError
from specc.source.span import Span


def start_from(model: keras.Model, spec: Spec, given: Path | None = None) -> MoveReport | None:
    """Give the model the weights that `initial_weights` names; None where there are none.

    A path in the spec starts from its folder and does not leave it; `given` replaces that path and may lie
    anywhere. Raises SpecError where the file is missing or nothing in it goes into the model.
    """
    reporter = Reporter()
    section = spec.sections.get("train")
    written = None if section is None else read_initial_weights(section, reporter)
    reporter.stop_if_failed()
    if given is not None:
        return move_weights(model, _given(given, spec, written), given)
    if written is None:
        return None
    return move_weights(model, written, inside(written.path.text, written.path.span, spec))


def refuse_for_programs(spec: Spec, given: Path | None) -> None:
    """Raise SpecError where a training program is to begin with another model's weights: `load` does that."""
    section = spec.sections.get("train")
    written = None if section is None else read_initial_weights(section, Reporter())
    if given is None and written is None:
        return
    title = "a training program has no `initial_weights`"
    help = "a model of it may be `{load: runs/base}`"
    span = written.span if written is not None else None
    raise SpecError([Diagnostic("training-program", title, span, help=help)])


def _given(path: Path, spec: Spec, written: InitialWeights | None) -> InitialWeights:
    """What the spec says of the layers, with another path."""
    if not path.exists():
        raise SpecError([Diagnostic("missing-file", f"there is no file or folder `{path}`", None)])
    located = Located(str(path), Span(str(spec.path), 1, 1, 1, 2))
    return replace(written, path=located) if written is not None else InitialWeights(located, None)
