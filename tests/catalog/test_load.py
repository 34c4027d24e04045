"""The catalog as it loads: fast, complete, without Keras, with plugins."""

import subprocess
import sys
from typing import get_args

import pytest

from specc.catalog.load import load
from specc.catalog.plugins import read_signature, register, registered
from specc.catalog.signature import REQUIRED, Category


class Scale:
    """Multiplies by a number.

    And more.
    """

    def __init__(self, factor: float, times: int | None = None, mode: str = "up", **kwargs):
        pass

    def call(self, inputs, mask=None, training=False):
        return inputs


def test_every_category_has_objects():
    catalog = load()
    assert set(catalog.objects) == set(get_args(Category))
    assert all(len(objects) > 0 for objects in catalog.objects.values())
    assert len(catalog.applications) == 40
    assert "mnist" in catalog.datasets
    assert "relu" in catalog.activations


def test_loading_imports_no_keras():
    code = "import sys; from specc.catalog.load import load; load(); sys.exit('keras' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_an_argument_is_read_back_whole():
    signature = load().objects["layer"]["Conv2D"]
    filters, kernel = signature.arguments[:2]
    assert (filters.name, filters.types, filters.default, filters.minimum) == (
        "filters",
        ("integer",),
        REQUIRED,
        1,
    )
    assert kernel.types == ("integer", "integers")
    assert signature.by_name["padding"].choices == ("valid", "same")
    assert signature.by_name["padding"].default == "valid"
    assert signature.by_name["activation"].nullable
    assert "name" not in signature.by_name
    assert "dtype" in signature.by_name


def test_an_alias_is_found_by_its_own_name():
    layers = load().objects["layer"]
    assert "MaxPool2D" in layers
    assert layers["MaxPool2D"] is layers["MaxPooling2D"]
    assert "MaxPool2D" in set(layers)
    assert len(set(layers)) == len(layers)


@pytest.mark.parametrize(
    ("layer", "forms"),
    [
        ("Dense", ["inputs:tensor!", "training:setting"]),
        ("Concatenate", ["inputs:tensors!"]),
        ("LSTM", ["sequences:tensor!", "initial_state:tensor_or_tensors", "mask:tensor", "training:setting"]),
        ("Attention", ["inputs:tensors!", "mask:tensors"]),
    ],
)
def test_call_arguments(layer, forms):
    call = load().objects["layer"][layer].call
    assert [f"{c.name}:{c.form}{'!' if c.required else ''}" for c in call][: len(forms)] == forms


def test_attention_takes_three_tensors():
    signature = load().objects["layer"]["MultiHeadAttention"]
    assert [c.name for c in signature.tensors[:3]] == ["query", "value", "key"]
    assert signature.outputs == "scores"


@pytest.mark.parametrize(
    ("category", "identifier", "kind"),
    [
        ("optimizer", "adam", "Adam"),
        ("loss", "mse", "mse"),
        ("initializer", "he_normal", "HeNormal"),
        ("regularizer", "l2", "L2"),
        ("metric", "accuracy", "accuracy"),
    ],
)
def test_identifiers(category, identifier, kind):
    assert load().identifiers[category][identifier] == kind


def test_ops_name_their_tensors_and_their_submodules():
    ops = load().ops
    assert ops["matmul"].by_name["x1"].types == ("tensor",)
    assert ops["concatenate"].by_name["xs"].types == ("tensors",)
    assert "image.resize" in ops
    assert "random.normal" in ops
    assert "relu" in ops
    assert "nn.relu" not in ops
    assert ops["while_loop"].refused


def test_what_holds_code_is_refused():
    layers = load().objects["layer"]
    for name in ("Lambda", "Input", "InputLayer", "Layer", "TFSMLayer"):
        assert layers[name].refused
    assert not layers["Dense"].refused


def test_a_signature_is_read_off_a_class():
    signature = read_signature("Scale", Scale, "layer")
    assert [(a.name, a.types, a.nullable) for a in signature.arguments[:3]] == [
        ("factor", ("number",), False),
        ("times", ("integer",), True),
        ("mode", ("string",), False),
    ]
    assert {"trainable", "dtype"} <= set(signature.by_name)
    assert [c.form for c in signature.call] == ["tensor_or_tensors", "tensor_or_tensors", "setting"]
    assert signature.summary == "Multiplies by a number."
    assert signature.plugin == __name__


def test_a_registered_class_is_in_the_catalog():
    assert "Scale" not in load().objects["layer"]
    register("Scale", Scale)
    assert load().objects["layer"]["Scale"].by_name["factor"].required
    assert "Scale" in set(load().objects["layer"])
    assert registered.factory("layer", "Scale") is Scale


@pytest.mark.parametrize(
    ("kind", "category"), [("scale", "layer"), ("a.Scale", "layer"), ("Scale", "layers")]
)
def test_a_bad_registration_raises(kind, category):
    with pytest.raises(ValueError):
        register(kind, Scale, category)
