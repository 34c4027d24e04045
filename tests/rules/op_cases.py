"""Strategies: for each function of `keras.ops`, calls of it that are mostly right and sometimes wrong."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st
from keras_answers import Given, OpCase
from layer_cases import alike, batches, formats, mostly, pick, sizes, some

OPS: dict[str, st.SearchStrategy[OpCase]] = {}
Draw = Any
SMALL = ("uint8", "int8", "int16", "uint16", "uint32", "uint64")
kinds = mostly(
    pick("float32"),
    pick(
        "int32",
        "float16",
        "bool",
        "float64",
        "int64",
        "bfloat16",
        "uint8",
        "int8",
        "int16",
        "uint16",
        "uint32",
        "uint64",
    ),
    2,
)
floats = pick("float32", "float32", "float16", "bfloat16", "float64")
axes = mostly(pick(-1, None, 0, 1), pick(-2, 2, 5, -5, [0, 1], [-1, 0]), 3)

UNARY = """
    abs absolute conj conjugate copy imag negative real sign trunc stop_gradient relu relu6 sigmoid
    sparse_sigmoid softplus softsign sparse_plus silu swish log_sigmoid hard_sigmoid hard_silu hard_swish
    selu tanh_shrink hard_tanh rsqrt erf erfinv angle arccos arccosh arcsin arcsinh arctan arctanh ceil
    cos cosh erfc floor log log10 log1p log2 sin sinc sinh sqrt tan tanh exp exp2 expm1 fabs cbrt deg2rad
    rad2deg i0 isfinite isinf isnan isneginf isposinf isreal logical_not signbit square reciprocal round
    nan_to_num ravel size elu celu leaky_relu gelu soft_shrink hard_shrink squareplus zeros_like
    ones_like
"""
BINARY = """
    add subtract multiply maximum minimum fmax fmin power floor_divide mod fmod divide true_divide
    divide_no_nan logaddexp logaddexp2 arctan2 ldexp nextafter gcd lcm equal not_equal greater
    greater_equal less less_equal logical_and logical_or logical_xor isclose allclose
"""
REDUCTION = """
    all any max min amax amin ptp nanmax nanmin mean std var median nanmean nanmedian nanstd nanvar sum
    nansum prod nanprod logsumexp norm
