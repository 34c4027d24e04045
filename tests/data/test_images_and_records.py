"""Images, TFRecords and augmentation, from files to batches."""

from __future__ import annotations

import base64
import zlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from data_case import codes, located
from image_case import batches, opened, paired, pixels, png

from specc.data import images
from specc.data.images import decode_image, image_size
from specc.frontend.sections.data_fields import AUGMENTS
from specc.source.diagnostic import SpecError

pytestmark = pytest.mark.slow


def test_folders_by_class(tmp_path: Path) -> None:
    for name in ("cat/1", "cat/2", "dog/3"):
        png(tmp_path / f"d/{name}.png", pixels(int(name[-1])))
    text = """
source: {images: 'd/{label}/*.png'}
fields: {label: {transform: [{StringLookup: {num_oov_indices: 0}}]}}
"""
    (image, label), *_ = batches(opened(tmp_path, text, "label", image=[6, 5, 1]))
    assert (image[2] == pixels(3)).all()
    assert label[0] == label[1] != label[2]


def test_pairs_belong_together_by_name(tmp_path: Path) -> None:
    for number in (10, 9, 1):
        png(tmp_path / f"image/{number}.png", pixels(number))
        png(tmp_path / f"mask/{number}.png", pixels(number + 100))
    text = "{source: {images: {image: 'image/*.png', mask: 'mask/*.png'}}, batch_size: 1}"
    for (image, mask), number in zip(
        batches(opened(tmp_path, text, "mask", image=[6, 5, 1])), (1, 10, 9), strict=True
    ):
        assert (image[0] == pixels(number)).all()
        assert (mask[0] == pixels(number + 100)).all()
    (tmp_path / "mask/9.png").unlink()
    with pytest.raises(SpecError, match=r"the image `9\.png` has no mask"):
        opened(tmp_path, text, "mask", image=[6, 5, 1])


@pytest.mark.parametrize(
    ("patterns", "masks"),
    [
        ("image: 'image/*.png', mask: 'mask/*_mask.png'", "{}_mask"),
        ("image: 'image/*.png', mask: mask/m?*.png", "m{}"),
        ("image: 'image/{kind}/*.png', mask: 'mask/{kind}_*_m.png'", "a_{}_m"),
    ],
)
def test_partners_may_differ_in_what_the_patterns_write(tmp_path: Path, patterns: str, masks: str) -> None:
    folder = "image/a" if "{kind}" in patterns else "image"
    for number in (10, 12, 31):
        png(tmp_path / f"{folder}/{number}.png", pixels(number))
        png(tmp_path / f"mask/{masks.format(number)}.png", pixels(number + 100))
    text = f"{{source: {{images: {{{patterns}}}}}, batch_size: 1}}"
    if "?" in patterns:  # that stands for a digit, and two stars for less than one
        with pytest.raises(SpecError, match="has no mask"):
            opened(tmp_path, text, "mask", image=[6, 5, 1])
        return
    for (image, mask), number in zip(
        batches(opened(tmp_path, text, "mask", image=[6, 5, 1])), (10, 12, 31), strict=True
    ):
        assert (image[0] == pixels(number)).all()
        assert (mask[0] == pixels(number + 100)).all()


def test_no_image_is_lost_among_partners(tmp_path: Path) -> None:
    for name in ("image/1.png", "mask/1_a.png", "mask/1_b.png"):
        png(tmp_path / name, pixels(1))
    text = "{source: {images: {image: 'image/*.png', mask: 'mask/{kind}_?.png'}}}"
    with pytest.raises(SpecError, match="has no mask"):
        opened(tmp_path, text, "mask", image=[6, 5, 1])


def test_images_of_different_sizes_are_made_equal(tmp_path: Path) -> None:
    png(tmp_path / "a.png", pixels(1, 4, 9))
    png(tmp_path / "b.png", pixels(2, 7, 3))
    with pytest.raises(SpecError) as caught:
        batches(opened(tmp_path, "source: {images: '*.png'}", "image"))
    assert codes(caught.value) == ["data-shape"]
    text = """
source: {images: '*.png'}
fields: {image: {transform: [{Resizing: {height: 4, width: 4}}]}}
"""
    assert batches(opened(tmp_path, text, "image"))[0][1].shape == (2, 4, 4, 1)


