"""Costs held to TensorFlow's own profiler, to what optimizers create, and to what a backward pass consumes.

The profiler counts two operations for a multiplication with an addition, and element-wise work as well
(batch normalisation, biases, activations), which papers' tables and specc leave out. So matrix products and
convolutions are compared, by the type of operation; it knows nothing of `Einsum`, whose statistic is
registered here: twice the product of the sizes of all its indices.
"""

import contextlib
import io

import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow.python.framework import ops as framework
from tensorflow.python.profiler.model_analyzer import profile
from tensorflow.python.profiler.option_builder import ProfileOptionBuilder

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.graph.cost import Costs
from specc.graph.infer import BATCH, infer_models
from specc.graph.measure import number
from specc.graph.memory import MemoryPlan
from specc.graph.slots import UnknownSlotsError, optimizer_bytes
from specc.lower.objects import make
from specc.lower.read_model import read_models

pytestmark = pytest.mark.slow

PRODUCTS = {"Conv2D", "DepthwiseConv2dNative", "MatMul", "BatchMatMulV2", "Einsum"}


@framework.RegisterStatistics("Einsum", "flops")
def _einsum(graph, node):
    names = node.attr["equation"].s.decode().split("->")[0].split(",")
    sizes = {}
    for indices, tensor in zip(names, node.input, strict=True):
        shape = graph.get_tensor_by_name(tensor if ":" in tensor else f"{tensor}:0").shape
        sizes |= dict(zip(indices, shape.as_list(), strict=True))
    return framework.OpStats("flops", 2 * int(np.prod(list(sizes.values()))))


def profiled(model):
    """Multiply–adds of matrix products and convolutions for one example, by TensorFlow's profiler."""
    signature = [tf.TensorSpec([1, *t.shape[1:]], t.dtype) for t in model.inputs]
    concrete = tf.function(lambda *x: model(list(x) if len(x) > 1 else x[0])).get_concrete_function(
        *signature
    )
    options = ProfileOptionBuilder(ProfileOptionBuilder.float_operation()).with_empty_output().build()
    with contextlib.redirect_stdout(io.StringIO()):
        found = profile(concrete.graph, cmd="op", options=options)
    total, stack = 0, [found]
    while stack:
        node = stack.pop()
        stack += list(node.children)
        if node.name in PRODUCTS:
            total += node.float_ops
    return total / 2


def costs_of(model):
    types = infer_models(read_models(model))
    return Costs(types["model"], types)


def lstm():
    x = keras.Input((12, 20))
    y = keras.layers.LSTM(48, return_sequences=True, unroll=True)(x)
    return keras.Model(x, keras.layers.Dense(5)(keras.layers.LSTM(32, unroll=True)(y)))


def encoder():
    x = keras.Input((24, 64))
    y = keras.layers.Dense(64)(x)
    for _ in range(2):
        seen = keras.layers.MultiHeadAttention(4, 16)(y, y)
        y = keras.layers.LayerNormalization()(y + seen)
        more = keras.layers.Dense(64)(keras.layers.Dense(256, activation="gelu")(y))
        y = keras.layers.LayerNormalization()(y + more)
    return keras.Model(x, y)


def encoder_of_products():
    """Attention written out, so that the profiler counts all of it by itself."""
    x = keras.Input((24, 64))
    q, k, v = (keras.layers.Dense(64)(x) for _ in range(3))
    weights = keras.ops.softmax(keras.ops.matmul(q, keras.ops.transpose(k, (0, 2, 1))) / 8.0)
    y = keras.layers.LayerNormalization()(x + keras.layers.Dense(64)(weights @ v))
    more = keras.layers.Dense(64)(keras.layers.Dense(256, activation="relu")(y))
    return keras.Model(x, keras.layers.LayerNormalization()(y + more))


MODELS = {
    "VGG16": lambda: keras.applications.VGG16(weights=None, input_shape=(64, 64, 3)),
    "ResNet50": lambda: keras.applications.ResNet50(weights=None),
    "MobileNetV2": lambda: keras.applications.MobileNetV2(weights=None),
    "LSTM": lstm,
    "encoder": encoder,
    "encoder_of_products": encoder_of_products,
}


@pytest.mark.parametrize("name", MODELS)
def test_multiply_adds_are_the_profilers(name):
    model = MODELS[name]()
    ours = number(costs_of(model).multiply_adds(), {BATCH: 1})
    assert ours == pytest.approx(profiled(model), rel=0.01)
    keras.backend.clear_session()


