"""The catalog says what the installed Keras says, and everything in it can be built."""

import keras
import pytest

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.catalog.read import read_arguments
from specc.lower.catalog import main, stale
from specc.lower.catalog_examples import required_arguments
from specc.lower.objects import make
from specc.source.diagnostic import Reporter
from specc.source.span import Span
from specc.source.values import from_python

pytestmark = pytest.mark.slow

SPAN = Span("x.yaml", 1, 1, 1, 2)
NEEDS_A_PACKAGE = {"OrbaxCheckpoint"}
CATALOG_MINOR = load().keras
INSTALLED_MINOR = ".".join(keras.__version__.split(".")[:2])


def names(*categories):
    return [
        (category, name)
        for category, objects in load().objects.items()
        if not categories or category in categories
        for name in objects
        if objects[name].name == name and not objects[name].refused and name not in NEEDS_A_PACKAGE
    ]


def built(category, name, given):
    """What the catalog reads `given` as, made into a Keras object."""
    reporter = Reporter()
    arguments = read_arguments(
        from_python(given, SPAN), load().objects[category][name], load(), reporter, SPAN
    )
    assert arguments is not None, [d.title for d in reporter]
    return make(KerasObject(category, name, arguments, SPAN))


def required(category, name):
    signature = load().objects[category][name]
    return required_arguments(name, [a.name for a in signature.arguments if a.required])


@pytest.mark.skipif(CATALOG_MINOR != INSTALLED_MINOR, reason="another Keras is installed")
def test_the_catalog_is_current():
    assert stale() == []
    assert main(["--check"]) == 0


def test_every_exported_layer_is_in_the_catalog():
    layers = load().objects["layer"]
    classes = {n for n, c in vars(keras.layers).items() if isinstance(c, type) and issubclass(c, keras.Layer)}
    assert classes <= set(layers)


def test_every_exported_op_is_in_the_catalog():
    functions = {n for n, f in vars(keras.ops).items() if callable(f) and not n.startswith("_")}
    assert functions <= set(load().ops)


@pytest.mark.parametrize(("category", "name"), names())
def test_it_can_be_built_with_what_it_needs(category, name):
    assert built(category, name, required(category, name)) is not None


@pytest.mark.parametrize(("category", "name"), names())
def test_every_argument_is_taken_at_its_default(category, name):
    defaults = {a.name: a.default for a in load().objects[category][name].arguments if not a.required}
    assert built(category, name, defaults | required(category, name)) is not None


@pytest.mark.parametrize("name", [n for _, n in names("layer")])
def test_a_built_layer_survives_its_own_serialisation(name):
    layer = built("layer", name, required("layer", name))
    again = keras.layers.deserialize(keras.layers.serialize(layer))
    assert type(again) is type(layer)


@pytest.mark.parametrize(("category", "name"), names())
def test_every_choice_is_taken(category, name):
    for argument in load().objects[category][name].arguments:
        for choice in argument.choices:
            if choice != "tf_idf":  # wants idf_weights beside it
                built(category, name, required(category, name) | {argument.name: choice})
