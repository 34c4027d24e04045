"""A training program as a Keras model: `train_step` makes all its updates, `test_step` all its terms."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import keras
import tensorflow as tf

from specc.catalog.load import load
from specc.frontend.expressions import nodes as n
from specc.frontend.programs.arguments import read_call
from specc.frontend.programs.types import Program, State, Update
from specc.graph.programs import is_metric
from specc.lower.objects import make
from specc.source.diagnostic import Reporter
from specc.training.programs.average import Average
from specc.training.programs.evaluation import Callee, Evaluation
from specc.training.programs.shared import measured_with, shared_names


class ProgramTrainer(keras.Model):  # type: ignore[misc]
    """Trains the models of a spec by a program; `fit` and `evaluate` take dictionaries of fields.

    Losses are logged by the names of their terms, `loss` is the weighted sum of all of them with what the
    layers add. Each update evaluates what its terms need once, with the weights as the update before left
    them, and with new draws; validation draws the same numbers every time.
    """

    def __init__(
        self, program: Program, callees: Mapping[str, Callee], averages: Sequence[Average], seed: int
    ) -> None:
        super().__init__(name="program")
        self.program = program
        self.callees = dict(callees)
        self.averages = tuple(averages)
        self.parts = {name: callee.model for name, callee in callees.items()}
        self.draws = keras.random.SeedGenerator(seed)
        self.validation_draws = keras.random.SeedGenerator(seed + 1)
        self._validation_start = self.validation_draws.state.numpy()
        self.states = {name: self._state(state) for name, state in program.states.items()}
        self.steps = self._counter()
        self.update_optimizers = [make(update.optimizer) for update in program.updates]
        self._measured = measured_with(program)
        self._shared = shared_names(program, self.callees)
        self._kept_logs = {name: self._log_of(name) for name in ("loss", *program.log_names)}
        self.built = True

    # --- what is carried ----------------------------------------------------------------------------------
    def _state(self, state: State) -> keras.Variable:
        initializer = make(state.initializer) if state.initializer is not None else "zeros"
        return keras.Variable(
            keras.initializers.get(initializer)(state.shape),
            trainable=False,
            name=state.name,
            aggregation="mean",
        )

    def _counter(self) -> keras.Variable:
        return keras.Variable(
            0, trainable=False, dtype="int32", name="steps", aggregation="only_first_replica"
        )

    def _log_of(self, name: str) -> keras.metrics.Metric:
        formula = self.program.metrics.get(name)
        if formula is None or not is_metric(formula):
            return keras.metrics.Mean(name=name)
        call = formula.expression
        assert isinstance(call, n.Call)
        reporter = Reporter()
        found = read_call(call, formula, "metric", load(), reporter)
        reporter.stop_if_failed()
        assert found is not None
        made: keras.metrics.Metric = make(replace(found, arguments=found.arguments | {"name": name}))
        return made

    def prepare(self) -> None:
        """Make the slots of all optimizers, so that the step is traced once."""
        for update, optimizer in zip(self.program.updates, self.update_optimizers, strict=True):
            optimizer.build(self.trained_by(update))

    def trained_by(self, update: Update) -> list[Any]:
        """The variables that an update moves, each once."""
        found: dict[int, Any] = {}
        for model in update.models:
            found |= {id(v): v for v in self.callees[model.text].model.trainable_variables}
        return list(found.values())

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What an epoch is summed up in."""
        return list(self._kept_logs.values())

    def reset_metrics(self) -> None:
        """Begin an epoch, or a validation: its draws begin anew."""
        super().reset_metrics()
        self.validation_draws.state.assign(self._validation_start)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Everything is built: nothing is to be drawn from the data for it."""

    # --- steps --------------------------------------------------------------------------------------------
    def train_step(self, data: Any) -> dict[str, Any]:
        """All updates on one batch, a dictionary of fields [batch, …]."""
        given, size = self._given(data)
        given |= self._common(given)
        share = _share(size)
        total: Any = 0.0
        for number, update in enumerate(self.program.updates):
            for turn in range(update.repeat):
                measured = self._measured[number] if turn == update.repeat - 1 else ()
                loss = self._due(number, update, given, size, share, measured)
            total = total + loss
        self._kept_logs["loss"].update_state(total, sample_weight=size)
        self._carry(given)
        for average in self.averages:
            average.follow()
        self.steps.assign_add(1)
        return dict(self.get_metrics_result())

    def _due(
        self,
        number: int,
        update: Update,
        given: Mapping[str, Any],
        size: Any,
        share: Any,
        measured: tuple[str, ...],
    ) -> Any:
        """An update where its turn has come."""
        if update.every == 1:
            return self._update(number, update, given, size, share, measured)
        turn = tf.equal(given["step"] % update.every, 0)
        return tf.cond(
            turn,
            lambda: tf.cast(self._update(number, update, given, size, share, measured), tf.float32),
            lambda: tf.constant(0.0),
        )

    def _update(
        self,
        number: int,
        update: Update,
        given: Mapping[str, Any],
        size: Any,
        share: Any,
        measured: tuple[str, ...],
    ) -> Any:
        optimizer = self.update_optimizers[number]
        variables = self.trained_by(update)
        expressions = [term.formula.expression for term in update.terms]
        expressions += [self.program.metrics[name].expression for name in measured]
        evaluation = self._evaluation(given, self.draws, expressions, training=True)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            loss = self._terms(update, evaluation, size) + self._penalties(update, evaluation)
            scaled = optimizer.scale_loss(loss * tf.cast(share, loss.dtype))
        gradients = tape.gradient(scaled, variables)
        self._measure(measured, evaluation, size)
        evaluation.close()
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return loss

    def test_step(self, data: Any) -> dict[str, Any]:
        """All terms and metrics on one batch, nothing moved."""
        given, size = self._given(data)
        terms = [term.formula for update in self.program.updates for term in update.terms]
        formulas = [*terms, *self.program.metrics.values()]
        expressions = [formula.expression for formula in formulas]
        evaluation = self._evaluation(given, self.validation_draws, expressions, training=False)
        total: Any = 0.0
        for update in self.program.updates:
            total = total + self._terms(update, evaluation, size) + self._penalties(update, evaluation)
        self._measure(tuple(self.program.metrics), evaluation, size)
        evaluation.close()
        self._kept_logs["loss"].update_state(total, sample_weight=size)
        return dict(self.get_metrics_result())

    # --- parts of a step ----------------------------------------------------------------------------------
    def _given(self, data: Any) -> tuple[dict[str, Any], Any]:
        first = tf.nest.flatten(data)[0]
        batch = first.shape[0] or tf.shape(first)[0]
        known = {**data, "batch": batch, "step": tf.convert_to_tensor(self.steps.value)}
        states = {name: tf.convert_to_tensor(variable.value) for name, variable in self.states.items()}
        return {**known, **states}, tf.cast(batch, tf.float32)

    def _common(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What several updates need, and none changes."""
        evaluation = self._evaluation(given, self.draws, (), training=True)
        found = {name: evaluation[name] for name in self._shared}
        evaluation.close()
        return found

    def _evaluation(
        self, given: Mapping[str, Any], draws: Any, expressions: Sequence[Any], *, training: bool
    ) -> Evaluation:
        return Evaluation(self.program, given, self.callees, draws, training, tuple(expressions))

    def _terms(self, update: Update, evaluation: Evaluation, size: Any) -> Any:
        total: Any = 0.0
        for term in update.terms:
            value = tf.cast(evaluation.value(term.formula.expression), tf.float32)
            self._kept_logs[term.name].update_state(value, sample_weight=size)
            total = total + term.weight * value
        return total

    def _penalties(self, update: Update, evaluation: Evaluation) -> Any:
        """What the layers of the trained models add: penalties of weights, and of activities."""
        found = [v.regularizer(v) for v in self.trained_by(update) if v.regularizer is not None]
        for model in update.models:
            found += evaluation.losses.get(model.text, [])
        return tf.add_n([tf.cast(loss, tf.float32) for loss in found]) if found else 0.0

    def _measure(self, names: tuple[str, ...], evaluation: Evaluation, size: Any) -> None:
        for name in names:
            formula = self.program.metrics[name]
            tracker = self._kept_logs[name]
            if not is_metric(formula):
                tracker.update_state(evaluation.value(formula.expression), sample_weight=size)
                continue
            call = formula.expression
            assert isinstance(call, n.Call)
            sides = [evaluation.value(argument) for argument in call.arguments]
            weights = [evaluation.value(value) for key, value in call.keywords if key == "sample_weight"]
            tracker.update_state(*sides, *weights)

    def _carry(self, given: Mapping[str, Any]) -> None:
        """The next values of all states, by their values before."""
        expressions = [state.update.expression for state in self.program.states.values()]
        evaluation = self._evaluation(given, self.draws, expressions, training=False)
        found = {
            name: evaluation.value(state.update.expression) for name, state in self.program.states.items()
        }
        evaluation.close()
        for name, value in found.items():
            self.states[name].assign(value)


def _share(size: Any) -> Any:
    """This replica's share of the batch: gradients are summed over the replicas."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 1.0
    return size / context.all_reduce(tf.distribute.ReduceOp.SUM, size)
