"""Keras models such as people write them, for round trips; each function builds one."""

import keras
import numpy as np
from keras import layers, ops


def generator():
    noise = keras.Input((16,), name="noise")
    y = layers.Reshape((4, 4, 8))(layers.Dense(4 * 4 * 8, use_bias=False)(noise))
    for filters in (8, 4):
        y = layers.Conv2DTranspose(filters, 5, strides=2, padding="same", use_bias=False)(y)
        y = layers.LeakyReLU(0.2)(layers.BatchNormalization()(y))
    return keras.Model(noise, layers.Conv2D(1, 5, padding="same", activation="tanh")(y), name="Generator")


def double(y, filters):
    for _ in range(2):
        y = layers.Conv2D(filters, 3, padding="same", activation="relu")(y)
    return y


def unet():
    image = keras.Input((16, 16, 1))
    y, skips = image, []
    for filters in (4, 8):
        y = double(y, filters)
        skips.append(y)
        y = layers.MaxPooling2D()(y)
    y = layers.Dropout(0.5)(double(y, 16))
    for filters, skip in zip((8, 4), reversed(skips), strict=True):
        y = layers.Conv2DTranspose(filters, 2, strides=2, padding="same")(y)
        y = double(layers.concatenate([y, skip]), filters)
    return keras.Model(image, layers.Conv2D(1, 1, activation="sigmoid")(y))


def translation():
    source, target = (
        keras.Input((None, 7), name="encoder_inputs"),
        keras.Input((None, 9), name="decoder_inputs"),
    )
    _, h, c = layers.LSTM(6, return_state=True)(source)
    y, _, _ = layers.LSTM(6, return_sequences=True, return_state=True)(target, initial_state=[h, c])
    return keras.Model([source, target], layers.Dense(9, activation="softmax")(y))


def transformer():
    tokens = keras.Input((10,), dtype="int32", name="tokens")
    places = ops.cumsum(ops.ones_like(tokens), axis=1) - 1
    y = layers.Embedding(50, 16)(tokens) + layers.Embedding(10, 16)(places)
    for _ in range(2):
        y = layers.LayerNormalization(epsilon=1e-6)(y + layers.MultiHeadAttention(2, 8, dropout=0.1)(y, y))
        inner = layers.Dense(16)(layers.Dense(32, activation="gelu")(y))
        y = layers.LayerNormalization(epsilon=1e-6)(y + layers.Dropout(0.1)(inner))
    label = layers.Dense(2, activation="softmax", name="label")
    return keras.Model(tokens, label(layers.GlobalAveragePooling1D()(y)))


def siamese():
    tower = keras.Sequential([keras.Input((8, 8, 1)), layers.Conv2D(4, 3), layers.Flatten(), layers.Dense(6)])
    a, b = keras.Input((8, 8, 1)), keras.Input((8, 8, 1))
    distance = ops.sqrt(ops.maximum(ops.sum(ops.square(tower(a) - tower(b)), axis=1, keepdims=True), 1e-7))
    return keras.Model([a, b], layers.Dense(1, activation="sigmoid")(distance))


def two_outputs():
    x = keras.Input((12,), name="Features")
    h = layers.Dense(8, activation="relu", name="Hidden Layer 1")(x)
    outputs = [layers.Dense(3, activation="softmax", name="kind")(h), layers.Dense(1, name="price")(h)]
    return keras.Model(x, outputs)


def dictionaries():
    given = {"b": keras.Input((4,), name="b"), "a": keras.Input((4,), name="a")}
    h = layers.Concatenate()([given["b"], given["a"]])
    return keras.Model(given, {"Out-1": layers.Dense(2)(h), "mean": ops.mean(h, axis=1, keepdims=True)})


def odd_names():
    y = x = keras.Input((4,), name="input")
    for name in ("previous", "1st", "mean", "batch", "Batch", "a.b", "a.2"):
        y = layers.Dense(4, name=name)(y)
    return keras.Model(x, layers.Add(name="from")([y, ops.mean(y, axis=1, keepdims=True)]), name="My Model!")


def recurrent():
    words = keras.Input((None,), dtype="int32")
    y = layers.Embedding(20, 8, mask_zero=True)(words)
    y = layers.Bidirectional(layers.GRU(5, return_sequences=True), merge_mode="sum")(y)
    y = layers.RNN([layers.LSTMCell(4), layers.GRUCell(3)], return_sequences=True)(y)
    y, *states = layers.Bidirectional(layers.LSTM(3, return_sequences=True, return_state=True))(y)
    return keras.Model(words, [layers.TimeDistributed(layers.Dense(2))(y), states[0], states[3]])


def frames():
    frame = keras.Sequential(
        [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.GlobalMaxPooling2D()], name="Frame Net"
    )
    video = keras.Input((5, 8, 8, 1))
    return keras.Model(video, layers.GRU(4)(layers.TimeDistributed(frame)(video)))


