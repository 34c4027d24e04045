"""Layers that make numbers of text, categories and measurements."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from specc.catalog.rules.arguments import assembled, axes_of, channels_first, choice, of_rank, whole
from specc.catalog.rules.convolutions import window_sizes
from specc.catalog.rules.dims import Dim, Shape
from specc.catalog.rules.policy import FLOATX, precisions
from specc.catalog.rules.registry import Call, layer
from specc.catalog.rules.types import NoRuleError, RuleError, TensorType


@layer("Rescaling", masks="keeps")
def _rescaling(call: Call) -> TensorType:
    return call.output(*call.input.shape)


@layer("Normalization", masks="keeps")
def _normalization(call: Call) -> TensorType:
    mean, variance = _extent(call["mean"]), _extent(call["variance"])
    if mean != variance:
        raise call.wrong("variance", "`mean` and `variance` of one shape, or neither")
    axis, x = call["axis"], call.input
    given = axis if isinstance(axis, (list, tuple)) else [] if axis is None else [axis]
    if mean is not None and len(mean) > len(given):
        raise call.wrong("mean", f"{len(given)} axes at the most")
    kept = sorted(axes_of(list(given), x.rank))
    if len(set(kept)) != len(kept):
        raise call.wrong("axis", "different axes")
    for index in kept:
        if not isinstance(x.shape[index], int):
            raise RuleError(
                "unknown-size",
                f"a known size of axis {index}",
                str(x.shape[index]),
                ("axis",),
                (call.first,),
                (index,),
                shapes=(x.shape,),
            )
    sizes = [x.shape[index] for index in kept]
    if mean is None:
        call.weight("mean", *sizes, trainable=False)
        call.weight("variance", *sizes, trainable=False)
        call.weight("count", trainable=False, dtype="int32")
    elif any(one not in (1, other) for one, other in zip(mean[::-1], sizes[::-1], strict=False)):
        raise call.wrong("mean", f"the shape {sizes}")
    return call.output(*x.shape)


def _extent(value: Any) -> tuple[int, ...] | None:
    """The shape of numbers in nested lists; None of none."""
    if value is None:
        return None
    sizes: list[int] = []
    while isinstance(value, (list, tuple)):
        sizes.append(len(value))
        value = value[0] if value else 0
    return tuple(sizes)


@layer("CategoryEncoding")
def _category_encoding(call: Call) -> TensorType:
    mode = call["output_mode"]
    if mode not in ("binary", "count", "one_hot", "multi_hot"):
        raise call.wrong("output_mode", "one_hot, multi_hot or count")
    count = call["num_tokens"]
    if not whole(count) or count < 1:
        raise call.wrong("num_tokens", "a whole number, 1 or more")
    return call.output(*_encoded(call.input.shape, mode, count))


def _encoded(shape: Shape, mode: str, depth: Dim) -> Shape:
    """A shape of categories after encoding: a last axis of 1 (or of several to be counted) makes way."""
    if not shape:
        return (depth,)
    if mode == "one_hot" and (shape[-1] != 1 or len(shape) == 1):
        return (*shape, depth)
    return (*shape[:-1], depth)


@layer("Discretization")
def _discretization(call: Call) -> TensorType:
    mode = call["output_mode"]
    _one_of(call, "output_mode", "int", "one_hot", "multi_hot", "count")
    bounds, bins = call["bin_boundaries"], call["num_bins"]
    if (bounds is None) == (bins is None) or (bins is not None and bins < 0):
        raise call.wrong("num_bins", "`bin_boundaries`, or a `num_bins` of 0 or more, and not both")
    _not_sparse_int(call)
    shape = call.input.shape
    if mode == "int":
        return TensorType(shape, "int32")
    depth = bins if bounds is None else len(bounds) + 1
    if mode == "one_hot":
        return call.output(*_encoded(shape, mode, depth))
    return call.output(*((shape[0], *shape[2:], depth) if len(shape) >= 2 else (depth,)))


@layer("Hashing")
def _hashing(call: Call) -> TensorType:
    bins, mode = call["num_bins"], call["output_mode"]
    if not whole(bins) or bins < 1:
        raise call.wrong("num_bins", "a whole number, 1 or more")
    _one_of(call, "output_mode", "int", "one_hot", "multi_hot", "count")
    _not_sparse_int(call)
    _, dtype = precisions(call.arguments.get("dtype") or ("int64" if mode == "int" else FLOATX))
    if mode == "int" and dtype not in ("int32", "int64"):
        raise call.wrong("dtype", "int32 or int64, for `output_mode: int`")
    salt = call["salt"]
    if salt is not None and not whole(salt) and not (isinstance(salt, (list, tuple)) and len(salt) == 2):
        raise call.wrong("salt", "a whole number or a list of 2")
    shape = call.input.shape
    return TensorType(shape if mode == "int" else (*shape[:-1], bins), dtype)


@layer("HashedCrossing")
def _hashed_crossing(call: Call) -> TensorType:
    mode = call["output_mode"]
    _one_of(call, "output_mode", "int", "one_hot")
    tensors = call.tensors
    if len(tensors) != 2:
        raise RuleError("count", "exactly 2 tensors", str(len(tensors)), inputs=(call.first,))
    left, right = tensors[0].shape, tensors[1].shape
    if (
        not left
        or not right
        or isinstance(left[-1], int) is not isinstance(right[-1], int)
        or left[-1] != right[-1]
    ):
        raise RuleError(
            "size",
            "equal sizes of the last axes",
            f"{tensors[0]} and {tensors[1]}",
            inputs=(f"{call.first}[0]", f"{call.first}[1]"),
            axes=(len(left) - 1, len(right) - 1),
            shapes=(left, right),
        )
    if mode == "int":
        return TensorType(left, precisions(call.arguments.get("dtype") or "int64")[0])
    return call.output(*((*left, call["num_bins"]) if left[-1] != 1 else (*left[:-1], call["num_bins"])))


@layer("IntegerLookup", "StringLookup")
def _lookup(call: Call) -> TensorType:
    mode = _lookup_mode(call)
    if call["invert"] and mode != "int":
        raise call.wrong("invert", "`output_mode: int` beside `invert: true`")
    return _looked_up(call, call.input.shape, mode, call["mask_token"], call["num_oov_indices"])


def _lookup_mode(call: Call) -> str:
    mode = {"binary": "multi_hot", "tf-idf": "tf_idf"}.get(call["output_mode"], call["output_mode"])
    _one_of(call, "output_mode", "int", "one_hot", "multi_hot", "count", "tf_idf", "binary", "tf-idf")
    most = call["max_tokens"]
    if most is not None and most <= 1:
        raise call.wrong("max_tokens", "2 or more, or null")
    if call["pad_to_max_tokens"] and most is None:
        raise call.wrong("pad_to_max_tokens", "`max_tokens` to pad to")
    if call.arguments.get("num_oov_indices", 1) < 0:
        raise call.wrong("num_oov_indices", "0 or more")
    _not_sparse_int(call)
    if call["idf_weights"] is not None and mode != "tf_idf":
        raise call.wrong("idf_weights", "`output_mode: tf_idf` beside `idf_weights`")
    return str(mode)


def _looked_up(call: Call, shape: Shape, mode: str, mask: Any, unknowns: int) -> TensorType:
    if mode == "int":
        return TensorType(shape, "int64")
    depth = call["max_tokens"] if call["pad_to_max_tokens"] else _vocabulary_size(call, mask, unknowns)
    if mode == "one_hot" and not (len(shape) > 1 and shape[-1] == 1):
        return TensorType((*shape, depth), FLOATX)
    return TensorType((*shape[:-1], depth), FLOATX)


def _vocabulary_size(call: Call, mask: Any, unknowns: int) -> Dim:
    """The number of tokens told apart; unknown until the layer has seen data, unless the spec lists them."""
    vocabulary = call["vocabulary"]
    if vocabulary is None:
        return call.unknown("tokens")
    if isinstance(vocabulary, str) or call["idf_weights"] is not None:
        raise NoRuleError(f"{call.kind} with a vocabulary from a file or with weights")
    special = [call.arguments.get("oov_token", "[UNK]")] * unknowns
    listed = list(vocabulary)
    tokens = listed[len(special) :] if special and listed[: len(special)] == special else listed
    if not listed or len(set(tokens)) != len(tokens) or (mask is not None and mask in tokens):
        raise call.wrong("vocabulary", "different tokens, at least one, without the mask token")
    return len(tokens) + unknowns


@layer("TextVectorization")
def _text_vectorization(call: Call) -> TensorType:
    mode = _lookup_mode(call)
    length = call["output_sequence_length"]
    _one_of(call, "standardize", "lower_and_strip_punctuation", "lower", "strip_punctuation", None)
    _one_of(call, "split", "whitespace", "character", None)
    if length is not None and (mode != "int" or not whole(length)):
        raise call.wrong("output_sequence_length", "a whole number, and `output_mode: int` beside it")
    if call["ragged"]:
        raise NoRuleError("TextVectorization with ragged output")
    shape = call.input.shape
    if mode == "int":
        of_rank(call, call.input, 1)
        return TensorType((shape[0], call.unknown("length") if length is None else length), "int64")
    words: Shape = (call.unknown("length"),) if call["split"] is not None else () if len(shape) > 1 else (1,)
    return _looked_up(call, (*shape, *words), mode, "", 1)


@layer("MelSpectrogram")
def _mel_spectrogram(call: Call) -> TensorType:
    length = call["sequence_length"] or call["fft_length"]
    if call["fft_length"] < length:
        raise call.wrong("fft_length", f"at least `sequence_length`, {length}")
    x, stride = call.input, call["sequence_stride"]
    if not whole(stride) or stride < 1:
        raise call.wrong("sequence_stride", "1 or more")
    of_rank(call, x, 1, 2)
    frames = (x.shape[-1] + stride + 1) // stride
    return call.output(*x.shape[:-1], call["num_mel_bins"], frames)


@layer("STFTSpectrogram")
def _stft_spectrogram(call: Call) -> TensorType:
    frame, step, given = call["frame_length"], call["frame_step"], call["fft_length"]
    if step is not None and not 1 <= step <= frame:
        raise call.wrong("frame_step", f"1 to `frame_length`, {frame}")
    if step is None and frame < 2:
        raise call.wrong("frame_length", "2 or more where `frame_step` is its half")
    if given is not None and given < frame:
        raise call.wrong("fft_length", f"at least `frame_length`, {frame}")
    mode = call["mode"]
    _one_of(call, "mode", "log", "magnitude", "psd", "real", "imag", "angle", "stft")
    _one_of(call, "scaling", "density", "spectrum", None)
    padding = choice(call, "padding", "valid", "same")
    x, first = call.input, channels_first(call)
    of_rank(call, x, 3, 3, "batch, time, channels")
    transform = given or 1 << (frame - 1).bit_length()
    bands = transform // 2 + 1
    for part in ("real", "imag"):
        if mode not in ("real", "imag") or mode == part:
            call.weight(f"{part}_kernel", frame, 1, bands)
    bands = bands * 2 if mode == "stft" else bands
    channels = x.shape[1 if first else 2]
    if not isinstance(channels, int):
        raise RuleError(
            "unknown-size",
            "a known number of channels",
            str(channels),
            inputs=(call.first,),
            axes=(1 if first else 2,),
            shapes=(x.shape,),
        )
    space, axis = (x.shape[2 if first else 1],), 2 if first else 1
    (time,) = window_sizes(call, space, (frame,), (step or frame // 2,), padding, (1,), axis, "frame_length")
    call.spend(x.shape[0] * channels * time * frame * bands)
    if call["expand_dims"]:
        return call.output(*assembled(x.shape[0], (time, bands), channels, first))
    return call.output(*assembled(x.shape[0], (time,), bands * channels, first))


@layer("Pipeline")
def _pipeline(call: Call) -> TensorType:
    x = call.input
    layers = call["layers"]
    for given in layers if isinstance(layers, (list, tuple)) else [layers]:
        inner = call.nested_layer(given, x, "layers")
        if not isinstance(inner.outputs, TensorType):
            raise call.wrong("layers", "layers with one output each")
        call.adopt(inner)
        x = inner.outputs
    return replace(x, mask=False)


def _one_of(call: Call, argument: str, *choices: str | None) -> None:
    if call[argument] not in choices:
        raise call.wrong(argument, "one of " + ", ".join("null" if c is None else c for c in choices))


def _not_sparse_int(call: Call) -> None:
    if call["sparse"] and call["output_mode"] == "int":
        raise call.wrong("sparse", "`sparse: true` only beside an `output_mode` other than int")
    if call["sparse"]:
        raise NoRuleError(f"{call.kind} with sparse output")
