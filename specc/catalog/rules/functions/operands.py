"""What functions have in common: their operands, how shapes broadcast, and which axes are meant."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

from specc.catalog.rules.arguments import axes_of, axis_of, whole
from specc.catalog.rules.dims import Dim, Shape, Symbolic, render, same
from specc.catalog.rules.policy import result_type
from specc.catalog.rules.types import NoRuleError, Problem, RuleError, TensorType

Operand: TypeAlias = object
"""A TensorType, a number, a truth value, or numbers in nested lists."""
Axis: TypeAlias = Any
"""A whole number, a list of them, or None; `infer_op` has checked it."""
Numbers: TypeAlias = Any
"""A size, or a list of sizes; `infer_op` has checked it."""
Widths: TypeAlias = Any
"""A number, a pair of them, or a list of pairs; `infer_op` has checked it."""
TwoAxes: TypeAlias = Any
"""A number of axes, or a pair of lists of axes; `infer_op` has checked it."""
Scalar: TypeAlias = Any
"""A number, known or not; `infer_op` has checked it."""


def tensor(x: Operand, name: str = "x") -> TensorType:
    """An operand as a tensor; numbers become constants of Keras's default dtypes.

    Raises:
        RuleError: if it is nothing that a tensor can be made of.
    """
    if isinstance(x, TensorType):
        return x
    dtype = {"int": "int32", "float": "float32"}.get(kind(x, name), kind(x, name))
    return TensorType(extent(x), dtype, constant=True)


def kind(x: Operand, name: str = "x") -> str:
    """The dtype of an operand; Python's numbers are `int` and `float`, which bend to the others."""
    if isinstance(x, TensorType):
        return x.dtype
    if isinstance(x, (list, tuple)):
        kinds = {kind(item, name) for item in x} or {"float"}
        return (
            "float" if kinds == {"int", "float"} else result_type(*kinds) if len(kinds) > 1 else kinds.pop()
        )
    if isinstance(x, Symbolic):
        return "int"
    if not isinstance(x, (bool, int, float)):
        raise RuleError("argument", "a tensor or a number", repr(x), (name,), (name,))
    return type(x).__name__


def extent(x: Operand) -> Shape:
    """The shape of an operand; () of a number."""
    if isinstance(x, TensorType):
        return x.shape
    if isinstance(x, (list, tuple)):
        return (len(x), *(extent(x[0]) if x else ()))
    return ()


def promoted(*operands: Operand) -> str:
    """The dtype that the operands make together."""
    return result_type(*(kind(x) for x in operands))


def promoted_float(*operands: Operand) -> str:
    """The same, and at least a floating-point one."""
    return result_type(*(kind(x) for x in operands), "float")


def widened(dtype: str) -> str:
    """The dtype of a sum: small integers and truth values get 32 bits."""
    if dtype in ("bool", "int8", "int16"):
        return "int32"
    return "uint32" if dtype in ("uint8", "uint16") else dtype


def floated(dtype: str) -> str:
    """The dtype, or float32 instead of integers and truth values."""
    return "float32" if "int" in dtype or dtype == "bool" else dtype


def broadcast(*operands: Operand, names: tuple[str, ...] = ("x1", "x2", "x3")) -> Shape:
    """The shape that the operands stretch to.

    Raises:
        RuleError: if two sizes along an axis differ and neither is 1.
    """
    shapes = [extent(x) for x in operands]
    result = shapes[0]
    for index, shape in enumerate(shapes[1:], 1):
        result = broadcast_shapes(result, shape, (names[0], names[index]))
    return result


def broadcast_shapes(left: Shape, right: Shape, names: tuple[str, str] = ("x1", "x2")) -> Shape:
    """The shape that tensors of these shapes stretch to.

    Raises:
        RuleError: if two sizes along an axis differ and neither is 1.
    """
    rank = max(len(left), len(right))
    ones = (1,) * rank
    sizes: list[Dim] = []
    for axis, (one, other) in enumerate(
        zip((ones + left)[len(left) :], (ones + right)[len(right) :], strict=True)
    ):
        if one == 1:
            sizes.append(other)
        elif other == 1 or one == other:
            sizes.append(one)
        elif same(one, other) is False:
            raise RuleError(
                "size",
                "sizes that are equal or 1",
                f"{render(left)} and {render(right)}",
                inputs=names,
                axes=(axis - rank + len(left), axis - rank + len(right)),
                shapes=(left, right),
            )
        else:
            sizes.append(other if isinstance(other, int) else one)
    return tuple(sizes)


