"""Pictures of specs: what is in them folded and unfolded, and what is written down."""

import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
from click.testing import CliRunner

from specc.cli.main import cli
from specc.frontend.emit import emit
from specc.frontend.load import load_spec
from specc.graph.infer import Types, infer_models
from specc.report.drawing.compose import compose
from specc.report.drawing.fold import draw_model
from specc.report.drawing.marks import Rect, Text
from specc.report.drawing.picture import Box, Frame, Picture, Strip, boxes
from specc.report.drawing.png import save_png
from specc.report.drawing.sheet import draw_sheet
from specc.report.drawing.svg import to_svg
from specc.report.drawing.text import to_dot, to_mermaid
from specc.source.diagnostic import SpecError

DOCS = Path(__file__).parents[2] / "docs" / "drawings"
SPECS = sorted(DOCS.glob("*.yaml"))
SVG = "{http://www.w3.org/2000/svg}"

SHARED = """
specc: 1
model:
  inputs: {left: [8], right: [8]}
  layers:
    - Dense: 4
      name: tower
      from: left
    - reuse: tower
      name: other
      from: right
    - Subtract:
      from: [tower, other]
"""

ROUNDS = """
specc: 1
blocks:
  body:
    layers:
      - Dense: 8
      - Activation: relu
model:
  inputs: {x: [8]}
  layers:
    - repeat: 5
      layers:
        - residual: [body]
    - repeat: {i: 3}
      layers:
        - Dense: 8
          name: kept$(i)
    - Add:
      from: [kept0, previous]
"""


def types_of(path: Path) -> dict[str, Types]:
    return infer_models(load_spec(path).models)


def pictures(path: Path, depth: int | None = None, unroll: bool = False) -> list[Picture]:
    types = types_of(path)
    return [draw_model(found, types, depth, unroll=unroll) for found in types.values()]


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "spec.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def texts(svg: str) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_unfolded_every_layer_occurs(path: Path) -> None:
    svg = to_svg(draw_sheet("all", pictures(path, depth=99, unroll=True)))
    told = {
        line
        for title in ElementTree.fromstring(svg).iter(f"{SVG}title")
        for line in (title.text or "").split("\n")
    }
    for types in types_of(path).values():
        assert {node.name for node in types.graph.nodes} <= told | {t.rpartition(".")[0] for t in told}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_folding_keeps_the_links_to_what_is_outside(path: Path) -> None:
    for types in types_of(path).values():
        folded = draw_model(types, {types.graph.name: types}, depth=0, unroll=True)
        home = {}
        for box in folded.boxes():
            for line in [box.key, *"\n".join(strip.tooltip for strip in box.strips).split("\n")]:
                home[line] = box.key
        whole = draw_model(types, {types.graph.name: types}, depth=99, unroll=True)
        expected = {
            (home[source.strips[-1].tooltip.split("\n")[0]], home[target.strips[0].tooltip.split("\n")[0]])
            for source, _, target in whole.links()
        }
        expected = {pair for pair in expected if pair[0] != pair[1]}
        assert {(source.key, target.key) for source, _, target in folded.links()} == expected


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
@pytest.mark.parametrize("across", [False, True])
@pytest.mark.parametrize("depth", [0, 1, 99])
def test_no_box_overlaps_another_and_no_text_leaves_its_box(path: Path, across: bool, depth: int) -> None:
    for picture in pictures(path, depth):
        marks = compose(picture, across).marks
        rects = [mark for mark in marks if isinstance(mark, Rect) and mark.tooltip and mark.fill != "frame"]
        for number, one in enumerate(rects):
            for other in rects[:number]:
                across_free = one.x >= other.x + other.width - 0.01 or other.x >= one.x + one.width - 0.01
                along_free = one.y >= other.y + other.height - 0.01 or other.y >= one.y + one.height - 0.01
                badge = "badge" in (one.fill, other.fill)
                assert across_free or along_free or badge
        assert all(mark.x >= -0.01 and mark.y >= -0.01 for mark in marks if isinstance(mark, (Rect, Text)))


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_drawings_in_docs_are_current(path: Path, tmp_path: Path) -> None:
    committed = path.with_suffix(".svg").read_text(encoding="utf-8")
    out = tmp_path / "drawn.svg"
    result = CliRunner().invoke(cli, ["draw", str(path), "-o", str(out)])
    assert result.exit_code == 0, result.output
    assert out.read_text(encoding="utf-8") == committed, f"specc draw {path} -o …"
    assert len(committed) < 300_000


