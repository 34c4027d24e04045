import pytest

from specc.catalog.load import load
from specc.catalog.objects import KerasObject
from specc.frontend.sections.data import DataSection, Formula, read_data
from specc.source.diagnostic import Diagnostic, Reporter
from specc.source.parse import parse
from specc.source.values import Mapping


def read(text: str, **values: object) -> tuple[DataSection | None, list[Diagnostic]]:
    reporter = Reporter()
    value = parse(text, "spec.yaml", reporter)
    assert isinstance(value, Mapping)
    return read_data(value, load(), reporter, values), list(reporter)


def right(text: str, **values: object) -> DataSection:
    section, told = read(text, **values)
    assert section is not None, told
    return section


def test_everything_that_may_be_said() -> None:
    section = right(
        """
source: {csv: a.csv, separator: ";", decimal: ",", missing: [NA], drop_missing: true, base: images}
split: {train: 0.7, validation: 0.1, test: 0.2, stratify: kind, seed: 3}
fields:
  x: {column: [a, b], transform: [Normalization]}
  words: {shape: [null], transform: {TextVectorization: {max_tokens: 9}}, pad: -1}
  again: {column: other, transform_as: words, fill: ""}
  kind: {dtype: int32, transform: [{formula: "cast(previous == 'yes', 'int32')"}]}
  picture: {decode: image, shape: [8, 8, 3], augment: [{RandomFlip: horizontal}]}
derive: {twice: x * $factor, more: twice + 1}
batch_size: 4
shuffle: false
drop_remainder: true
""",
        factor=2,
    )
    source = section.sources[""]
    assert (source.kind, source.files[""].text, source.csv.separator, source.csv.decimal) == (
        "csv",
        "a.csv",
        ";",
        ",",
    )
    assert source.csv.missing == ("", "NA")
    assert section.split is not None
    assert dict(section.split.parts) == {"train": 0.7, "validation": 0.1, "test": 0.2}
    assert [c.text for c in section.fields["x"].columns] == ["a", "b"]
    assert section.fields["x"].stacked
    assert section.fields["words"].shape == (None,)
    vectorizer = section.fields["words"].transforms[0]
    assert isinstance(vectorizer, KerasObject)
    assert vectorizer.arguments == {"max_tokens": 9}
    formula = section.fields["kind"].transforms[0]
    assert isinstance(formula, Formula)
    assert formula.names == ("previous",)
    assert section.derive["more"].names == ("twice",)
    assert (section.batch_size, section.shuffle, section.drop_remainder) == (4, False, True)


def test_what_is_needed_for_names() -> None:
    section = right("""
source: {dataset: digits}
fields: {a: {}, b: {transform_as: a}, c: {}, d: {}}
derive: {e: b + 1, f: e + c}
""")
    assert section.needed(("f", "label")) == ("b", "a", "c", "label")
    assert [field.name for field in section.unused(("f",))] == ["d"]


def test_several_sources() -> None:
    section = right("sources: {a: {images: 'x/*.png'}, b: {npz: b.npz}}")
    assert {name: source.kind for name, source in section.sources.items()} == {"a": "images", "b": "npz"}


def test_sklearn_is_a_data_set() -> None:
    assert right("source: {sklearn: wine}").sources[""].kind == "dataset"


def test_columns_without_names_are_numbers() -> None:
    assert [
        c.text for c in right("{source: {csv: a}, fields: {x: {column: [0, 1]}}}").fields["x"].columns
    ] == [
        "0",
        "1",
    ]


