"""What a field goes through: Keras preprocessing layers, fitted on the training split, and formulas."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from specc.catalog.objects import KerasObject
from specc.data.crops import crop
from specc.data.errors import fail
from specc.data.randomness import PlacedSeed, random_functions
from specc.frontend.expressions import ExpressionError
from specc.frontend.expressions import report as report_expression
from specc.frontend.expressions.formula import calls
from specc.frontend.expressions.nodes import dotted
from specc.frontend.sections.data import Formula, Transform
from specc.frontend.sections.data_types import describe_shape
from specc.lower.formula import compute
from specc.lower.objects import make
from specc.source.diagnostic import Reporter

LOOKUPS = ("Discretization", "Hashing", "IntegerLookup", "StringLookup", "TextVectorization")
_ENCODERS = ("CategoryEncoding", "Discretization", "Hashing", "IntegerLookup", "StringLookup")
_KEEP_CHANNELS = ("CenterCrop", "Normalization", "RandomCrop", "Rescaling", "Resizing")
_GIVEN_STATE = {
    "Normalization": "mean",
    "StringLookup": "vocabulary",
    "IntegerLookup": "vocabulary",
    "TextVectorization": "vocabulary",
    "Discretization": "bin_boundaries",
}

State = dict[str, Any]
"""What a layer has learnt, as plain data by the names of its constructor's arguments."""


class LayerStep:
    """One Keras layer, with the state it has learnt."""

    def __init__(self, object: KerasObject, state: State | None = None) -> None:
        """Build the layer; with `state`, as it was once fitted."""
        self.object = object
        self.state = state
        arguments = {**object.arguments, **(state or {})}
        if state and object.kind == "Discretization":
            arguments.pop("num_bins", None)
        if (
            object.kind not in LOOKUPS
        ):  # an unfitted float policy (mixed precision) is the model's, not the data's
            arguments.setdefault("dtype", "float32")
        self.layer: keras.Layer = make(replace(object, arguments=arguments))

    @property
    def random(self) -> bool:
        """Whether two calls may differ."""
        return self.object.kind == "RandomCrop"

    @property
    def unfitted(self) -> bool:
        """Whether it must be fitted first."""
        given = _GIVEN_STATE.get(self.object.kind)
        return given is not None and self.state is None and self.object.arguments.get(given) is None

    def fit(self, batches: tf.data.Dataset) -> None:
        """Learn from batches [batch, …] of one training split, in order."""
        self.layer.adapt(batches.map(self._widened))
        self.state = _learnt(self.object, self.layer)

    def __call__(self, value: tf.Tensor, training: bool, seed: PlacedSeed | None) -> tf.Tensor:
        """Transform a batch [batch, …]."""
        if hasattr(self.layer, "transform_images") and value.shape.rank != 4:
            self._refuse(tuple(value.shape)[1:])
        if self.random:
            return crop(value, self.layer.height, self.layer.width, seed if training else None)
        if getattr(self.layer, "pad_to_aspect_ratio", False):
            value = tf.cast(value, tf.float32)  # what it gives in any case; it cannot fill up whole numbers
        scalar = value.shape.rank == 1
        result = self.layer(self._widened(value))
        if scalar and self.object.kind == "Normalization":
            return tf.squeeze(result, -1)
        return result

    def _refuse(self, shape: tuple[int | None, ...]) -> None:
        """Keras would take a batch of matrices for one image."""
        fail(
            "data-transform",
            f"`{self.object.kind}` wants images [height, width, channels], not {describe_shape(shape)}",
            self.object.span,
            help="say `shape: [height, width, 1]` in the field" if len(shape) == 2 else "",
        )

    def _widened(self, value: tf.Tensor) -> tf.Tensor:
        """Scalars as rows of one: to some layers a vector is one example, not many."""
        kind = self.object.kind
        one_each = kind == "Normalization" or (
            kind in _ENCODERS and self.object.arguments.get("output_mode", _mode(kind)) != "int"
        )
        return tf.expand_dims(value, -1) if one_each and value.shape.rank == 1 else value


def _mode(kind: str) -> str:
    return "multi_hot" if kind == "CategoryEncoding" else "int"


def _learnt(object: KerasObject, layer: keras.Layer) -> State:
    if object.kind == "Normalization":
        shape = tuple(layer.adapt_mean.shape)
        mean = keras.ops.convert_to_numpy(layer.adapt_mean).reshape(shape)
        variance = keras.ops.convert_to_numpy(layer.adapt_variance).reshape(shape)
        return {"mean": mean.tolist(), "variance": variance.tolist()}
    if object.kind == "Discretization":
        return {"bin_boundaries": [float(boundary) for boundary in layer.bin_boundaries]}
    vocabulary = [_plain(word) for word in layer.get_vocabulary(include_special_tokens=False)]
    state: State = {"vocabulary": vocabulary}
    if object.arguments.get("output_mode") == "tf_idf":
        lookup = getattr(layer, "_lookup_layer", layer)
        weights = keras.ops.convert_to_numpy(lookup.idf_weights)
        state["idf_weights"] = weights[-len(vocabulary) :].tolist() if vocabulary else []
    return state


def _plain(word: Any) -> str | int:
    return word if isinstance(word, str) else int(word)


