"""Values of a spec become checked objects, and every mistake is told where it stands."""

import pytest

from specc.catalog.load import load
from specc.catalog.objects import KerasObject, plain
from specc.catalog.read import read_arguments, read_object
from specc.source.diagnostic import Reporter
from specc.source.parse import parse


def read(text, category="layer", models=()):
    """The object that `text` stands for, and the diagnostics as (code, what stands there, title, help)."""
    reporter = Reporter()
    value = parse(text, "x.yaml", reporter)
    found = read_object(value, category, load(), reporter, models=models)
    lines = text.split("\n")
    told = [
        (d.code, lines[d.span.line - 1][d.span.column - 1 : d.span.end_column - 1], d.title, d.help)
        for d in reporter.sorted()
    ]
    return found, told


@pytest.mark.parametrize(
    ("text", "category", "expected"),
    [
        ("Flatten", "layer", "Flatten"),
        ("Flatten:", "layer", "Flatten"),
        ("Dense: 3", "layer", {"Dense": {"units": 3}}),
        ("Reshape: [4, 4]", "layer", {"Reshape": {"target_shape": [4, 4]}}),
        ("MaxPool2D: 2", "layer", {"MaxPooling2D": {"pool_size": 2}}),
        ("Dropout: 1", "layer", {"Dropout": {"rate": 1}}),
        ("Activation: relu", "layer", {"Activation": {"activation": "relu"}}),
        ("Activation: {activation: {LeakyReLU: 0.1}}", "layer", None),
        ("UpSampling2D: {size: 2, interpolation: BILINEAR}", "layer", None),
        ("Dense: {units: 3, kernel_regularizer: {l2: 1e-4}}", "layer", None),
        ("Dense: {units: 3, kernel_initializer: he_normal, activation: null}", "layer", None),
        ("StackedRNNCells: {cells: [{LSTMCell: 3}, {GRUCell: 2}]}", "layer", None),
        ("Masking: -1", "layer", {"Masking": {"mask_value": -1}}),
        ("GroupNormalization: -1", "layer", {"GroupNormalization": {"groups": -1}}),
        ("adam", "optimizer", "Adam"),
        ("Adam: 1e-3", "optimizer", {"Adam": {"learning_rate": 1e-3}}),
        ("mse", "loss", "mse"),
        ("Huber: {reduction: null}", "loss", {"Huber": {"reduction": None}}),
        ("accuracy", "metric", "accuracy"),
        ("Constant: 0.5", "initializer", {"Constant": {"value": 0.5}}),
        ("Int8QuantizationConfig: {activation_quantizer: default}", "quantizer", None),
    ],
)
def test_good_forms(text, category, expected):
    found, told = read(text, category)
    assert told == []
    if expected is not None:
        assert plain(found) == expected


def test_nested_objects_keep_category_and_place():
    text = "Adam: {learning_rate: {CosineDecay: {initial_learning_rate: 1e-3, decay_steps: 2000}}}"
    found, told = read(text, "optimizer")
    rate = found.arguments["learning_rate"]
    assert told == []
    assert (rate.category, rate.kind, rate.arguments["decay_steps"]) == ("schedule", "CosineDecay", 2000)
    assert rate.span.column == 24


def test_choices_take_kerass_spelling():
    found, _ = read("Conv2D: {filters: 1, kernel_size: 3, padding: SAME}")
    assert found.arguments["padding"] == "same"


def test_a_function_is_an_identifier_and_a_class_is_not():
    assert read("mse", "loss")[0].identifier
    assert not read("mse", "metric")[0].identifier
    assert read("mse", "metric")[0].kind == "MeanSquaredError"


def test_a_string_where_a_layer_is_wanted_names_a_model():
    found, told = read("TimeDistributed: frames", models=["frames"])
    assert told == []
    assert found.arguments["layer"].model == "frames"
    assert read("TimeDistributed: frame", models=["frames"])[1] == [
        ("unknown-layer", "frame", "there is no layer `frame`", "did you mean `frames`?")
    ]


