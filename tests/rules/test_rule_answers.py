"""What rules answer: sizes with symbols, masks, costs, and refusals with their pieces apart."""

import subprocess
import sys
from typing import Any

import pytest

from specc.catalog.objects import KerasObject
from specc.catalog.rules import (
    LayerType,
    NoRuleError,
    RuleError,
    TensorType,
    infer_layer,
    infer_op,
    infer_subscript,
    op_multiply_adds,
)
from specc.catalog.rules.dims import render, substitute, symbol

BATCH, TIME, HEIGHT = symbol("batch"), symbol("time"), symbol("height")
IMAGE = TensorType((BATCH, HEIGHT, 32, 3))
TOKENS = TensorType((BATCH, TIME), "int32")
SEQUENCE = TensorType((BATCH, TIME, 8))


def layer(kind: str, inputs: Any, settings: dict[str, Any] | None = None, **arguments: Any) -> LayerType:
    named = inputs if isinstance(inputs, dict) else {"inputs": inputs}
    return infer_layer(kind, arguments, named, settings)


def shape(result: LayerType) -> str:
    return render(result.flat[0].shape)


def test_sizes_stay_exact() -> None:
    x: Any = IMAGE
    for _ in range(2):
        x = layer("Conv2D", x, filters=4, kernel_size=3, padding="same").outputs
        x = layer("MaxPooling2D", x).outputs
    assert render(x.shape) == "[batch, height // 4, 8, 4]"
    assert shape(layer("Conv2D", IMAGE, filters=4, kernel_size=3)) == "[batch, height - 2, 30, 4]"
    assert (
        shape(layer("Conv2DTranspose", IMAGE, filters=4, kernel_size=2, strides=2))
        == "[batch, 2 * height, 64, 4]"
    )
    assert shape(layer("Flatten", IMAGE)) == "[batch, 96 * height]"
    assert shape(layer("Reshape", SEQUENCE, target_shape=[-1, 4])) == "[batch, 2 * time, 4]"


def test_aliases_are_known() -> None:
    assert shape(layer("MaxPool2D", IMAGE)) == "[batch, height // 2, 16, 3]"


def test_sizes_that_only_data_will_tell_bear_the_steps_name() -> None:
    text = TensorType((BATCH,), "string")
    result = infer_layer("TextVectorization", {}, {"inputs": text}, name="words")
    assert shape(result) == "[batch, words.length]"


def test_masks() -> None:
    embedded = layer("Embedding", TOKENS, input_dim=9, output_dim=8, mask_zero=True)
    assert embedded.mask == "made"
    assert layer("Dense", embedded.outputs, units=2).mask == "kept"
    assert layer("LSTM", {"sequences": embedded.outputs}, units=2).mask == "used"
    assert layer("LSTM", {"sequences": embedded.outputs}, units=2, return_sequences=True).mask == "kept"
    assert layer("Conv1D", embedded.outputs, filters=2, kernel_size=3).mask == "dropped"
    assert layer("Add", [embedded.outputs, SEQUENCE]).mask == "dropped"
    assert layer("Dense", SEQUENCE, units=2).mask is None


def test_weights() -> None:
    lstm = layer("LSTM", {"sequences": SEQUENCE}, units=4)
    assert [(w.name, w.shape) for w in lstm.weights] == [
        ("kernel", (8, 16)),
        ("recurrent_kernel", (4, 16)),
        ("bias", (16,)),
    ]
    norm = layer("BatchNormalization", IMAGE)
    assert (norm.parameters, norm.trainable_parameters) == (12, 6)
    frozen = layer("Dense", SEQUENCE, units=4, trainable=False)
    assert (frozen.parameters, frozen.trainable_parameters) == (36, 0)
    mixed = layer("Dense", SEQUENCE, units=4, dtype="mixed_bfloat16")
    assert (mixed.flat[0].dtype, mixed.weights[0].dtype) == ("bfloat16", "float32")


def test_nested_layers() -> None:
    wrapped = KerasObject("layer", "LSTM", {"units": 4})
    result = layer("Bidirectional", {"sequences": SEQUENCE}, layer=wrapped)
    assert shape(result) == "[batch, 8]"
    assert result.parameters == 2 * 4 * (8 + 4 + 1) * 4


def test_a_model_in_place_of_a_layer() -> None:
    def frames(x: TensorType) -> LayerType:
        return infer_layer("Dense", {"units": 5}, {"inputs": x})

    model = KerasObject("layer", "frames", model="frames")
    arguments = {"layer": model}
    result = infer_layer("TimeDistributed", arguments, {"inputs": SEQUENCE}, models={"frames": frames})
    assert shape(result) == "[batch, time, 5]"
    with pytest.raises(NoRuleError):
        infer_layer("TimeDistributed", arguments, {"inputs": SEQUENCE})


def test_multiply_adds() -> None:
    conv = layer("Conv2D", IMAGE, filters=8, kernel_size=3, padding="same")
    assert str(conv.multiply_adds) == "6912 * batch * height"
    lstm = layer("LSTM", {"sequences": SEQUENCE}, units=4)
    assert substitute(lstm.multiply_adds, {"batch": 2, "time": 10}) == 2 * 10 * 4 * 4 * (8 + 4)
    attention = layer("MultiHeadAttention", {"query": SEQUENCE, "value": SEQUENCE}, num_heads=2, key_dim=4)
    assert str(attention.multiply_adds) == "16 * batch * time * time + 256 * batch * time"
    assert layer("LayerNormalization", SEQUENCE).multiply_adds == 0
    product = op_multiply_adds("einsum", ["abc,cd->abd", SEQUENCE, TensorType((8, 3))])
    assert str(product) == "24 * batch * time"