class FormulaStep:
    """A formula of `previous`, one example's value."""

    def __init__(self, formula: Formula) -> None:
        self.formula = formula
        self.random = draws(formula)
        self._traced: dict[tf.TensorSpec, Callable[[tf.Tensor], tf.Tensor]] = {}

    unfitted = False

    def __call__(self, value: tf.Tensor, training: bool, seed: PlacedSeed | None) -> tf.Tensor:
        """Transform a batch [batch, …], example by example."""

        if self.random or value.shape[0] == 1:
            return tf.stack([self._one(value[0], seed)])  # random steps get batches of one
        return self._function(value)(value) if tf.executing_eagerly() else self._all(value)

    def _one(self, previous: tf.Tensor, seed: PlacedSeed | None = None) -> tf.Tensor:
        return evaluate(self.formula, {"previous": previous}, seed)

    def _all(self, value: tf.Tensor) -> tf.Tensor:
        return tf.vectorized_map(self._one, value, warn=False)

    def _function(self, value: tf.Tensor) -> Callable[[tf.Tensor], tf.Tensor]:
        """What transforms batches like `value`, traced once: outside of a graph each call would be."""
        like = tf.TensorSpec([None, *value.shape[1:]], value.dtype)
        if like not in self._traced:
            self._traced[like] = tf.function(self._all, autograph=False).get_concrete_function(like)
        return self._traced[like]


def draws(formula: Formula) -> bool:
    """Whether a formula draws at random."""
    return any((dotted(call.function) or "").startswith("random.") for call in calls(formula.expression))


def evaluate(formula: Formula, names: dict[str, Any], seed: PlacedSeed | None) -> tf.Tensor:
    """A formula's value over named tensors; raises SpecError at the characters that fail."""
    return evaluate_all(formula, names, seed)[""]


def evaluate_all(formula: Formula, names: dict[str, Any], seed: PlacedSeed | None) -> dict[str, tf.Tensor]:
    """A formula's value under ``""``, or, of a model that was called, its outputs by name.

    Raises SpecError at the characters that fail.
    """
    functions = {} if seed is None else random_functions(seed)
    try:
        value = compute(formula.expression, {**functions, **names})
        parts = value if isinstance(value, dict) else {"": value}
        return {name: tf.convert_to_tensor(part) for name, part in parts.items()}
    except ExpressionError as error:
        reporter = Reporter()
        report_expression(error, formula.text, formula.span, reporter)
        reporter.stop_if_failed()
        raise AssertionError("a reported error stops") from None
    except (ValueError, TypeError, tf.errors.OpError) as error:
        shapes = [f"{name} is {_kind(value)}" for name, value in names.items() if name in formula.names]
        fail("data-formula", "this formula fails", formula.span, notes=[*shapes, f"Keras: {error}"])


def _kind(value: Any) -> str:
    return f"{value.dtype.name} {list(value.shape)}" if isinstance(value, tf.Tensor) else str(type(value))


Step = LayerStep | FormulaStep


class Chain:
    """All transforms of a field."""

    def __init__(self, steps: Sequence[Step]) -> None:
        self.steps = tuple(steps)

    @property
    def random(self) -> bool:
        """Whether two passes may differ."""
        return any(step.random for step in self.steps)

    @property
    def keeps_channels(self) -> bool:
        """Whether images have as many channels after it, for certain."""
        return all(isinstance(s, LayerStep) and s.object.kind in _KEEP_CHANNELS for s in self.steps)

    @property
    def ends_in_words(self) -> bool:
        """Whether the last step makes words' numbers of texts."""
        last = self.steps[-1] if self.steps else None
        return (
            isinstance(last, LayerStep)
            and last.object.kind == "TextVectorization"
            and last.object.arguments.get("output_mode", "int") == "int"
        )

    def __call__(
        self,
        value: tf.Tensor,
        training: bool = False,
        seed: PlacedSeed | None = None,
        until: int | None = None,
    ) -> tf.Tensor:
        """Transform a batch [batch, …] by the first `until` steps."""
        for step in self.steps[:until]:
            value = _guarded(step, partial(step, value, training, seed))
        return value

    def again(self) -> Chain:
        """The same, fitted the same, with layers of its own: they may meet values of another rank."""
        return Chain([LayerStep(s.object, s.state) if isinstance(s, LayerStep) else s for s in self.steps])

    def fit(self, batches: Callable[[int], tf.data.Dataset]) -> None:
        """Fit what is unfitted; `batches(k)` are the training rows after the first k steps."""
        for position, step in enumerate(self.steps):
            if isinstance(step, LayerStep) and step.unfitted:
                _guarded(step, partial(step.fit, batches(position)))


def _guarded(step: Step, action: Callable[[], Any]) -> Any:
    try:
        return action()
    except (ValueError, TypeError, tf.errors.OpError) as error:
        if isinstance(step, FormulaStep):
            raise
        fail("data-transform", f"`{step.object.kind}` fails", step.object.span, notes=[f"Keras: {error}"])


def build_chain(transforms: Sequence[Transform]) -> Chain:
    """The steps of a field's transforms, nothing fitted yet."""
    return Chain([FormulaStep(t) if isinstance(t, Formula) else LayerStep(t) for t in transforms])