@pytest.mark.parametrize(
    ("text", "category", "code", "at", "help_"),
    [
        ("Dens: 3", "layer", "unknown-layer", "Dens", "did you mean `Dense`?"),
        ("acuracy", "metric", "unknown-metric", "acuracy", "did you mean `accuracy`?"),
        ("Adamm", "optimizer", "unknown-optimizer", "Adamm", "did you mean `Adam`?"),
        ("Adam: {learning_rate: {Cosin: 1}}", "optimizer", "unknown-schedule", "Cosin", None),
        ("Dense: {units: 3, activation: rel}", "layer", "unknown-activation", "rel", "did you mean `relu`?"),
        ("Dense: {units: 3, bias_initializer: {Zero: 1}}", "layer", "unknown-initializer", "Zero", None),
        ("Adam", "layer", "unknown-layer", "Adam", ""),
        ("Lambda: x", "layer", "refused-kind", "Lambda", "use a `formula` step"),
        (
            "Conv2D: {filterz: 3, kernel_size: 3}",
            "layer",
            "unknown-argument",
            "filterz",
            "did you mean `filters`?",
        ),
        ("Adam: {lr: 3}", "optimizer", "unknown-argument", "lr", "did you mean `learning_rate`?"),
        ("Dense: {units: 3, name: x}", "layer", "unknown-argument", "name", None),
        (
            "TimeDistributed: {Dense: 3}",
            "layer",
            "unknown-argument",
            "Dense",
            "write `TimeDistributed: {layer: {Dense: …}}`",
        ),
        ("Add: 3", "layer", "unknown-argument", "3", None),
        ("Zeros: 3", "initializer", "unknown-argument", "3", None),
        ("mse: 3", "loss", "unknown-argument", "3", "the class `MeanSquaredError` takes arguments"),
        ("Conv2D: 3", "layer", "missing-argument", "Conv2D", "write `Conv2D: {filters: …, kernel_size: …}`"),
        ("Conv2D: [3, 3]", "layer", "wrong-type", "[3, 3]", "write `Conv2D: {filters: …, kernel_size: …}`"),
        ("Dense: 3.0", "layer", "wrong-type", "3.0", "write `3`"),
        ("Dense: true", "layer", "wrong-type", "true", ""),
        ("Dropout: true", "layer", "wrong-type", "true", ""),
        ("Dense: '3'", "layer", "wrong-type", "'3'", "write `3` without quotes"),
        ("Dense: units * 2", "layer", "wrong-type", "units * 2", "an expression is written `$(units * 2)`"),
        ("Dense: null", "layer", "missing-argument", "Dense", "write `Dense: {units: …}`"),
        ("Dense: {units: 3, use_bias: yes}", "layer", "wrong-type", "yes", "write `true`"),
        ("Dense: {units: 3, dtype: float17}", "layer", "wrong-type", "float17", ""),
        ("Reshape: [4, a]", "layer", "wrong-type", "a", ""),
        ("MaxPooling2D: {padding: sam}", "layer", "wrong-choice", "sam", "did you mean `same`?"),
        ("Dropout: 50", "layer", "out-of-range", "50", ""),
        ("Dense: 0", "layer", "out-of-range", "0", ""),
        ("MaxPooling2D: [2, 0]", "layer", "out-of-range", "0", ""),
        ("{Adam: null, SGD: null}", "optimizer", "several-kinds", "SGD", ""),
        (
            "{Adam: null, beta_1: 0.5}",
            "optimizer",
            "several-kinds",
            "beta_1",
            "`beta_1` is an argument of `Adam`: indent it further",
        ),
        ("3", "optimizer", "wrong-type", "3", ""),
        ("{}", "optimizer", "wrong-type", "{}", ""),
    ],
)
def test_one_mistake_is_told_once(text, category, code, at, help_):
    found, told = read(text, category)
    assert found is None
    assert [t[:2] for t in told] == [(code, at)]
    if help_ is not None:
        assert told[0][3] == help_


def test_all_mistakes_of_one_object_come_at_once():
    text = "Conv2D: {filters: a, kernel_size: 3.5, padding: sam, strides: [1, b], groups: 0, colour: red}"
    _, told = read(text)
    assert [t[:2] for t in told] == [
        ("wrong-type", "a"),
        ("wrong-type", "3.5"),
        ("wrong-choice", "sam"),
        ("wrong-type", "b"),
        ("out-of-range", "0"),
        ("unknown-argument", "colour"),
    ]


def test_what_was_expected_is_said_in_words():
    assert read("Dense: a")[1][0][2] == "`units` takes an integer, not the text 'a'"
    assert (
        read("MaxPooling2D: {padding: 3}")[1][0][2] == "`padding` takes `valid` or `same`, not the number 3"
    )


def test_an_object_of_another_category_says_so():
    reporter = Reporter()
    read_object(parse("Adam", "x.yaml", reporter), "layer", load(), reporter)
    assert next(iter(reporter)).label == "is an optimizer, not a layer"


def test_arguments_alone():
    reporter = Reporter()
    signature = load().objects["layer"]["Conv2D"]
    value = parse("{filters: 3, kernel_size: [3, 3]}", "x.yaml", reporter)
    assert read_arguments(value, signature, load(), reporter, value.span) == {
        "filters": 3,
        "kernel_size": [3, 3],
    }
    assert read_arguments(None, load().objects["layer"]["Flatten"], load(), reporter, value.span) == {}
    assert not list(reporter)


def test_a_nested_mistake_leaves_no_object():
    found, told = read("Bidirectional: {layer: {LSTM: {units: -1}}}")
    assert found is None
    assert told[0][:2] == ("out-of-range", "-1")


def test_plain_writes_back_what_was_read():
    found, _ = read("Dense: {units: 3, kernel_regularizer: {L2: 1e-4}}")
    assert isinstance(found, KerasObject)
    assert plain(found) == {"Dense": {"units": 3, "kernel_regularizer": {"L2": {"l2": 1e-4}}}}