def test_resnet50_has_the_parameters_of_its_reference() -> None:
    (picture,) = pictures(DOCS / "resnet50.yaml")
    assert picture.parameters == 25_636_712
    stages = [box.count for box in picture.boxes() if box.folded]
    assert stages == [1, 2, 1, 3, 1, 5, 1, 2]
    assert any("25,636,712" in text for text in texts(to_svg(draw_sheet("r", [picture]))))


def test_the_skips_of_a_unet_are_links_from_the_way_down_to_the_way_up() -> None:
    (picture,) = pictures(DOCS / "unet.yaml")
    merged = [s.strips[0].name for s, _, t in picture.links() if t.strips[0].title == "Concatenate"]
    assert {name for name in merged if name} == {"skip0", "skip1", "skip2", "skip3"}


def test_equal_rounds_are_drawn_once_and_others_are_not(tmp_path: Path) -> None:
    (picture,) = pictures(written(tmp_path, ROUNDS))
    frames = [item for item in picture.items if isinstance(item, Frame)]
    assert [(frame.count, frame.parameters) for frame in frames] == [(5, 72)]
    kept = [(box.strips[0].name, box.count) for box in picture.items if isinstance(box, Box)]
    assert kept[1:3] == [("kept0", 1), ("kept1", 2)], "what is used elsewhere is no round like others"
    assert picture.parameters == 8 * 72


def test_unrolled_every_round_is_drawn(tmp_path: Path) -> None:
    (picture,) = pictures(written(tmp_path, ROUNDS), depth=0, unroll=True)
    assert sum(box.strips[0].title == "body" for box in picture.boxes()) == 5
    assert not any(isinstance(item, Frame) for item in picture.items)


def test_shared_weights_bear_one_letter(tmp_path: Path) -> None:
    (picture,) = pictures(written(tmp_path, SHARED))
    badges = {box.strips[0].name: box.badge for box in picture.boxes() if box.badge}
    assert badges == {"tower": "A", "other": "A"}
    assert picture.parameters == 36


def test_a_model_called_twice_bears_one_letter() -> None:
    pair = next(picture for picture in pictures(DOCS / "gan.yaml") if picture.title == "pair")
    assert [(box.strips[0].title, box.badge) for box in pair.boxes() if box.strips[0].family == "model"] == [
        ("generator", ""),
        ("critic", "A"),
        ("critic", "A"),
    ]
    assert pair.parameters == 2_330_945 + 212_865


def test_shapes_stand_on_links_or_are_left_out() -> None:
    types = types_of(DOCS / "unet.yaml")
    found = next(iter(types.values()))
    assert "256×256×64" in texts(to_svg(draw_sheet("u", [draw_model(found, types)])))
    assert "256×256×64" not in texts(to_svg(draw_sheet("u", [draw_model(found, types, shapes=False)])))


def test_what_has_no_type_is_drawn_without_shape() -> None:
    graph = types_of(DOCS / "unet.yaml")["model"].graph
    picture = draw_model(Types(graph), {})
    assert picture.labels == {} and picture.parameters == 0
    assert [box.strips[0].title for box in picture.boxes()][:3] == ["image", "double_conv", "MaxPooling2D"]


