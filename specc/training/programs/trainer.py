"""A training program as a Keras model: `train_step` makes all its updates, `test_step` all its terms."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from specc.frontend.expressions import nodes as n
from specc.frontend.programs.arguments import WEIGHTS
from specc.frontend.programs.types import Program, State, Update
from specc.frontend.sections.data_types import Formula
from specc.graph.programs import is_metric
from specc.lower.objects import make
from specc.training.compiling import forward_work
from specc.training.programs.average import Average
from specc.training.programs.draws import Draws
from specc.training.programs.evaluation import Callee, Evaluation
from specc.training.programs.made import make_optimizer, make_tracker
from specc.training.programs.means import Means, loss_of
from specc.training.programs.shared import measured_with, shared_names

Found = dict[str, tuple[Any, Any]]
"""Numbers by name, each with its weight."""


@dataclass(frozen=True)
class Batch:
    """What a step is given: names, how many examples, and their share of those on all devices."""

    given: Mapping[str, Any]
    size: Any
    share: Any


class ProgramTrainer(keras.Model):  # type: ignore[misc]
    """Trains the models of a spec by a program; `fit` and `evaluate` take dictionaries of fields.

    Losses are logged by the names of their terms, `loss` is the weighted sum of all of them with what the
    layers add. Each update evaluates what its terms need once, with the weights as the update before left
    them, and with new draws; validation draws the same numbers every time.
    """

    def __init__(
        self,
        program: Program,
        callees: Mapping[str, Callee],
        averages: Sequence[Average],
        seed: int,
        *,
        scale_losses: bool = False,
    ) -> None:
        """With `scale_losses` the gradients of small losses are kept from vanishing in 16 bits."""
        super().__init__(name="program")
        self.program = program
        self.callees = dict(callees)
        self.averages = tuple(averages)
        self.parts = {name: callee.model for name, callee in callees.items()}
        self.draws = Draws(seed)
        self.validation_draws = Draws(seed + 1)
        self._validation_start = self.validation_draws.state.numpy()
        self.states = {name: self._state(state) for name, state in program.states.items()}
        self.steps = self._counter()
        self.update_optimizers = [make_optimizer(each.optimizer, scale_losses) for each in program.updates]
        self._measured = measured_with(program)
        self._shared = shared_names(program, self.callees)
        self._trackers = {name: make_tracker(name, f) for name, f in program.metrics.items() if is_metric(f)}
        names = [name for name in program.log_names if name not in self._trackers]
        self._means = Means(len(program.updates), names)
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

    def prepare(self) -> None:
        """Make the slots of all optimizers, so that the step is traced once."""
        for update, optimizer in zip(self.program.updates, self.update_optimizers, strict=True):
            optimizer.build(self.trained_by(update))

    def work(self) -> float:
        """Multiply–adds of a step's forward passes for one example, roughly; what only follows makes none."""
        following = {id(average.follower) for average in self.averages}
        models = [model for model in self.parts.values() if id(model) not in following]
        passes = sum(update.repeat for update in self.program.updates)
        return passes * sum(map(forward_work, models))

    def trained_by(self, update: Update) -> list[Any]:
        """The variables that an update moves, each once."""
        found: dict[int, Any] = {}
        for model in update.models:
            found |= {id(v): v for v in self.callees[model.text].model.trainable_variables}
        return list(found.values())

    @property
    def trainable_weights(self) -> list[Any]:
        """What the first update moves: at the end of `fit` Keras gives its optimizer's averages to these."""
        return self.trained_by(self.program.updates[0])

    def finish(self) -> None:
        """Give the weights the averages that optimizers have kept of them (`use_ema`)."""
        for update, optimizer in zip(self.program.updates, self.update_optimizers, strict=True):
            optimizer.finalize_variable_values(self.trained_by(update))

    @property
    def metrics(self) -> list[keras.metrics.Metric]:
        """What an epoch is summed up in."""
        return [self._means, *self._trackers.values()]

    def reset_metrics(self) -> None:
        """Begin an epoch, or a validation: its draws begin anew."""
        super().reset_metrics()
        self.validation_draws.state.assign(self._validation_start)

    def _maybe_symbolic_build(self, iterator: Any = None, data_batch: Any = None) -> None:
        """Everything is built: nothing is to be drawn from the data for it."""

    # --- steps --------------------------------------------------------------------------------------------
    def train_step(self, data: Any) -> dict[str, Any]:
        """All updates on one batch, a dictionary of fields [batch, …]."""
        batch = self._batch(data)
        batch = replace(batch, given={**batch.given, **self._common(batch.given)})
        found: Found = {}
        for number in range(len(self.program.updates)):
            found |= self._turns(number, batch)
        self._means.update_state(found)
        self._carry(batch.given)
        for average in self.averages:
            average.follow()
        self.steps.assign_add(1)
        return dict(self.get_metrics_result())

    def _turns(self, number: int, batch: Batch) -> Found:
        """An update as often as it is made in this step: the means of its turns, and what they weigh."""
        update = self.program.updates[number]
        due = tf.equal(batch.given["step"] % update.every, 0)
        turns = []
        for turn in range(1, update.repeat + 1):
            measured = self._measured[number] if turn == update.repeat else ()
            make = partial(self._update, number, batch, measured)
            names = self._names(number, measured)
            turns.append(make() if update.every == 1 else _made_if(due, make, names))
        weight = batch.size if update.every == 1 else batch.size * tf.cast(due, tf.float32)
        means = {name: [turn[name] for turn in turns if name in turn] for name in turns[-1]}
        return {name: (sum(values) / len(values), weight) for name, values in means.items()}

    def _names(self, number: int, measured: tuple[str, ...]) -> tuple[str, ...]:
        """The numbers that an update gives, beside Keras's metrics."""
        terms = (term.name for term in self.program.updates[number].terms)
        return (loss_of(number), *terms, *(name for name in measured if name not in self._trackers))

    def _update(self, number: int, batch: Batch, measured: tuple[str, ...]) -> dict[str, Any]:
        """Move an update's models once; its loss, its terms, and what is measured, by name."""
        update, optimizer = self.program.updates[number], self.update_optimizers[number]
        variables = self.trained_by(update)
        expressions = [term.formula.expression for term in update.terms]
        expressions += [self.program.metrics[name].expression for name in measured]
        evaluation = self._evaluation(batch.given, self.draws, expressions, training=True)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch([variable.value for variable in variables])
            found = self._loss(number, evaluation)
            loss = found[loss_of(number)]
            scaled = optimizer.scale_loss(loss * tf.cast(batch.share, loss.dtype))
        gradients = tape.gradient(scaled, variables)
        found |= self._measure(measured, evaluation)
        evaluation.close()
        optimizer.apply_gradients(zip(gradients, variables, strict=True))
        return found

    def test_step(self, data: Any) -> dict[str, Any]:
        """All terms and metrics on one batch, nothing moved."""
        batch = self._batch(data)
        names = self._means.names
        found = _made_if(batch.size > 0, partial(self._test, batch), names)
        self._means.update_state({name: (found[name], batch.size) for name in names})
        return dict(self.get_metrics_result())

    def _test(self, batch: Batch) -> dict[str, Any]:
        program = self.program
        terms = [term.formula for update in program.updates for term in update.terms]
        evaluation = self._testing(batch, [*terms, *program.metrics.values()])
        found: dict[str, Any] = {}
        for number in range(len(program.updates)):
            found |= self._loss(number, evaluation)
        found |= self._measure(tuple(program.metrics), evaluation)
        evaluation.close()
        several = len(program.updates) > 1
        if several and any(evaluation.losses.values()):  # what layers add is of the passes of an update alone
            for number, update in enumerate(program.updates):
                own = self._testing(batch, [term.formula for term in update.terms])
                found |= self._loss(number, own)
                own.close()
        return found

    def _testing(self, batch: Batch, formulas: Sequence[Formula]) -> Evaluation:
        expressions = [formula.expression for formula in formulas]
        evaluation = self._evaluation(batch.given, self.validation_draws, expressions, training=False)
        evaluation.held = True
        return evaluation

    # --- parts of a step ----------------------------------------------------------------------------------
    def _batch(self, data: Any) -> Batch:
        first = tf.nest.flatten(data)[0]
        count = first.shape[0] or tf.shape(first)[0]
        states = {name: tf.convert_to_tensor(variable.value) for name, variable in self.states.items()}
        given = {**data, "batch": count, "step": tf.convert_to_tensor(self.steps.value), **states}
        size = tf.cast(count, tf.float32)
        return Batch(given, size, _share(size))

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

    def _loss(self, number: int, evaluation: Evaluation) -> dict[str, Any]:
        """The terms of an update by name, and its loss."""
        update = self.program.updates[number]
        found: dict[str, Any] = {}
        total: Any = 0.0
        for term in update.terms:
            found[term.name] = tf.cast(evaluation.value(term.formula.expression), tf.float32)
            total = total + term.weight * found[term.name]
        return {**found, loss_of(number): total + self._penalties(update, evaluation)}

    def _penalties(self, update: Update, evaluation: Evaluation) -> Any:
        """What the layers of the trained models add: penalties of weights, and of activities."""
        found = [v.regularizer(v) for v in self.trained_by(update) if v.regularizer is not None]
        for model in update.models:
            found += evaluation.losses.get(model.text, [])
        return tf.add_n([tf.cast(loss, tf.float32) for loss in found]) if found else 0.0

    def _measure(self, names: tuple[str, ...], evaluation: Evaluation) -> dict[str, Any]:
        """Metrics that are scalars, by name; those of Keras count for themselves."""
        found: dict[str, Any] = {}
        for name in names:
            expression = self.program.metrics[name].expression
            if name not in self._trackers:
                found[name] = tf.cast(evaluation.value(expression), tf.float32)
                continue
            assert isinstance(expression, n.Call)
            sides = [evaluation.value(argument) for argument in expression.arguments]
            weights = [evaluation.value(value) for key, value in expression.keywords if key == WEIGHTS]
            self._trackers[name].update_state(*sides, *weights)
        return found

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


def _made_if(due: Any, make: Callable[[], dict[str, Any]], names: Sequence[str]) -> dict[str, Any]:
    """What is made where it is due (an update in its turn, a test of what is no empty batch), else zeros."""

    def made() -> list[Any]:
        found = make()
        return [tf.cast(found[name], tf.float32) for name in names]

    values = tf.cond(due, made, lambda: [tf.constant(0.0) for _ in names])
    return dict(zip(names, values, strict=True))


def _share(size: Any) -> Any:
    """This replica's share of the batch: gradients are summed over the replicas."""
    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return 1.0
    return size / context.all_reduce(tf.distribute.ReduceOp.SUM, size)
