"""The doors of the rules: `infer_layer` and `infer_op`, and how a rule announces itself."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from typing import Any, Literal, TypeAlias, TypeVar

from specc.catalog.objects import KerasObject
from specc.catalog.rules.dims import Dim, Symbolic, render, symbol
from specc.catalog.rules.plain import check_plain
from specc.catalog.rules.policy import FLOATX, is_float, precisions
from specc.catalog.rules.types import (
    LayerType,
    MaskFate,
    NoRuleError,
    RuleError,
    Tensors,
    TensorType,
    Weight,
)

Given: TypeAlias = "TensorType | Sequence[TensorType]"
Model: TypeAlias = "Callable[[TensorType], LayerType]"
"""A model of the spec as a layer's argument: what calling it on a tensor gives."""
LayerRule: TypeAlias = "Callable[[Call], Tensors]"
OpRule: TypeAlias = "Callable[..., Tensors]"
Masks = Literal["keeps", "uses", "drops"]
"""Whether a layer hands the mask of its first input on, works with it, or loses it. A rule may also put a
mask on its outputs itself."""

_LayerRule = TypeVar("_LayerRule", bound=LayerRule)
_OpRule = TypeVar("_OpRule", bound=OpRule)
_layers: dict[str, tuple[LayerRule, Masks, bool]] = {}
_ops: dict[str, OpRule] = {}


def layer(*kinds: str, masks: Masks = "drops", autocast: bool = True) -> Callable[[_LayerRule], _LayerRule]:
    """Announces the rule of these layers; `autocast=False` where Keras leaves float inputs as they come."""

    def announce(rule: _LayerRule) -> _LayerRule:
        for kind in kinds:
            _layers[kind] = (rule, masks, autocast)
        return rule

    return announce


def op(*names: str) -> Callable[[_OpRule], _OpRule]:
    """Announces the rule of these functions of `keras.ops`."""

    def announce(rule: _OpRule) -> _OpRule:
        for name in names:
            _ops[name] = rule
        return rule

    return announce


def layer_kinds() -> tuple[str, ...]:
    """The layers that have a rule."""
    return tuple(sorted(_layers))


def uses_mask(kind: str) -> bool:
    """Whether a layer works with the mask of its first input (and may end it), as LSTM and attention do."""
    entry = _layers.get(_canonical(kind))
    return entry is not None and entry[1] == "uses"


def op_names() -> tuple[str, ...]:
    """The functions that have a rule."""
    return tuple(sorted(_ops))


@cache
def defaults(kind: str) -> Mapping[str, Any]:
    """The constructor arguments of a layer that have a default, read off the catalog."""
    from specc.catalog.load import load

    known = load().objects["layer"].get(kind)
    if known is None:
        raise NoRuleError(kind)
    return {argument.name: argument.default for argument in known.arguments if not argument.required}


@cache
def _canonical(kind: str) -> str:
    """The name under which a layer's rule is announced: `MaxPooling2D` of `MaxPool2D`."""
    from specc.catalog.load import load

    known = load().objects["layer"].get(kind)
    return known.name if known is not None else kind