def test_functions() -> None:
    assert str(infer_op("mean", [SEQUENCE], {"axis": 1})) == "float32 [batch, 8]"
    assert str(infer_op("add", [TOKENS, 0.5])) == "float32 [batch, time]"
    assert str(infer_op("equal", [SEQUENCE, TensorType((8,), "int32")])) == "bool [batch, time, 8]"
    assert infer_op("arange", [4]) == TensorType((4,), "int32", constant=True)
    assert infer_op("random.normal", [[BATCH, 16]]) == TensorType((BATCH, 16))
    pieces = infer_op("split", [SEQUENCE, 2], {"axis": -1})
    assert [render(piece.shape) for piece in pieces] == ["[batch, time, 4]"] * 2  # type: ignore[union-attr]


@pytest.mark.parametrize(
    ("key", "expected"),
    [
        (slice(1, None), "[max(0, batch - 1), time, 8]"),
        ((slice(None), -1), "[batch, 8]"),
        ((slice(None), slice(None, None, 2)), "[batch, (time + 1) // 2, 8]"),
        ((Ellipsis, None), "[batch, time, 8, 1]"),
        ((Ellipsis, slice(2, 5)), "[batch, time, 3]"),
        ((slice(None), None, 0), "[batch, 1, 8]"),
    ],
)
def test_subscripts(key: Any, expected: str) -> None:
    assert render(infer_subscript(SEQUENCE, key).shape) == expected


def refusal(kind: str, inputs: Any, **arguments: Any) -> RuleError:
    with pytest.raises(RuleError) as caught:
        layer(kind, inputs, **arguments)
    return caught.value


def test_a_clash_names_tensors_and_axes() -> None:
    error = refusal("Add", [TensorType((BATCH, 16, 8)), TensorType((BATCH, 16, 4))])
    assert error.problem == "size"
    assert error.inputs == ("inputs[0]", "inputs[1]")
    assert error.axes == (2, 2)
    assert [render(one) for one in error.shapes] == ["[batch, 16, 8]", "[batch, 16, 4]"]


def test_a_clash_names_the_tensor_that_clashes() -> None:
    wide, one, narrow = (TensorType((BATCH, n, 8)) for n in (16, 1, 4))
    assert refusal("Add", [one, wide, narrow]).inputs == ("inputs[1]", "inputs[2]")


def test_a_symbolic_clash_is_seen() -> None:
    shorter = TensorType((BATCH, TIME - 2, 8))
    assert refusal("Add", [SEQUENCE, shorter]).axes == (1, 1)
    assert refusal("Concatenate", [SEQUENCE, shorter]).axes == (1, 1)


def test_what_would_fit_is_said() -> None:
    assert refusal("Conv2D", IMAGE, filters=8, kernel_size=3, groups=2).fits == "groups: 1"
    assert refusal("GroupNormalization", TensorType((BATCH, 4, 6)), groups=4).fits == "groups of 1, 2, 3, 6"
    assert refusal("Reshape", TensorType((BATCH, 12)), target_shape=[5, 2]).fits == ""
    assert refusal("Reshape", TensorType((BATCH, 12)), target_shape=[4, 2]).fits == "[4, 3]"


def test_windows_that_are_too_large() -> None:
    error = refusal("MaxPooling2D", TensorType((BATCH, 1, 8, 3)))
    assert error.wanted == "axis 1 to be at least 2"
    assert error.given == "1"


def test_unknown_sizes_where_a_weight_needs_them() -> None:
    error = refusal("Dense", TensorType((BATCH, TIME)), units=3)
    assert (error.problem, error.axes, error.given) == ("unknown-size", (1,), "time")


def test_wrong_ranks() -> None:
    error = refusal("Conv2D", SEQUENCE, filters=3, kernel_size=3)
    assert error.problem == "rank"
    assert error.given == "3: [batch, time, 8]"


def test_nothing_is_divided_by_a_step_of_zero() -> None:
    sound = TensorType((BATCH, 64))
    assert refusal("MelSpectrogram", sound, sequence_stride=0).arguments == ("sequence_stride",)
    channel = TensorType((BATCH, 64, 1))
    assert refusal("STFTSpectrogram", channel, frame_length=1).arguments == ("frame_length",)


def test_functions_refuse_what_lacks_axes() -> None:
    with pytest.raises(RuleError) as turned:
        infer_op("rot90", [IMAGE], {"axes": [1]})
    assert turned.value.arguments == ("axes",)
    kernel = TensorType((3, 8, 1))
    with pytest.raises(RuleError) as mixed:
        infer_op("separable_conv", [SEQUENCE, kernel, TensorType(())], {})
    assert mixed.value.problem == "rank"


def test_blocks_of_space_are_of_two_cells_at_least() -> None:
    for name in ("space_to_depth", "depth_to_space"):
        with pytest.raises(RuleError) as refused:
            infer_op(name, [TensorType((BATCH, 4, 4, 4)), 0], {})
        assert refused.value.arguments == ("block_size",)


def test_kinds_without_a_rule() -> None:
    with pytest.raises(NoRuleError):
        layer("Lambda", SEQUENCE)
    with pytest.raises(NoRuleError):
        infer_op("unique", [SEQUENCE])


def test_rules_load_neither_tensorflow_nor_numpy() -> None:
    code = (
        "import sys; from specc.catalog.rules import TensorType, infer_layer;"
        "infer_layer('Dense', {'units': 2}, {'inputs': TensorType((4, 3))});"
        "print(sorted({'tensorflow', 'keras', 'numpy'} & set(sys.modules)))"
    )
    assert (
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
        == "[]\n"
    )
