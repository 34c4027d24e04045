"""Functions of neural networks: windows over space, softmaxes, crossentropies, attention."""

from __future__ import annotations

from typing import Any

from specc.catalog.rules.arguments import axes_of
from specc.catalog.rules.dims import Shape, render
from specc.catalog.rules.functions.operands import (
    Axis,
    Operand,
    misfit,
    position,
    promoted,
    replaced,
    tensor,
    unequal,
)
from specc.catalog.rules.policy import result_type
from specc.catalog.rules.registry import op
from specc.catalog.rules.types import RuleError, TensorType


@op("softmax", "log_softmax")
def _softmax(x: Operand, axis: Axis = -1) -> TensorType:
    if axis is not None:
        axes_of(axis, tensor(x).rank)
    return tensor(x)


@op("sparsemax")
def _sparsemax(x: Operand, axis: int = -1) -> TensorType:
    return _softmax(x, axis)


@op("glu")
def _glu(x: Operand, axis: int = -1) -> TensorType:
    x = tensor(x)
    index = position(axis, x.rank)
    size = x.shape[index]
    if isinstance(size, int) and size % 2:
        raise RuleError(
            "size", "an even size to halve", str(size), ("axis",), ("x",), (index,), shapes=(x.shape,)
        )
    return x.shaped(*replaced(x.shape, index, size // 2))


@op("normalize")
def _normalize(x: Operand, axis: Axis = -1, order: Any = 2, epsilon: float | None = None) -> TensorType:
    return _softmax(x, axis).cast("float32")  # the dtype as Keras states it


@op("layer_normalization")
def _layer_normalization(
    x: Operand, gamma: Operand = None, beta: Operand = None, axis: Axis = -1, epsilon: float | None = None
) -> TensorType:
    return tensor(x)


@op("rms_normalization")
def _rms_normalization(
    x: Operand, scale: Operand = None, axis: Axis = -1, epsilon: float | None = None
) -> TensorType:
    return tensor(x)


@op("batch_normalization")
def _batch_normalization(
    x: Operand,
    mean: Operand,
    variance: Operand,
    axis: int,
    offset: Operand = None,
    scale: Operand = None,
    epsilon: float = 1e-3,
) -> TensorType:
    x = tensor(x)
    size = x.shape[position(axis, x.rank)]
    for name, given in (("mean", mean), ("variance", variance), ("offset", offset), ("scale", scale)):
        if given is None:
            continue
        shape = tensor(given, name).shape
        if len(shape) != 1 or unequal(shape[0], size):
            raise RuleError(
                "size", f"the shape [{size}], as axis {axis} of `x`", render(shape), inputs=("x", name)
            )
    return x


def _differ(left: Shape, right: Shape) -> bool:
    return len(left) != len(right) or any(unequal(a, b) for a, b in zip(left, right, strict=True))


def _clash(target: TensorType, output: TensorType) -> RuleError:
    return RuleError(
        "size",
        "target and output of shapes that go together",
        f"{render(target.shape)} and {render(output.shape)}",
        inputs=("target", "output"),
        shapes=(target.shape, output.shape),
    )


@op("binary_crossentropy")
def _binary_crossentropy(target: Operand, output: Operand, from_logits: bool = False) -> TensorType:
    wanted, given = tensor(target, "target"), tensor(output, "output")
    if _differ(wanted.shape, given.shape):
        raise _clash(wanted, given)
    return given


@op("categorical_crossentropy")
def _categorical_crossentropy(
    target: Operand, output: Operand, from_logits: bool = False, axis: int = -1
) -> TensorType:
    given = _binary_crossentropy(target, output)
    position(-1, given.rank)
    return given.shaped(*given.shape[:-1])


@op("sparse_categorical_crossentropy")
def _sparse_categorical_crossentropy(
    target: Operand, output: Operand, from_logits: bool = False, axis: int = -1
) -> TensorType:
    wanted, given = tensor(target, "target"), tensor(output, "output")
    index = position(axis, given.rank)
    shape = wanted.shape[:-1] if wanted.rank == given.rank and wanted.shape[-1] == 1 else wanted.shape
    rest = tuple(size for i, size in enumerate(given.shape) if i != index)
    if _differ(shape, rest):
        raise _clash(wanted, given)
    return given.shaped(*rest)


@op("dot_product_attention")
def _dot_product_attention(
    query: Operand,
    key: Operand,
    value: Operand,
    bias: Operand = None,
    mask: Operand = None,
    scale: float | None = None,
    is_causal: bool = False,
    flash_attention: bool | None = None,
    attn_logits_soft_cap: float | None = None,
) -> TensorType:
    tensors = [tensor(query, "query"), tensor(key, "key"), tensor(value, "value")]
    for name, one in zip(("query", "key", "value"), tensors, strict=True):
        if one.rank != 4:
            wanted = "4 axes: batch, time, heads, features"
            raise misfit("rank", wanted, name, one)
    return TensorType(tensors[0].shape, promoted(*tensors))


@op("psnr")
def _psnr(x1: Operand, x2: Operand, max_val: float) -> TensorType:
    if tensor(x1).rank != tensor(x2).rank:
        raise RuleError("rank", "as many axes of `x1` as of `x2`", f"{x1} and {x2}", inputs=("x1", "x2"))
    return TensorType((), "float32")


def _ranked(x: Operand, name: str, least: int) -> TensorType:
    made = tensor(x, name)
    if made.rank < least:
        raise misfit("rank", f"{least} axes or more", name, made)
    return made


@op("ctc_loss")
def _ctc_loss(
    target: Operand, output: Operand, target_length: Operand, output_length: Operand, mask_index: int = 0
) -> TensorType:
    given = _ranked(output, "output", 3)
    batch = _ranked(target, "target", 2).shape[0]
    for name, one in (("output", given), ("target_length", target_length), ("output_length", output_length)):
        if unequal(batch, _ranked(one, name, 1).shape[0]):
            raise RuleError(
                "size", "one batch size", f"{batch} and {one}", inputs=("target", name), axes=(0, 0)
            )
    return TensorType((batch,), result_type(given.dtype, "float32"))


@op("ctc_decode")
def _ctc_decode(
    inputs: Operand,
    sequence_lengths: Operand,
    strategy: str = "greedy",
    beam_width: int = 100,
    top_paths: int = 1,
    merge_repeated: bool = True,
    mask_index: int = 0,
) -> tuple[TensorType, TensorType]:
    x = _ranked(inputs, "inputs", 3)
    paths = 1 if strategy == "greedy" else top_paths
    labels = TensorType((paths, x.shape[0], x.shape[1]), "int32")
    return labels, TensorType((x.shape[0], paths), result_type(x.dtype, "float32"))
