"""Functions of linear algebra and of frequencies."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.dims import render
from specc.catalog.rules.functions.operands import Operand, misfit, tensor, unequal, wrong
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import RuleError, TensorType


def _matrix(x: Operand, square: bool = False, name: str = "x") -> TensorType:
    """An operand that is a matrix, or a batch of them."""
    made = tensor(x, name)
    if made.rank < 2:
        raise misfit("rank", "a matrix, or a batch of them", name, made)
    if square and unequal(made.shape[-2], made.shape[-1]):
        axes = (made.rank - 2,)
        raise RuleError(
            "size", "a square matrix", render(made.shape), (), (name,), axes, shapes=(made.shape,)
        )
    return made


def _least(x: TensorType) -> int:
    """The smaller side of a matrix, which Keras must know."""
    rows, columns = x.shape[-2:]
    if not isinstance(rows, int) or not isinstance(columns, int):
        raise misfit("unknown-size", "a matrix of known size", "x", x)
    return min(rows, columns)


@op("cholesky", "cholesky_inverse")
def _cholesky(x: Operand, upper: bool = False) -> TensorType:
    return _matrix(x, square=True)


@op("inv")
def _inv(x: Operand) -> TensorType:
    return _matrix(x, square=True)


@op("det")
def _det(x: Operand) -> TensorType:
    x = _matrix(x, square=True)
    return x.shaped(*x.shape[:-2])


@op("logdet")
def _logdet(x: Operand) -> TensorType:
    x = _matrix(x)
    return x.shaped(*x.shape[:-2])


@op("slogdet")
def _slogdet(x: Operand) -> tuple[TensorType, TensorType]:
    x = _matrix(x)
    return x.shaped(*x.shape[:-2]), x.shaped(*x.shape[:-2])


@op("eig", "eigh")
def _eigen(x: Operand) -> tuple[TensorType, TensorType]:
    x = _matrix(x, square=True)
    return x.shaped(*x.shape[:-1]), x


@op("lu_factor")
def _lu_factor(x: Operand) -> tuple[TensorType, TensorType]:
    x = _matrix(x)
    return x, x.shaped(*x.shape[:-2], _least(x))


@op("qr")
def _qr(x: Operand, mode: str = "reduced") -> tuple[TensorType, TensorType]:
    x = _matrix(x)
    if mode not in ("reduced", "complete"):
        raise wrong("mode", "reduced or complete", mode)
    rows, columns, batch = x.shape[-2], x.shape[-1], x.shape[:-2]
    least = _least(x)
    middle = least if mode == "reduced" else rows
    return x.shaped(*batch, rows, middle), x.shaped(*batch, middle, columns)


@op("svd")
def _svd(
    x: Operand, full_matrices: bool = True, compute_uv: bool = True
) -> TensorType | tuple[TensorType, TensorType, TensorType]:
    x = _matrix(x)
    rows, columns, batch = x.shape[-2], x.shape[-1], x.shape[:-2]
    values = x.shaped(*batch, _least(x))
    if not compute_uv:
        return values
    left = x.shaped(*batch, rows, rows if full_matrices else _least(x))
    right = x.shaped(*batch, columns if full_matrices else _least(x), columns)
    return left, values, right


@op("solve")
def _solve(a: Operand, b: Operand) -> TensorType:
    left, right = _matrix(a, square=True, name="a"), tensor(b, "b")
    if not right.rank:
        raise RuleError("rank", "1 axis or more", "a scalar", inputs=("b",))
    axis = right.rank - (1 if right.rank == left.rank - 1 else 2)
    if axis < 0 or unequal(left.shape[-1], right.shape[axis]):
        given = f"{render(left.shape)} and {render(right.shape)}"
        raise RuleError(
            "size",
            "as many rows of `b` as of `a`",
            given,
            inputs=("a", "b"),
            shapes=(left.shape, right.shape),
        )
    return right


@op("solve_triangular")
def _solve_triangular(a: Operand, b: Operand, lower: bool = False) -> TensorType:
    return _solve(a, b)


@op("lstsq")
def _lstsq(a: Operand, b: Operand, rcond: float | None = None) -> TensorType:
    left, right = tensor(a, "a"), tensor(b, "b")
    if left.rank != 2 or right.rank not in (1, 2):
        given = f"{render(left.shape)} and {render(right.shape)}"
        raise RuleError("rank", "a matrix `a`, and a matrix or vector `b`", given, inputs=("a", "b"))
    if unequal(left.shape[0], right.shape[0]):
        given = f"{left.shape[0]} and {right.shape[0]}"
        raise RuleError("size", "as many rows of `b` as of `a`", given, inputs=("a", "b"), axes=(0, 0))
    return left.shaped(left.shape[1], *right.shape[1:])


@op("matrix_rank")
def _matrix_rank(x: Operand, tol: Any = None) -> TensorType:
    return TensorType(_matrix(x).shape[:-2], "int32")


@op("pinv")
def _pinv(x: Operand, rcond: float | None = None) -> TensorType:
    x = _matrix(x)
    return x.shaped(*x.shape[:-2], x.shape[-1], x.shape[-2])


def _complex(x: Operand, axes: int) -> tuple[TensorType, TensorType]:
    """Real and imaginary parts, of one shape with so many axes at least."""
    if not isinstance(x, (list, tuple)) or len(x) != 2:
        raise RuleError("count", "two tensors, real and imaginary", str(x), inputs=("x",))
    real, imaginary = tensor(x[0]), tensor(x[1])
    if (
        real.rank < axes
        or real.rank != imaginary.rank
        or any(unequal(a, b) for a, b in zip(real.shape, imaginary.shape, strict=True))
    ):
        given = f"{render(real.shape)} and {render(imaginary.shape)}"
        raise RuleError("size", f"two tensors of one shape, with {axes} axes or more", given, inputs=("x",))
    return real, imaginary


@op("fft")
def _fft(x: Operand) -> tuple[TensorType, TensorType]:
    return _known(x, 1)


@op("fft2", "ifft2")
def _fft2(x: Operand) -> tuple[TensorType, TensorType]:
    return _known(x, 2)


def _known(x: Operand, axes: int) -> tuple[TensorType, TensorType]:
    real, imaginary = _complex(x, axes)
    if not all(isinstance(size, int) for size in real.shape[-axes:]):
        raise misfit("unknown-size", "known sizes", "x", real)
    return real, imaginary


@op("rfft")
def _rfft(x: Operand, fft_length: int | None = None) -> tuple[TensorType, TensorType]:
    x = tensor(x)
    if not x.rank:
        raise RuleError("rank", "1 axis or more", "a scalar", inputs=("x",))
    one = x.shaped(*x.shape[:-1], (x.shape[-1] if fft_length is None else fft_length) // 2 + 1)
    return one, one


@op("irfft")
def _irfft(x: Operand, fft_length: int | None = None) -> TensorType:
    real, _ = _complex(x, 1)
    return real.shaped(*real.shape[:-1], 2 * (real.shape[-1] - 1) if fft_length is None else fft_length)


@op("stft")
def _stft(
    x: Operand,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    window: Any = "hann",
    center: bool = True,
) -> tuple[TensorType, TensorType]:
    x = tensor(x)
    around = fft_length // 2 * 2 if center else 0
    frames = 1 + (x.shape[-1] + around - fft_length) // sequence_stride
    one = x.shaped(*x.shape[:-1], frames, fft_length // 2 + 1)
    return one, one


@op("istft")
def _istft(
    x: Operand,
    sequence_length: int,
    sequence_stride: int,
    fft_length: int,
    length: int | None = None,
    window: Any = "hann",
    center: bool = True,
) -> TensorType:
    real, _ = _complex(x, 2)
    size = (real.shape[-2] - 1) * sequence_stride + fft_length - (fft_length // 2 * 2 if center else 0)
    return real.shaped(*real.shape[:-2], size if length is None else length)


@op("view_as_complex")
def _view_as_complex(x: Operand) -> TensorType:
    x = tensor(x)
    if not x.rank:
        raise RuleError("rank", "1 axis or more", "a scalar", inputs=("x",))
    return TensorType(x.shape[:-1], "complex64")


@op("view_as_real")
def _view_as_real(x: Operand) -> TensorType:
    return TensorType((*tensor(x).shape, 2), "float32")