def test_channels_are_converted_only_where_the_field_says_so(tmp_path: Path) -> None:
    png(tmp_path / "a.png", pixels(1, channels=3))
    png(tmp_path / "b.png", pixels(2, channels=1))
    with pytest.raises(SpecError) as caught:
        batches(opened(tmp_path, "source: {images: '*.png'}", "image"))
    assert codes(caught.value) == ["data-image"]
    text = "{source: {images: '*.png'}, fields: {image: {shape: [6, 5, 3]}}}"
    assert batches(opened(tmp_path, text, "image"))[0][1].shape == (2, 6, 5, 3)


def test_images_of_one_name_lie_beside_one_another(tmp_path: Path) -> None:
    for name in ("a.png", "a.PNG.png", "b/a.png"):
        png(tmp_path / "x" / name, pixels(1))
    (tmp_path / "x/a.jpg").write_bytes(tf.io.encode_jpeg(pixels(1)).numpy())
    ((_, found),) = batches(opened(tmp_path, "source: {images: 'x/**/*'}", "image"))
    assert len(found) == 4


def test_partners_of_one_name_are_refused(tmp_path: Path) -> None:
    for name in ("image/b/1.png", "image/a/1.png", "mask/a/1.png", "mask/b/1.png"):
        png(tmp_path / name, pixels(1))
    with pytest.raises(SpecError, match="two images of one name"):
        opened(tmp_path, "source: {images: {image: 'image/**/*.png', mask: 'mask/**/*.png'}}", "mask")
    text = "source: {images: {image: 'image/{day}/*.png', mask: 'mask/{day}/*.png'}}"
    assert len(opened(tmp_path, text, "mask").parts["train"][""]) == 2


def test_sixteen_bits_stay_sixteen(tmp_path: Path) -> None:
    deep = np.array([[[0], [1], [300], [65535]]], np.uint16)
    (tmp_path / "a.png").write_bytes(tf.io.encode_png(deep).numpy())
    (found,) = batches(opened(tmp_path, "source: {images: '*.png'}", "image"))
    np.testing.assert_array_equal(found[1][0], deep)
    png(tmp_path / "b.png", pixels(1, 1, 4))
    with pytest.raises(SpecError, match="has 8 bits a channel, the first image 16") as caught:
        batches(opened(tmp_path, "source: {images: '*.png'}", "image"))
    assert codes(caught.value) == ["data-image"]


def palette(path: Path, numbers: Any) -> None:
    """A PNG whose pixels [h, w] are numbers of 256 colours, of which the first is transparent."""

    def chunk(kind: bytes, content: bytes) -> bytes:
        sum = zlib.crc32(kind + content).to_bytes(4, "big")
        return len(content).to_bytes(4, "big") + kind + content + sum

    height, width = numbers.shape
    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([8, 3, 0, 0, 0])
    colours = np.random.default_rng(0).integers(0, 256, 768).astype(np.uint8).tobytes()
    rows = b"".join(b"\0" + row.tobytes() for row in numbers)
    parts = [
        (b"IHDR", head),
        (b"PLTE", colours),
        (b"tRNS", b"\0"),
        (b"IDAT", zlib.compress(rows)),
        (b"IEND", b""),
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts))


def test_a_mask_of_a_palette_holds_its_numbers(tmp_path: Path) -> None:
    numbers = np.arange(256, dtype=np.uint8).reshape(16, 16)
    palette(tmp_path / "a.png", numbers)
    text = "{source: {images: '*.png'}, fields: {image: {decode: palette}}}"
    ((_, found),) = batches(opened(tmp_path, text, "image"))
    np.testing.assert_array_equal(found[0, ..., 0], numbers)
    ((_, found),) = batches(opened(tmp_path, "{source: {images: '*.png'}}", "image"))
    assert found.shape == (1, 16, 16, 4)  # its colours


