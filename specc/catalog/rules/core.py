"""Dense layers, embeddings, and the layers that only pass tensors on."""

from __future__ import annotations

import re
from dataclasses import replace

from specc.catalog.rules.arguments import numbers, of_rank, whole
from specc.catalog.rules.dims import Dim, Shape, product, render, same
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


@layer("Dense", masks="keeps")
def _dense(call: Call) -> TensorType:
    units = numbers(call, "units", 1)[0]
    _not_quantized(call)
    x = call.input
    of_rank(call, x, 2)
    features = x.shape[-1]
    if not isinstance(features, int):
        raise RuleError(
            "unknown-size",
            "a known size of the last axis",
            str(features),
            inputs=(call.first,),
            axes=(x.rank - 1,),
            shapes=(x.shape,),
        )
    call.weight("kernel", features, units)
    low_rank(call, "kernel")
    if call["use_bias"]:
        call.weight("bias", units)
    output = call.output(*x.shape[:-1], units)
    call.spend(output.size * features)
    return output


def low_rank(call: Call, name: str) -> None:
    """Adds the two factors of a LoRA adapter and freezes the weight it adapts, where `lora_rank` is set.

    Raises:
        RuleError: if the rank is not a positive number, or the weight has a constraint.
    """
    rank = call.arguments.get("lora_rank")
    if not rank:
        return
    if not whole(rank) or rank < 1:
        raise call.wrong("lora_rank", "a whole number, 1 or more")
    if call.arguments.get(f"{name}_constraint") is not None:
        raise call.wrong("lora_rank", f"no `lora_rank` beside `{name}_constraint`")
    index = next(i for i, weight in enumerate(call.weights) if weight.name == name)
    adapted = call.weights[index]
    call.weights[index] = replace(adapted, trainable=False)
    call.weight(f"lora_{name}_a", *adapted.shape[:-1], rank, dtype="float32")
    call.weight(f"lora_{name}_b", rank, adapted.shape[-1], dtype="float32")


def _not_quantized(call: Call) -> None:
    if call.arguments.get("quantization_config") is not None:
        raise NoRuleError(f"{call.kind} with a quantization_config")


_EQUATION = re.compile(r"(0?)([a-zA-Z]+)(0?),([a-zA-Z]+)->(0?)([a-zA-Z]+)(0?)")


@layer("EinsumDense")
def _einsum_dense(call: Call) -> TensorType:
    _not_quantized(call)
    given = call["output_shape"]
    partial: list[Dim | None] = [given] if whole(given) else list(given)
    source, kernel, target, left = _parts(call)
    x = call.input
    elided = x.rank - len(source)
    of_rank(call, x, len(source), None if "..." in call["equation"] else len(source), f"`{call['equation']}`")
    output = _full_output(call, x.shape, partial, elided, left)
    from_input = {letter: x.shape[index + (elided if left else 0)] for index, letter in enumerate(source)}
    offset = elided if left else 0
    if len(target) + offset > len(output):
        raise call.wrong("output_shape", f"one size for each of the axes `{target[1:]}` of the output")
    # weights take their sizes from `output_shape` alone, even where the input would tell a null of it
    known = {letter: output[index + offset] for index, letter in enumerate(target)}
    for index, letter in enumerate(target):
        if letter in from_input:
            output[index + offset] = _agreed(call, letter, output[index + offset], from_input[letter])
    sizes: list[Dim] = []
    for letter in kernel:
        size = known.get(letter, from_input.get(letter))
        if letter not in known and letter not in from_input:
            raise call.wrong(
                "equation", f"the axis `{letter}` of the weight to be in the input or the output"
            )
        if size is None:
            raise call.wrong("output_shape", f"a known size for the axis `{letter}`, which the weight has")
        sizes.append(size)
    for letter in target:
        if letter not in source and letter not in kernel:
            raise call.wrong(
                "equation", f"the axis `{letter}` of the output to be in the input or the weight"
            )
    call.weight("kernel", *sizes)
    low_rank(call, "kernel")
    _einsum_bias(call, target, known, 0 if left else elided)
    settled = [call.unknown(f"axis{i}") if size is None else size for i, size in enumerate(output)]
    contracted = {letter for letter in kernel if letter not in known}
    call.spend(product(settled) * product(from_input[letter] for letter in contracted))
    return call.output(*settled)