# --- what optimizers keep -----------------------------------------------------------------------------------
def mixture():
    """Weights of one to four axes, an embedding among them."""
    words = keras.Input((6,), dtype="int32")
    y = keras.layers.Embedding(11, 8, name="embedding")(words)
    y = keras.layers.LayerNormalization()(y)
    y = keras.layers.MultiHeadAttention(2, 4)(y, y)
    y = keras.layers.Conv2D(3, 2)(keras.layers.Reshape((6, 4, 2))(y))
    y = keras.layers.BatchNormalization()(y)
    return keras.Model(words, keras.layers.Dense(3)(keras.layers.Flatten()(y)))


VARIANTS = [
    ("SGD", {"momentum": 0.9}),
    ("RMSprop", {"momentum": 0.9, "centered": True}),
    ("Adam", {"amsgrad": True, "use_ema": True}),
    ("AdamW", {"gradient_accumulation_steps": 4}),
    ("Muon", {"exclude_embeddings": False}),
    ("LossScaleOptimizer", {"inner_optimizer": KerasObject("optimizer", "Adafactor")}),
]
STANDING = [
    (kind, {})
    for kind, signature in load().objects["optimizer"].items()
    if not signature.refused and kind != "LossScaleOptimizer"
]


@pytest.mark.parametrize(("kind", "arguments"), STANDING + VARIANTS, ids=lambda item: str(item)[:40])
def test_optimizers_keep_what_keras_creates(kind, arguments):
    model = mixture()
    made = KerasObject("optimizer", kind, arguments)
    optimizer = make(made)
    optimizer.build(model.trainable_variables)
    created = sum(4 * int(np.prod(v.shape)) for v in optimizer.variables if len(v.shape))
    assert optimizer_bytes(made, costs_of(model).weights()) == created


def test_what_is_not_known_of_an_optimizer_is_said():
    muon = KerasObject("optimizer", "Muon", {"exclude_layers": ["head"]})
    with pytest.raises(UnknownSlotsError, match="exclude_layers"):
        optimizer_bytes(muon, costs_of(mixture()).weights())
    with pytest.raises(UnknownSlotsError, match="Strange"):
        optimizer_bytes(KerasObject("optimizer", "Strange"), [])


# --- activations --------------------------------------------------------------------------------------------
def consumed(model, batch):
    """Bytes of results of the forward pass that the gradients of all weights read, each once.

    What is as large as a weight or the input, constants and shapes are left out.
    """

    @tf.function
    def step(*inputs):
        graph = tf.compat.v1.get_default_graph()
        with tf.GradientTape() as tape:
            result = model(inputs[0], training=True)
            loss = tf.reduce_sum(result)
        before = {op.name for op in graph.get_operations()}
        return tape.gradient(loss, model.trainable_variables), tf.constant(sorted(before))

    signature = [tf.TensorSpec([batch, *t.shape[1:]], t.dtype) for t in model.inputs]
    graph = step.get_concrete_function(*signature).graph
    (names,) = [
        op for op in graph.get_operations() if op.type == "Const" and op.outputs[0].dtype == tf.string
    ]
    before = {name.decode() for name in tf.make_ndarray(names.get_attr("value")).ravel()}
    read = {}
    for op in graph.get_operations():
        if op.name in before:
            continue
        for tensor in op.inputs:
            made = tensor.op
            flows = tensor.shape.rank and tensor.shape[0] == batch and tensor.dtype.is_floating
            if (
                made.name in before
                and flows
                and made.type not in ("Placeholder", "ReadVariableOp", "Reshape")
            ):
                read[tensor.name] = tensor.shape.num_elements() * tensor.dtype.size
    return sum(read.values())


@pytest.mark.parametrize(
    ("build", "low", "high"),
    [
        (lambda: keras.applications.ResNet50(weights=None, input_shape=(64, 64, 3)), 0.95, 1.3),
        (lambda: keras.applications.VGG16(weights=None, input_shape=(64, 64, 3)), 0.95, 1.3),
        (encoder_of_products, 0.95, 1.5),
    ],
    ids=["ResNet50", "VGG16", "encoder"],
)
def test_kept_activations_cover_what_the_backward_pass_reads(build, low, high):
    """Formulas are taken to read all that flows in, and TensorFlow keeps some results twice."""
    model = build()
    kept = MemoryPlan(costs_of(model)).at({BATCH: 5}).kept
    assert low <= kept / consumed(model, 5) <= high
    keras.backend.clear_session()
