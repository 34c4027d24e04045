import zipfile
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import pytest
from keras import layers

from specc.frontend.sections.data_types import Located
from specc.frontend.sections.initial_weights import InitialWeights
from specc.frontend.sections.train_parts import Glob
from specc.lower.layers import walk
from specc.lower.weight_moves import MoveReport, move_weights
from specc.source.diagnostic import SpecError
from specc.source.span import Span

pytestmark = pytest.mark.slow
SPAN = Span("spec.yaml", 1, 1, 1, 2)


def network(classes: int = 3, width: int = 4, inner: str = "backbone", head: str = "label") -> keras.Model:
    """A convolution, a normalisation and an attention in a model of its own, then a wrapper and a head."""
    image = keras.Input((6, 2), name="image")
    x = layers.Conv1D(width, 3, name="conv")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.Dropout(0.1, name="drop")(x)
    x = layers.MultiHeadAttention(2, 3, name="attend")(x, x)
    backbone = keras.Model(image, x, name=inner)
    series = keras.Input((6, 2), name="series")
    x = layers.Bidirectional(layers.LSTM(3), name="read")(backbone(series))
    return keras.Model(series, layers.Dense(classes, name=head)(x), name="net")


def initial(path: Path, **settings: Any) -> InitialWeights:
    globs = {k: tuple(Glob(g, SPAN) for g in v) for k, v in settings.items() if k != "match"}
    return InitialWeights(Located(path.name, SPAN), SPAN, match=settings.get("match", "name"), **globs)


def move(model: keras.Model, path: Path, **settings: Any) -> MoveReport:
    return move_weights(model, initial(path, **settings), path)


def fates(report: MoveReport) -> dict[str, str]:
    return {row.layer: row.fate for row in report.rows}


def same(model: keras.Model, other: keras.Model, name: str) -> bool:
    mine, theirs = (dict(walk(m))[name].get_weights() for m in (model, other))
    return bool(mine) and all(np.array_equal(a, b) for a, b in zip(mine, theirs, strict=True))


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> tuple[keras.Model, Path]:
    """A network with weights of which none is as it was made, and where it is saved."""
    model = network()
    model.set_weights([np.random.default_rng(1).normal(size=w.shape) for w in model.get_weights()])
    path = tmp_path_factory.mktemp("base")
    model.save(path / "net.keras")
    model.save_weights(path / "net.weights.h5")
    (path / "run").mkdir()
    model.save(path / "run" / "best.keras")
    return model, path


@pytest.mark.parametrize("file", ["net.keras", "net.weights.h5", "run"])
def test_a_layer_takes_the_weights_of_its_name(base: tuple[keras.Model, Path], file: str) -> None:
    model = network()
    report = move(model, base[1] / file)
    assert set(fates(report).values()) == {"moved"}
    assert report.moved == report.total == model.count_params()
    x = np.random.default_rng(2).normal(size=(2, 6, 2))
    np.testing.assert_array_equal(model.predict(x, verbose=0), base[0].predict(x, verbose=0))


def test_a_layer_of_another_shape_keeps_its_own(base: tuple[keras.Model, Path]) -> None:
    model = network(classes=5)
    before = model.get_layer("label").get_weights()
    report = move(model, base[1] / "net.keras")
    assert fates(report)["label"] == "shapes differ"
    assert "[6, 5] here, [6, 3] in the source" in next(r.note for r in report.rows if r.layer == "label")
    np.testing.assert_array_equal(model.get_layer("label").get_weights()[0], before[0])
    assert same(model, base[0], "backbone.attend") and same(model, base[0], "read")


def test_the_report_follows_the_model_and_ends_with_what_is_unused(base: tuple[keras.Model, Path]) -> None:
    report = move(network(head="other"), base[1] / "net.keras")
    assert [row.layer for row in report.rows][:3] == ["backbone.conv", "backbone.norm", "backbone.attend"]
    assert fates(report)["other"] == "not in the source"
    assert report.rows[-1].layer == "label" and report.rows[-1].fate == "unused in the source"
    lines = list(report.lines())
    assert lines[0].startswith("initial weights from net.keras: ") and "(4 of 5 layers)" in lines[0]
    assert any("label" in line and "unused" in line for line in lines)


