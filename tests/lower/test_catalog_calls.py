"""What comes out of each layer is as many tensors as the catalog says."""

import keras
import pytest

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.catalog.read import read_arguments
from specc.lower.catalog_examples import required_arguments
from specc.lower.objects import make
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import from_python

pytestmark = pytest.mark.slow

SPAN = Span("x.yaml", 1, 1, 1, 2)
BY_RANK = {"1D": (6, 4), "2D": (8, 8, 3), "3D": (8, 8, 8, 3)}
SEQUENCE = (5, 4)
IMAGE = (8, 8, 3)
FED_SEQUENCES = """
    LSTM GRU SimpleRNN RNN Bidirectional TimeDistributed Masking Permute
    Attention AdditiveAttention MultiHeadAttention GroupQueryAttention
"""
SHAPES = dict.fromkeys(FED_SEQUENCES.split(), SEQUENCE) | {
    "ConvLSTM1D": (5, 8, 3),
    "ConvLSTM2D": (5, 8, 8, 3),
    "ConvLSTM3D": (5, 8, 8, 8, 3),
    "EinsumDense": (5, 10),
    "GroupNormalization": (8, 32),
    "HashedCrossing": (1,),
    "MelSpectrogram": (4000,),
    "STFTSpectrogram": (4000, 1),
}
IMAGE_LAYERS = (keras.layers.RandomFlip.__mro__[1], keras.layers.Pipeline)
INTEGERS = {
    "Embedding",
    "ReversibleEmbedding",
    "CategoryEncoding",
    "Hashing",
    "HashedCrossing",
    "IntegerLookup",
}
STRINGS = {"StringLookup", "TextVectorization"}
TAKES_A_MAPPING = {"MaxNumBoundingBoxes", "MixUp", "CutMix"}
STATES = {"GRUCell": 1, "SimpleRNNCell": 1, "LSTMCell": 2}
LAYERS = [n for n, s in load().objects["layer"].items() if s.name == n and not s.refused]


def built(name, **given):
    signature = load().objects["layer"][name]
    given = given | required_arguments(name, [a.name for a in signature.arguments if a.required])
    arguments = read_arguments(from_python(given, SPAN), signature, load(), Reporter(), SPAN)
    return make(KerasObject("layer", name, arguments, SPAN))


def tensor_for(name, layer):
    dtype = "int32" if name in INTEGERS else "string" if name in STRINGS else "float32"
    shape = SHAPES.get(name) or BY_RANK.get(name[-2:]) or BY_RANK.get(name.removesuffix("Transpose")[-2:])
    if shape is None:
        shape = IMAGE if isinstance(layer, IMAGE_LAYERS) else (1,) if name in STRINGS else (4,)
    return keras.Input(shape, dtype=dtype)


def called(name, layer, **settings):
    """The layer called on everything that its signature requires."""
    signature = load().objects["layer"][name]
    arguments = {}
    for position, argument in enumerate(signature.tensors):
        if argument.required and argument.name == "states":
            sizes = [4] * STATES.get(name, 0)
            states = [keras.Input((size,)) for size in sizes]
            if name == "StackedRNNCells":
                states = [[keras.Input((size,))] * 2 for size in (3, 2)]
            arguments["states"] = states
        elif argument.required:
            first = tensor_for(name, layer)
            several = argument.form == "tensors" and position == 0
            arguments[argument.name] = [first, tensor_for(name, layer)] if several else first
    return layer(*arguments.values(), **settings)


def count(result):
    return len(result) if isinstance(result, (list, tuple)) else 1


@pytest.mark.parametrize("name", [n for n in LAYERS if n not in TAKES_A_MAPPING])
def test_outputs(name):
    outputs = load().objects["layer"][name].outputs
    result = called(name, built(name))
    if outputs in ("one", "state", "scores", "like"):
        assert count(result) == 1
    else:
        assert count(result) > 1


@pytest.mark.parametrize("name", [n for n in LAYERS if load().objects["layer"][n].outputs == "state"])
def test_states_come_out_with_return_state(name):
    if name == "Bidirectional":
        layer = make(
            KerasObject(
                "layer",
                name,
                {"layer": KerasObject("layer", "LSTM", {"units": 3, "return_state": True}, SPAN)},
                SPAN,
            )
        )
    else:
        layer = built(name, return_state=True)
    assert count(called(name, layer)) > 1


@pytest.mark.parametrize("name", [n for n in LAYERS if load().objects["layer"][n].outputs == "scores"])
def test_scores_come_out_when_asked_for(name):
    assert count(called(name, built(name), return_attention_scores=True)) == 2


def test_a_list_through_identity_stays_a_list():
    layer = built("Identity")
    assert count(layer([keras.Input((4,)), keras.Input((3,))])) == 2
