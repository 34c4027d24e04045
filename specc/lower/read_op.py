"""Calls of `keras.ops` in a functional graph, back to formulas."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from functools import cache
from typing import Any

import keras
import numpy as np

from specc.catalog.load import load
from specc.frontend.expressions import nodes as n
from specc.frontend.expressions.nodes import Expression
from specc.frontend.scope import snake_case
from specc.lower.formula import op
from specc.lower.private import ops_folder
from specc.lower.read_layer import UnreadableError

OPERATORS = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "true_divide": "/",
    "floor_divide": "//",
    "mod": "%",
    "power": "**",
    "matmul": "@",
}
COMPARISONS = {
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
    "greater_equal": ">=",
    "equal": "==",
    "not_equal": "!=",
}
MOST_NUMBERS = 1024
"""The largest constant array that is written out in a formula."""
_OF_OPERATIONS = frozenset({"name", "dtype", "trainable"})

Reference = Callable[[keras.KerasTensor], str]
"""The name of a tensor in the graph."""


def read_operation(operation: Any, arguments: Any, reference: Reference) -> Expression:
    """One call of a function of `keras.ops` as a formula over named tensors. Raises UnreadableError.

    `arguments` are those of the call (`args`, `kwargs`), Keras tensors among them.
    """
    if type(operation).__name__ == "GetItem":
        return _subscript(arguments, reference)
    name = function_name(type(operation).__module__, type(operation).__name__)
    if name is None:
        title = f"`{type(operation).__name__}` is no function of `keras.ops` that a formula may name"
        raise UnreadableError(title)
    given = _given(operation, arguments)
    if name in OPERATORS or name in COMPARISONS:
        left, right = given["x1"], given["x2"]
        operands = _beside(left, right, reference), _beside(right, left, reference)
        if any(map(_is_reference, operands)):
            if name in OPERATORS:
                return n.Binary(OPERATORS[name], *operands)
            return n.Compare(operands[0], (COMPARISONS[name],), operands[1:])
    positional, keywords = _call(name, given, reference)
    if name == "negative" and len(positional) == 1:
        return n.Unary("-", positional[0])
    return n.Call(named(name), tuple(positional), tuple(keywords))


def named(name: str) -> Expression:
    """A name, dotted or not, as an expression."""
    first, *rest = name.split(".")
    found: Expression = n.Name(first)
    for part in rest:
        found = n.Attribute(found, part)
    return found


@cache
def function_name(module: str, cls: str) -> str | None:
    """The function of the catalog that makes this operation; the shortest of several names."""
    folder = ops_folder(module)
    if folder is None:
        return None
    base = _IRREGULAR.get(cls) or snake_case(cls)
    for name in (base, f"{folder}.{base}"):
        signature = load().ops.get(name)
        if signature is not None and not signature.refused:
            return name
    return None


_IRREGULAR = {"LogicalAnd": "logical_and", "STFT": "stft", "ISTFT": "istft", "FFT": "fft"}


def _given(operation: Any, arguments: Any) -> dict[str, Any]:
    """All arguments by name: those of the constructor and those of the call."""
    try:
        config = operation.get_config()
    except NotImplementedError as error:
        raise UnreadableError("it does not tell its arguments") from error
    settings = {k: v for k, v in config.items() if k not in _OF_OPERATIONS or _is_own(operation, k)}
    if "dtype" in inspect.signature(type(operation).__init__).parameters and hasattr(operation, "dtype"):
        settings["dtype"] = operation.dtype
    bound = inspect.signature(operation.call).bind(*arguments.args, **arguments.kwargs)
    return settings | dict(bound.arguments)


def _is_own(operation: Any, name: str) -> bool:
    return name != "name" and name in inspect.signature(type(operation).__init__).parameters


def _call(
    name: str, given: dict[str, Any], reference: Reference
) -> tuple[list[Expression], list[tuple[str, Expression]]]:
    """The arguments of a function in its own order: tensors by position, the others by name."""
    positional: list[Expression] = []
    keywords: list[tuple[str, Expression]] = []
    left = dict(given)
    function: Any = op(name)
    for parameter in inspect.signature(function).parameters.values():
        if parameter.name not in left:
            continue
        value = left.pop(parameter.name)
        if parameter.kind is parameter.VAR_POSITIONAL:
            positional += [expression(item, reference) for item in value]
            continue
        required = parameter.default is parameter.empty
        if not required and _equal(value, parameter.default):
            continue
        made = expression(value, reference)
        if (required or _has_tensor(value)) and not keywords:
            positional.append(made)
        else:
            keywords.append((parameter.name, made))
    unused = [key for key, value in left.items() if value not in (None, False)]
    if unused:
        raise UnreadableError(f"`{name}` takes no `{unused[0]}`")
    return positional, keywords


def _equal(value: Any, default: Any) -> bool:
    if _has_tensor(value) or isinstance(value, np.ndarray):
        return False
    return bool(value == default)


def _has_tensor(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return any(map(_has_tensor, value))
    return isinstance(value, keras.KerasTensor)


def _is_reference(node: Expression) -> bool:
    return isinstance(node, (n.Name, n.Attribute))


def expression(value: Any, reference: Reference) -> Expression:
    """A value of a call as an expression: tensors are names, everything else is written out."""
    if isinstance(value, keras.KerasTensor):
        return named(reference(value))
    if isinstance(value, keras.Variable):
        raise UnreadableError("it uses a variable that belongs to no layer (Keras itself would not train it)")
    if isinstance(value, slice):
        bounds = (value.start, value.stop, value.step)
        return n.Slice(*(None if b is None else expression(b, reference) for b in bounds))
    if _is_array(value):
        return _array(np.asarray(value), reference)
    if isinstance(value, (list, tuple)):
        return n.List(tuple(expression(item, reference) for item in value))
    if isinstance(value, float) and not math.isfinite(value):
        raise UnreadableError(f"a formula cannot hold the number {value}", "take a large one, `-1e9` say")
    if value is None or value is Ellipsis or isinstance(value, (bool, int, float, str)):
        return n.Constant(value)
    raise UnreadableError(f"a formula cannot hold {type(value).__name__} values")


def _array(array: np.ndarray[Any, Any], reference: Reference) -> Expression:
    """A constant array: numbers, lists of them, and their dtype."""
    dtype = str(array.dtype)
    if array.size > MOST_NUMBERS or array.dtype.kind not in "biuf":
        why = f"it holds a constant array of shape {array.shape}, too large for a formula"
        raise UnreadableError(why, "make it a weight that is not trained, or an input of the model")
    numbers = expression(array.tolist(), reference)
    return n.Call(named("array"), (numbers,), (("dtype", n.Constant(dtype)),))


def _beside(value: Any, other: Any, reference: Reference) -> Expression:
    """An operand: an array of the other's dtype is written as a list, which takes that dtype."""
    if isinstance(other, keras.KerasTensor) and not isinstance(value, keras.KerasTensor | keras.Variable):
        array = np.asarray(value) if _is_array(value) else None
        if array is not None and str(array.dtype) == other.dtype and array.size <= MOST_NUMBERS:
            return expression(array.tolist(), reference)
    return expression(value, reference)


def _is_array(value: Any) -> bool:
    return isinstance(value, np.ndarray | np.generic) or keras.ops.is_tensor(value)


def _subscript(arguments: Any, reference: Reference) -> Expression:
    base, key = arguments.args
    items = key if isinstance(key, (tuple, list)) else (key,)  # what was a tuple is a list in a file
    return n.Subscript(named(reference(base)), tuple(expression(item, reference) for item in items))
