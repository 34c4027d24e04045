"""One document over another."""

from __future__ import annotations

from typing import Any

import pytest

from specc.frontend.patch import merge
from specc.source.diagnostic import Reporter
from specc.source.parse import parse
from specc.source.values import Mapping, to_python


def merged(parent: str, child: str, reporter: Reporter | None = None) -> Any:
    reporter = reporter or Reporter()
    below, above = parse(parent, "parent.yaml", reporter), parse(child, "child.yaml", reporter)
    assert isinstance(below, Mapping) and isinstance(above, Mapping)
    return to_python(merge(below, above, reporter))


def test_mappings_merge_and_the_child_wins() -> None:
    assert merged("a: {x: 1, y: 2}", "a: {y: 3, z: 4}") == {"a": {"x": 1, "y": 3, "z": 4}}


def test_lists_replace() -> None:
    assert merged("a: [1, 2]", "a: [3]") == {"a": [3]}


@pytest.mark.parametrize(
    ("parent", "child"),
    [
        ("optimizer: {SGD: {momentum: 0.9}}", "optimizer: {Adam: {beta_1: 0.5}}"),
        ("source: {dataset: digits}", "source: {idx: {image: images.gz}}"),
        ("source: {csv: a.csv, header: false}", "source: {jsonl: a.jsonl}"),
    ],
)
def test_another_kind_replaces(parent: str, child: str) -> None:
    assert merged(parent, child) == to_python(parse(child, "child.yaml", Reporter()))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("parent", "child", "expected"),
    [
        (
            "o: {Adam: {beta_1: 0.5}}",
            "o: {Adam: {beta_2: 0.9}}",
            {"o": {"Adam": {"beta_1": 0.5, "beta_2": 0.9}}},
        ),
        ("source: {csv: a, header: false}", "source: {csv: b}", {"source": {"csv": "b", "header": False}}),
        (
            "fields: {text: {pad: 1}}",
            "fields: {images: {pad: 0}}",
            {"fields": {"text": {"pad": 1}, "images": {"pad": 0}}},
        ),
    ],
)
def test_the_same_kind_and_mere_names_merge(parent: str, child: str, expected: Any) -> None:
    assert merged(parent, child) == expected


def test_steps_are_patched_by_name() -> None:
    parent = "layers: [{Dense: 1, name: a}, {residual: [{Dense: 2, name: b}]}, {Dense: 3, name: c}]"
    child = "layers: {replace: {b: [{Dense: 9, name: b}]}, after: {a: [Flatten]}, remove: [c]}"
    assert merged(parent, child)["layers"] == [
        {"Dense": 1, "name": "a"},
        "Flatten",
        {"residual": [{"Dense": 9, "name": "b"}]},
    ]


def test_a_patch_of_an_unknown_step_is_an_error() -> None:
    reporter = Reporter()
    merged("layers: [{Dense: 1, name: first}]", "layers: {remove: [frist]}", reporter)
    assert [d.code for d in reporter.sorted()] == ["unknown-step"]
