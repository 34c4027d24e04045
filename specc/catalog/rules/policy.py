"""Dtypes as Keras has them: dtype policies of layers, and promotion where two kinds of number meet.

Source of the lattice: `keras.src.backend.common.dtypes` of Keras 3.15 (JAX's, without weak outputs).
"""

from __future__ import annotations

from functools import cache, lru_cache

from specc.catalog.rules.types import RuleError

FLOATX = "float32"
INTEGERS = ("uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64")
FLOATS = ("bfloat16", "float16", "float32", "float64")
COMPLEX = ("complex64", "complex128")
DTYPES = (*FLOATS, *INTEGERS, *COMPLEX, "bool", "string", "float8_e4m3fn", "float8_e5m2")

_ABOVE: dict[str, tuple[str, ...]] = {
    "bool": ("int",),
    "uint8": ("int16", "uint16"),
    "uint16": ("int32", "uint32"),
    "uint32": ("int64", "uint64"),
    "uint64": ("float",),
    "int": ("uint8", "int8", "complex64"),
    "int8": ("int16",),
    "int16": ("int32",),
    "int32": ("int64",),
    "int64": ("float",),
    "float": ("bfloat16", "float16"),
    "bfloat16": ("float32",),
    "float16": ("float32",),
    "float32": ("float64", "complex64"),
    "float64": ("complex128",),
    "complex64": ("complex128",),
    "complex128": (),
}


@cache
def _bounds(dtype: str) -> frozenset[str]:
    found = {dtype}
    for above in _ABOVE[dtype]:
        found |= _bounds(above)
    return frozenset(found)


@lru_cache(maxsize=4096)
def result_type(*dtypes: str) -> str:
    """The dtype that Keras gives where numbers of these dtypes meet.

    `int` and `float` are Python's numbers, which bend to the tensors beside them.

    >>> result_type("int32", "float"), result_type("bfloat16", "float16"), result_type("uint8", "int8")
    ('float32', 'float32', 'int16')

    Raises:
        RuleError: for dtypes that do not mix, such as strings.
    """
    if len(set(dtypes)) == 1:
        return _narrowed(dtypes[0])
    for dtype in dtypes:
        if dtype not in _ABOVE:
            raise RuleError("dtype", "numbers, or one dtype", " and ".join(dtypes))
    common = frozenset.intersection(*(_bounds(dtype) for dtype in dtypes))
    mine = common & set(dtypes)
    least = mine or {dtype for dtype in common if common <= _bounds(dtype)}
    return _narrowed(next(iter(least)))


def _narrowed(dtype: str) -> str:
    """A promoted dtype as Keras settles it: Python's numbers get 32 bits, and two 64-bit kinds lose half."""
    return {"int": "int32", "float": FLOATX, "uint64": "uint32", "complex128": "complex64"}.get(dtype, dtype)


def is_float(dtype: str) -> bool:
    """Whether Keras counts it as floating point, and so casts it between a layer's precisions."""
    return dtype in FLOATS or dtype.startswith("float8")


def is_integer(dtype: str) -> bool:
    """Whether it is a whole-number dtype (truth values are not)."""
    return dtype in INTEGERS


def checked(dtype: str, argument: str = "dtype") -> str:
    """`dtype` if Keras knows it (`int` and `float` are settled).

    Raises:
        RuleError: if it does not.
    """
    settled = {"int": "int64", "float": FLOATX}.get(dtype, dtype)
    if settled not in DTYPES:
        raise RuleError("argument", "a dtype that Keras knows", dtype, (argument,), fits=", ".join(DTYPES))
    return settled


def precisions(policy: str) -> tuple[str, str]:
    """The dtypes in which a layer of this policy computes and keeps its weights.

    Raises:
        RuleError: for a policy that Keras does not have.
    """
    mixed = {"mixed_float16": ("float16", FLOATX), "mixed_bfloat16": ("bfloat16", FLOATX)}
    if policy in mixed:
        return mixed[policy]
    return checked(policy), checked(policy)
