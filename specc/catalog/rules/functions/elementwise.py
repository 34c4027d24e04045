"""Functions that work number by number."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.functions.operands import (
    Operand,
    broadcast,
    extent,
    floated,
    kind,
    promoted,
    promoted_float,
    tensor,
)
from specc.catalog.rules.policy import checked, is_integer, result_type
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import RuleError, TensorType

_KEEP = """
    abs absolute bitwise_invert bitwise_not conj conjugate copy imag negative real sign trunc stop_gradient
    relu relu6 sigmoid sparse_sigmoid softplus softsign sparse_plus silu swish log_sigmoid hard_sigmoid
    hard_silu hard_swish selu tanh_shrink hard_tanh rsqrt erf erfinv
"""
_FLOAT = """
    angle arccos arccosh arcsin arcsinh arctan arctanh ceil cos cosh erfc floor log log10 log1p log2 sin sinc
    sinh sqrt tan tanh
"""


@op(*_KEEP.split())
def _keep(x: Operand) -> TensorType:
    return tensor(x)


@op(*_FLOAT.split())
def _as_float(x: Operand) -> TensorType:
    return tensor(x).cast(promoted_float(tensor(x)))


@op("exp", "exp2", "expm1")
def _exponential(x: Operand) -> TensorType:
    return tensor(x).cast(floated(tensor(x).dtype))


@op("fabs")
def _fabs(x: Operand) -> TensorType:
    if "complex" in kind(x):
        raise RuleError("dtype", "real numbers", kind(x), inputs=("x",))
    return _exponential(x)


@op("cbrt")
def _cbrt(x: Operand) -> TensorType:
    dtype = tensor(x).dtype
    if dtype == "int64":
        return tensor(x).cast("float64")
    return tensor(x) if dtype == "uint64" else tensor(x).cast(floated(dtype))


@op("deg2rad", "rad2deg", "i0")
def _angle(x: Operand) -> TensorType:
    dtype = tensor(x).dtype
    if dtype in ("int64", "float64"):
        return tensor(x).cast("float64")
    return tensor(x) if dtype in ("bfloat16", "float16") else tensor(x).cast("float32")


@op("isfinite", "isinf", "isnan", "isneginf", "isposinf", "isreal", "logical_not", "signbit")
def _test(x: Operand) -> TensorType:
    return TensorType(tensor(x).shape, "bool")


@op("square")
def _square(x: Operand) -> TensorType:
    return tensor(x).cast("int32") if kind(x) == "bool" else tensor(x)


@op("clip")
def _clip(x: Operand, x_min: Operand, x_max: Operand) -> TensorType:
    return _square(x)


@op("reciprocal")
def _reciprocal(x: Operand) -> TensorType:
    # Keras 3.15 states float32 here whatever comes in
    return tensor(x).cast("float32")


@op("round")
def _round(x: Operand, decimals: int = 0) -> TensorType:
    return tensor(x)


@op("nan_to_num")
def _nan_to_num(x: Operand, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> TensorType:
    return tensor(x)


@op("tril", "triu")
def _triangle(x: Operand, k: int = 0) -> TensorType:
    return tensor(x)


@op("elu", "celu")
def _elu(x: Operand, alpha: float = 1.0) -> TensorType:
    return tensor(x)


@op("leaky_relu")
def _leaky_relu(x: Operand, negative_slope: float = 0.2) -> TensorType:
    return tensor(x)


@op("gelu")
def _gelu(x: Operand, approximate: bool = True) -> TensorType:
    return tensor(x)


@op("soft_shrink", "hard_shrink")
def _shrink(x: Operand, threshold: float = 0.5) -> TensorType:
    return tensor(x)


@op("squareplus")
def _squareplus(x: Operand, b: float = 4) -> TensorType:
    return tensor(x)


@op("threshold")
def _threshold(x: Operand, threshold: float, default_value: float) -> TensorType:
    return tensor(x)


@op("add", "subtract", "multiply", "maximum", "minimum", "fmax", "fmin", "power", "floor_divide")
def _arithmetic(x1: Operand, x2: Operand) -> TensorType:
    return TensorType(broadcast(x1, x2), promoted(x1, x2))


@op("mod", "fmod")
def _remainder(x1: Operand, x2: Operand) -> TensorType:
    dtype = promoted(x1, x2)
    return TensorType(broadcast(x1, x2), "int32" if dtype == "bool" else dtype)


@op("divide", "true_divide", "divide_no_nan", "logaddexp", "logaddexp2")
def _division(x1: Operand, x2: Operand) -> TensorType:
    return TensorType(broadcast(x1, x2), promoted_float(x1, x2))


@op("arctan2")
def _arctan2(x1: Operand, x2: Operand) -> TensorType:
    kinds = [x.dtype if isinstance(x, TensorType) else "float32" for x in (x1, x2)]
    return TensorType(broadcast(x1, x2), result_type(*kinds, "float"))


@op("ldexp", "nextafter")
def _scaled(x1: Operand, x2: Operand) -> TensorType:
    return TensorType(broadcast(x1, x2), result_type(_firm(x1), _firm(x2), "float"))


@op("gcd", "lcm")
def _common(x1: Operand, x2: Operand) -> TensorType:
    return TensorType(broadcast(x1, x2), result_type(_firm(x1), _firm(x2)))


def _firm(x: Operand) -> str:
    """The dtype of an operand where Keras takes Python's numbers for tensors."""
    return {"int": "int64", "float": "float32"}.get(kind(x), kind(x))