@dataclass
class Call:
    """One call of a layer, as its rule sees it; the rule notes weights and costs here.

    `arguments` are complete: what the spec left out has its default.
    """

    kind: str
    arguments: Mapping[str, Any]
    inputs: Mapping[str, Given]
    settings: Mapping[str, Any]
    policy: str = FLOATX
    autocast: bool = True
    name: str = ""
    models: Mapping[str, Model] = field(default_factory=dict)
    weights: list[Weight] = field(default_factory=list)
    kept: list[TensorType] = field(default_factory=list)
    multiply_adds: Dim = 0

    def __getitem__(self, argument: str) -> Any:
        return self.arguments[argument]

    @cached_property
    def precisions(self) -> tuple[str, str]:
        """The dtypes to compute in and to keep weights in."""
        policy = self.arguments.get("dtype")
        if isinstance(policy, str):
            return precisions(policy)
        if policy is not None:
            raise NoRuleError(f"{self.kind} with a dtype policy object")
        return precisions(self.policy)

    @property
    def compute(self) -> str:
        return self.precisions[0]

    @property
    def first(self) -> str:
        """The name of the call argument that flows in."""
        return next(iter(self.inputs), "inputs")

    def cast(self, tensor: TensorType) -> TensorType:
        """A tensor as the layer sees it: floats in the layer's own precision."""
        if self.autocast and is_float(tensor.dtype):
            return tensor.cast(self.compute)
        return tensor

    @cached_property
    def input(self) -> TensorType:
        """The single tensor that flows in."""
        given = self.inputs.get(self.first)
        if isinstance(given, TensorType):
            return self.cast(given)
        if given is None or len(given) != 1:
            count = 0 if given is None else len(given)
            raise RuleError("count", "one tensor", f"{count} tensors", inputs=(self.first,))
        return self.cast(given[0])

    @cached_property
    def tensors(self) -> tuple[TensorType, ...]:
        """The tensors of a layer that takes a list."""
        given = self.inputs.get(self.first)
        if given is None or isinstance(given, TensorType):
            raise RuleError("count", "a list of tensors", "one tensor", inputs=(self.first,))
        return tuple(self.cast(tensor) for tensor in given)

    @property
    def masked(self) -> bool:
        """Whether a mask came with the tensor that flows in, or beside it as `mask`."""
        return _comes_masked(self.inputs, self.first)

    def unknown(self, what: str) -> Dim:
        """A new size of which nothing is known, named after this layer."""
        return symbol(f"{self.name}.{what}")

    def nested(self, argument: str, tensor: TensorType) -> LayerType:
        """What calling the layer or model that is an argument gives; its weights and costs stay its own."""
        return self.nested_layer(self[argument], tensor, argument)

    def nested_layer(self, given: Any, tensor: TensorType, argument: str, **changes: Any) -> LayerType:
        """What calling a layer from among the arguments gives, with some of its arguments changed."""
        if not isinstance(given, KerasObject):
            raise RuleError("argument", "a layer", f"`{argument}: {given}`", (argument,))
        if given.model:
            if given.model not in self.models:
                raise NoRuleError(f"{self.kind} of the model {given.model}")
            return self.models[given.model](tensor)
        arguments = {**given.arguments, **changes}
        return infer_layer(
            given.kind, arguments, {"inputs": tensor}, None, self.policy, self.name, self.models
        )

    def optional(self, name: str) -> TensorType | None:
        """A tensor given by keyword, if any."""
        given = self.inputs.get(name)
        if given is None or isinstance(given, TensorType):
            return None if given is None else self.cast(given)
        raise RuleError("count", "one tensor", f"{len(given)} tensors", inputs=(name,))

    def output(self, *shape: Dim) -> TensorType:
        """A result in the layer's precision."""
        return TensorType(tuple(shape), self.compute)

    def weight(self, name: str, *shape: Dim, trainable: bool = True, dtype: str = "") -> None:
        """Notes a variable.

        Raises:
            RuleError: if one of its sizes is unknown while building, or negative.
        """
        sizes: list[int] = []
        for size in shape:
            if not isinstance(size, int):
                raise RuleError(
                    "unknown-size",
                    f"a known size to make the weight `{name}`",
                    f"the unknown size {size}",
                    inputs=(self.first,),
                )
            if size < 0:
                raise RuleError("size", f"a size of 0 or more for the weight `{name}`", str(size))
            sizes.append(size)
        frozen = self.arguments.get("trainable") is False
        self.weights.append(Weight(name, tuple(sizes), dtype or self.precisions[1], trainable and not frozen))

    def keep(self, *tensors: TensorType) -> None:
        """Notes tensors within the layer that the backward pass needs."""
        self.kept.extend(tensors)

    def within(self, given: KerasObject) -> Call:
        """A call of a layer from among the arguments, for a rule that goes through its steps itself."""
        arguments = {**defaults(given.kind), **given.arguments}
        return Call(given.kind, arguments, self.inputs, {}, self.policy, True, self.name, self.models)

    def result(self, outputs: Tensors) -> LayerType:
        """These outputs with what was noted so far."""
        return LayerType(outputs, tuple(self.weights), self.multiply_adds, tuple(self.kept))

    def adopt(self, inner: LayerType, times: Dim = 1) -> None:
        """Takes over the weights of a layer within, and its costs so many times; freezing freezes it too."""
        frozen = self.arguments.get("trainable") is False
        self.weights.extend(replace(w, trainable=False) if frozen else w for w in inner.weights)
        self.keep(*(TensorType((times, *t.shape), t.dtype) if times != 1 else t for t in inner.kept))
        self.spend(inner.multiply_adds * times)

    def spend(self, multiply_adds: Dim) -> None:
        """Notes multiply-adds of a forward pass over the whole batch."""
        self.multiply_adds = self.multiply_adds + multiply_adds

    def wrong(self, argument: str, wanted: str, fits: str = "") -> RuleError:
        """The error for an argument whose value never works."""
        return RuleError("argument", wanted, f"`{argument}: {self[argument]}`", (argument,), fits=fits)