def numbers_prepared():
    x = keras.Input((3,), name="numbers")
    normal, bins = layers.Normalization(), layers.Discretization(num_bins=4, output_mode="one_hot")
    random = np.random.default_rng(0)
    normal.adapt(random.normal(3, 2, (50, 3)))
    bins.adapt(random.normal(3, 2, (50, 1)))
    return keras.Model(x, layers.Dense(1)(layers.Concatenate()([normal(x), bins(x[:, :1])])))


def words_looked_up():
    job = keras.Input((1,), dtype="string", name="job")
    lookup = layers.StringLookup(output_mode="one_hot")
    lookup.adapt(["clerk", "boss", "clerk"])
    return keras.Model(job, layers.Dense(1)(lookup(job)))


def text_counted():
    text = keras.Input((), dtype="string", name="text")
    vectors = layers.TextVectorization(output_mode="tf_idf", max_tokens=10)
    vectors.adapt(["clerk boss c", "clerk boss"])
    return keras.Model(text, layers.Dense(2)(vectors(text)))


def frozen_backbone():
    x = keras.Input((8, 8, 3))
    y = layers.BatchNormalization()(layers.Conv2D(4, 3, name="stem")(x))
    backbone = keras.Model(x, layers.GlobalMaxPooling2D()(y), name="backbone_0.25_8")
    backbone.trainable = False
    image = keras.Input((8, 8, 3))
    return keras.Model(image, layers.Dense(2)(backbone(image, training=False)))


def constants():
    x = keras.Input((4,))
    y = x * np.sqrt(2) - np.array([1.0, 2, 3, 4])
    y = ops.where(y > 0, y, np.array([1, 2, 3, 4], "int64")) + np.arange(4) / 3
    return keras.Model(x, ops.cast(y, "float32") @ np.ones((4, 2), "float32"))


def output_twice():
    x = keras.Input((4,))
    y = layers.Dense(2)(x)
    return keras.Model(x, [y, y, x])


def nothing_done():
    x = keras.Input((4,))
    return keras.Model(x, x)


def half_precision():
    x = keras.Input((4,))
    y = layers.Dense(8, dtype="mixed_bfloat16")(x)
    return keras.Model(x, layers.Dense(2, dtype="float32")(y))


def regularised():
    x = keras.Input((16, 16, 3))
    y = layers.CenterCrop(6, 6)(
        layers.Resizing(8, 8)(layers.Rescaling(1 / 255)(layers.RandomFlip("horizontal")(x)))
    )
    penalty, bound = keras.regularizers.L2(1e-4), keras.constraints.MaxNorm(3)
    return keras.Model(x, layers.Conv2D(3, 3, kernel_regularizer=penalty, kernel_constraint=bound)(y))


def model_of_several_outputs():
    inner_in = keras.Input((3,))
    h = layers.Dense(2)(inner_in)
    inner = keras.Model(inner_in, [h, h, inner_in])
    x = keras.Input((3,))
    return keras.Model(x, layers.Concatenate()(inner(x)))


def model_of_two_inputs():
    left, right = keras.Input((3,)), keras.Input((3,))
    inner = keras.Model([left, right], layers.Dense(3)(left) - right)
    x, y = keras.Input((3,)), keras.Input((3,))
    return keras.Model([x, y], inner([inner([x, y]), y]))


def masked():
    x, seen = keras.Input((5, 3)), keras.Input((5,), dtype="bool")
    y = layers.LSTM(4, return_sequences=True)(layers.Masking()(x))
    return keras.Model([x, seen], layers.LSTM(4)(y, mask=seen))


def attending():
    query, value = keras.Input((5, 8)), keras.Input((6, 8))
    y, scores = layers.MultiHeadAttention(2, 4)(query, value, return_attention_scores=True)
    return keras.Model([query, value], [layers.Attention(use_scale=True)([y, value]), scores])


def attending_in_groups():
    x = keras.Input((6, 8))
    return keras.Model(x, layers.GroupQueryAttention(4, 4, 2)(x, x))


def functions():
    x = keras.Input((6, 4))
    a, b = ops.split(x, 2, axis=1)
    y = ops.einsum("bijk,bijl->bkl", ops.stack([a, b], axis=1), ops.stack([a, b], axis=1))
    top, places = ops.top_k(y, 2)
    y = ops.max(top, axis=-1) + ops.cast(ops.sum(places, axis=-1), "float32")
    y = ops.image.resize(ops.reshape(ops.one_hot(ops.argmax(y, axis=-1), 4) * y, (-1, 2, 2, 1)), (3, 3))
    return keras.Model(x, ops.logical_not(ops.pad(y, ((0, 0), (1, 1), (1, 1), (0, 0))) > 0.5))


MODELS = [
    generator, unet, translation, transformer, siamese, two_outputs, dictionaries, odd_names, recurrent,
    frames, numbers_prepared, words_looked_up, text_counted, frozen_backbone, constants, output_twice,
    nothing_done, half_precision, regularised, model_of_several_outputs, masked, attending, functions,
    model_of_two_inputs, attending_in_groups,
]  # fmt: skip
