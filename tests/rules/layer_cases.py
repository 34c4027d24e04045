"""Strategies: for each layer, calls of it that are mostly right and sometimes wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from keras_answers import Given, LayerCase

from specc.catalog.objects import KerasObject

LAYERS: dict[str, st.SearchStrategy[LayerCase]] = {}
Draw = Any
WITHOUT_TRAINABLE = ("Spatial", "Discretization", "Pipeline")
WITHOUT_DTYPE = ("Pipeline",)


def mostly(
    good: st.SearchStrategy[Any], bad: st.SearchStrategy[Any], one_in: int = 12
) -> st.SearchStrategy[Any]:
    """Values that work, and now and then some that do not."""
    return st.integers(1, one_in).flatmap(lambda n: bad if n == one_in else good)


def pick(*values: Any) -> st.SearchStrategy[Any]:
    return st.sampled_from(values)


def many(strategy: st.SearchStrategy[Any], count: int) -> st.SearchStrategy[Any]:
    return st.lists(strategy, min_size=count, max_size=count)


def window(rank: int, low: int = 1, high: int = 3) -> st.SearchStrategy[Any]:
    number = st.integers(low, high)
    return mostly(number | many(number, rank), pick(0, -1, [2] * (rank + 1), [1, 0, 1][:rank]), 25)


sizes = mostly(st.integers(1, 12), st.none(), 5)
batches = pick(None, None, 4)
dtypes = mostly(pick("float32"), pick("int32", "float16", "bool", "float64", "int64", "bfloat16"), 4)
policies = mostly(pick(None), pick("float16", "mixed_bfloat16", "mixed_float16", "float64", "bfloat16"), 5)
formats = pick(None, "channels_last", "channels_first")


@st.composite
def tensors(draw: Draw, low: int, high: int | None = None, mask: bool = False, odd: int = 15) -> Given:
    """A tensor of `low` to `high` axes, now and then of too few or too many."""
    rank = draw(st.integers(low, low if high is None else high))
    if odd and draw(st.integers(1, odd)) == odd:
        rank = draw(st.integers(1, 6))
    shape = (draw(batches), *[draw(sizes) for _ in range(rank - 1)])
    masked = rank >= 3 and mask and draw(st.integers(1, 4)) == 1
    return Given(shape, draw(dtypes), masked)


@st.composite
def images(draw: Draw, rank: int, arguments: dict[str, Any], odd: int = 15) -> Given:
    """A tensor with `rank` spatial axes and mostly known channels."""
    x = draw(tensors(rank + 2, odd=odd))
    shape = list(x.shape)
    axis = 1 if arguments.get("data_format") == "channels_first" else -1
    if len(shape) > 1:
        shape[axis] = draw(mostly(pick(1, 2, 3, 4, 6, 8), st.none(), 20))
    return Given(tuple(shape), x.dtype, len(shape) > 2 and draw(st.integers(1, 8)) == 1)


def case(*kinds: str) -> Any:
    """Registers `function(draw, kind) -> (arguments, inputs[, settings])` for these layers."""

    def register(function: Any) -> Any:
        for kind in kinds:

            @st.composite
            def build(draw: Draw, kind: str = kind) -> LayerCase:
                answer = function(draw, kind)
                arguments, inputs = answer[0], answer[1]
                call = answer[2] if len(answer) > 2 else {}
                policy = draw(policies)
                if policy is not None and not kind.startswith(WITHOUT_DTYPE):
                    arguments = {**arguments, "dtype": policy}
                if draw(st.integers(1, 10)) == 1 and not kind.startswith(WITHOUT_TRAINABLE):
                    arguments = {**arguments, "trainable": False}
                named = inputs if isinstance(inputs, dict) else {"inputs": inputs}
                return LayerCase(kind, {k: v for k, v in arguments.items() if v is not ...}, named, call)

            LAYERS[kind] = build()
        return function

    return register


def some(draw: Draw, **strategies: st.SearchStrategy[Any]) -> dict[str, Any]:
    """A value for each name, or none, which leaves the argument out."""
    return {name: draw(strategy) for name, strategy in strategies.items() if draw(st.booleans())}


def dimensions(kind: str) -> int:
    return int(kind.removesuffix("Transpose")[-2])


@case("Conv1D", "Conv2D", "Conv3D")
def conv(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    arguments = {
        "filters": draw(mostly(pick(1, 2, 4, 6, 8), pick(0, -1), 25)),
        "kernel_size": draw(window(rank)),
        **some(
            draw,
            strides=window(rank),
            padding=mostly(
                pick("valid", "same", "causal" if rank == 1 else "SAME"), pick("causal", "full"), 15
            ),
            data_format=formats,
            dilation_rate=mostly(pick(1), window(rank), 3),
            groups=mostly(pick(1, 2), pick(3, 0, 4), 8),
            use_bias=st.booleans(),
            lora_rank=mostly(st.none(), pick(1, 2), 5),
            activation=pick("relu", None),
        ),
    }
    return arguments, draw(images(rank, arguments))


@case("Conv1DTranspose", "Conv2DTranspose", "Conv3DTranspose")
def conv_transpose(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    arguments = {
        "filters": draw(mostly(pick(1, 2, 4), pick(0, -1), 25)),
        "kernel_size": draw(window(rank)),
        **some(
            draw,
            strides=window(rank),
            padding=mostly(pick("valid", "same"), pick("causal"), 15),
            output_padding=mostly(pick(None, 0, [0] * rank), pick(1, 2, [1] * rank, -1), 3),
            data_format=formats,
            dilation_rate=mostly(pick(1), window(rank), 3),
            use_bias=st.booleans(),
        ),
    }
    return arguments, draw(images(rank, arguments))


@case("DepthwiseConv1D", "DepthwiseConv2D", "SeparableConv1D", "SeparableConv2D")
def depthwise(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    arguments = {
        "kernel_size": draw(window(rank)),
        **some(
            draw,
            strides=window(rank),
            padding=mostly(pick("valid", "same"), pick("causal"), 15),
            depth_multiplier=mostly(pick(1, 2, 3), pick(0, -1), 10),
            data_format=formats,
            dilation_rate=mostly(pick(1), window(rank), 3),
            use_bias=st.booleans(),
        ),
    }
    if kind.startswith("Separable"):
        arguments["filters"] = draw(mostly(pick(1, 2, 4), pick(0, -1), 25))
    return arguments, draw(images(rank, arguments))


@case(*[f"{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def pooling(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    arguments = {
        "pool_size": draw(window(rank)),
        **some(
            draw,
            strides=mostly(st.none(), window(rank), 2),
            padding=mostly(pick("valid", "same"), pick("causal", "VALID"), 15),
            data_format=formats,
        ),
    }
    return arguments, draw(images(rank, arguments))


@case(*[f"Global{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def global_pooling(draw: Draw, kind: str) -> Any:
    arguments = some(draw, data_format=formats, keepdims=st.booleans())
    return arguments, draw(images(dimensions(kind), arguments))


@case(*[f"Adaptive{kind}Pooling{rank}D" for kind in ("Max", "Average") for rank in (1, 2, 3)])
def adaptive_pooling(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    good = st.integers(1, 4) | many(st.integers(1, 4), rank)
    arguments = {
        "output_size": draw(mostly(good, pick([1] * (rank + 1), None))),
        **some(draw, data_format=formats),
    }
    return arguments, draw(images(rank, arguments, odd=0))


@case("Dense")
def dense(draw: Draw, kind: str) -> Any:
    arguments = {
        "units": draw(mostly(st.integers(1, 9), pick(0, -2))),
        **some(draw, use_bias=st.booleans(), lora_rank=pick(None, 2), activation=pick("relu", "softmax")),
    }
    return arguments, draw(tensors(2, 4, mask=True))


@case("EinsumDense")
def einsum_dense(draw: Draw, kind: str) -> Any:
    equation = draw(
        mostly(
            pick(
                "ab,bc->ac",
                "abc,cd->abd",
                "abc,cde->abde",
                "...x,xy->...y",
                "abcd,cde->abe",
                "ab...,bc->ac...",
            ),
            pick("abc,cd->abe", "ab,bc", "ab,bcd->acf", "abc,bd->acd"),
        )
    )
    x = draw(tensors(2, 4, mask=True))
    target = equation.split("->")[-1].replace("...", "")
    shape = [draw(mostly(st.none(), st.integers(1, 9), 3)) for _ in target[1:-1]] + [draw(st.integers(1, 9))]
    if "..." in equation:
        shape = shape[-1:]
    bias = draw(mostly(st.none() | pick(target[-1]) | pick(target[1:]), pick("z"), 20))
    arguments = {"equation": equation, "output_shape": shape, "bias_axes": bias or None}
    return arguments, x


@case("Embedding", "ReversibleEmbedding")
def embedding(draw: Draw, kind: str) -> Any:
    width = draw(mostly(st.integers(1, 9), pick(0, -1), 20))
    arguments = {
        "input_dim": draw(mostly(st.integers(1, 50), pick(0), 20)),
        "output_dim": width,
        **some(draw, mask_zero=st.booleans(), lora_rank=pick(None, 2)),
    }
    call: dict[str, Any] = {}
    x = draw(tensors(1, 3, mask=True))
    if kind == "ReversibleEmbedding":
        arguments |= some(draw, tie_weights=st.booleans())
        if draw(st.booleans()):
            call = {"reverse": True}
            x = Given((*x.shape[:-1], draw(mostly(pick(width), pick(None), 6))), x.dtype)
    return arguments, x, call


@case("Masking")
def masking(draw: Draw, kind: str) -> Any:
    return some(draw, mask_value=pick(0.0, -1.0)), draw(tensors(2, 4, mask=True))


@case("Identity", "ELU", "ActivityRegularization", "Flatten")
def plain(draw: Draw, kind: str) -> Any:
    return {}, draw(tensors(1, 5, mask=True))


@case("Activation")
def activation(draw: Draw, kind: str) -> Any:
    return {"activation": draw(pick("relu", "softmax", "gelu"))}, draw(tensors(1, 4, mask=True))


@case("Softmax")
def softmax(draw: Draw, kind: str) -> Any:
    return some(draw, axis=pick(-1, 1, [1, 2])), draw(tensors(1, 4, mask=True))


@case("ReLU", "LeakyReLU")
def relus(draw: Draw, kind: str) -> Any:
    arguments = some(draw, negative_slope=mostly(pick(0.0, 0.2), pick(None, -1.0), 5))
    if kind == "ReLU":
        arguments |= some(
            draw, max_value=pick(None, 6.0, -1.0), threshold=mostly(pick(0.0), pick(-1.0, None), 6)
        )
    return arguments, draw(tensors(1, 4, mask=True))


@case("PReLU")
def prelu(draw: Draw, kind: str) -> Any:
    x = draw(tensors(2, 4, mask=True))
    unknown = [axis for axis, size in enumerate(x.shape) if size is None and axis]
    shared = mostly(pick(unknown or None, list(range(1, len(x.shape)))), pick([5], 1, [0], [-1]), 5)
    return some(draw, shared_axes=shared), x


@case(
    "Dropout", "AlphaDropout", "GaussianDropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D"
)
def dropout(draw: Draw, kind: str) -> Any:
    arguments = {"rate": draw(mostly(pick(0, 0.1, 1, 0.5), pick(-0.1, 1.5), 8))}
    if kind == "Dropout":
        arguments |= some(draw, noise_shape=mostly(pick(None, [None, 1]), pick([0], 3), 6))
    if kind.startswith("Spatial"):
        return arguments, draw(tensors(dimensions(kind) + 2, mask=True))
    return arguments, draw(tensors(1, 4, mask=True))


@case("GaussianNoise")
def noise(draw: Draw, kind: str) -> Any:
    return {"stddev": draw(mostly(pick(0, 0.1, 1), pick(-0.1, 1.5), 8))}, draw(tensors(1, 4, mask=True))


@case(
    "BatchNormalization", "LayerNormalization", "RMSNormalization", "UnitNormalization", "GroupNormalization"
)
def normalization(draw: Draw, kind: str) -> Any:
    arguments: dict[str, Any] = some(draw, axis=mostly(pick(-1), pick(1, -2, 0, 5, -5), 3))
    if kind in ("LayerNormalization", "RMSNormalization", "UnitNormalization"):
        arguments |= some(draw, axis=mostly(pick(-1, [-1, -2], [1, 2]), pick([0, 7]), 8))
    if kind in ("BatchNormalization", "LayerNormalization", "GroupNormalization"):
        arguments |= some(draw, center=st.booleans(), scale=st.booleans())
    if kind == "BatchNormalization":
        arguments |= some(draw, renorm=st.booleans())
    if kind == "GroupNormalization":
        arguments["groups"] = draw(mostly(pick(1, 2, -1, 4), pick(0, -2, 32), 6))
    return arguments, draw(tensors(2, 4, mask=True))


@case("SpectralNormalization")
def spectral(draw: Draw, kind: str) -> Any:
    wrapped = pick(
        KerasObject("layer", "Dense", {"units": 4}),
        KerasObject("layer", "Conv2D", {"filters": 2, "kernel_size": 3, "padding": "same"}),
        KerasObject("layer", "Embedding", {"input_dim": 9, "output_dim": 3}),
        KerasObject("layer", "Dropout", {"rate": 0.5}),
        KerasObject("layer", "LSTM", {"units": 3}),
    )
    layer = draw(wrapped)
    rank = {"Conv2D": 4, "LSTM": 3}.get(layer.kind, 2)
    arguments = {"layer": layer, **some(draw, power_iterations=mostly(pick(1, 3), pick(0), 6))}
    return arguments, draw(tensors(rank, odd=0))


@case("Reshape")
def reshape(draw: Draw, kind: str) -> Any:
    x = draw(tensors(2, 4))
    rest = [size or 3 for size in x.shape[1:]] or [1]
    total = 1
    for size in rest:
        total *= size
    good = pick([total], [-1], rest[::-1], [1, total], [-1, rest[-1]], [*rest, 1])
    return {"target_shape": draw(mostly(good, pick([7], [-1, -1], [-2], [5, -1], [0, -1]), 4))}, x


@case("Permute")
def permute(draw: Draw, kind: str) -> Any:
    x = draw(tensors(2, 4))
    good = st.permutations(range(1, len(x.shape)))
    return {"dims": draw(mostly(good, pick([1], [0, 1], [2, 1], [1, 3]), 6))}, x


@case("RepeatVector")
def repeat_vector(draw: Draw, kind: str) -> Any:
    return {"n": draw(mostly(st.integers(1, 5), pick(0, -1), 8))}, draw(tensors(2, odd=6))


@case("UpSampling1D", "UpSampling2D", "UpSampling3D")
def up_sampling(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    arguments = some(draw, size=st.integers(1, 3) if rank == 1 else window(rank))
    if rank > 1:
        arguments |= some(draw, data_format=formats)
    return arguments, draw(images(rank, arguments, odd=8))


@case(*[f"{kind}{rank}D" for kind in ("ZeroPadding", "Cropping") for rank in (1, 2, 3)])
def around(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    pair = many(st.integers(0, 3), 2)
    good = st.integers(0, 3) | (pair if rank == 1 else many(pair | st.integers(0, 3), rank))
    name = "padding" if kind.startswith("Zero") else "cropping"
    arguments = some(draw, **{name: mostly(good, pick([1], [[1, 2, 3]] * rank, -1, [[-1, 0]] * rank), 8)})
    if rank > 1 or name == "padding":
        arguments |= some(draw, data_format=formats)
    return arguments, draw(images(rank, arguments, odd=8))


@st.composite
def alike(draw: Draw, low: int, high: int) -> list[Given]:
    """Tensors that mostly fit one another: equal, or 1 along some axes, or with unknown sizes."""
    first = draw(tensors(low, high, odd=30))
    mask = draw(st.integers(1, 4)) == 1 and len(first.shape) > 2
    found = [Given(first.shape, first.dtype, mask)]
    for _ in range(draw(st.integers(0, 2))):
        shape = [size if draw(st.integers(1, 8)) > 1 else draw(pick(1, None, 5)) for size in first.shape]
        if draw(st.integers(1, 10)) == 1 and len(shape) > 2:
            del shape[draw(st.integers(1, len(shape) - 1))]
        found.append(Given(tuple(shape), draw(pick(first.dtype, draw(dtypes))), mask and draw(st.booleans())))
    return found


@case("Add", "Multiply", "Average", "Maximum", "Minimum", "Subtract")
def merging(draw: Draw, kind: str) -> Any:
    given = draw(alike(2, 4))
    if kind == "Subtract" and draw(st.integers(1, 8)) > 1:
        given = (given + given)[:2]
    return {}, draw(mostly(pick(given), pick(given[0]), 25))


@case("Concatenate")
def concatenate(draw: Draw, kind: str) -> Any:
    given = draw(alike(2, 4))
    axis = draw(mostly(pick(-1, 1), pick(0, 2, -2, 5, -6), 3))
    if draw(st.booleans()) and -len(given[0].shape) <= axis < len(given[0].shape):
        widened = [list(given[0].shape) for _ in given]
        for shape in widened:
            shape[axis] = draw(sizes)
        given = [Given(tuple(shape), g.dtype, g.mask) for shape, g in zip(widened, given, strict=True)]
    return {"axis": axis}, given


@case("Dot")
def dot(draw: Draw, kind: str) -> Any:
    given = draw(alike(2, 3))
    if draw(st.integers(1, 10)) > 1:
        given = (given + given)[:2]
    axes = mostly(pick(1, -1, [1, 1], [-1, -1], 2), pick([1, 2], [2, 1], 0, 5, [1], [1, 1, 1]), 3)
    return {"axes": draw(axes), **some(draw, normalize=st.booleans())}, given


def rnn_arguments(draw: Draw, kind: str) -> dict[str, Any]:
    arguments = some(
        draw,
        use_bias=st.booleans(),
        return_sequences=st.booleans(),
        return_state=st.booleans(),
        go_backwards=st.booleans(),
        stateful=mostly(pick(False), pick(True), 6),
    )
    if kind == "GRU":
        arguments |= some(draw, reset_after=st.booleans())
    return {"units": draw(mostly(st.integers(1, 6), pick(0, -1), 20)), **arguments}


@case("SimpleRNN", "GRU", "LSTM")
def recurrent(draw: Draw, kind: str) -> Any:
    return rnn_arguments(draw, kind), {"sequences": draw(tensors(3, mask=True))}


def cell(draw: Draw) -> KerasObject:
    kind = draw(pick("SimpleRNNCell", "GRUCell", "LSTMCell"))
    arguments = {"units": draw(st.integers(1, 5)), **some(draw, use_bias=st.booleans())}
    return KerasObject("layer", kind, arguments)


@case("RNN")
def rnn(draw: Draw, kind: str) -> Any:
    cells = [cell(draw) for _ in range(draw(st.integers(1, 3)))]
    stack = KerasObject("layer", "StackedRNNCells", {"cells": cells})
    arguments = {
        "cell": draw(
            mostly(pick(cells[0], cells, stack), pick(KerasObject("layer", "Dense", {"units": 2})), 15)
        ),
        **some(draw, return_sequences=st.booleans(), return_state=st.booleans()),
    }
    return arguments, {"sequences": draw(tensors(3, mask=True, odd=0))}


@case("SimpleRNNCell", "GRUCell", "LSTMCell")
def one_step(draw: Draw, kind: str) -> Any:
    units = draw(mostly(st.integers(1, 6), pick(0), 20))
    batch = draw(batches)
    x = Given((batch, draw(mostly(st.integers(1, 6), st.none(), 20))))
    size = draw(mostly(pick(units), pick(7), 15))
    count = draw(mostly(pick(2 if kind == "LSTMCell" else 1), pick(0), 20))
    states = [Given((batch, size)) for _ in range(count)]
    return {"units": units, **some(draw, use_bias=st.booleans())}, {"inputs": x, "states": states}


@case("ConvLSTM1D", "ConvLSTM2D", "ConvLSTM3D")
def conv_lstm(draw: Draw, kind: str) -> Any:
    rank = dimensions(kind)
    arguments = {
        "filters": draw(st.integers(1, 3)),
        "kernel_size": draw(window(rank)),
        **some(
            draw,
            strides=mostly(pick(1), window(rank), 3),
            padding=mostly(pick("valid", "same"), pick("causal"), 15),
            data_format=formats,
            dilation_rate=mostly(pick(1), window(rank), 4),
            use_bias=st.booleans(),
            return_sequences=st.booleans(),
            return_state=st.booleans(),
        ),
    }
    shape = [
        draw(batches),
        draw(sizes),
        *[draw(mostly(st.integers(2, 9), st.none(), 12)) for _ in range(rank + 1)],
    ]
    if draw(st.integers(1, 15)) == 1:
        shape.append(3)
    return arguments, {"sequences": Given(tuple(shape), draw(dtypes), draw(st.integers(1, 4)) == 1)}


@case("Bidirectional")
def bidirectional(draw: Draw, kind: str) -> Any:
    wrapped = draw(mostly(pick("SimpleRNN", "GRU", "LSTM"), pick("Dense"), 20))
    inside = {"units": 3} if wrapped == "Dense" else rnn_arguments(draw, wrapped)
    inside.pop("stateful", None)
    if draw(st.integers(1, 6)) > 1:
        inside.pop("go_backwards", None)
    arguments = {"layer": KerasObject("layer", wrapped, inside)}
    modes = mostly(pick("concat", "sum", "ave", "mul", None), pick("max"), 15)
    arguments |= some(draw, merge_mode=modes)
    if draw(st.integers(1, 5)) == 1:
        arguments["backward_layer"] = KerasObject(
            "layer", wrapped, {**inside, "go_backwards": draw(st.booleans())}
        )
    return arguments, {"sequences": draw(tensors(3, mask=True))}


@case("TimeDistributed")
def time_distributed(draw: Draw, kind: str) -> Any:
    layer, rank = draw(
        pick(
            (KerasObject("layer", "Dense", {"units": 4}), 3),
            (KerasObject("layer", "Conv2D", {"filters": 2, "kernel_size": 3, "use_bias": False}), 5),
            (KerasObject("layer", "Flatten"), 4),
            (KerasObject("layer", "Dropout", {"rate": 0.5}), 3),
            (KerasObject("layer", "LSTM", {"units": 3}), 4),
            (KerasObject("layer", "GlobalAveragePooling2D"), 5),
            (KerasObject("layer", "BatchNormalization"), 4),
        )
    )
    x = draw(tensors(rank, mask=True, odd=0))
    if draw(st.integers(1, 12)) == 1:
        x = Given(x.shape[:2], x.dtype)
    return {"layer": layer}, x


@case("Attention", "AdditiveAttention")
def attention(draw: Draw, kind: str) -> Any:
    batch, width, high, low = draw(batches), draw(sizes), draw(sizes), draw(sizes)
    mask = st.integers(1, 4).map(lambda n: n == 1)
    dtype = draw(dtypes)
    query, value = (
        Given((batch, high, width), dtype, draw(mask)),
        Given((batch, low, draw(sizes)), dtype, draw(mask)),
    )
    key = Given((batch, low, width), dtype, draw(mask))
    good = pick([query, value, key], [query, key])
    given = draw(mostly(good, pick([query], [query] * 4), 12))
    arguments = some(draw, use_scale=st.booleans())
    if kind == "Attention":
        arguments |= some(draw, score_mode=mostly(pick("dot", "concat"), pick("cosine"), 12))
    return arguments, given, some(draw, return_attention_scores=st.booleans(), use_causal_mask=st.booleans())


@case("MultiHeadAttention", "GroupQueryAttention")
def heads(draw: Draw, kind: str) -> Any:
    batch, extra = (
        draw(batches),
        draw(mostly(pick(()), pick((3,)), 6)) if kind == "MultiHeadAttention" else (),
    )
    features = mostly(st.integers(1, 8), st.none(), 15)
    long, short, width = draw(sizes), draw(sizes), draw(features)
    dtype = draw(dtypes)
    wide = width if kind == "GroupQueryAttention" and draw(st.integers(1, 12)) > 1 else draw(features)
    inputs = {
        "query": Given((batch, *extra, long, width), dtype, draw(st.integers(1, 3)) == 1),
        "value": Given((batch, *extra, short, wide), dtype),
    }
    if draw(st.booleans()):
        inputs["key"] = Given((batch, *extra, draw(mostly(pick(short), pick(13), 12)), draw(features)), dtype)
    shared = some(draw, use_bias=st.booleans(), use_gate=st.booleans(), dropout=pick(0.0, 0.1))
    shared |= some(draw, sliding_window=mostly(pick(None, 3), pick(0), 10))
    if kind == "MultiHeadAttention":
        arguments = {
            "num_heads": draw(mostly(st.integers(1, 4), pick(0, -1), 15)),
            "key_dim": draw(mostly(st.integers(1, 4), pick(0), 15)),
            **some(draw, value_dim=pick(None, 3), output_shape=pick(None, 5, [5], [2, 3])),
            **shared,
        }
    else:
        arguments = {
            "head_dim": draw(st.integers(1, 4)),
            "num_query_heads": draw(pick(2, 4, 6)),
            "num_key_value_heads": draw(mostly(pick(1, 2), pick(4), 6)),
            **shared,
        }
    return arguments, inputs, some(draw, return_attention_scores=st.booleans()) if not extra else {}


@case("Rescaling")
def rescaling(draw: Draw, kind: str) -> Any:
    return {"scale": 0.5, **some(draw, offset=pick(0.0, 1.0))}, draw(tensors(1, 4, mask=True))


@case("Normalization")
def standardised(draw: Draw, kind: str) -> Any:
    arguments = some(draw, axis=mostly(pick(-1, None, [-1], [1, -1]), pick(5, 0), 8), invert=st.booleans())
    if draw(st.integers(1, 3)) == 1:
        arguments |= draw(
            pick(
                {"mean": 0.5, "variance": 1.0},
                {"mean": [0.5], "variance": [1.0]},
                {"mean": 1.0},
                {"variance": [1.0]},
            )
        )
    return arguments, draw(tensors(2, 4, mask=True))


@case("CategoryEncoding")
def category_encoding(draw: Draw, kind: str) -> Any:
    modes = mostly(pick("one_hot", "multi_hot", "count", "binary"), pick("int"), 12)
    arguments = {
        "num_tokens": draw(mostly(st.integers(1, 9), pick(0, None), 12)),
        **some(draw, output_mode=modes),
    }
    shape = (draw(batches), *draw(pick((), (1,), (4,), (None,), (3, 1), (3, 4))))
    return arguments, Given(shape, draw(pick("int32", "int64", "float32")))


@case("Discretization")
def discretization(draw: Draw, kind: str) -> Any:
    good = pick({"bin_boundaries": [0.0, 1.0]}, {"num_bins": 4})
    arguments = dict(
        draw(mostly(good, pick({}, {"bin_boundaries": [0.0], "num_bins": 2}, {"num_bins": -1}), 10))
    )
    arguments |= some(
        draw, output_mode=mostly(pick("int", "one_hot", "multi_hot", "count"), pick("tf_idf"), 12)
    )
    return arguments, Given((draw(batches), *draw(pick((), (1,), (4,), (3, 1), (3, None)))), draw(dtypes))


@case("Hashing", "HashedCrossing")
def hashing(draw: Draw, kind: str) -> Any:
    modes = (
        pick("int", "one_hot") if kind == "HashedCrossing" else pick("int", "one_hot", "multi_hot", "count")
    )
    arguments = {
        "num_bins": draw(st.integers(1, 9)),
        **some(draw, output_mode=mostly(modes, pick("tf_idf"), 12)),
    }
    if kind == "Hashing":
        arguments["num_bins"] = draw(mostly(st.integers(1, 9), pick(0), 12))
        arguments |= some(draw, salt=mostly(pick(None, 3, [1, 2]), pick([1], "x"), 8))
    x = Given((draw(batches), *draw(pick((), (1,), (4,), (3, 1)))), draw(pick("int32", "string")))
    if kind == "Hashing":
        return arguments, x
    return arguments, draw(mostly(pick([x, x]), pick([x], [x, Given((None, 7), "int32")]), 8))


@case("IntegerLookup", "StringLookup", "TextVectorization")
def lookups(draw: Draw, kind: str) -> Any:
    arguments = some(
        draw,
        output_mode=mostly(pick("int", "one_hot", "multi_hot", "count"), pick("two_hot"), 15),
        max_tokens=mostly(pick(None, 9), pick(1), 12),
        pad_to_max_tokens=mostly(pick(False), pick(True), 4),
        vocabulary=pick(None, [3, 4, 5] if kind == "IntegerLookup" else ["a", "b", "c"]),
    )
    if kind == "TextVectorization":
        arguments |= some(
            draw, output_sequence_length=mostly(pick(None), pick(6), 2), split=pick("whitespace", None)
        )
    else:
        arguments |= some(draw, num_oov_indices=mostly(pick(0, 1, 2), pick(-1), 12), invert=st.booleans())
    shape = (draw(batches), *draw(pick((), (1,), (4,), (3, 1), (None,))))
    return arguments, Given(shape, "int64" if kind == "IntegerLookup" else "string")


@case("MelSpectrogram")
def mel(draw: Draw, kind: str) -> Any:
    arguments = some(
        draw,
        fft_length=pick(64, 128),
        sequence_stride=pick(16, 20),
        num_mel_bins=pick(8, 20),
        sequence_length=pick(64, 256),
    )
    return arguments, draw(tensors(1, 2, odd=0))


@case("STFTSpectrogram")
def stft(draw: Draw, kind: str) -> Any:
    arguments = some(
        draw,
        mode=mostly(pick("log", "magnitude", "psd", "real", "imag", "angle", "stft"), pick("power"), 15),
        frame_step=mostly(pick(None, 2, 8), pick(0, 40), 8),
        fft_length=mostly(pick(None, 32), pick(3), 8),
        padding=mostly(pick("valid", "same"), pick("full"), 15),
        expand_dims=st.booleans(),
        data_format=formats,
    )
    arguments["frame_length"] = draw(pick(8, 12, 16))
    shape = [
        draw(batches),
        draw(mostly(pick(3, 40, 64), st.none(), 6)),
        draw(mostly(pick(1, 2), st.none(), 12)),
    ]
    if arguments.get("data_format") == "channels_first":
        shape[1], shape[2] = shape[2], shape[1]
    return arguments, Given(tuple(shape))


@case("Pipeline")
def pipeline(draw: Draw, kind: str) -> Any:
    layers = [
        KerasObject("layer", "Rescaling", {"scale": 0.1}),
        KerasObject("layer", "Resizing", {"height": 6, "width": 5}),
        KerasObject("layer", "RandomFlip", {"mode": "horizontal"}),
    ]
    return {"layers": draw(st.lists(pick(*layers), min_size=1, max_size=3))}, draw(images(2, {}, odd=0))


FACTORS = {
    "RandomBrightness": "factor",
    "RandomColorDegeneration": "factor",
    "RandomContrast": "factor",
    "RandomErasing": "factor",
    "RandomElasticTransform": "factor",
    "RandomGaussianBlur": "factor",
    "RandomHue": "factor",
    "RandomInvert": "factor",
    "RandomRotation": "factor",
    "RandomSaturation": "factor",
    "RandomSharpness": "factor",
    "RandomTranslation": "height_factor",
    "RandomShear": "x_factor",
    "Solarization": "addition_factor",
    "CutMix": "factor",
    "AugMix": "factor",
    "RandAugment": "factor",
}


@case(
    *FACTORS,
    "AutoContrast",
    "ContrastLimitedAdaptiveHistogramEqualization",
    "Equalization",
    "MixUp",
    "RandomColorJitter",
    "RandomFlip",
    "RandomGrayscale",
    "RandomPerspective",
    "RandomPosterization",
    "RandomZoom",
)
def augmentation(draw: Draw, kind: str) -> Any:
    arguments: dict[str, Any] = {}
    if kind in FACTORS:
        good = pick(0.1, [0.1, 0.2], 0, 1)
        arguments[FACTORS[kind]] = draw(mostly(good, pick(1.5, -2, [0.1], None), 10))
    if kind == "RandomTranslation":
        arguments["width_factor"] = 0.1
    if kind == "RandomPosterization":
        arguments["factor"] = 4
    if kind == "RandomZoom":
        arguments["height_factor"] = 0.1
    return arguments, draw(images(2, {}, odd=0))


@case("Resizing", "CenterCrop", "RandomCrop")
def resizing(draw: Draw, kind: str) -> Any:
    arguments = {
        "height": draw(st.integers(1, 9)),
        "width": draw(st.integers(1, 9)),
        **some(draw, data_format=formats),
    }
    return arguments, draw(images(2, arguments, odd=0))
