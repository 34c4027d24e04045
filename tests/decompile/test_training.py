"""Keras's `compile_config` as a `train` section."""

import pytest

from specc.decompile.training import UnsaidError, short_float, train_section, untold

ADAM = {"module": "keras.optimizers", "class_name": "Adam", "config": {"name": "adam", "beta_1": 0.9}}
CROSSENTROPY = {
    "module": "keras.losses", "class_name": "CategoricalCrossentropy",
    "config": {"name": "c", "reduction": "sum_over_batch_size", "from_logits": True, "label_smoothing": 0.0},
}  # fmt: skip
ONE, TWO = {"Out": "out"}, {"Z": "z", "A": "a"}


def with_rate(rate):
    return ADAM | {"config": ADAM["config"] | {"learning_rate": rate}}


def test_only_what_differs_from_the_defaults_is_said():
    config = {"optimizer": with_rate(0.00030000001424923539), "loss": CROSSENTROPY, "metrics": ["accuracy"]}
    assert train_section(config, ONE) == {
        "optimizer": {"Adam": {"learning_rate": 0.0003}},
        "loss": {"CategoricalCrossentropy": {"from_logits": True}},
        "metrics": ["accuracy"],
    }


def test_functions_that_keras_finds_by_their_names():
    function = {"module": "builtins", "class_name": "function", "registered_name": "function"}
    config = {"optimizer": "sgd", "loss": function | {"config": "sparse_categorical_crossentropy"}}
    assert train_section(config, ONE)["loss"] == "sparse_categorical_crossentropy"


def test_schedules():
    decay = {
        "module": "keras.optimizers.schedules", "class_name": "CosineDecay",
        "config": {"initial_learning_rate": 0.1, "decay_steps": 100, "alpha": 0.0, "name": "CosineDecay"},
    }  # fmt: skip
    section = train_section({"optimizer": with_rate(decay), "loss": "mse"}, ONE)
    wanted = {"CosineDecay": {"initial_learning_rate": 0.1, "decay_steps": 100}}
    assert section["optimizer"] == {"Adam": {"learning_rate": wanted}}


@pytest.mark.parametrize("loss", [["mse", "mae"], {"Z": "mse", "A": "mae"}])
def test_outputs_have_the_names_of_the_spec(loss):
    config = {"optimizer": "sgd", "loss": loss, "loss_weights": [1.0, 0.5], "metrics": {"A": ["mae"]}}
    assert train_section(config, TWO) == {
        "optimizer": "sgd",
        "loss": {"z": "mse", "a": "mae"},
        "loss_weights": {"z": 1.0, "a": 0.5},
        "metrics": {"a": ["mae"]},
    }


@pytest.mark.parametrize(
    ("config", "told"),
    [
        ({"optimizer": "sgd"}, "no loss"),
        ({"optimizer": "sgd", "loss": {"class_name": "function", "module": "b", "config": "own"}}, "`own`"),
        ({"optimizer": "sgd", "loss": "mine"}, "`mine`"),
        ({"optimizer": "sgd", "loss": "mse", "weighted_metrics": ["mae"]}, "weighted_metrics"),
        ({"optimizer": "sgd", "loss": {"gone": "mse"}}, "`gone`"),
        ({"optimizer": "sgd", "loss": ["mse", "mse"], "metrics": ["mae"]}, "which output"),
    ],
)
def test_what_cannot_be_said(config, told):
    with pytest.raises(UnsaidError, match=told):
        train_section(config, TWO)


def test_what_keras_forgets_is_told():
    huber = {"module": "keras.losses", "class_name": "Huber", "config": {"reduction": "sum", "name": "h"}}
    assert untold({"loss": [huber, "mse"]}) == [
        "Keras does not keep the `delta` of `Huber`: its default is taken"
    ]


@pytest.mark.parametrize(
    ("number", "short"),
    [(0.0010000000474974513, 0.001), (0.5, 0.5), (0.1, 0.1), (1e300, 1e300), (0.30000001192092896, 0.3)],
)
def test_short_floats(number, short):
    assert short_float(number) == short
