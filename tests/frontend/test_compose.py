"""Several files and the command line make one document."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import pytest

from specc.frontend.compose import Composer, Document
from specc.frontend.overrides import CommandLine
from specc.source.diagnostic import Diagnostic, Reporter
from specc.source.values import to_python

Compose = Callable[..., tuple[Any, tuple[Diagnostic, ...]]]

STEPS = """
model:
  layers:
    - {Dense: 1, name: first}
    - residual:
        - {Dense: 2, name: inner}
        - repeat: 2
          layers: [{Dense: 3, name: deep}]
    - branches: [[{Dense: 4, name: left}], [{Dense: 5, name: right}]]
      merge: Add
    - {Dense: 6, name: last}
"""


def composed(
    path: Path, params: Iterable[object] = (), overrides: Iterable[object] = ()
) -> tuple[Document | None, tuple[Diagnostic, ...]]:
    reporter = Reporter()
    document = Composer(path.parent, reporter).compose(path, CommandLine(params, overrides))
    return document, reporter.sorted()


@pytest.fixture
def compose(tmp_path: Path) -> Compose:
    """Composes `main` with further files; gives plain data and what was reported."""

    def run(main: str, *sets: object, params: Iterable[object] = (), **files: str) -> Any:
        for name, text in {"main": main, **files}.items():
            (tmp_path / f"{name}.yaml").write_text(text, encoding="utf-8")
        document, found = composed(tmp_path / "main.yaml", params, sets)
        return (to_python(document.value) if document else None), found

    return run


def good(result: tuple[Any, tuple[Diagnostic, ...]]) -> Any:
    data, found = result
    assert not found
    return data


def codes(result: tuple[Any, tuple[Diagnostic, ...]]) -> list[str]:
    return [d.code for d in result[1]]


def names(steps: Any) -> list[Any]:
    """Names of steps, nested ones in lists."""
    if isinstance(steps, list):
        return [names(step) for step in steps]
    nested = [names(steps[key]) for key in ("residual", "layers", "branches") if key in steps]
    return steps.get("name", nested)


# --- extends ----------------------------------------------------------------------------------------------
def test_null_takes_out_what_lies_below(compose: Compose) -> None:
    data = good(
        compose(
            "extends: base.yaml\ndata: {split: {test: null}, augment: null, derive: null}\ntrain: null\n",
            base="data: {split: {train: 0.8, test: 0.2}, augment: [RandomFlip]}\ntrain: {epochs: 3}\n",
        )
    )
    assert data == {"data": {"split": {"train": 0.8}, "derive": None}}


def test_null_is_a_value_in_models_and_within_a_kind(compose: Compose) -> None:
    data = good(
        compose(
            "extends: base.yaml\nmodels: {m: {weights: null}}\ntrain: {loss: {Huber: {reduction: null}}}\n"
            "params: {a: null}\n",
            base="models: {m: {weights: imagenet}}\ntrain: {loss: {Huber: {reduction: sum}}}\n"
            "params: {a: 1}\n",
        )
    )
    assert data == {
        "models": {"m": {"weights": None}},
        "train": {"loss": {"Huber": {"reduction": None}}},
        "params": {"a": None},
    }


def test_a_plain_value_over_a_declaration_is_its_default(compose: Compose) -> None:
    data = good(
        compose(
            "extends: base.yaml\nparams: {a: 2, b: [3], c: {maximum: 9}, d: {x: 1}, e: 5}\n",
            base="params: {a: {default: 1, choices: [1, 2]}, b: {type: list}, c: {default: 4}, d: {y: 2}}\n",
        )
    )
    assert data["params"] == {
        "a": {"default": 2, "choices": [1, 2]},
        "b": {"type": "list", "default": [3]},
        "c": {"default": 4, "maximum": 9},
        "d": {"y": 2, "x": 1},
        "e": 5,
    }


def test_of_several_files_the_later_lies_over_the_earlier(compose: Compose) -> None:
    data = good(
        compose(
            "extends: [first.yaml, second.yaml]\nc: main\n",
            first="extends: base.yaml\na: 1\nb: first\nc: first\n",
            second="b: second\nc: second\nd: [2]\n",
            base="a: base\nd: [1]\n",
        )
    )
    assert data == {"a": 1, "d": [2], "b": "second", "c": "main"}


def test_imports_of_all_extended_files_are_known(compose: Compose, tmp_path: Path) -> None:
    compose(
        "extends: [a.yaml, b.yaml]\n", a="import: {x: c.yaml}\n", b="import: {y: c.yaml}\n", c="let: {}\n"
    )
    document, found = composed(tmp_path / "main.yaml")
    assert document is not None and not found
    assert set(document.imports) == {"x", "y"}


def test_mappings_merge_the_child_wins_lists_replace(compose: Compose) -> None:
    data = good(
        compose(
            "extends: base.yaml\na: {y: 20, z: 30}\nb: [3]\n",
            base="specc: 1\na: {x: 1, y: 2}\nb: [1, 2]\nc: 5\n",
        )
    )
    assert data == {"specc": 1, "a": {"x": 1, "y": 20, "z": 30}, "b": [3], "c": 5}


def test_another_kind_replaces_the_same_kind_merges(compose: Compose) -> None:
    base = "optimizer: {SGD: {learning_rate: 1, momentum: 2}}\nloss: {Huber: {delta: 2, name: h}}\n"
    data = good(compose("extends: base.yaml\noptimizer: {Adam: {}}\nloss: {Huber: {delta: 3}}\n", base=base))
    assert data == {"optimizer": {"Adam": {}}, "loss": {"Huber": {"delta": 3, "name": "h"}}}


def test_a_chain_of_files_the_deepest_is_weakest(compose: Compose) -> None:
    data = good(
        compose(
            "extends: middle.yaml\nc: main\n",
            middle="extends: base.yaml\nb: middle\nc: middle\n",
            base="a: base\nb: base\nc: base\n",
        )
    )
    assert data == {"a": "base", "b": "middle", "c": "main"}


def test_errors_name_the_file_they_stand_in(compose: Compose) -> None:
    _, found = compose("extends: base.yaml\n", base="a: 1\na: 2\n")
    (told,) = found
    assert told.span is not None
    assert (told.code, Path(told.span.file).name, told.span.line) == ("duplicate-key", "base.yaml", 2)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        (
            "replace: {last: [{Dense: 7, name: a}, {Dense: 8, name: b}]}",
            ["first", [["inner", [["deep"]]]], [[["left"], ["right"]]], "a", "b"],
        ),
        (
            "before: {last: {Dense: 7, name: new}}",
            ["first", [["inner", [["deep"]]]], [[["left"], ["right"]]], "new", "last"],
        ),
        (
            "after: {deep: [{Dense: 7, name: new}]}",
            ["first", [["inner", [["deep", "new"]]]], [[["left"], ["right"]]], "last"],
        ),
        (
            "before: {right: {Dense: 7, name: new}}",
            ["first", [["inner", [["deep"]]]], [[["left"], ["new", "right"]]], "last"],
        ),
        ("remove: [inner, last]", ["first", [[[["deep"]]]], [[["left"], ["right"]]]]),
        (
            "{remove: [first], after: {last: {Dense: 7, name: new}}}",
            [[["inner", [["deep"]]]], [[["left"], ["right"]]], "last", "new"],
        ),
    ],
)
def test_steps_are_patched_by_name(compose: Compose, changes: str, expected: list[Any]) -> None:
    changes = changes if changes.startswith("{") else f"{{{changes}}}"
    data = good(compose(f"extends: base.yaml\nmodel: {{layers: {changes}}}\n", base=STEPS))
    assert names(data["model"]["layers"]) == expected


def test_a_patch_of_no_step_is_told(compose: Compose) -> None:
    data, found = compose("extends: base.yaml\nmodel: {layers: {remove: [lst]}}\n", base=STEPS)
    (told,) = found
    assert (told.code, told.help) == ("unknown-step", "did you mean `last`?")
    assert names(data["model"]["layers"])[-1] == "last"


# --- import -----------------------------------------------------------------------------------------------
def test_imports_are_documents_of_their_own(tmp_path: Path) -> None:
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "conv.yaml").write_text("import: {more: more.yaml}\nblocks: {}\n")
    (tmp_path / "parts" / "more.yaml").write_text("let: {a: 1}\n")
    (tmp_path / "main.yaml").write_text("import: {conv: parts/conv.yaml}\n")
    document, found = composed(tmp_path / "main.yaml")
    assert document is not None and not found
    assert to_python(document.imports["conv"].imports["more"].value) == {"let": {"a": 1}}
    assert "import" not in document.value


def test_a_file_that_is_included_often_is_read_once(tmp_path: Path) -> None:
    """Twenty files that each import the next one twice are no 2^20 files."""
    for number in range(18):
        text = f"import: {{a: f{number + 1}.yaml, b: f{number + 1}.yaml}}\n"
        (tmp_path / f"f{number}.yaml").write_text(text)
    (tmp_path / "f18.yaml").write_text("let: {a: 1}\n")
    document, found = composed(tmp_path / "f0.yaml")
    assert document is not None and not found
    assert document.imports["a"] is document.imports["b"]


@pytest.mark.parametrize("key", ["extends: {}", "import: {{x: {}}}"])
@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("main.yaml", "cyclic-import"),
        ("other.yaml", "cyclic-import"),
        ("../x.yaml", "outside-folder"),
        ("/etc/passwd", "outside-folder"),
        ("parts/../../x.yaml", "outside-folder"),
        ("none.yaml", "missing-file"),
        ("$a", "dynamic-path"),
        ("3", "wrong-type"),
        ("list.yaml", "wrong-type"),
    ],
)
def test_files_that_cannot_be_taken(compose: Compose, key: str, path: str, code: str) -> None:
    other = "extends: main.yaml\n"
    assert codes(compose(key.format(path) + "\n", other=other, list="- 1\n")) == [code]


@pytest.mark.parametrize(
    ("key", "code"), [("extends: [a]", "missing-file"), ("import: {x: [a]}", "wrong-type")]
)
def test_only_extends_takes_a_list(compose: Compose, key: str, code: str) -> None:
    assert codes(compose(f"{key}\n")) == [code]


@pytest.mark.parametrize("path", ["loop/x.yaml", '"a\\0b.yaml"'])
def test_what_is_no_path_is_told(tmp_path: Path, path: str) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "main.yaml").write_text(f"extends: {path}\n")
    _, found = composed(tmp_path / "main.yaml")
    assert [d.code for d in found] == ["unreadable-file"]


def test_a_link_out_of_the_folder_is_outside(tmp_path: Path) -> None:
    inside = tmp_path / "inside"
    inside.mkdir()
    (tmp_path / "secret.yaml").write_text("a: 1\n")
    (inside / "link.yaml").symlink_to(tmp_path / "secret.yaml")
    (inside / "main.yaml").write_text("extends: link.yaml\n")
    _, found = composed(inside / "main.yaml")
    assert [d.code for d in found] == ["outside-folder"]


# --- the command line -------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("option", "path", "value"),
    [
        ("train.epochs=3", ("train", "epochs"), 3),
        ("train.rate=1e-4", ("train", "rate"), 1e-4),
        ("train.on=on", ("train", "on"), "on"),
        ("train.text='3'", ("train", "text"), "3"),
        ("train.list=[1, {a: null}]", ("train", "list"), [1, {"a": None}]),
        ("train.empty=", ("train", "empty"), ""),
        ("train.equals=a=b", ("train", "equals"), "a=b"),
        ("train={x: 1}", ("train",), {"x": 1}),
        (("train.pair", (1, 2)), ("train", "pair"), [1, 2]),
    ],
)
def test_set_reads_yaml(compose: Compose, option: object, path: tuple[str, ...], value: Any) -> None:
    data = good(compose("train: {epochs: 1}\n", option))
    for part in path:
        data = data[part]
    assert (data, type(data)) == (value, type(value))


def test_set_goes_left_to_right_over_what_is_extended(compose: Compose) -> None:
    data = good(compose("extends: b.yaml\n", "a.x=2", "a.y=3", "a.x=4", b="a: {x: 1, y: 1, z: 1}\n"))
    assert data["a"] == {"x": 4, "y": 3, "z": 1}


def test_set_finds_steps_by_name_nested_ones_too(compose: Compose) -> None:
    sets = ["model.layers.last.Dense=7", "model.layers.deep.Dense=8", "model.layers.right={Flatten: null}"]
    layers = good(compose(STEPS, *sets))["model"]["layers"]
    assert layers[-1] == {"Dense": 7, "name": "last"}
    assert layers[1]["residual"][1]["layers"] == [{"Dense": 8, "name": "deep"}]
    assert layers[2]["branches"] == [[{"Dense": 4, "name": "left"}], [{"Flatten": None}]]


@pytest.mark.parametrize(
    ("option", "code", "help"),
    [
        ("trian.epochs=3", "unknown-path", "did you mean `train`?"),
        ("train.epochs.x=3", "unknown-path", ""),
        ("train", "bad-option", ""),
        ("=3", "bad-option", ""),
        ("train.a=[1", "unclosed-bracket", ""),
    ],
)
def test_set_that_cannot_be(compose: Compose, option: str, code: str, help: str) -> None:
    _, found = compose("train: {epochs: 1}\n", option)
    (told,) = found
    assert (told.code, told.help) == (code, help)
    assert told.span is not None and told.span.file == "<command line>"


def test_a_step_that_set_does_not_find_is_told(compose: Compose) -> None:
    _, (told,) = compose(STEPS, "model.layers.lsat.Dense=3")
    assert (told.code, told.help) == ("unknown-path", "did you mean `last`?")


def test_one_parameter_given_in_both_ways(compose: Compose) -> None:
    spec = "params: {a: 1, b: 2}\n"
    assert codes(compose(spec, "params.a=2", params=["a=3"])) == ["given-twice"]
    assert codes(compose(spec, "params.a.default=2", params=["a=3"])) == ["given-twice", "unknown-path"]
    assert codes(compose(spec, "params.a=2", params=["b=3"])) == []
