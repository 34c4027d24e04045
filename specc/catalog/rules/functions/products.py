"""Functions that multiply and add: matrix products and their kin."""

from __future__ import annotations

from specc.catalog.rules.arguments import axes_of, whole
from specc.catalog.rules.dims import Dim, Shape, render, same
from specc.catalog.rules.functions.operands import (
    Operand,
    TwoAxes,
    broadcast_shapes,
    extent,
    kind,
    misfit,
    position,
    promoted,
    promoted_float,
    tensor,
    wrong,
)
from specc.catalog.rules.policy import result_type
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import RuleError, TensorType


@op("matmul")
def _matmul(x1: Operand, x2: Operand) -> TensorType:
    left, right = tensor(x1, "x1"), tensor(x2, "x2")
    for name, one in (("x1", left), ("x2", right)):
        if not one.rank:
            raise RuleError("rank", "1 axis or more", "a scalar", inputs=(name,))
    rows = left.shape if left.rank > 1 else (1, *left.shape)
    columns = right.shape if right.rank > 1 else (*right.shape, 1)
    _same_size(left, left.rank - 1, right, max(right.rank - 2, 0))
    shape = [*broadcast_shapes(rows[:-2], columns[:-2]), rows[-2], columns[-1]]
    if left.rank == 1:
        del shape[-2]
    if right.rank == 1:
        del shape[-1]
    both = left.dtype == right.dtype == "int8"
    return TensorType(tuple(shape), "int32" if both else promoted(left, right))


def _same_size(left: TensorType, axis: int, right: TensorType, other: int) -> None:
    """Checks the axes that are summed over."""
    if same(left.shape[axis], right.shape[other]) is False:
        raise RuleError(
            "size",
            "equal sizes of the axes to sum over",
            f"{left.shape[axis]} and {right.shape[other]}, in {render(left.shape)} and {render(right.shape)}",
            inputs=("x1", "x2"),
            axes=(axis, other),
            shapes=(left.shape, right.shape),
        )


@op("dot")
def _dot(x1: Operand, x2: Operand) -> TensorType:
    left, right = tensor(x1, "x1"), tensor(x2, "x2")
    dtype = promoted(x1, x2)
    if not left.rank or not right.rank:
        return TensorType(left.shape or right.shape, dtype)
    _same_size(left, left.rank - 1, right, max(right.rank - 2, 0))
    rest = (*right.shape[:-2], *right.shape[-1:]) if right.rank > 1 else ()
    return TensorType((*left.shape[:-1], *rest), dtype)


@op("inner")
def _inner(x1: Operand, x2: Operand) -> TensorType:
    left, right = tensor(x1, "x1"), tensor(x2, "x2")
    dtype = promoted(x1, x2)
    if not left.rank or not right.rank:
        return TensorType(left.shape or right.shape, dtype)
    _same_size(left, left.rank - 1, right, right.rank - 1)
    return TensorType((*left.shape[:-1], *right.shape[:-1]), dtype)


@op("vdot")
def _vdot(x1: Operand, x2: Operand) -> TensorType:
    return TensorType((), promoted(x1, x2))


@op("outer")
def _outer(x1: Operand, x2: Operand) -> TensorType:
    return TensorType((tensor(x1).size, tensor(x2).size), promoted(x1, x2))


@op("kron")
def _kron(x1: Operand, x2: Operand) -> TensorType:
    shape = tuple(a * b for a, b in zip(extent(x1), extent(x2), strict=False))
    return TensorType(shape, result_type(tensor(x1).dtype, tensor(x2).dtype))


@op("cross")
def _cross(
    x1: Operand, x2: Operand, axisa: int = -1, axisb: int = -1, axisc: int = -1, axis: int | None = None
) -> TensorType:
    left, right = tensor(x1, "x1"), tensor(x2, "x2")
    one = position(axisa if axis is None else axis, left.rank, "axisa")
    other = position(axisb if axis is None else axis, right.rank, "axisb")
    sizes = left.shape[one], right.shape[other]
    for name, index, tensor_, size in (("x1", one, left, sizes[0]), ("x2", other, right, sizes[1])):
        if isinstance(size, int) and size not in (2, 3):
            raise RuleError(
                "size", "2 or 3 numbers a vector", str(size), (), (name,), (index,), shapes=(tensor_.shape,)
            )
    rest = broadcast_shapes(_without(left.shape, (one,)), _without(right.shape, (other,)))
    made: Shape = (3,) if 3 in sizes else ()
    place = position(axisc if axis is None else axis, len(rest) + len(made), "axisc")
    return TensorType((*rest[:place], *made, *rest[place:]), promoted(left, right))


def _without(shape: Shape, axes: tuple[int, ...]) -> Shape:
    return tuple(size for index, size in enumerate(shape) if index not in axes)


