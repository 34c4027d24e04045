"""Attention layers. Multiply-adds count the projections and both products with the scores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from specc.catalog.rules.arguments import axes_of, numbers, of_rank, whole
from specc.catalog.rules.dims import Dim, Shape, product, render, same
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import NoRuleError, RuleError, Tensors, TensorType


@layer("Attention", "AdditiveAttention", masks="uses")
def _attention(call: Call) -> Tensors:
    tensors = call.tensors
    if not 2 <= len(tensors) <= 3:
        raise RuleError(
            "count", "query and value, or query, value and key", str(len(tensors)), inputs=(call.first,)
        )
    query, value, key = tensors[0], tensors[1], tensors[-1] if len(tensors) == 3 else tensors[1]
    if call.kind == "Attention" and call["score_mode"] not in ("dot", "concat"):
        raise call.wrong("score_mode", "dot or concat")
    for index, tensor in enumerate(tensors):
        if tensor.rank < 3:
            raise RuleError(
                "rank",
                "3 axes: batch, time, features",
                render(tensor.shape),
                inputs=(f"{call.first}[{index}]",),
                shapes=(tensor.shape,),
            )
    names = (f"{call.first}[0]", f"{call.first}[1]", f"{call.first}[{len(tensors) - 1}]")
    _agree(query, query.rank - 1, key, key.rank - 1, "equal features of query and key", (names[0], names[2]))
    _agree(value, value.rank - 2, key, key.rank - 2, "equal lengths of value and key", names[1:])
    _scale(call, query)
    scores = call.output(*query.shape[:-1], key.shape[-2])
    output = call.output(*query.shape[:-1], value.shape[-1])
    if call.kind == "Attention" and call["score_mode"] == "dot":
        call.spend(scores.size * key.shape[-1])
    call.spend(scores.size * value.shape[-1])
    call.keep(scores, scores)
    output = replace(output, mask=query.mask)
    return (output, scores) if call.settings.get("return_attention_scores") else output


def _scale(call: Call, query: TensorType) -> None:
    if call["use_scale"]:
        call.weight("scale", *([query.shape[-1]] if call.kind == "AdditiveAttention" else []))
    if call.kind == "Attention" and call["score_mode"] == "concat":
        call.weight("concat_score_weight")


def _agree(
    left: TensorType, axis: int, right: TensorType, other: int, wanted: str, names: tuple[str, ...]
) -> None:
    if same(left.shape[axis], right.shape[other]) is False:
        raise RuleError(
            "size",
            wanted,
            f"{left.shape[axis]} and {right.shape[other]}",
            inputs=names[:2],
            axes=(axis, other),
            shapes=(left.shape, right.shape),
        )


@layer("MultiHeadAttention", masks="keeps")
def _multi_head_attention(call: Call) -> Tensors:
    heads, width = numbers(call, "num_heads", 1)[0], numbers(call, "key_dim", 1)[0]
    wide = numbers(call, "value_dim", 1)[0] if call["value_dim"] else width
    _check_options(call)
    query, value, key = _three(call)
    target = _output_features(call, query.shape[-1])
    _project(call, "query", query, heads, width)
    _project(call, "key", key, heads, width)
    if call["use_gate"]:
        _project(call, "gate", query, heads, wide)
    _project(call, "value", value, heads, wide)
    call.weight("attention_output/kernel", heads, wide, *target)
    if call["use_bias"]:
        call.weight("attention_output/bias", *target)
    axes = range(1, query.rank - 1) if call["attention_axes"] is None else _attended(call, query.rank)
    scores = _scores(call, query.shape, key.shape, list(axes), heads)
    attended = call.output(*query.shape[:-1], heads, wide)
    call.spend(scores.size * (width + wide) + attended.size * product(target))
    call.keep(scores, scores, attended)
    output = call.output(*query.shape[:-1], *target)
    return (output, scores) if call.settings.get("return_attention_scores") else output


def _check_options(call: Call) -> None:
    if call["sliding_window"] is not None:
        numbers(call, "sliding_window", 1)
    if call["flash_attention"] and call["dropout"] > 0:
        raise call.wrong("flash_attention", "no `flash_attention` beside `dropout`")


def _three(call: Call) -> tuple[TensorType, TensorType, TensorType]:
    """Query, value and key; the value stands in for a key that is not given."""
    query = call.optional("query")
    value = call.optional("value")
    if query is None or value is None:
        raise RuleError("count", "`query` and `value`", "only one of them", inputs=("query", "value"))
    key = call.optional("key") or value
    for name, tensor in (("query", query), ("value", value), ("key", key)):
        if tensor.rank < 2:
            raise RuleError(
                "rank",
                "batch, time and features",
                render(tensor.shape),
                inputs=(name,),
                shapes=(tensor.shape,),
            )
    left, right = value.shape[1:-1], key.shape[1:-1]
    clash = [a for a, (one, other) in enumerate(zip(left, right, strict=False), 1) if _differs(one, other)]
    if clash or len(left) != len(right):
        raise RuleError(
            "size",
            "equal lengths of value and key",
            f"{render(value.shape)} and {render(key.shape)}",
            inputs=("value", "key"),
            axes=(clash[0], clash[0]) if clash else (),
            shapes=(value.shape, key.shape),
        )
    return query, value, key


def _differs(one: Dim, other: Dim) -> bool:
    """Whether Keras calls them different: it takes an unknown size to differ from every known one."""
    return isinstance(one, int) is not isinstance(other, int) or same(one, other) is False


def _output_features(call: Call, features: Dim) -> Shape:
    wanted: Any = call["output_shape"]
    if not wanted:
        return (features,)
    return (wanted,) if whole(wanted) else tuple(wanted)


def _attended(call: Call, rank: int) -> tuple[int, ...]:
    given = call["attention_axes"]
    # Keras counts negative axes within the projected tensor, which has one axis more
    return axes_of([given] if whole(given) else list(given), rank, "attention_axes")


def _project(call: Call, name: str, x: TensorType, heads: int, width: int) -> None:
    call.weight(f"{name}/kernel", x.shape[-1], heads, width)
    if call["use_bias"]:
        call.weight(f"{name}/bias", heads, width)
    projected = call.output(*x.shape[:-1], heads, width)
    call.keep(projected)
    call.spend(projected.size * x.shape[-1])


def _scores(call: Call, query: Shape, key: Shape, axes: list[int], heads: int) -> TensorType:
    """The attention scores: batch, what is not attended over, heads, then positions of query and of key."""
    if len(query) != len(key):
        if call.settings.get("return_attention_scores"):
            raise NoRuleError(f"{call.kind} scores of tensors of different ranks")
        return call.output(product(query[:-1]), heads, product(key[1:-1]))
    rest = [query[axis] for axis in range(1, len(query) - 1) if axis not in axes]
    return call.output(query[0], *rest, heads, *[query[a] for a in axes], *[key[a] for a in axes])


@layer("GroupQueryAttention", masks="keeps")
def _grouped_query_attention(call: Call) -> Tensors:
    width, heads = numbers(call, "head_dim", 1)[0], numbers(call, "num_query_heads", 1)[0]
    groups = numbers(call, "num_key_value_heads", 1)[0]
    if heads % groups:
        raise RuleError(
            "argument",
            "`num_key_value_heads` to divide `num_query_heads`",
            f"{groups} and {heads}",
            ("num_query_heads", "num_key_value_heads"),
        )
    _check_options(call)
    query, value, key = _three(call)
    of_rank(call, query, 3, 3, "batch, time, features")
    if _differs(query.shape[-1], value.shape[-1]):
        raise RuleError(
            "size",
            "equal features of query and value",
            f"{query.shape[-1]} and {value.shape[-1]}",
            inputs=("query", "value"),
            axes=(2, 2),
            shapes=(query.shape, value.shape),
        )
    _project(call, "query", query, heads, width)
    _project(call, "key", key, groups, width)
    if call["use_gate"]:
        _project(call, "gate", query, heads, width)
    _project(call, "value", value, groups, width)
    call.weight("attention_output/kernel", heads, width, query.shape[-1])
    if call["use_bias"]:
        call.weight("attention_output/bias", query.shape[-1])
    scores = call.output(query.shape[0], heads, query.shape[1], key.shape[1])
    attended = call.output(*query.shape[:-1], heads, width)
    call.spend(scores.size * 2 * width + attended.size * query.shape[-1])
    call.keep(scores, scores, attended)
    output = call.output(*query.shape)
    return (output, scores) if call.settings.get("return_attention_scores") else output