def reduced(shape: Shape, axis: Any, keepdims: Any) -> Shape:
    """A shape without the axes that were summed over, or with 1 in their place.

    Raises:
        RuleError: for an axis that is not there.
    """
    axes = tuple(range(len(shape))) if axis is None else axes_of(axis, len(shape))
    if len(set(axes)) != len(axes):
        raise wrong("axis", "different axes", axis)
    if keepdims:
        return tuple(1 if index in axes else size for index, size in enumerate(shape))
    return tuple(size for index, size in enumerate(shape) if index not in axes)


def replaced(shape: Shape, axis: int, size: Dim) -> Shape:
    """A shape with another size along one axis."""
    return (*shape[:axis], size, *shape[axis + 1 :])


def written(shape: Any, argument: str = "shape") -> Shape:
    """A shape given as an argument.

    Raises:
        RuleError: if it is not made of sizes of 0 or more.
        NoRuleError: if a tensor is in it.
    """
    sizes = [shape] if whole(shape) or isinstance(shape, Symbolic) else shape
    if isinstance(sizes, TensorType) or not isinstance(sizes, Sequence):
        raise NoRuleError(f"{argument} that is a tensor")
    for size in sizes:
        if isinstance(size, TensorType):
            raise NoRuleError(f"{argument} with a tensor in it")
        if not isinstance(size, Symbolic) and (not whole(size) or size < 0):
            raise RuleError("argument", "sizes of 0 or more", f"`{argument}: {list(sizes)}`", (argument,))
    return tuple(sizes)


def all_alike(tensors: Sequence[TensorType], axis: int | None, name: str) -> None:
    """Checks that tensors have one shape, but for one axis.

    Raises:
        RuleError: if they do not.
    """
    first = tensors[0].shape
    for index, other in enumerate(tensors[1:], 1):
        shape = other.shape
        names = (f"{name}[0]", f"{name}[{index}]")
        given = f"{render(first)} and {render(shape)}"
        if len(shape) != len(first):
            raise RuleError("rank", "one number of axes", given, inputs=names, shapes=(first, shape))
        clash = next((a for a in range(len(first)) if a != axis and same(first[a], shape[a]) is False), None)
        if clash is not None:
            wanted = "one shape" if axis is None else f"equal sizes along every axis but {axis}"
            raise RuleError("size", wanted, given, (), names, (clash, clash), shapes=(first, shape))


def listed(xs: Operand, name: str) -> list[TensorType]:
    """An argument that is a list of tensors.

    Raises:
        RuleError: if it is empty or no list.
    """
    if not isinstance(xs, (list, tuple)) or not xs:
        raise RuleError("count", "a list of 1 tensor or more", str(xs), (name,), (name,))
    return [tensor(x, name) for x in xs]


def unequal(one: Dim, other: Dim) -> bool:
    """Whether Keras calls them different: it takes an unknown size to differ from every known one."""
    return isinstance(one, int) is not isinstance(other, int) or same(one, other) is False


def position(axis: Any, rank: int, argument: str = "axis") -> int:
    """`axis` counted from the front (see `axis_of`)."""
    return axis_of(axis, rank, argument)


def wrong(argument: str, wanted: str, value: object) -> RuleError:
    """The error for an argument whose value never works."""
    return RuleError("argument", wanted, f"`{argument}: {value}`", (argument,))


def misfit(problem: Problem, wanted: str, name: str, x: TensorType, *axes: int) -> RuleError:
    """The error for a tensor of the wrong shape."""
    return RuleError(problem, wanted, render(x.shape), (), (name,), axes, shapes=(x.shape,))
