"""What `data:` says in vain, or not as it was meant, is told when the spec is read."""

from __future__ import annotations

from pathlib import Path

import pytest

from specc.frontend.load import load_spec

SPEC = """specc: 1
model:
  inputs: {image: [64, 64, 3]}
  layers:
    - Conv2D: {filters: 3, kernel_size: 1}
      name: mask
data:
  source: {images: {image: image/*.png, mask: label/*.png}}
  fields:
    image: IMAGE
    mask: MASK
  augment: AUGMENT
train: {optimizer: adam, loss: LOSS}
"""
SCALED = "{transform: [{Rescaling: 0.00392156862}]}"
SPARSE = "sparse_categorical_crossentropy"
RESIZED = "{transform: [{Resizing: {height: 64, width: 64}}]}"


def told(
    folder: Path, image: str = "{}", mask: str = "{}", augment: str = "[]", loss: str = SPARSE
) -> list[str]:
    text = SPEC.replace("IMAGE", image).replace("MASK", mask).replace("AUGMENT", augment)
    (folder / "net.yaml").write_text(text.replace("LOSS", loss), encoding="utf-8")
    return [d.code for d in load_spec(folder / "net.yaml").warnings]


def resized(**settings: object) -> str:
    more = "".join(f", {name}: {value}" for name, value in settings.items())
    return "{Resizing: {height: 64, width: 64" + more + "}}"


@pytest.mark.parametrize(
    ("mask", "loss", "codes"),
    [
        (RESIZED, SPARSE, ["data-mixed"]),
        (RESIZED, "{SparseCategoricalCrossentropy: {from_logits: true}}", ["data-mixed"]),
        (RESIZED, "mse", []),
        ("{dtype: uint8, transform: [" + resized() + "]}", "mse", ["data-mixed"]),
        ("{transform: [" + resized(interpolation="nearest") + "]}", SPARSE, []),
        ("{transform: [" + resized() + ", {formula: \"cast(previous > 127, 'int32')\"}]}", SPARSE, []),
    ],
)
def test_classes_are_not_to_be_mixed(tmp_path: Path, mask: str, loss: str, codes: list[str]) -> None:
    assert told(tmp_path, image=RESIZED, mask=mask, loss=loss) == codes


@pytest.mark.parametrize(
    ("image", "layer", "codes"),
    [
        (SCALED, "RandomBrightness: 0.2", ["data-range"]),
        (SCALED, "RandomPosterization: 4", ["data-range"]),
        (SCALED, "RandomBrightness: {factor: 0.2, value_range: [0, 1]}", []),
        (SCALED, "RandomContrast: 0.2", []),
        ("{decode: image}", "RandomBrightness: 0.2", []),
        ("{decode: image}", "RandomContrast: {factor: 0.2, value_range: [0, 1]}", ["data-range"]),
        ("{transform: [Normalization]}", "RandomBrightness: 0.2", []),
    ],
)
def test_random_layers_know_the_range_of_an_image(
    tmp_path: Path, image: str, layer: str, codes: list[str]
) -> None:
    assert told(tmp_path, image=image, augment=f"[{{{layer}}}]") == codes
    own = image.replace("{", f"{{augment: [{{{layer}}}], ", 1)
    assert told(tmp_path, image=own) == codes


def test_an_image_around_0_is_told_its_range(tmp_path: Path) -> None:
    image = "{transform: [{Rescaling: {scale: 0.0078431, offset: -1}}]}"
    assert told(tmp_path, image=image, augment="[{RandomInvert: 0.5}]") == ["data-range"]
    (found,) = load_spec(tmp_path / "net.yaml").warnings
    assert found.help == "say `value_range: [-1, 1]`"


def test_a_field_that_nothing_uses_is_told_with_what_was_meant(tmp_path: Path) -> None:
    text = SPEC.replace("image: IMAGE", "imagee: {}\n    spare: {column: mask}").replace("MASK", "{}")
    (tmp_path / "net.yaml").write_text(
        text.replace("AUGMENT", "[]").replace("LOSS", SPARSE), encoding="utf-8"
    )
    found = load_spec(tmp_path / "net.yaml").warnings
    assert {(d.code, d.help) for d in found} == {
        ("training-no-effect", "did you mean `image`?"),
        ("training-no-effect", "use it, or remove it"),
    }


@pytest.mark.parametrize(
    ("shape", "codes"), [("[64, 64, 1]", ["training-no-effect"]), ("[null, null, 1]", [])]
)
def test_padding_where_nothing_varies_is_told(tmp_path: Path, shape: str, codes: list[str]) -> None:
    assert told(tmp_path, mask=f"{{shape: {shape}, pad: 255}}") == codes