def test_names_are_escaped() -> None:
    odd = Box("a", (Strip("dense", '<&"#'),))
    picture = Picture('<&"\\', (odd,))
    assert '<&"#' in texts(to_svg(draw_sheet("<&", [picture])))
    assert '\\"' in to_dot("t", [picture])
    mermaid = to_mermaid("t", [picture])
    assert "#lt;#amp;#quot;#35;" in mermaid


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_graphviz_and_mermaid_have_every_box_and_link(path: Path) -> None:
    drawn = pictures(path, depth=1)
    count = sum(len(list(picture.boxes())) for picture in drawn)
    links = sum(len(list(picture.links())) for picture in drawn)
    dot, mermaid = to_dot("t", drawn), to_mermaid("t", drawn)
    assert dot.count("{") == dot.count("}")
    assert len(re.findall(r"^\s*m\d+_n\d+ \[label=", dot, re.M)) == count
    assert len(re.findall(r"^\s*m\d+_n\d+ -> m\d+_n\d+", dot, re.M)) == links
    assert (
        len(re.findall(r"^\s*m\d+_n\d+(\(\[|\[\[|\[)\"[^\"]*\"(\]\)|\]\]|\]):::\w+$", mermaid, re.M)) == count
    )
    assert len(re.findall(r"^\s*m\d+_n\d+ -->(\|\"[^\"]*\"\|)? m\d+_n\d+$", mermaid, re.M)) == links
    frames = sum(line.strip().startswith("subgraph") for line in mermaid.splitlines())
    assert frames == sum(line.strip() == "end" for line in mermaid.splitlines())


def test_a_png_is_written(tmp_path: Path) -> None:
    save_png(draw_sheet("p", pictures(written(tmp_path, SHARED))), tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes()[:8] == b"\x89PNG\r\n\x1a\n"


def test_a_png_without_room_is_refused(tmp_path: Path) -> None:
    drawing = draw_sheet("p", pictures(written(tmp_path, SHARED)))
    huge = type(drawing)(1_000.0, 90_000.0, drawing.marks)
    with pytest.raises(SpecError) as caught:
        save_png(huge, tmp_path / "p.png")
    assert [d.code for d in caught.value.diagnostics] == ["drawing-too-large"]
    assert not (tmp_path / "p.png").exists()


def test_boxes_are_listed_through_frames(tmp_path: Path) -> None:
    (picture,) = pictures(written(tmp_path, ROUNDS), depth=1)
    assert list(picture.boxes()) == list(boxes(picture.items))
    assert len({box.key for box in picture.boxes()}) == len(list(picture.boxes()))


FORMULAS = """
specc: 1
blocks:
  body:
    layers:
      - Dense: 8
        name: inner
      - formula: inner * sigmoid(inner)
      - formula: previous + inner
        name: sum
      - formula: sum - inner
model:
  inputs: {x: [8]}
  layers:
    - body
    - body:
      name: second
    - formula: second - x
      name: last
"""


def test_formulas_stay_in_their_block(tmp_path: Path) -> None:
    text = FORMULAS.replace("previous + inner", "tanh(inner)")
    (picture,) = pictures(written(tmp_path, text), depth=0)
    told = [(box.strips[0].title, box.strips[0].name, box.count) for box in picture.boxes()]
    assert told == [("x", "", 1), ("body", "", 2), ("formula", "last", 1), ("last", "", 1)]


def test_a_resolved_spec_is_folded_as_the_one_it_came_from(tmp_path: Path) -> None:
    flat = emit(load_spec(DOCS / "resnet50.yaml"))
    (picture,) = pictures(written(tmp_path, flat))
    assert [box.count for box in picture.boxes() if box.folded] == [1, 2, 1, 3, 1, 5, 1, 2]
    assert picture.parameters == 25_636_712


REFERENCE = """
specc: 1
models:
  base: {application: ResNet50, weights: null, include_top: false, input_shape: [64, 64, 3], pooling: avg}
  model:
    inputs: {image: [64, 64, 3]}
    layers:
      - base
      - Dense: 4
        name: head
"""


def test_parameters_that_are_not_known_are_told_as_such(tmp_path: Path) -> None:
    (picture,) = pictures(written(tmp_path, REFERENCE))
    assert picture.at_least
    graph = types_of(DOCS / "resnet50.yaml")["model"].graph
    known = types_of(DOCS / "resnet50.yaml")["model"]
    some = Types(graph, known.tensors, dict(list(known.calls.items())[:40]))
    partial = draw_model(some, {})
    assert 0 < partial.parameters < 25_636_712 and partial.at_least
    assert any(
        text.endswith("parameters") and "at least" in text
        for text in texts(to_svg(draw_sheet("p", [partial])))
    )