WRONG = [
    ("{source: {csv: a}, batchsize: 3}", "data-key-unknown", 1, 20),
    ("{source: {csv: a, sepperator: x}}", "data-key-unknown", 1, 19),
    ("{source: {csv: a}, fields: {x: {colum: y}}}", "data-key-unknown", 1, 33),
    ("{source: {idx: {x: a}, window: {length: 2}}}", "data-key-unknown", 1, 24),
    ("{batch_size: 3}", "data-source", 1, 1),
    ("{source: {excel: a}}", "data-source", 1, 11),
    ("{source: {csv: a, npz: b}}", "data-source", 1, 19),
    ("{source: {csv: a}, sources: {b: {csv: b}}}", "data-source", 1, 20),
    ("{source: {dataset: digitz}}", "data-source", 1, 20),
    ("{source: a.csv}", "data-setting", 1, 10),
    ("{source: {idx: a}}", "data-setting", 1, 16),
    ("{source: {csv: a, separator: ab}}", "data-setting", 1, 30),
    ("{source: {csv: a, decimal: ','}}", "data-setting", 1, 28),
    ("{source: {text: a, window: {stride: 1}}}", "data-setting", 1, 28),
    ("{source: {csv: a, columns: [a, a]}}", "data-name-twice", 1, 28),
    ("{source: {csv: a}, batch_size: 0}", "data-setting", 1, 32),
    ("{source: {csv: a}, shuffle: 3}", "data-setting", 1, 29),
    ("{source: {csv: a}, split: {test: 0.5}}", "data-split", 1, 27),
    ("{source: {csv: a}, split: {train: 0.5, test: 9}}", "data-split", 1, 27),
    ("{source: {csv: a}, split: {train: 0.9, test: 0.3}}", "data-split", 1, 27),
    ("{source: {csv: a}, split: {train: -1}}", "data-setting", 1, 35),
    ("{source: {csv: a}, split: {train: 1, stratify: x, shuffle: false}}", "data-split", 1, 38),
    ("{source: {csv: a}, fields: {x: {shape: [a]}}}", "data-setting", 1, 40),
    ("{source: {csv: a}, fields: {x: {dtype: float}}}", "data-setting", 1, 40),
    ("{source: {csv: a}, fields: {x: {column: []}}}", "data-setting", 1, 41),
    ("{source: {csv: a}, fields: {a b: {}}}", "data-setting", 1, 29),
    ("{source: {csv: a}, fields: {x: {transform: [{Dense: 3}]}}}", "data-layer", 1, 45),
    ("{source: {csv: a}, fields: {x: {augment: [{Rescaling: 3}]}}}", "data-layer", 1, 43),
    ("{source: {csv: a}, fields: {x: {transform: [], transform_as: y}, y: {}}}", "data-setting", 1, 48),
    ("{source: {csv: a}, fields: {x: {transform_as: x}}}", "data-reference", 1, 47),
    ("{source: {csv: a}, fields: {x: {transform: {formula: previous + y}}}}", "data-reference", 1, 65),
    ("{source: {csv: a}, fields: {x: {transform: {formula: 'previous + y'}}}}", "data-reference", 1, 66),
    ("{source: {csv: a}, fields: {x: {}}, derive: {x: y}}", "data-name-twice", 1, 46),
    ("{source: {csv: a}, derive: {x: x + 1}}", "data-reference", 1, 32),
    ("{source: {csv: a}, derive: {x: a + }}", "bad-expression", 1, 35),
    ("{source: {csv: a}, derive: {x: a + $n}}", "bad-expression", 1, 37),
]


@pytest.mark.parametrize(("text", "code", "line", "column"), WRONG)
def test_mistakes_are_told_at_their_place(text: str, code: str, line: int, column: int) -> None:
    section, told = read(text)
    assert section is None
    assert [d.code for d in told] == [code]
    span = told[0].span
    assert span is not None
    assert (span.line, span.column) == (line, column)


@pytest.mark.parametrize(
    ("field", "help"),
    [("transform: [{RandomFlip: horizontal}]", "augment"), ("augment: [{Rescaling: 3}]", "transform")],
)
def test_layers_in_each_others_place_are_sent_there(field: str, help: str) -> None:
    (told,) = read(f"{{source: {{csv: a}}, fields: {{x: {{{field}}}}}}}")[1]
    assert told.help.startswith(f"`{help}`")


def test_all_mistakes_come_in_one_go() -> None:
    told = read(
        "{source: {csvv: a}, split: {trane: 1}, fields: {x: {dtypo: 1}}, batch_size: x, shuffel: true}"
    )[1]
    assert len(told) >= 5


@pytest.mark.parametrize(
    "text",
    [
        f"{{source: {{csv: a}}, batch_size: {10**30}}}",
        f"{{source: {{csv: a, window: {{length: {2**31}}}}}}}",
        f"{{source: {{csv: a}}, fields: {{x: {{shape: [{10**30}]}}}}}}",
    ],
)
def test_counts_have_an_upper_bound(text: str) -> None:
    section, told = read(text)
    assert section is None
    assert [d.code for d in told] == ["data-setting"]


def test_the_largest_count_is_told() -> None:
    _, told = read(f"{{source: {{csv: a}}, batch_size: {2**31}}}")
    assert told[0].label == "a whole number of at most 2147483647 belongs here"
    assert right(f"{{source: {{csv: a}}, batch_size: {2**31 - 1}}}").batch_size == 2**31 - 1


def test_what_is_derived_for_nothing() -> None:
    section = right("{source: {csv: a}, fields: {y: {}}, derive: {b: x + 1, c: b + y, d: c + 1, e: nowhere}}")
    assert section.unused_derived(("c",)) == ("d", "e")
    assert section.unused_derived(("d", "e")) == ()
    assert section.bare(("c", "z")) == ("x", "z")