def test_a_palette_is_not_turned_grey(tmp_path: Path) -> None:
    palette(tmp_path / "a.png", np.zeros((4, 4), np.uint8))
    with pytest.raises(SpecError, match="palette"):
        opened(tmp_path, "{source: {images: '*.png'}, fields: {image: {shape: [4, 4, 1]}}}", "image")
    png(tmp_path / "a.png", pixels(1, channels=3))
    with pytest.raises(SpecError, match="has no palette"):
        opened(tmp_path, "{source: {images: '*.png'}, fields: {image: {decode: palette}}}", "image")


def test_paths_in_a_table(tmp_path: Path) -> None:
    png(tmp_path / "d/one.png", pixels(1))
    (tmp_path / "a.csv").write_text("image,y\none.png,3\n")
    text = "{source: {csv: a.csv, base: d}, fields: {image: {decode: image}}}"
    image, y = batches(opened(tmp_path, text, "y", image=[6, 5, 1]))[0]
    assert (image[0] == pixels(1)).all()
    assert y.tolist() == [3]
    (tmp_path / "a.csv").write_text("image,y\n../../one.png,3\n")
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, text, "y", image=[6, 5, 1])
    assert codes(caught.value) == ["outside-folder"]


@pytest.mark.parametrize("encode", [tf.io.encode_png, tf.io.encode_jpeg])
def test_the_size_is_read_off_the_head(encode: Any) -> None:
    assert image_size(encode(pixels(0, 31, 17, 3)).numpy()) == (31, 17)


def test_sizes_of_formats_that_tensorflow_does_not_write() -> None:
    gif = gif_of((17, 31), screen=(1, 1))
    bmp = b"BM" + b"\0" * 16 + (17).to_bytes(4, "little") + (-31).to_bytes(4, "little", signed=True)
    assert image_size(gif) == image_size(bmp) == (31, 17)


def gif_of(*frames: tuple[int, int], screen: tuple[int, int]) -> bytes:
    """A GIF whose frames (width, height) hold no pixels."""

    def two(sizes: tuple[int, int]) -> bytes:
        return b"".join(size.to_bytes(2, "little") for size in sizes)

    head = b"GIF89a" + two(screen) + b"\x80\0\0" + b"\0" * 6  # two colours
    parts = [b"\x21\xf9\x04" + b"\0" * 5 + b"\x2c" + two((0, 0)) + two(f) + b"\0\x02\x01\0\0" for f in frames]
    return head + b"".join(parts) + b";"


def bomb(height: int) -> bytes:
    head = bytearray(tf.io.encode_png(pixels(0)).numpy())
    head[20:24] = height.to_bytes(4, "big")
    return bytes(head)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"text",
        bomb(images.MOST_PIXELS),
        bomb(7),
        b"\xff\xd8\xff\xe0" + b"\0" * 20,
        gif_of((20_000, 20_000), screen=(1, 1)),
        gif_of(*[(8000, 8000)] * 2, screen=(1, 1)),
        gif_of(screen=(4, 4)),
    ],
)
def test_what_is_no_image_is_refused(data: bytes) -> None:
    with pytest.raises(SpecError) as caught:
        decode_image(data, "a.png", None, None)
    assert codes(caught.value) == ["data-image"]
    assert "`a.png`" in caught.value.diagnostics[0].title


def test_a_damaged_image_within_a_pipeline_is_named(tmp_path: Path) -> None:
    png(tmp_path / "a.png", pixels(1))
    (tmp_path / "b.png").write_bytes(b"broken")
    with pytest.raises(SpecError) as caught:
        batches(opened(tmp_path, "source: {images: '*.png'}", "image"))
    assert codes(caught.value) == ["data-image"]
    assert "b.png" in caught.value.diagnostics[0].title


AUGMENTED = """
source: {images: {image: 'image/*.png', mask: 'mask/*.png'}}
fields:
  image: {dtype: float32}
  mask: {dtype: int32}
augment:
  - {RandomFlip: horizontal}
  - {RandomRotation: 0.2}
  - {RandomTranslation: {height_factor: 0.2, width_factor: 0.2}}
batch_size: 4
shuffle: false
"""