def infer_layer(
    kind: str,
    arguments: Mapping[str, Any],
    inputs: Mapping[str, Given],
    settings: Mapping[str, Any] | None = None,
    policy: str = FLOATX,
    name: str = "",
    models: Mapping[str, Model] | None = None,
) -> LayerType:
    """What calling a layer of `kind` gives and costs.

    Args:
        kind: A layer's Keras name.
        arguments: Constructor arguments as read from a spec; layers among them are KerasObjects. Those left
            out get Keras's default from the catalog.
        inputs: Tensors by the names of the layer's call arguments, the one that flows in first.
        settings: Call arguments that are not tensors (`return_attention_scores`, `use_causal_mask`, …).
        policy: The dtype policy of layers that have no `dtype` of their own.
        name: The step's name, with which new unknown sizes are named; the kind if empty.
        models: Models of the spec that may stand where a layer is wanted.

    Raises:
        RuleError: where Keras would refuse.
        NoRuleError: where Keras has to be asked.
    """
    entry = _layers.get(kind) or _layers.get(_canonical(kind))
    if entry is None:
        raise NoRuleError(kind)
    rule, masks, autocast = entry
    kind = _canonical(kind)
    complete = {**defaults(kind), **arguments}
    call = Call(kind, complete, inputs, settings or {}, policy, autocast, name or kind, models or {})
    outputs = rule(call)
    _check_sizes(outputs)
    outputs, fate = _masked(outputs, masks, call.masked)
    return LayerType(outputs, tuple(call.weights), call.multiply_adds, tuple(call.kept), fate)


def infer_op(name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Tensors:
    """What the function `name` of `keras.ops` gives; tensors among the arguments are TensorTypes.

    Numbers, lists and strings among them stand as they are. The result is `constant` if no argument
    depends on an input. No function carries a mask on.

    Raises:
        RuleError: where Keras would refuse.
        NoRuleError: where Keras has to be asked.
    """
    rule = _ops.get(name)
    if rule is None:
        raise NoRuleError(name)
    kwargs = kwargs or {}
    tensors = [item for given in (*args, *kwargs.values()) for item in _tensors_within(given)]
    check_plain(rule, tuple(args), dict(kwargs))
    try:
        result = rule(*args, **kwargs)
    except TypeError:
        if any(isinstance(given, Symbolic) for given in (*args, *kwargs.values())):
            raise NoRuleError(f"{name} with a number of which only the name is known") from None
        raise
    _check_sizes(result)
    constant = not name.startswith("random.") and all(tensor.constant for tensor in tensors)
    if isinstance(result, tuple):
        return tuple(TensorType(item.shape, item.dtype, constant=constant) for item in result)
    return TensorType(result.shape, result.dtype, constant=constant)


def _check_sizes(outputs: Tensors) -> None:
    for tensor in outputs if isinstance(outputs, tuple) else (outputs,):
        if any(isinstance(size, int) and size < 0 for size in tensor.shape):
            raise RuleError("size", "sizes of 0 or more to come out", render(tensor.shape))


def _tensors_within(given: Any) -> list[TensorType]:
    if isinstance(given, TensorType):
        return [given]
    if isinstance(given, (list, tuple)):
        return [item for entry in given for item in _tensors_within(entry)]
    return []


def _comes_masked(inputs: Mapping[str, Given], first: str) -> bool:
    given = inputs.get(first)
    tensors = [given] if isinstance(given, TensorType) else given or ()
    return inputs.get("mask") is not None or any(tensor.mask for tensor in tensors)


def _masked(outputs: Tensors, masks: Masks, came: bool) -> tuple[Tensors, MaskFate | None]:
    flat = outputs if isinstance(outputs, tuple) else (outputs,)
    if masks == "keeps" and came:
        flat = (replace(flat[0], mask=True), *flat[1:])
        outputs = flat if isinstance(outputs, tuple) else flat[0]
    goes = any(tensor.mask for tensor in flat)
    if not came:
        return outputs, "made" if goes else None
    return outputs, "kept" if goes else "used" if masks == "uses" else "dropped"
