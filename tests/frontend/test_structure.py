from hypothesis import given, settings
from hypothesis import strategies as st

from specc.catalog.load import load
from specc.frontend.structure import check_structure
from specc.source.diagnostic import Diagnostic, Reporter
from specc.source.dump import dump
from specc.source.parse import parse

MODEL = "specc: 1\nmodel:\n  inputs: {x: [4]}\n  layers:\n"


def found(text: str) -> list[Diagnostic]:
    reporter = Reporter()
    document = parse(text, "x.yaml", reporter)
    assert document is not None, list(reporter)
    check_structure(document, load(), reporter)
    return list(reporter)


def places(text: str) -> list[tuple[str, int, int]]:
    return [(d.code, d.span.line, d.span.column) for d in found(text) if d.span]


def test_a_right_spec_gives_nothing() -> None:
    assert not found(MODEL + "    - Dense: {units: $n, kernel_regularizer: {L2: $(a)}}\n    - head: 3\n")


def test_a_spec_is_a_mapping() -> None:
    assert places("- a") == [("wrong-type", 1, 1)]


def test_several_missing_keys_are_told_at_once() -> None:
    (only,) = found("specc: 1\nmodel: {}")
    assert only.title == "`model` needs the keys `inputs` and `layers`"


def test_places_are_those_of_keys_and_values() -> None:
    text = MODEL + "    - Dense: {unit: 3, units: [1, x], use_bias: 3}\n    - Foo\n    - Conv2d:\n"
    assert sorted(places(text), key=lambda place: place[1:]) == [
        ("unknown-argument", 5, 15),
        ("wrong-type", 5, 31),
        ("wrong-type", 5, 49),
        ("unknown-layer", 6, 7),
        ("unknown-layer", 7, 7),
    ]


def test_what_is_yet_to_be_computed_is_not_judged() -> None:
    assert places(MODEL + "    - Conv2D: {filters: $n, kernel_size: [$k, 3], padding: $p, strides: x}\n") == [
        ("wrong-type", 5, 73)
    ]


def test_nested_objects_are_told_at_their_own_key() -> None:
    text = MODEL + "    - Dense: {units: 3, kernel_regularizer: {L2: {l3: 1}}}\n"
    assert places(text) == [("unknown-argument", 5, 51)]


def test_layers_name_models() -> None:
    assert not found(MODEL + "    - TimeDistributed: {layer: frames}\nmodels: {frames: {load: runs/a}}\n")


def test_keys_become_text() -> None:
    assert places("specc: 1\n1: a\nmodel: {load: a}") == [("unknown-key", 2, 1)]


def test_a_model_of_two_forms_is_left_to_the_expander() -> None:
    assert not found("specc: 1\nmodel: {layers: [Flatten], load: a}")


def test_no_title_is_jsonschemas() -> None:
    text = "specc: x\nmodel: 3\ndata: [a]\ntrain: {epochs: a, loss: [1]}\nseed: a\nblocks: {a: 3}\n"
    raw = (
        "is not of type",
        "is not valid under",
        "required property",
        "Additional properties",
        "was expected.",
    )
    told = found(text)
    assert len(told) == 7
    assert not any(word in d.title for d in told for word in raw)


_KINDS = ["Dense", "Flatten", "Adam", "Foo"]
_KEYS = ["specc", "model", "models", "inputs", "layers", "units", "repeat", "from", "train"]
_MORE = [
    "loss",
    "x",
    "$x",
    "metrics",
    "data",
    "source",
    "csv",
    "fields",
    "blocks",
    "params",
    "let",
    "residual",
]
_WORDS = st.sampled_from([*_KINDS, *_KEYS, *_MORE])
_TREES = st.recursive(
    st.none() | st.booleans() | st.integers(-1, 3) | _WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=15,
)


@given(st.dictionaries(_WORDS, _TREES, max_size=5))
@settings(max_examples=200, deadline=None)
def test_whatever_the_document_all_is_told_with_a_place(data: object) -> None:
    for diagnostic in found(dump(data)):
        assert diagnostic.span is not None
        assert diagnostic.title
        assert "something else" not in diagnostic.label