@op("hypot", "heaviside")
def _hypotenuse(x1: Operand, x2: Operand) -> TensorType:
    dtype = promoted(tensor(x1), tensor(x2))
    if dtype == "int64":
        dtype = "float64"
    return TensorType(broadcast(x1, x2), "float32" if is_integer(dtype) else dtype)


_COMPARE = "equal not_equal greater greater_equal less less_equal logical_and logical_or logical_xor"


@op(*_COMPARE.split())
def _comparison(x1: Operand, x2: Operand) -> TensorType:
    return TensorType(broadcast(x1, x2), "bool")


@op("isclose")
def _isclose(
    x1: Operand, x2: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorType:
    return _comparison(x1, x2)


@op("allclose")
def _allclose(
    x1: Operand, x2: Operand, rtol: float = 1e-5, atol: float = 1e-8, equal_nan: bool = False
) -> TensorType:
    return TensorType((), "bool")


@op("isin")
def _isin(x1: Operand, x2: Operand, assume_unique: bool = False, invert: bool = False) -> TensorType:
    return TensorType(tensor(x1).shape, "bool")


@op("bitwise_and", "bitwise_or", "bitwise_xor")
def _bits(x: Operand, y: Operand) -> TensorType:
    return TensorType(broadcast(x, y, names=("x", "y")), promoted(x, y))


@op("bitwise_left_shift", "left_shift", "bitwise_right_shift", "right_shift")
def _shift(x: Operand, y: Operand) -> TensorType:
    dtype = tensor(x).dtype if kind(y) == "int" else promoted(x, y)
    return TensorType(broadcast(x, y, names=("x", "y")), dtype)


@op("cast", "saturate_cast")
def _cast(x: Operand, dtype: str) -> TensorType:
    return TensorType(tensor(x).shape, checked(dtype))


@op("array", "zeros_like", "ones_like", "empty_like")
def _like(x: Operand, dtype: str | None = None) -> TensorType:
    return tensor(x) if dtype is None else _cast(x, dtype)


@op("convert_to_tensor")
def _convert_to_tensor(
    x: Operand, dtype: str | None = None, sparse: bool | None = None, ragged: bool | None = None
) -> TensorType:
    return _like(x, dtype)


@op("full_like")
def _full_like(x: Operand, fill_value: Operand, dtype: str | None = None) -> TensorType:
    return _like(x, dtype)


@op("where")
def _where(condition: Operand, x1: Operand = None, x2: Operand = None) -> TensorType:
    if x1 is None or x2 is None:
        raise RuleError("count", "`x1` and `x2` beside the condition", "only the condition", ("x1", "x2"))
    shape = broadcast(condition, x1, x2, names=("condition", "x1", "x2"))
    return TensorType(shape, promoted(x1, x2))


@op("polar")
def _polar(abs_: Operand, angle: Operand) -> TensorType:
    return TensorType(extent(abs_), "float32")