def test_image_and_mask_are_changed_together_and_only_in_training(tmp_path: Path) -> None:
    paired(tmp_path)
    data = opened(tmp_path, AUGMENTED, "mask", image=[16, 16, 1])
    plain, changed = batches(data), batches(data, training=True)
    for (before, before_mask), (image, mask) in zip(plain, changed, strict=True):
        assert set(np.unique(mask)) <= {0, 1}
        assert ((before > 127) == (before_mask == 1)).all()
        agree = (image > 127) == (mask == 1)
        assert agree.mean() > 0.97
    assert any((one[1] != two[1]).any() for one, two in zip(plain, changed, strict=True))


def test_augmentation_is_the_same_with_the_same_seed_and_new_in_each_epoch(tmp_path: Path) -> None:
    paired(tmp_path)

    def epochs(seed: int) -> list[Any]:
        data = opened(tmp_path, AUGMENTED, "mask", image=[16, 16, 1], seed=seed)
        pipeline = data.pipeline("train", training=True)
        return [image.numpy() for image, _ in pipeline.endless.take(4)]

    one, same, other = epochs(1), epochs(1), epochs(2)
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one[:2], one[2:])
    assert not np.array_equal(one, other)


def test_a_random_crop_is_drawn_for_each_example(tmp_path: Path) -> None:
    png(tmp_path / "a.png", np.arange(64, dtype=np.uint8).reshape(8, 8, 1))
    for number in range(5):
        png(tmp_path / f"{number}.png", np.arange(64, dtype=np.uint8).reshape(8, 8, 1))
    text = """
source: {images: '*.png'}
fields: {image: {transform: [{RandomCrop: {height: 3, width: 3}}]}}
"""
    data = opened(tmp_path, text, "image")
    _, crops = batches(data, training=True)[0]
    assert batches(data)[0][1][0, :, 0, 0].tolist() == [18, 26, 34]
    assert crops.shape == (6, 3, 3, 1)
    assert len(np.unique(crops[:, 0, 0, 0])) > 1
    np.testing.assert_array_equal(batches(data)[0][1], batches(data)[0][1])


@pytest.mark.parametrize(
    "text",
    [
        "{source: {dataset: wine}, augment: [{RandomFlip: horizontal}]}",
        "{source: {images: {image: 'image/*.png', mask: 'small/*.png'}}, augment: {RandomFlip: vertical}}",
    ],
)
def test_what_cannot_be_augmented_is_refused(tmp_path: Path, text: str) -> None:
    png(tmp_path / "image/1.png", pixels(1))
    png(tmp_path / "small/1.png", pixels(1, 3, 3))
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, text, *(("label",) if "wine" in text else ("image", "mask")))
    assert codes(caught.value) == ["data-augment"]


def example(**features: list[Any]) -> bytes:
    found = {}
    for name, values in features.items():
        if isinstance(values[0], bytes):
            found[name] = tf.train.Feature(bytes_list=tf.train.BytesList(value=values))
        elif isinstance(values[0], float):
            found[name] = tf.train.Feature(float_list=tf.train.FloatList(value=values))
        else:
            found[name] = tf.train.Feature(int64_list=tf.train.Int64List(value=values))
    return tf.train.Example(features=tf.train.Features(feature=found)).SerializeToString()  # type: ignore[no-any-return]


def records(path: Path, *examples: bytes) -> None:
    with tf.io.TFRecordWriter(str(path)) as writer:
        for one in examples:
            writer.write(one)


def test_records(tmp_path: Path) -> None:
    encoded = tf.io.encode_png(pixels(1)).numpy()
    for shard in range(2):
        rows = [
            example(x=[float(i), 0.5], n=[i], words=list(range(1, i + 2)), picture=[encoded], name=[b"a"])
            for i in (2 * shard, 2 * shard + 1)
        ]
        records(tmp_path / f"{shard}.tfrecord", *rows)
    text = """
source: {tfrecord: '*.tfrecord'}
fields:
  picture: {decode: image}
  words: {shape: [null]}
  x: {shape: [2, 1]}
  name: {transform: [{StringLookup: {num_oov_indices: 0}}]}
"""
    _, found = batches(opened(tmp_path, text, "x", "n", "words", "picture", "name"))[0]
    assert found["n"].tolist() == [0, 1, 2, 3]
    assert found["x"][:, 0, 0].tolist() == [0, 1, 2, 3]
    assert found["words"].tolist()[1] == [1, 2, 0, 0]
    assert (found["picture"][3] == pixels(1)).all()
    assert found["name"].tolist() == [0, 0, 0, 0]