@op("tensordot")
def _tensordot(x1: Operand, x2: Operand, axes: TwoAxes = 2) -> TensorType:
    left, right = tensor(x1, "x1"), tensor(x2, "x2")
    if whole(axes):
        count = max(axes, 0)
        if count > min(left.rank, right.rank):
            raise wrong("axes", "no more axes than both tensors have", axes)
        one = tuple(range(left.rank - count, left.rank))
        other = tuple(range(count))
    else:
        one = axes_of(axes[0], left.rank, "axes")
        other = axes_of(axes[1], right.rank, "axes")
        if len(one) != len(other):
            raise wrong("axes", "as many axes of one tensor as of the other", axes)
    for a, b in zip(one, other, strict=True):
        _same_size(left, a, right, b)
    return TensorType((*_without(left.shape, one), *_without(right.shape, other)), promoted(x1, x2))


@op("einsum")
def _einsum(subscripts: str, *operands: Operand) -> TensorType:
    shape, _ = einsum_shape(subscripts, [extent(x) for x in operands])
    kinds = {kind(x) for x in operands}
    return TensorType(shape, "int32" if kinds == {"int8"} else promoted(*operands))


def einsum_shape(subscripts: str, shapes: list[Shape]) -> tuple[Shape, dict[str, Dim]]:
    """The shape an Einstein sum gives, and the size of each of its letters.

    Raises:
        RuleError: if the subscripts do not fit the shapes.
    """
    sources, target = _subscripts(subscripts)
    if len(sources) != len(shapes):
        raise RuleError(
            "count", f"{len(sources)} tensors, for `{subscripts}`", str(len(shapes)), ("subscripts",)
        )
    sizes: dict[str, Dim] = {}
    rest: Shape = ()
    for index, (source, shape) in enumerate(zip(sources, shapes, strict=True)):
        before, dots, after = source.partition("...")
        if len(shape) < len(before + after) or (not dots and len(shape) != len(before)):
            wanted = f"{len(before + after)} axes{' or more' if dots else ''}, for `{source}`"
            raise RuleError(
                "rank", wanted, render(shape), ("subscripts",), (f"operands[{index}]",), shapes=(shape,)
            )
        end = len(shape) - len(after)
        for letter, size in [*zip(before, shape, strict=False), *zip(after, shape[end:], strict=True)]:
            sizes[letter] = _agreed(subscripts, letter, sizes.get(letter), size, index)
        if dots:
            rest = broadcast_shapes(rest, shape[len(before) : end], ("operands[0]", f"operands[{index}]"))
    before, dots, after = target.partition("...")
    missing = [letter for letter in before + after if letter not in sizes]
    if missing:
        raise RuleError("argument", "letters of the inputs in the output", f"`{missing[0]}`", ("subscripts",))
    return (*[sizes[a] for a in before], *(rest if dots else ()), *[sizes[a] for a in after]), sizes


def _subscripts(subscripts: str) -> tuple[list[str], str]:
    """The letters of each input and of the output; where no output stands, those that occur once."""
    given, arrow, target = subscripts.replace(" ", "").partition("->")
    sources = given.split(",")
    letters = "".join(sources).replace("...", "")
    if not all(letter.isalpha() for letter in letters + target.replace("...", "")):
        raise RuleError("argument", "letters, commas, `...` and one `->`", f"`{subscripts}`", ("subscripts",))
    if not arrow:
        once = sorted(letter for letter in set(letters) if letters.count(letter) == 1)
        target = ("..." if "..." in given else "") + "".join(once)
    return sources, target


def _agreed(subscripts: str, letter: str, known: Dim | None, size: Dim, index: int) -> Dim:
    if known is None or known == 1:
        return size
    if size != 1 and same(known, size) is False:
        wanted = f"`{letter}` of `{subscripts}` to be one size"
        raise RuleError("size", wanted, f"{known} and {size}", ("subscripts",), (f"operands[{index}]",))
    return known if isinstance(known, int) or size == 1 else size


@op("cdist")
def _cdist(x: Operand, y: Operand) -> TensorType:
    left, right = tensor(x, "x"), tensor(y, "y")
    for name, one in (("x", left), ("y", right)):
        if one.rank < 2:
            raise misfit("rank", "2 axes or more", name, one)
    _same_size(left, left.rank - 1, right, right.rank - 1)
    batch = broadcast_shapes(left.shape[:-2], right.shape[:-2], ("x", "y"))
    return TensorType((*batch, left.shape[-2], right.shape[-2]), promoted_float(left, right))


@op("correlate")
def _correlate(x1: Operand, x2: Operand, mode: str = "valid") -> TensorType:
    left, right = tensor(x1, "x1"), tensor(x2, "x2")
    for name, one in (("x1", left), ("x2", right)):
        if one.rank != 1 or not isinstance(one.shape[0], int):
            raise misfit("rank", "1 axis of known size", name, one)
    long, short = sorted((left.shape[0], right.shape[0]), reverse=True, key=int)  # type: ignore[arg-type]
    sizes: dict[str, Dim] = {"valid": long - short + 1, "same": long, "full": long + short - 1}
    if mode not in sizes:
        raise wrong("mode", "valid, same or full", mode)
    dtype = promoted(x1, x2)
    if dtype == "int64":
        dtype = "float64"
    return TensorType((sizes[mode],), dtype if dtype in ("bfloat16", "float16", "float64") else "float32")
