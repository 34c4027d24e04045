"""Multiply-adds of functions: matrix products, convolutions, attention. All others count 0."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from specc.catalog.rules.arguments import whole
from specc.catalog.rules.dims import Dim, product
from specc.catalog.rules.functions.operands import extent, tensor
from specc.catalog.rules.functions.products import einsum_shape
from specc.catalog.rules.registry import infer_op
from specc.catalog.rules.types import TensorType


def op_multiply_adds(name: str, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None) -> Dim:
    """Multiplications with an addition in one forward pass over the whole batch.

    Raises:
        RuleError: where Keras would refuse the call.
        NoRuleError: where there is no rule.
    """
    count = _COSTS.get(name)
    if count is None:
        return 0
    result = infer_op(name, args, kwargs)
    given = {**dict(zip(_NAMES[name], args, strict=False)), **(kwargs or {})}
    if name == "einsum":
        _, sizes = einsum_shape(args[0], [extent(x) for x in args[1:]])
        return product(sizes.values())
    return count(result.size if isinstance(result, TensorType) else 0, given)


def _inner(size: Dim, given: Mapping[str, Any]) -> Dim:
    return size * extent(given["x1"])[-1] if extent(given["x1"]) else size


def _tensordot(size: Dim, given: Mapping[str, Any]) -> Dim:
    left, axes = extent(given["x1"]), given.get("axes", 2)
    summed = left[len(left) - axes :] if whole(axes) else [left[a] for a in _axes(axes[0])]
    return size * product(summed)


def _axes(axes: Any) -> list[int]:
    return [axes] if whole(axes) else list(axes)


def _conv(size: Dim, given: Mapping[str, Any]) -> Dim:
    return size * product(extent(given["kernel"])[:-1])


def _depthwise(size: Dim, given: Mapping[str, Any]) -> Dim:
    return size * product(extent(given["kernel"])[:-2])


def _conv_transpose(size: Dim, given: Mapping[str, Any]) -> Dim:
    return tensor(given["inputs"]).size * product(extent(given["kernel"])[:-1])


def _attention(size: Dim, given: Mapping[str, Any]) -> Dim:
    return size * extent(given["key"])[1] * 2


_COSTS: dict[str, Callable[[Dim, Mapping[str, Any]], Dim]] = {
    "matmul": _inner,
    "dot": _inner,
    "inner": _inner,
    "vdot": lambda size, given: tensor(given["x1"]).size,
    "tensordot": _tensordot,
    "einsum": lambda size, given: size,
    "conv": _conv,
    "depthwise_conv": _depthwise,
    "conv_transpose": _conv_transpose,
    "dot_product_attention": _attention,
}
_NAMES: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("matmul", "dot", "inner", "vdot", "tensordot"), ("x1", "x2", "axes")),
    **dict.fromkeys(("conv", "depthwise_conv", "conv_transpose"), ("inputs", "kernel")),
    "dot_product_attention": ("query", "key", "value"),
    "einsum": (),
}
