"""Strategies: for each layer, calls of it that are mostly right and sometimes wrong."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from keras_answers import Answer, Given, LayerCase, OpCase

from specc.catalog.objects import KerasObject

LAYERS: dict[str, st.SearchStrategy[LayerCase]] = {}
Draw = Any


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
    if draw(st.integers(1, odd)) == odd:
        rank = draw(st.integers(1, 6))
    shape = (draw(batches), *[draw(sizes) for _ in range(rank - 1)])
    masked = rank >= 2 and mask and draw(st.integers(1, 4)) == 1
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
                if policy is not None:
                    arguments = {**arguments, "dtype": policy}
                if draw(st.integers(1, 10)) == 1 and not kind.startswith("Spatial"):
                    arguments = {**arguments, "trainable": False}
                named = inputs if isinstance(inputs, dict) else {"inputs": inputs}
                return LayerCase(kind, {k: v for k, v in arguments.items() if v is not ...}, named, call)

            LAYERS[kind] = build()
        return function

    return register


def some(draw: Draw, **strategies: st.SearchStrategy[Any]) -> dict[str, Any]:
    """A value for each name, or none, which leaves the argument out."""
    return {name: draw(strategy) for name, strategy in strategies.items() if draw(st.booleans())}


def known_difference(case: LayerCase | OpCase, ours: Answer, theirs: Answer) -> str:
    """The reason, if a disagreement is one that was looked into and is meant."""
    return ""


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
    return arguments, draw(images(rank, arguments, odd=10**9))


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
    return arguments, draw(tensors(rank, odd=10**9))


@case("Reshape")
def reshape(draw: Draw, kind: str) -> Any:
    x = draw(tensors(2, 4))
    rest = [size or 3 for size in x.shape[1:]]
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