def _parts(call: Call) -> tuple[str, str, str, bool]:
    """The axes of input, weight and output, and whether `...` stands at the left."""
    found = _EQUATION.fullmatch(str(call["equation"]).replace("...", "0"))
    if found is not None:
        before, source, after, kernel, out_before, target, out_after = found.groups()
        if (before, after) == (out_before, out_after) and not (before and after):
            return source, kernel, target, bool(before)
    raise call.wrong("equation", "the form `ab,bc->ac`, `...ab,bc->...ac` or `ab...,bc->ac...`")


def _full_output(
    call: Call, shape: Shape, partial: list[Dim | None], elided: int, left: bool
) -> list[Dim | None]:
    output = [shape[0], *partial]
    if elided > 0 and left:
        output[1:1] = shape[1:elided]
    elif elided > 0:
        output += shape[-elided:]
    return output


def _agreed(call: Call, letter: str, wanted: Dim | None, given: Dim) -> Dim:
    if wanted is not None and same(wanted, given) is not True:
        raise RuleError(
            "size",
            f"the axis `{letter}` to be {wanted}, as `output_shape` says",
            str(given),
            ("equation", "output_shape"),
            (call.first,),
            fits=f"{given} or null in `output_shape`",
        )
    return given


def _einsum_bias(call: Call, target: str, known: dict[str, Dim | None], elided: int) -> None:
    axes = call["bias_axes"]
    if not axes:
        return
    if not isinstance(axes, str) or any(letter not in target for letter in axes):
        raise call.wrong("bias_axes", f"axes of the output, `{target}`")
    start = min(target.find(letter) for letter in axes)
    sizes = [known[letter] if letter in axes else 1 for letter in target[start:]]
    if any(size is None for size in sizes):
        raise call.wrong("output_shape", f"known sizes for the axes of the bias, `{axes}`")
    call.weight("bias", *[size for size in sizes if size is not None], *[1] * elided)


@layer("Embedding", autocast=False)
def _embedding(call: Call) -> TensorType:
    _not_quantized(call)
    count, width = numbers(call, "input_dim", 1)[0], numbers(call, "output_dim", 1)[0]
    if call.arguments.get("weights") is not None:
        raise NoRuleError(f"{call.kind} with `weights`")
    call.weight("embeddings", count, width)
    low_rank(call, "embeddings")
    output = call.output(*call.input.shape, width)
    return replace(output, mask=bool(call["mask_zero"]))


@layer("ReversibleEmbedding", autocast=False)
def _reversible_embedding(call: Call) -> TensorType:
    output = _embedding(call)
    count, width = call["input_dim"], call["output_dim"]
    if not call["tie_weights"]:
        if call.arguments.get("lora_rank"):
            raise call.wrong("lora_rank", "no `lora_rank` beside `tie_weights: false`")
        call.weight("reverse_embeddings", width, count)
    if not call.settings.get("reverse"):
        return output
    x = call.input
    of_rank(call, x, 1)
    if same(x.shape[-1], width) is False:
        raise RuleError(
            "size",
            f"a last axis of `output_dim: {width}`, to go back from",
            render(x.shape),
            ("output_dim",),
            (call.first,),
            (x.rank - 1,),
            fits=f"output_dim: {x.shape[-1]}",
        )
    output = call.output(*x.shape[:-1], count)
    call.spend(output.size * width)
    return output


@layer("Masking")
def _masking(call: Call) -> TensorType:
    of_rank(call, call.input, 1)
    return replace(call.output(*call.input.shape), mask=True)


@layer("Identity", masks="keeps")
def _identity(call: Call) -> TensorType:
    return TensorType(call.input.shape, call.input.dtype)