def test_a_gif_is_as_large_as_its_first_frame() -> None:
    dot = base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAAAAAAALAAAAAABAAEAAAICRAEAOw==")
    on_screen = dot[:6] + b"\x09\0\x09\0" + dot[10:]
    assert image_size(on_screen) == (1, 1)
    assert decode_image(on_screen, "dot.gif", None, None).shape == (1, 1, 3)


@pytest.mark.parametrize("data", [b"no record", b"\x1f\x8b" + b"\xff" * 30])
def test_what_is_no_record_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "a.tfrecord").write_bytes(data)
    with pytest.raises(SpecError) as caught:
        opened(tmp_path, "source: {tfrecord: a.tfrecord}", "x")
    assert codes(caught.value) == ["data-record"]


def test_records_that_differ_are_refused(tmp_path: Path) -> None:
    records(tmp_path / "a.tfrecord", example(x=[1.0]), example(x=[1.0, 2.0]))
    with pytest.raises(SpecError) as caught:
        batches(opened(tmp_path, "source: {tfrecord: a.tfrecord}", "x"))
    assert codes(caught.value) == ["data-record"]


def test_a_download_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    import keras

    from specc.data.bundled import open_bundled

    def offline() -> None:
        raise OSError("no network")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", offline)
    with pytest.raises(SpecError) as caught:
        open_bundled(located("mnist"))
    assert codes(caught.value) == ["data-download"]


def test_a_data_set_with_a_test_split_of_its_own(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import keras

    def load() -> Any:
        one, two = np.arange(10), np.arange(10, 14)
        return (np.zeros((10, 4, 4), np.uint8), one), (np.zeros((4, 4, 4), np.uint8), two)

    monkeypatch.setattr(keras.datasets.mnist, "load_data", load)
    plain = opened(tmp_path, "{source: {dataset: mnist}}", "label")
    assert plain.splits == {"train": 10, "test": 4}
    kept = opened(tmp_path, "{source: {dataset: mnist}, split: {train: 0.8, validation: 0.2}}", "label")
    assert kept.splits == {"train": 8, "validation": 2, "test": 4}
    assert sorted(batches(kept, "test")[0][1].tolist()) == [10, 11, 12, 13]
    pooled = opened(tmp_path, "{source: {dataset: mnist}, split: {train: 0.5, test: 0.5}}", "label")
    assert pooled.splits == {"train": 7, "test": 7}


SETTINGS = {
    "RandomBrightness": "0.3",
    "RandomColorDegeneration": "0.5",
    "RandomContrast": "0.3",
    "RandomCrop": "{height: 7, width: 5}",
    "RandomElasticTransform": "0.9",
    "RandomErasing": "0.9",
    "RandomFlip": "horizontal",
    "RandomGaussianBlur": "1.0",
    "RandomGrayscale": "0.5",
    "RandomHue": "0.3",
    "RandomInvert": "0.5",
    "RandomPerspective": "1.0",
    "RandomPosterization": "4",
    "RandomRotation": "0.2",
    "RandomSaturation": "0.4",
    "RandomSharpness": "0.5",
    "RandomShear": "{x_factor: 0.3}",
    "RandomTranslation": "{height_factor: 0.2, width_factor: 0.2}",
    "RandomZoom": "0.3",
}


@pytest.mark.parametrize("kind", AUGMENTS)
def test_every_augmentation_draws_from_the_seed_alone(tmp_path: Path, kind: str) -> None:
    for number in range(4):
        png(tmp_path / f"{number}.png", pixels(number, 12, 12, 3))
    text = f"""
source: {{images: '*.png'}}
fields: {{image: {{dtype: float32, augment: [{{{kind}: {SETTINGS[kind]}}}]}}}}
"""

    def epochs() -> list[Any]:
        pipeline = opened(tmp_path, text, "image").pipeline("train", training=True)
        return [targets.numpy() for _, targets in pipeline.endless.take(6)]

    first, second = epochs(), epochs()
    np.testing.assert_array_equal(first, second)
    assert any(not np.array_equal(first[0], other) for other in first[1:])
