"""One evaluation of a program's formulas on a batch: each name once, as it is needed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import keras
import tensorflow as tf

from specc.catalog.load import load
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.formula import calls, tensor_names
from specc.frontend.expressions.nodes import Expression, ExpressionError
from specc.frontend.programs.names import GRADIENTS
from specc.frontend.programs.types import Program
from specc.lower.formula import compute, op
from specc.lower.objects import get

RANDOM = "random."


@dataclass(frozen=True)
class Callee:
    """A built model as formulas call it: by position in the order of `inputs`, or by name.

    A `still` one runs as it does when predicting: it is frozen, or follows another by averaging.
    """

    name: str
    model: keras.Model
    inputs: tuple[str, ...]
    still: bool = False


@dataclass
class Evaluation(Mapping[str, Any]):
    """The values of names, worked out where they are asked for, with the models' present weights.

    `given` are the batch's fields and what else is known, `draws` seeds every random draw. `losses` collects
    what the layers of called models add to a loss (activity regularisation), by the model's name.
    `held` means that no model runs in training mode, whatever a formula says. Close it when all gradients are
    taken.
    """

    program: Program
    given: Mapping[str, Any]
    callees: Mapping[str, Callee]
    draws: keras.random.SeedGenerator
    training: bool
    roots: Sequence[Expression] = ()
    losses: dict[str, list[Any]] = field(default_factory=dict)
    held: bool = False

    def __post_init__(self) -> None:
        self._values: dict[str, Any] = {}
        self._passes: dict[tuple[Any, ...], Any] = {}
        self._kept: list[Any] = []
        self._tapes: dict[int, list[tf.GradientTape]] = {}
        self._wanted = self._derivatives()

    def value(self, expression: Expression) -> Any:
        """The value of a formula."""
        return compute(expression, self)

    def close(self) -> None:
        """Stop recording what no gradient was taken of."""
        for tapes in self._tapes.values():
            for tape in tapes:
                tape.__exit__(None, None, None)
        self._tapes.clear()

    # --- names --------------------------------------------------------------------------------------------
    def __getitem__(self, name: str) -> Any:
        if name in self.program.derive or name in self.given:
            if name not in self._values:
                self._values[name] = self._watched(name, self._tensor(name))
            return self._values[name]
        return self._callable(name)

    def _callable(self, name: str) -> Any:
        if name in self.callees:
            return self._caller(self.callees[name])
        if name in GRADIENTS:
            return self._gradient if name == "grad" else self._jacobian
        if name.startswith(RANDOM) and op(name) is not None:
            return self._drawing(name)
        if name[:1].isupper() and name in load().objects["loss"]:
            return self._loss(name)
        raise KeyError(name)

    def get(self, name: str, default: Any = None) -> Any:
        """What a formula calls by a name: a tensor that bears a function's name is not called."""
        try:
            return self._callable(name)
        except KeyError:
            return default

    def __iter__(self) -> Iterator[str]:
        yield from (*self.given, *self.program.derive, *self.callees)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _tensor(self, name: str) -> Any:
        if name in self.given:  # a derived tensor too, where it was computed for several updates
            return self.given[name]
        return self.value(self.program.derive[name].expression)

    # --- models -------------------------------------------------------------------------------------------
    def _caller(self, callee: Callee) -> Callable[..., Any]:
        def call(*positional: Any, training: bool | None = None, **named: Any) -> Any:
            tensors = dict(zip(callee.inputs, positional, strict=False)) | named
            own = self.training and not callee.still if training is None else training
            mode = own and not self.held
            key = (callee.name, mode, *((name, id(tensors[name])) for name in sorted(tensors)))
            if key not in self._passes:
                self._passes[key] = self._run(callee, tensors, mode)
                self._kept.append(tensors)  # an id is a tensor's as long as the tensor lives
            return self._passes[key]

        return call

    def _run(self, callee: Callee, tensors: dict[str, Any], training: bool) -> Any:
        model = callee.model
        cast = {name: _as_input(value) for name, value in tensors.items()}
        made = model(next(iter(cast.values())) if len(cast) == 1 else cast, training=training)
        penalties = sum(v.regularizer is not None for v in model.trainable_weights)
        losses = list(model.losses)
        self.losses.setdefault(callee.name, []).extend(losses[: len(losses) - penalties])
        if isinstance(made, (list, tuple)):
            return dict(zip(model.output_names, made, strict=True))
        return made

    # --- gradients ----------------------------------------------------------------------------------------
    def _derivatives(self) -> Counter[str]:
        """How often the gradient by each name is asked for."""
        found: Counter[str] = Counter()
        seen: set[str] = set()
        waiting = list(self.roots)
        while waiting:
            expression = waiting.pop()
            for call in calls(expression):
                if n.dotted(call.function) in GRADIENTS:
                    found[n.dotted(call.arguments[1]) or ""] += 1
            for node in tensor_names(expression):
                name = (n.dotted(node) or "").partition(".")[0]
                if name in self.program.derive and name not in seen:
                    seen.add(name)
                    waiting.append(self.program.derive[name].expression)
        return found

    def _watched(self, name: str, value: Any) -> Any:
        """The value, recorded from here on where gradients by it are asked for."""
        if self._wanted[name]:
            value = tf.identity(tf.convert_to_tensor(value))  # a name of its own: gradients by it alone
            tapes = [tf.GradientTape(watch_accessed_variables=False) for _ in range(self._wanted[name])]
            for tape in tapes:
                tape.__enter__()
                tape.watch(value)
            self._tapes[id(value)] = tapes
        return value

    def _tape(self, by: Any) -> tf.GradientTape:
        tapes = self._tapes.get(id(by))
        if not tapes:
            raise ExpressionError("the gradient is by a tensor that has no name", 0, 0)
        return tapes.pop()

    def _gradient(self, of: Any, by: Any) -> Any:
        return self._tape(by).gradient(of, by, unconnected_gradients=tf.UnconnectedGradients.ZERO)

    def _jacobian(self, of: Any, by: Any) -> Any:
        return self._tape(by).batch_jacobian(of, by)

    # --- draws and losses ---------------------------------------------------------------------------------
    def _drawing(self, name: str) -> Callable[..., Any]:
        function = op(name)
        assert function is not None
        arguments = [argument.name for argument in load().ops[name].arguments]

        def draw(*positional: Any, **named: Any) -> Any:
            seeds = {} if "seed" in arguments[: len(positional)] else {"seed": self.draws}
            return function(*positional, **(seeds | named))

        return draw

    def _loss(self, name: str) -> Callable[..., Any]:
        def loss(y_true: Any, y_pred: Any, sample_weight: Any = None, **arguments: Any) -> Any:
            made = get("loss", name)(**arguments)
            value = made(y_true, y_pred, sample_weight)
            devices = tf.distribute.get_strategy().num_replicas_in_sync
            if devices == 1 or made.reduction in (None, "none", "sum"):
                return value
            # Keras divides a mean by the number of devices, and the step does so again: that is undone. What
            # is one number before any mean (a loss of tensors [batch]) is not divided.
            each = get("loss", name)(**{**arguments, "reduction": None})(y_true, y_pred)
            return value * devices if each.shape.rank else value

        return loss


def _as_input(value: Any) -> Any:
    return value if keras.ops.is_tensor(value) else keras.ops.convert_to_tensor(value)