"""


def case(*names: str) -> Any:
    """Registers `function(draw, name) -> (args[, kwargs])` for these functions."""

    def register(function: Callable[[Draw, str], Any]) -> Any:
        for name in names:

            @st.composite
            def build(draw: Draw, name: str = name) -> OpCase:
                answer = function(draw, name)
                kwargs = answer[1] if len(answer) > 1 else {}
                return OpCase(name, tuple(answer[0]), kwargs)

            OPS[name] = build()
        return function

    return register


@st.composite
def operand(draw: Draw, low: int = 1, high: int = 4, kind: Any = kinds) -> Given:
    rank = draw(st.integers(low, high))
    shape = (draw(batches), *[draw(sizes) for _ in range(rank - 1)]) if rank else ()
    return Given(shape, draw(kind))


@case(*UNARY.split())
def unary(draw: Draw, name: str) -> Any:
    return ([draw(operand(0, 4))],)


@case("tril", "triu", "fliplr", "flipud")
def matrices(draw: Draw, name: str) -> Any:
    return ([draw(operand(1, 4))],)


@case("bitwise_invert", "bitwise_not")
def bits(draw: Draw, name: str) -> Any:
    return ([draw(operand(1, 3, pick("int32", "uint8", "int64")))],)


@case("clip")
def clip(draw: Draw, name: str) -> Any:
    return [draw(operand()), 0, 1], {}


@case("threshold")
def threshold(draw: Draw, name: str) -> Any:
    return [draw(operand()), 0.5, 0.0], {}


@st.composite
def pairs(draw: Draw) -> list[Any]:
    """Two operands that mostly stretch to one another; one may be a number."""
    given = draw(alike(1, 4))
    left, right = (given + given)[:2]
    left, right = Given(left.shape, draw(kinds)), Given(right.shape, draw(kinds))
    if draw(st.integers(1, 4)) == 1:
        return draw(pick([left, 2], [left, 0.5], [3, right], [left, True]))
    cut = draw(st.integers(0, len(right.shape)))
    return [left, Given(right.shape[cut:], right.dtype)]


@case(*BINARY.split())
def binary(draw: Draw, name: str) -> Any:
    return (draw(pairs()),)


@case("hypot", "heaviside", "isin")
def binary_tensors(draw: Draw, name: str) -> Any:
    given = draw(pairs())
    return ([x if isinstance(x, Given) else Given((), "float32") for x in given],)


@case("bitwise_and", "bitwise_or", "bitwise_xor", "left_shift", "right_shift")
def binary_bits(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 3, pick("int32", "uint8", "int64")))
    return ([x, Given(x.shape, draw(pick("int32", "uint8", "int64")))],)


@case("where")
def where(draw: Draw, name: str) -> Any:
    given = draw(pairs())
    return ([Given((given[0] if isinstance(given[0], Given) else given[1]).shape, "bool"), *given],)


@case("cast", "saturate_cast")
def cast(draw: Draw, name: str) -> Any:
    return ([draw(operand()), draw(mostly(pick("float32", "int32", "bool", "float16"), pick("floaty"), 20))],)


@case(*REDUCTION.split())
def reduction(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 4, kinds if name not in ("norm", "logsumexp") else floats))
    return [x], some(draw, axis=axes, keepdims=st.booleans())


@case(
    "argmax",
    "argmin",
    "nanargmax",
    "nanargmin",
    "count_nonzero",
    "cumsum",
    "cumprod",
    "sort",
    "argsort",
    "flip",
)
def along(draw: Draw, name: str) -> Any:
    return [draw(operand())], {"axis": draw(mostly(pick(-1, 0, None), pick(1, 2, 5, -4), 3))}


@case("average")
def average(draw: Draw, name: str) -> Any:
    x = draw(operand())
    weights = draw(mostly(pick(None, Given(x.shape), Given(x.shape[-1:])), pick(Given((7,))), 8))
    return [x], {"axis": draw(mostly(pick(None, -1), pick(0, 3), 4)), "weights": weights}


@case("quantile", "percentile", "nanquantile", "nanpercentile")
def quantile(draw: Draw, name: str) -> Any:
    return [draw(operand()), draw(pick(0.5, [0.1, 0.9], [0.5]))], some(
        draw, axis=pick(-1, None, 0), keepdims=st.booleans()
    )


@case("moments")
def moments(draw: Draw, name: str) -> Any:
    return [draw(operand(1, 4, floats)), draw(mostly(pick([0], [-1], [0, -1]), pick([5]), 8))], some(
        draw, keepdims=st.booleans()
    )


@case("top_k")
def top_k(draw: Draw, name: str) -> Any:
    return ([draw(operand(1, 3)), 1],)


@case("in_top_k")
def in_top_k(draw: Draw, name: str) -> Any:
    return ([Given((draw(batches),), "int32"), Given((None, 5)), 2],)


@case("searchsorted", "digitize")
def searching(draw: Draw, name: str) -> Any:
    sequence = Given((draw(sizes),)) if draw(st.integers(1, 8)) > 1 else Given((2, 3))
    values = draw(operand())
    return ([sequence, values] if name == "searchsorted" else [values, sequence],)


@case("trapezoid", "sparsemax", "softmax", "log_softmax", "normalize", "glu", "diff")
def axis_only(draw: Draw, name: str) -> Any:
    return [draw(operand(1, 4, floats))], some(draw, axis=mostly(pick(-1, 0), pick(1, -2, 5), 4))


@case("segment_sum", "segment_max", "segment_min", "segment_prod")
def segments(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 3))
    return [x, Given(x.shape[:1], "int32")], {"num_segments": 5}


@case("reshape")
def reshape(draw: Draw, name: str) -> Any:
    x = draw(operand())
    total = 1
    for size in x.shape:
        total *= size or 3
    good = pick([total], [-1], [1, total], -1, [*[s or 3 for s in x.shape], 1])
    return ([x, draw(mostly(good, pick([7], [-1, -1], [5, -1], [-3]), 4))],)


@case("transpose")
def transpose(draw: Draw, name: str) -> Any:
    x = draw(operand())
    return [x], {
        "axes": draw(mostly(st.permutations(range(len(x.shape))) | st.none(), pick([0], [0, 5], [1, 0]), 6))
    }


@case("swapaxes", "moveaxis")
def two_axes(draw: Draw, name: str) -> Any:
    one = mostly(pick(0, -1), pick(1, 2, -2, 6), 3)
    return ([draw(operand()), draw(one), draw(one)],)


@case("expand_dims", "squeeze")
def one_axis(draw: Draw, name: str) -> Any:
    x = draw(operand())
    ones = [axis for axis, size in enumerate(x.shape) if size == 1]
    if name == "squeeze":
        return [x], {"axis": draw(mostly(pick(None, *ones, ones or None), pick(0, -1, 5), 6))}
    return ([x, draw(mostly(pick(0, -1, [0, -1]), pick(2, 7, -6), 5))],)


@case("broadcast_to")
def broadcast_to(draw: Draw, name: str) -> Any:
    shape = [draw(st.integers(1, 5)) for _ in range(draw(st.integers(1, 3)))]
    source = [draw(pick(size, 1, None)) for size in shape]
    return (
        [
            Given(tuple(source), draw(kinds)),
            draw(mostly(pick(shape, [2, *shape]), pick([9], [*shape, 9]), 8)),
        ],
    )


@case("concatenate", "stack", "hstack", "vstack", "dstack")
def joining(draw: Draw, name: str) -> Any:
    given = [Given(x.shape, draw(kinds)) for x in draw(alike(2, 4))]
    axis = (
        {"axis": draw(mostly(pick(-1, 0, 1), pick(2, 5, -5), 4))} if name in ("concatenate", "stack") else {}
    )
    return [given], axis


@case("append")
def append(draw: Draw, name: str) -> Any:
    given = (draw(alike(2, 3)) * 2)[:2]
    return given, {"axis": draw(pick(None, 0, 1, -1))}


@case("split", "array_split", "hsplit", "vsplit", "dsplit")
def splitting(draw: Draw, name: str) -> Any:
    parts = mostly(pick(1, 2, 3), pick([1, 2], [1]), 3) if name != "array_split" else pick(1, 2, 3)
    kwargs = {"axis": draw(mostly(pick(0, 1, -1), pick(6), 10))} if name in ("split", "array_split") else {}
    return [draw(operand(1, 4)), draw(parts)], kwargs


@case("unstack")
def unstack(draw: Draw, name: str) -> Any:
    return [draw(operand())], {"axis": draw(mostly(pick(-1, 1), pick(0, 7), 5))}


@case("repeat")
def repeat(draw: Draw, name: str) -> Any:
    x = draw(operand())
    return [x, draw(mostly(st.integers(1, 3), pick([1, 2], [2]), 4))], {
        "axis": draw(mostly(pick(None, 0, -1), pick(6), 12))
    }


@case("tile")
def tile(draw: Draw, name: str) -> Any:
    return ([draw(operand()), draw(st.integers(1, 3) | st.lists(st.integers(1, 3), min_size=1, max_size=4))],)


@case("pad")
def pad(draw: Draw, name: str) -> Any:
    x = draw(operand())
    pair = st.lists(st.integers(0, 3), min_size=2, max_size=2).map(tuple)
    good = st.integers(0, 3) | st.lists(pair, min_size=len(x.shape), max_size=len(x.shape))
    return ([x, draw(mostly(good, st.lists(pair, min_size=5, max_size=5), 12))],)


@case("roll")
def roll(draw: Draw, name: str) -> Any:
    return [draw(operand()), 1], {"axis": draw(mostly(pick(None, 0, -1), pick(6), 10))}


@case("rot90")
def rot90(draw: Draw, name: str) -> Any:
    return [draw(operand(2, 4))], {
        "k": 1,
        "axes": draw(mostly(pick((0, 1), (1, 0), (-1, -2)), pick((0, 0)), 8)),
    }


@case("meshgrid")
def meshgrid(draw: Draw, name: str) -> Any:
    given = [Given((draw(sizes),), "float32") for _ in range(draw(st.integers(2, 3)))]
    return given, {"indexing": draw(mostly(pick("xy", "ij"), pick("yx"), 10))}


@case("diag", "diagflat", "diagonal", "trace")
def diagonals(draw: Draw, name: str) -> Any:
    key = {"diag": "k", "diagflat": "k"}.get(name, "offset")
    return [draw(operand(1, 3))], some(draw, **{key: st.integers(-3, 3)})


@case("take")
def take(draw: Draw, name: str) -> Any:
    indices = draw(operand(0, 2, pick("int32", "int64")))
    return [draw(operand()), indices], {"axis": draw(mostly(pick(None, 0, -1, 1), pick(6), 10))}


@case("take_along_axis")
def take_along_axis(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 3))
    shape = list(x.shape)
    axis = draw(mostly(pick(-1, 0), pick(None, 5), 6))
    if axis in (0, -1):
        shape[axis] = draw(sizes)
    if draw(st.integers(1, 10)) == 1:
        shape = [*shape, 3]
    return [x, Given(tuple(shape), "int32")], {"axis": axis}


@case("slice")
def slicing(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 3))
    count = len(x.shape) + draw(mostly(pick(0), pick(1), 10))
    return ([x, [0] * count, [draw(pick(1, -1)) for _ in range(count)]],)


@case("scatter_update", "slice_update")
def updating(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 2))
    if name == "slice_update":
        return ([x, [0] * len(x.shape), Given((1,) * len(x.shape), x.dtype)],)
    return ([x, Given((3, len(x.shape)), "int32"), Given((3,), x.dtype)],)


@case("extract_sequences")
def sequences(draw: Draw, name: str) -> Any:
    return ([draw(operand(1, 3)), 2, draw(pick(1, 2))],)


@st.composite
def keys(draw: Draw, rank: int) -> Any:
    bound = st.integers(-4, 4) | st.none()
    step = mostly(st.none() | pick(1, 2), pick(-1), 8)
    piece = st.builds(slice, bound, bound, step)
    entry = mostly(piece | st.just(None) | st.just(Ellipsis), st.integers(-3, 3), 3)
    found = draw(st.lists(entry, min_size=1, max_size=rank + 1))
    return found[0] if len(found) == 1 and isinstance(found[0], int) else tuple(found)


@case("get_item")
def get_item(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 3))
    return ([x, draw(keys(len(x.shape)))],)


@case("matmul", "dot", "inner")
def products(draw: Draw, name: str) -> Any:
    inner = draw(mostly(st.integers(1, 6), st.none(), 8))
    left = Given((*[draw(sizes) for _ in range(draw(st.integers(0, 2)))], inner), draw(kinds))
    other = draw(mostly(pick(inner), pick(9), 10))
    last = (other,) if name == "inner" or draw(st.integers(1, 4)) == 1 else (other, draw(sizes))
    extra = [draw(pick(1, None, 2)) for _ in range(draw(st.integers(0, 1)))] if len(last) == 2 else []
    return ([left, Given((*extra, *last), draw(kinds))],)


@case("vdot", "outer", "kron")
def plain_products(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 2))
    return ([x, Given(x.shape, draw(kinds))],)


@case("cross")
def cross(draw: Draw, name: str) -> Any:
    batch, size = draw(sizes), draw(mostly(pick(3, 2), pick(4, None), 6))
    return (
        [Given((batch, size), draw(kinds)), Given((draw(pick(batch, 1)), draw(pick(size, 3))), draw(kinds))],
    )


@case("tensordot")
def tensordot(draw: Draw, name: str) -> Any:
    a, b, c = draw(sizes), draw(sizes), draw(sizes)
    by_count = draw(st.booleans())
    right = (b, c) if by_count else (c, b)
    if not by_count and draw(st.integers(1, 8)) == 1:
        right = (c, 13)
    return [Given((a, b), draw(kinds)), Given(right, draw(kinds))], {"axes": 1 if by_count else [[1], [1]]}


@case("einsum")
def einsum(draw: Draw, name: str) -> Any:
    equation, ranks = draw(
        pick(
            ("ab,bc->ac", (2, 2)),
            ("abc,acd->abd", (3, 3)),
            ("...a,ab->...b", (3, 2)),
            ("ab->ba", (2,)),
            ("abhd,achd->ahbc", (4, 4)),
            ("ab,ab->", (2, 2)),
            ("a,b->ab", (1, 1)),
            ("ab,bc", (2, 2)),
        )
    )
    letters = {letter: draw(sizes) for letter in "abcdh"}
    given = []
    for source, rank in zip(equation.split("->")[0].split(","), ranks, strict=True):
        named = [letters[letter] for letter in source.replace("...", "")]
        shape = [draw(sizes) for _ in range(rank - len(named))] + named
        if draw(st.integers(1, 25)) == 1:
            shape = [*shape, 2]
        given.append(Given(tuple(shape), draw(kinds)))
    return ([equation, *given],)


@case("cdist")
def cdist(draw: Draw, name: str) -> Any:
    width = draw(sizes)
    other = draw(mostly(pick(width), pick(13), 10))
    return ([Given((draw(sizes), width), draw(floats)), Given((draw(sizes), other), draw(floats))],)


@case("correlate")
def correlate(draw: Draw, name: str) -> Any:
    number = st.integers(1, 6)
    return [Given((draw(number),), draw(kinds)), Given((draw(number),), draw(kinds))], {
        "mode": draw(mostly(pick("valid", "same", "full"), pick("half"), 10))
    }


@case("one_hot", "multi_hot")
def one_hot(draw: Draw, name: str) -> Any:
    return [draw(operand(1, 3, pick("int32", "int64"))), 5], {
        "axis": draw(mostly(pick(-1, 0), pick(1, 2, 5), 5))
    }


@case("linspace", "logspace", "geomspace")
def spaces(draw: Draw, name: str) -> Any:
    return draw(pairs()), {"num": 7, "axis": draw(mostly(pick(0, -1), pick(6), 10))}


def picture(draw: Draw, channels: Any = 3, low: int = 3, kind: Any = floats) -> Given:
    shape = [draw(sizes), draw(sizes), draw(mostly(pick(channels), pick(None, 2, 1), 6))]
    if draw(st.integers(1, 4)) > 1 or low == 4:
        shape = [draw(batches), *shape]
    if draw(st.integers(1, 15)) == 1:
        shape = shape[:2]
    return Given(tuple(shape), draw(kind))


@case(
    "image.rgb_to_grayscale",
    "image.rgb_to_hsv",
    "image.hsv_to_rgb",
    "image.gaussian_blur",
    "image.sobel_edges",
)
def pictures(draw: Draw, name: str) -> Any:
    return ([picture(draw, kind=kinds)],)


@case("image.resize")
def resize(draw: Draw, name: str) -> Any:
    return [picture(draw, kind=kinds), [4, 5]], some(
        draw, data_format=pick("channels_last", "channels_first")
    )


@case("image.affine_transform")
def affine(draw: Draw, name: str) -> Any:
    return ([picture(draw), Given(draw(mostly(pick((8,), (None, 8)), pick((1, 2, 8)), 8)))],)


@case("image.extract_patches")
def patches(draw: Draw, name: str) -> Any:
    return [picture(draw), draw(pick(2, (2, 3)))], some(
        draw, strides=pick(1, 2), padding=pick("valid", "same")
    )


@case("image.pad_images", "image.crop_images")
def padding(draw: Draw, name: str) -> Any:
    word = "padding" if "pad" in name else "cropping"
    good = pick({f"top_{word}": 1, f"bottom_{word}": 1}, {f"top_{word}": 1, "target_height": 6})
    wide = pick({f"left_{word}": 1, f"right_{word}": 0}, {f"right_{word}": 1, "target_width": 6})
    return [picture(draw)], {**draw(mostly(good, pick({}), 12)), **draw(wide)}


@case("image.ssim")
def ssim(draw: Draw, name: str) -> Any:
    x = picture(draw)
    return ([x, x],)


@case("image.map_coordinates")
def coordinates(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 3))
    first = draw(mostly(pick(len(x.shape)), pick(9), 8))
    return ([x, Given((first, 5)), 1],)


def kernel(draw: Draw, channels: int | None, count: int) -> tuple[int | None, ...]:
    given = draw(mostly(pick(channels), pick(9), 12))
    return (*[draw(st.integers(1, 3)) for _ in range(count)], given or 3)


@case("conv", "depthwise_conv", "conv_transpose", "separable_conv")
def convolutions(draw: Draw, name: str) -> Any:
    count = draw(st.integers(1, 2))
    channels = draw(mostly(pick(2, 3), st.none(), 12))
    order = draw(formats)
    space = [draw(sizes) for _ in range(count)]
    shape = (
        (draw(batches), channels, *space) if order == "channels_first" else (draw(batches), *space, channels)
    )
    x = Given(shape, draw(floats))
    window = kernel(draw, channels, count)
    if name == "conv_transpose":
        window = (*window[:-1], 4, window[-1])
    else:
        window = (*window, 4 if name == "conv" else 2)
    args = [x, Given(window)]
    if name == "separable_conv":
        args.append(Given((*[1] * count, (window[-2] or 1) * 2, 5)))
    return args, {"data_format": order, **some(draw, strides=pick(1, 2), padding=pick("valid", "same"))}


@case("max_pool", "average_pool", "adaptive_max_pool", "adaptive_average_pool")
def pools(draw: Draw, name: str) -> Any:
    x = Given((draw(batches), draw(sizes), draw(sizes), draw(pick(2, None))), draw(floats))
    order = draw(pick("channels_last", "channels_first"))
    size = draw(pick((2, 2), (1, 3)))
    extra = (
        some(draw, strides=pick(1, 2), padding=pick("valid", "same"))
        if not name.startswith("adaptive")
        else {}
    )
    return [x, size], {"data_format": order, **extra}


@case("layer_normalization", "rms_normalization")
def normalizations(draw: Draw, name: str) -> Any:
    x = draw(operand(2, 3, floats))
    return ([x, Given(x.shape[-1:], x.dtype)],)


@case("batch_normalization")
def batch_normalization(draw: Draw, name: str) -> Any:
    x = draw(operand(2, 3, floats))
    size = draw(mostly(pick(x.shape[-1] or 3), pick(13), 10))
    return ([x, Given((size,)), Given((size,)), -1],)


@case("binary_crossentropy", "categorical_crossentropy", "sparse_categorical_crossentropy")
def crossentropies(draw: Draw, name: str) -> Any:
    output = draw(operand(1, 3, floats))
    shape = output.shape
    if name.startswith("sparse"):
        shape = draw(pick(shape[:-1], (*shape[:-1], 1)))
    return ([Given(draw(mostly(pick(shape), pick((7,)), 10)), draw(pick("int32", "float32"))), output],)


@case("dot_product_attention")
def attention(draw: Draw, name: str) -> Any:
    x = Given((draw(batches), draw(sizes), 2, 3), draw(floats))
    y = Given((x.shape[0], draw(sizes), 2, 3), draw(floats))
    return ([x, y, y],)


@case("psnr")
def psnr(draw: Draw, name: str) -> Any:
    return ([draw(operand(1, 3)), draw(operand(1, 3)), 1.0],)


@case("depth_to_space", "space_to_depth")
def blocks(draw: Draw, name: str) -> Any:
    x = Given((draw(batches), *[draw(mostly(pick(4, 8), pick(6, None), 3)) for _ in range(3)]), draw(floats))
    return [x, 2], some(draw, data_format=pick("channels_last", "channels_first"))


@case("unfold")
def unfold(draw: Draw, name: str) -> Any:
    x = Given((draw(batches), 2, draw(st.integers(3, 8)), draw(st.integers(3, 8))))
    return [x, 2], some(draw, stride=pick(1, 2), padding=pick(0, 1))


@case("fold")
def fold(draw: Draw, name: str) -> Any:
    return ([Given((draw(batches), draw(mostly(pick(8, 4), pick(7), 8)), 9)), 4, 2],)


@case("ctc_loss")
def ctc_loss(draw: Draw, name: str) -> Any:
    batch = draw(sizes)
    wrong = draw(mostly(pick(batch), pick(13), 10))
    return (
        [
            Given((batch, 4), "int32"),
            Given((wrong, 9, 5)),
            Given((batch,), "int32"),
            Given((batch,), "int32"),
        ],
    )


@case("ctc_decode")
def ctc_decode(draw: Draw, name: str) -> Any:
    return ([Given((draw(batches), draw(sizes), 5), draw(floats)), Given((None,), "int32")],)


@case(
    "cholesky",
    "inv",
    "det",
    "eig",
    "eigh",
    "logdet",
    "slogdet",
    "qr",
    "svd",
    "pinv",
    "matrix_rank",
    "lu_factor",
)
def matrix(draw: Draw, name: str) -> Any:
    size = draw(mostly(st.integers(1, 5), st.none(), 10))
    shape = (
        *[draw(batches) for _ in range(draw(st.integers(0, 1)))],
        size,
        draw(mostly(pick(size), pick(7), 5)),
    )
    return (
        [Given(shape[-1:] if draw(st.integers(1, 12)) == 1 else shape, draw(pick("float32", "float64")))],
    )


@case("solve", "solve_triangular", "lstsq")
def solving(draw: Draw, name: str) -> Any:
    size = draw(st.integers(1, 5))
    other = draw(mostly(pick(size), pick(7), 8))
    return ([Given((size, draw(mostly(pick(size), pick(6), 8)))), Given(draw(pick((other,), (other, 3))))],)


@case("rfft", "stft")
def frequencies(draw: Draw, name: str) -> Any:
    x = draw(operand(1, 3, pick("float32")))
    return ([x] if name == "rfft" else [Given((*x.shape[:-1], draw(pick(64, None)))), 8, 4, 16],)


@case("fft", "fft2", "irfft", "istft")
def complexes(draw: Draw, name: str) -> Any:
    x = draw(operand(2, 3, pick("float32")))
    both = [(x, x)] if draw(st.integers(1, 8)) > 1 else [(x, Given((*x.shape, 2)))]
    return (both + ([8, 4, 16] if name == "istft" else []),)


@case("zeros", "ones", "full", "eye", "arange", "tri", "identity")
def creation(draw: Draw, name: str) -> Any:
    dtype = some(draw, dtype=pick("int32", "float16"))
    if name in ("zeros", "ones"):
        return [draw(pick([2, 3], [4], []))], dtype
    if name == "full":
        return [[2, 3], 0.5], dtype
    return [draw(st.integers(1, 5))], dtype


@case("vander", "unravel_index", "view_as_complex", "view_as_real", "polar")
def oddments(draw: Draw, name: str) -> Any:
    if name == "vander":
        return ([Given((draw(st.integers(1, 5)),), draw(kinds))],)
    if name == "unravel_index":
        return ([Given((draw(sizes),), "int32"), (3, 4)],)
    if name == "view_as_complex":
        return ([Given((draw(sizes), 2))],)
    if name == "polar":
        return ([Given((draw(sizes),)), Given((2,))],)
    return ([Given((draw(sizes),), "complex64")],)
