"""Files that are opened to be decompiled: what is no model, or holds code, is refused by name."""

import json
import zipfile

import keras
import pytest
from keras import layers

from specc.lower.model_file import open_model_file
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow


class Own(layers.Layer):
    def call(self, x):
        return x

    def compute_output_shape(self, input_shape):
        return input_shape


def refused(path):
    with pytest.raises(SpecError) as caught:
        open_model_file(path)
    told = caught.value.diagnostics
    return {d.code for d in told}, " ".join(f"{d.title}: {' '.join(d.notes)}" for d in told)


def small():
    x = keras.Input((4,))
    return keras.Model(x, layers.Dense(2)(x))


def test_a_model_and_how_it_was_compiled(tmp_path):
    model = small()
    model.compile("sgd", "mse")
    model.save(tmp_path / "m.keras")
    opened = open_model_file(tmp_path / "m.keras")
    assert [v.shape for v in opened.model.weights] == [(4, 2), (2,)]
    assert opened.training["loss"] == "mse"
    assert not opened.model.compiled


def test_code_and_foreign_classes_are_refused_by_name_all_at_once(tmp_path):
    x = keras.Input((4,))
    y = layers.Lambda(lambda t: t * 2, name="twice")(x)
    y = layers.TimeDistributed(Own(name="within"))(layers.Reshape((2, 2))(Own(name="owner")(y)))
    keras.Model(x, y).save(tmp_path / "m.keras")
    codes, told = refused(tmp_path / "m.keras")
    assert codes == {"inexpressible"}
    for name in ("`twice`", "`owner`", "`within`"):
        assert name in told


def flipped(path, name):
    """A file like that at `path` with a wrong byte amid one of its members."""
    with zipfile.ZipFile(path) as archive:
        member = archive.getinfo(name)
    data = bytearray(path.read_bytes())
    data[member.header_offset + 30 + len(name) + member.compress_size // 2] ^= 0xFF
    broken = path.with_name("broken.keras")
    broken.write_bytes(data)
    return broken


@pytest.mark.parametrize("name", ["config.json", "model.weights.h5"])
def test_a_damaged_member_is_told(tmp_path, name):
    x = keras.Input((4,))
    keras.Model(x, keras.layers.Dense(2)(x)).save(tmp_path / "m.keras")
    codes, told = refused(flipped(tmp_path / "m.keras", name))
    assert codes == {"model-file"}
    assert "CRC" in told


def test_what_is_no_model_is_told(tmp_path):
    assert refused(tmp_path / "none.keras")[0] == {"missing-file"}
    (tmp_path / "text.keras").write_text("specc: 1", encoding="utf-8")
    assert refused(tmp_path / "text.keras")[0] == {"model-file"}
    (tmp_path / "old.h5").write_bytes(b"")
    codes, told = refused(tmp_path / "old.h5")
    assert codes == {"model-file"}
    assert ".keras" in told


@pytest.mark.parametrize("config", [None, "[]", "{", json.dumps({"class_name": "Functional", "config": {}})])
def test_damaged_archives_are_told(tmp_path, config):
    path = tmp_path / "m.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", "{}")
        if config is not None:
            archive.writestr("config.json", config)
    assert refused(path)[0] == {"model-file"}
