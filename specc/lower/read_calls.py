"""Calls in a functional graph: their order, their arguments, and which masks travel along by themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping
from typing import Any

import keras
from keras import tree

from specc.lower.read_layer import UnreadableError


def ordered(model: keras.Model, known: set[int]) -> Iterator[Any]:
    """The calls that a model's outputs depend on, each after what it needs, branch after branch."""
    done = set(known)
    for output in tree.flatten(model._outputs_struct):
        stack = [(output, False)]
        while stack:
            tensor, ready = stack.pop()
            if id(tensor) in done:
                continue
            history = tensor._keras_history
            node = history.operation._inbound_nodes[history.node_index]
            if ready:
                done.update(id(t) for t in node.outputs)
                yield node
                continue
            stack.append((tensor, True))
            stack += [(t, False) for t in reversed(needed(node)) if id(t) not in done]


def needed(node: Any) -> list[Any]:
    """The tensors that a call has to wait for; not the masks that travel along by themselves."""
    if not isinstance(node.operation, keras.layers.Layer) or isinstance(node.operation, keras.Model):
        return list(node.input_tensors)
    bound = (
        inspect.signature(node.operation.call).bind(*node.arguments.args, **node.arguments.kwargs).arguments
    )
    found = []
    for name, value in [*bound.items(), *bound.get("kwargs", {}).items()]:
        if name != "kwargs" and has_tensor(value) and not is_implicit(name, value, bound):
            found += [t for t in tree.flatten(value) if isinstance(t, keras.KerasTensor)]
    return found


def call_arguments(node: Any) -> dict[str, Any]:
    """The arguments of a layer's call by name."""
    signature = inspect.signature(node.operation.call)
    bound = signature.bind(*node.arguments.args, **node.arguments.kwargs).arguments
    more = next((p.name for p in signature.parameters.values() if p.kind is p.VAR_KEYWORD), "")
    extra = bound.pop(more, {})
    return {**bound, **extra}


def is_implicit(name: str, value: Any, bound: Mapping[str, Any]) -> bool:
    """Whether a mask is the one that comes with the tensor anyway."""
    if name == "mask":
        tensor = next(iter(bound.values()))
    elif name.endswith("_mask") and name != "attention_mask":
        tensor = bound.get(name.removesuffix("_mask"))
    else:
        return False
    if isinstance(value, (list, tuple)):
        pairs = zip(tensor, value, strict=False) if isinstance(tensor, (list, tuple)) else ()
        return all(
            mask is None or same_computation(mask, getattr(t, "_keras_mask", None)) for t, mask in pairs
        )
    return same_computation(value, _mask(tensor))


def _mask(tensor: Any) -> Any:
    return getattr(tensor, "_keras_mask", None)


def same_computation(left: Any, right: Any) -> bool:
    """Whether two tensors are the same computation: a reloaded model computes its masks twice."""
    if left is right:
        return True
    if not isinstance(left, keras.KerasTensor) or not isinstance(right, keras.KerasTensor):
        return type(left) is type(right) and bool(left == right)
    mine, other = left._keras_history, right._keras_history
    if mine.tensor_index != other.tensor_index or type(mine.operation) is not type(other.operation):
        return False
    if isinstance(mine.operation, keras.layers.Layer):
        return mine.operation is other.operation and mine.node_index == other.node_index
    nodes = [h.operation._inbound_nodes[h.node_index] for h in (mine, other)]
    flat = [tree.flatten((node.arguments.args, node.arguments.kwargs)) for node in nodes]
    return len(flat[0]) == len(flat[1]) and all(map(same_computation, *flat))


def has_tensor(value: Any) -> bool:
    """Whether a tensor of the graph is in a value of a call."""
    return any(isinstance(item, keras.KerasTensor) for item in tree.flatten(value))


def is_default(layer: Any, name: str, value: Any) -> bool:
    """Whether a call says no more than what the layer takes anyway."""
    parameter = inspect.signature(layer.call).parameters.get(name)
    return _has_no_effect(name, value) or (parameter is not None and value is parameter.default)


def _has_no_effect(name: str, value: Any) -> bool:
    """Whether the call is the same without it: nothing is trained by hand, and `fit` says so itself."""
    return value is None or (name == "training" and value is False)


def model_settings(node: Any, skip: int) -> dict[str, Any]:
    """The settings of a call of a model."""
    arguments = node.arguments
    if len(arguments.args) > skip or any(has_tensor(v) for k, v in arguments.kwargs.items() if k != "mask"):
        raise UnreadableError("it is called with more than its inputs")
    plain = {k: v for k, v in arguments.kwargs.items() if k != "mask" and not _has_no_effect(k, v)}
    return {name: plain_setting(name, value) for name, value in plain.items()}


def plain_setting(name: str, value: Any) -> Any:
    """A setting of a call as plain data; raises UnreadableError."""
    if isinstance(value, (bool, int, float, str)):
        return value
    raise UnreadableError(f"its call has `{name}`, which a spec cannot give")


def by_input(inner: keras.Model, node: Any) -> Iterator[tuple[int, Any]]:
    """What flows into each input of a model that is called."""
    given = node.arguments.args[0] if node.arguments.args else node.arguments.kwargs.get("inputs")
    structure = inner._inputs_struct
    if isinstance(given, dict):
        keys = (
            structure
            if isinstance(structure, dict)
            else {t._keras_history.operation.name: t for t in inner.inputs}
        )
        yield from ((id(tensor), given[key]) for key, tensor in keys.items())
        return
    flat = [t for t in tree.flatten(given) if isinstance(t, keras.KerasTensor)]
    if len(flat) != len(inner.inputs):
        raise UnreadableError("it is called on something else than its inputs")
    yield from zip(map(id, inner.inputs), flat, strict=True)