def test_patterns_choose_layers(base: tuple[keras.Model, Path]) -> None:
    model = network()
    found = fates(move(model, base[1] / "net.keras", only=["backbone.*"], skip=["*.attend"]))
    assert found == {
        "backbone.conv": "moved",
        "backbone.norm": "moved",
        "backbone.attend": "left out",
        "read": "left out",
        "label": "left out",
    }
    assert same(model, base[0], "backbone.conv") and not same(model, base[0], "read")


def test_a_models_name_takes_in_its_layers(base: tuple[keras.Model, Path]) -> None:
    found = fates(move(network(), base[1] / "net.keras", only=["backbone"]))
    assert [name for name, fate in found.items() if fate == "moved"] == [
        "backbone.conv",
        "backbone.norm",
        "backbone.attend",
    ]


def test_by_order_names_do_not_matter(base: tuple[keras.Model, Path]) -> None:
    model = network(inner="body", head="species")
    report = move(model, base[1] / "net.keras", match="order")
    assert set(fates(report).values()) == {"moved"}
    x = np.random.default_rng(2).normal(size=(2, 6, 2))
    np.testing.assert_array_equal(model.predict(x, verbose=0), base[0].predict(x, verbose=0))


def refused(model: keras.Model, path: Path, **settings: Any) -> tuple[str, str]:
    before = model.get_weights()
    with pytest.raises(SpecError) as caught:
        move(model, path, **settings)
    assert all(np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True))
    found = caught.value.diagnostics[0]
    return found.code, " ".join((found.title, *found.notes, found.help))


def test_moving_nothing_is_an_error(base: tuple[keras.Model, Path]) -> None:
    code, told = refused(network(), base[1] / "net.keras", skip=["*"])
    assert code == "weights-unmatched"
    image = keras.Input((6, 2))
    other = keras.Model(image, layers.Dense(7, name="d")(image))
    code, told = refused(other, base[1] / "net.keras")
    assert code == "weights-unmatched" and "`d`" in told and "match: order" in told


def test_a_pattern_that_matches_nothing_is_an_error(base: tuple[keras.Model, Path]) -> None:
    code, told = refused(network(), base[1] / "net.keras", skip=["lable"])
    assert code == "weights-unmatched" and "label" in told


def test_what_is_no_weights_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.csv").write_text("a")
    (tmp_path / "x.weights.h5").write_text("a")
    (tmp_path / "x.keras").write_text("a")
    with h5py.File(tmp_path / "empty.h5", "w") as file:
        file.create_group("model")
    with zipfile.ZipFile(tmp_path / "bare.keras", "w") as archive:
        archive.writestr("config.json", "{}")
    (tmp_path / "run").mkdir()
    for name in ("x.csv", "x.weights.h5", "x.keras", "empty.h5", "bare.keras", "run"):
        assert refused(network(), tmp_path / name)[0] == "weights-unreadable", name


def test_a_damaged_member_is_told(tmp_path: Path) -> None:
    path = tmp_path / "m.keras"
    network().save(path)
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo("model.weights.h5")
    data = bytearray(path.read_bytes())
    data[member.header_offset + 30 + len(member.filename) + member.compress_size // 2] ^= 0xFF
    path.write_bytes(data)
    assert refused(network(), path)[0] == "weights-unreadable"


@pytest.mark.parametrize("way", ["soft", "external", "storage"])
def test_what_leads_out_of_a_file_is_refused(
    base: tuple[keras.Model, Path], tmp_path: Path, way: str
) -> None:
    path = tmp_path / "net.weights.h5"
    path.write_bytes((base[1] / "net.weights.h5").read_bytes())
    secret = tmp_path / "secret"
    secret.write_bytes(bytes(1000))
    with h5py.File(path, "r+") as file:
        group = file["layers/dense/vars"]
        del group["0"]
        if way == "soft":
            group["0"] = h5py.SoftLink("/layers/bidirectional/vars")
        elif way == "external":
            group["0"] = h5py.ExternalLink(str(base[1] / "net.weights.h5"), "/layers/dense/vars/0")
        else:
            group.create_dataset("0", (6, 3), "float32", external=[(str(secret), 0, 72)])
    assert refused(network(), path)[0] == "weights-unreadable"
