"""Graphs that are the same up to names, and graphs that are not."""

from pathlib import Path

import pytest

from specc.decompile.same import same_up_to_names
from specc.frontend.load import load_spec
from specc.graph.ir import Graph

BASE = """specc: 1
model:
  inputs: {x: [8, 8, 4]}
  layers:
    - Conv2D: {filters: 4, kernel_size: 3, padding: same}
      name: a
    - Conv2D: {filters: 4, kernel_size: 1}
      name: b
      from: x
    - Add:
      from: [a, b]
    - Flatten
    - Dense: 2
      name: label
"""


def graph(folder: Path, text: str) -> Graph:
    path = folder / "net.yaml"
    path.write_text(text, encoding="utf-8")
    found = load_spec(path).models["model"]
    assert isinstance(found, Graph)
    return found


SAME = {
    "names": ("name: a\n", "name: c\n", "[a, b]", "[c, b]"),
    "defaults": ("kernel_size: 1}", "kernel_size: [1, 1], strides: 1}"),
    "padding of one position": ("kernel_size: 1}", "kernel_size: 1, padding: same}"),
    "an identity between": ("    - Flatten\n", "    - Identity\n    - Flatten\n"),
}
OTHER = {
    "an argument": ("filters: 4, kernel_size: 1", "filters: 4, kernel_size: 5, padding: same"),
    "padding": ("padding: same", "dilation_rate: 2, padding: same"),
    "wiring": ("[a, b]", "[a, x]"),
    "a layer": ("- Add:", "- Average:"),
    "a frozen layer": ("      from: x\n", "      from: x\n      trainable: false\n"),
    "the output's name": ("label", "other"),
    "the input's shape": ("[8, 8, 4]", "[9, 9, 4]"),
    "the order of weights": ("[a, b]", "[b, a]"),
}


def changed(changes: tuple[str, ...]) -> str:
    text = BASE
    for old, new in zip(changes[::2], changes[1::2], strict=True):
        assert old in text
        text = text.replace(old, new)
    return text


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_the_same(changes: tuple[str, ...], tmp_path: Path) -> None:
    assert same_up_to_names(graph(tmp_path, BASE), graph(tmp_path, changed(changes)))


@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER)
def test_not_the_same(changes: tuple[str, ...], tmp_path: Path) -> None:
    assert not same_up_to_names(graph(tmp_path, BASE), graph(tmp_path, changed(changes)))


def test_summands_may_change_places_where_no_weights_do(tmp_path: Path) -> None:
    text = BASE.replace("from: [a, b]", "from: [x, a]").replace("      name: b\n", "")
    text = text.replace("    - Conv2D: {filters: 4, kernel_size: 1}\n      from: x\n", "")
    other = text.replace("[x, a]", "[a, x]")
    assert same_up_to_names(graph(tmp_path, text), graph(tmp_path, other))


def test_two_equal_layers_are_not_one(tmp_path: Path) -> None:
    text = BASE.replace("kernel_size: 1}", "kernel_size: 3, padding: same}")
    other = text.replace("from: [a, b]", "from: [a, a]")
    kept = other.replace("name: label", "name: label\n  outputs: {label: label, b: b}")
    assert not same_up_to_names(
        graph(tmp_path, text.replace("name: label", "name: label\n  outputs: {label: label, b: b}")),
        graph(tmp_path, kept),
    )
