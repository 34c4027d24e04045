"""Keras's names to a spec's: valid, unique, the same in every process."""

import pytest

from specc.catalog.objects import KerasObject
from specc.decompile.names import model_name, rename_models, valid_name
from specc.frontend.expressions import nodes as n
from specc.graph.ir import Formula, Graph, Input, Layer, Node, Origin, Reuse, Use
from specc.source.span import Span

HERE = Span("m", 1, 1, 1, 1)


def node(name, operation, given, *outputs):
    return Node(name, operation, (("", given),), outputs or (name,), Origin(HERE))


def dense(name, given, *outputs):
    return node(name, Layer(KerasObject("layer", "Dense", {"units": 1})), given, *outputs)


def graph(nodes, outputs, name="model", given="x"):
    return Graph(name, (Input(given, (4,), "float32", HERE),), (), tuple(nodes), outputs, HERE)


@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("Conv_1", "conv_1"),
        ("1st", "_1st"),
        ("a b/c", "a_b_c"),
        ("My Model!", "my_model"),
        ("input", "input_"),
        ("enc.memory", "enc.memory"),
        ("net_0.25", "net_0_25"),
        ("é", "_"),
        ("_own", "_own"),
        ("", "_"),
    ],
)
def test_valid_names(given, wanted):
    assert valid_name(given) == wanted


def test_counted_names_are_counted_anew_and_given_ones_stay():
    nodes = [
        dense("dense_7", "X"),
        dense("Head", "dense_7"),
        dense("dense_1", "Head"),
        dense("head", "dense_1"),
    ]
    made = rename_models({"model": graph(nodes, (("head", "head"),), given="X")})["model"]
    assert [node.name for node in made.nodes] == ["dense", "head", "dense_1", "head_1"]
    assert made.nodes[1].inputs == (("", "dense"),)
    assert made.inputs[0].name == "x"
    assert made.outputs == (("head_1", "head_1"),)


def test_formulas_and_reuses_follow():
    double = Formula(n.Binary("+", n.Name("First"), n.Name("First")))
    nodes = [dense("First", "x"), node("add_3", double, "First"), node("First_1", Reuse("First"), "add_3")]
    made = rename_models({"model": graph(nodes, (("First_1", "First_1"),))})["model"]
    assert [node.name for node in made.nodes] == ["first", "formula", "first_1"]
    assert made.nodes[1].operation == Formula(n.Binary("+", n.Name("first"), n.Name("first")))
    assert made.nodes[2].operation == Reuse("first")


def test_models_and_their_uses():
    inner = graph([dense("a", "Picture"), dense("b", "a")], (("a", "a"), ("b", "b")), "Mean", "Picture")
    use = Node("Mean", Use("Mean"), (("Picture", "x"),), ("Mean.a", "Mean.b"), Origin(HERE))
    nodes = [use, dense("mean_2", "Mean.b")]
    made = rename_models({"Mean": inner, "model": graph(nodes, (("mean_2", "mean_2"),))})
    assert list(made) == ["mean_1", "model"]  # `mean` is a function
    use, last = made["model"].nodes
    assert use.operation == Use("mean_1")
    assert use.inputs == (("picture", "x"),)
    assert use.outputs == (f"{use.name}.a", f"{use.name}.b")
    assert last.inputs == (("", f"{use.name}.b"),)


@pytest.mark.parametrize(("given", "wanted"), [("sequential_4", "sequential"), ("VGG.16", "vgg_16")])
def test_names_of_models(given, wanted):
    assert model_name(given) == wanted
