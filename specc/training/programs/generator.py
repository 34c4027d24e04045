"""New examples from trained models: the `generate:` section, computed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from specc.frontend.expressions.formula import calls, tensor_names
from specc.frontend.expressions.nodes import Name, dotted
from specc.frontend.programs.fields import certain_names, field_names
from specc.frontend.programs.generation import Generation, before, in_sequence
from specc.frontend.programs.names import BUILT_IN
from specc.frontend.programs.types import Program
from specc.frontend.sections.data_types import Formula
from specc.frontend.sections.train_types import Stage
from specc.frontend.spec import Spec
from specc.source.diagnostic import Diagnostic, RunError
from specc.source.span import Span
from specc.training.fitting import LIBRARY_ERRORS
from specc.training.programs.evaluation import Callee, Evaluation
from specc.training.reasons import reason_of

Array = np.ndarray[Any, Any]


class Generator:
    """Makes examples by one generation with built models. The same seed makes the same examples.

    Each part is one TensorFlow function: what is computed once, a round of `step`, and the outputs.
    """

    def __init__(self, generation: Generation, callees: Mapping[str, Callee]) -> None:
        self.generation, self.callees = generation, callees
        self._begin = tf.function(self._derive, autograph=False, reduce_retracing=True)
        self._round = tf.function(self._step, autograph=False, reduce_retracing=True)
        self._end = tf.function(self._outputs, autograph=False, reduce_retracing=True)
        self.draws = keras.random.SeedGenerator(0)
        self._start = self.draws.state.numpy()

    @property
    def needs(self) -> tuple[str, ...]:
        """The names that must be given: declared inputs, and fields of the data."""
        own: set[str] = {*BUILT_IN}
        found: dict[str, None] = dict.fromkeys(self.generation.inputs)
        if self.generation.rounds is not None:
            own.add(self.generation.rounds[0])
        named = [*self.generation.derive.items(), *self.generation.step.items()]
        for name, formula in (*named, *(("", formula) for formula in self.generation.outputs.values())):
            for node in tensor_names(formula.expression):
                first = (dotted(node) or "").partition(".")[0]
                if first not in own:
                    found[first] = None
            own.add(name)
        return tuple(found)

    def make(self, count: int, given: Mapping[str, Any], seed: int | None = 0) -> dict[str, Array]:
        """`count` examples [count, …] by output; `given` holds what `needs` names, [count, …].

        Without a seed the draws go on from those of the call before. Raises RunError where the formulas fail.
        """
        with told(self.generation.span):
            return self._made(count, given, seed)

    def _made(self, count: int, given: Mapping[str, Any], seed: int | None) -> dict[str, Array]:
        if seed is not None:
            self.draws.state.assign(self._start + np.asarray([seed, 0], self._start.dtype))
        values = {name: tf.convert_to_tensor(value) for name, value in given.items()}
        values["batch"] = tf.constant(count)
        values["step"] = tf.constant(0)
        if self.generation.rounds is not None:
            values |= self._begin(values)
            name, rounds = self.generation.rounds
            whole = all(isinstance(value, int) for value in rounds)
            for value in rounds:
                values[name] = tf.constant(value, tf.int32 if whole else tf.float32)
                values |= self._round(values)
        return {name: np.asarray(value) for name, value in self._end(values).items()}

    def _derive(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return self._sequence(self.generation.derive, values)

    def _step(self, values: Mapping[str, Any]) -> dict[str, Any]:
        return self._sequence(self.generation.step, values)

    def _outputs(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The outputs; without rounds with what they are made of, so that gradients come through."""
        derive = self.generation.derive if self.generation.rounds is None else {}
        return self._sequence(derive, values, self.generation.outputs)

    def _sequence(
        self,
        formulas: Mapping[str, Formula],
        values: Mapping[str, Any],
        outputs: Mapping[str, Formula] | None = None,
    ) -> dict[str, Any]:
        """Formulas one after another, each with what was named before it; then `outputs`, if any, alone."""
        named = in_sequence(formulas)
        replaced = {before(name): values[name] for name in formulas if name in values}
        program = replace(NOTHING, derive=named)
        roots = (*(Name(name) for name in named), *(f.expression for f in (outputs or {}).values()))
        given = {name: value for name, value in values.items() if name not in named} | replaced
        evaluation = Evaluation(program, given, self.callees, self.draws, training=False, roots=roots)
        found: dict[str, Any] = {}
        for name, formula in named.items():  # in order: so are their draws
            with told(formula.span):
                found[name] = _held(evaluation[name])
        if outputs is not None:
            found.clear()
        for name, formula in (outputs or {}).items():
            with told(formula.span):
                found[name] = _held(evaluation.value(formula.expression))
        evaluation.close()
        return found


@contextmanager
def told(place: Span) -> Iterator[None]:
    """Puts what Keras and TensorFlow raise under a title of ours (`generate-failed`), as a RunError."""
    try:
        yield
    except LIBRARY_ERRORS as error:
        notes, title = (reason_of(error),), "this cannot be computed"
        raise RunError([Diagnostic("generate-failed", title, place, notes=notes)]) from error


def _held(value: Any) -> Any:
    """What a formula gave, as tensors."""
    return value if isinstance(value, Mapping) else tf.convert_to_tensor(value)


def models_of(generation: Generation, names: Mapping[str, Any]) -> tuple[str, ...]:
    """The models that a generation calls."""
    called = (
        dotted(call.function) or "" for formula in generation.formulas for call in calls(formula.expression)
    )
    return tuple(dict.fromkeys(name for name in called if name in names))


def given_by_data(spec: Spec, generation: Generation) -> tuple[str, ...]:
    """The names that a generation needs and the data has.

    An input that it declares is no field only because a model takes one of that name.
    """
    likely = field_names(spec.data, spec.models) or ()
    certain = certain_names(spec.data, spec.models, spec.train.programs if spec.train else ())
    needs = Generator(generation, {}).needs
    return tuple(name for name in needs if name in (certain if name in generation.inputs else likely))


_STAGE = Stage("", 1, None, None, {}, {}, {}, {}, {}, {})  # type: ignore[arg-type]
NOTHING = Program({}, (), _STAGE, None)  # type: ignore[arg-type]
"""A program without any names: a generation's formulas are computed one after another."""
