"""Images: sizes read off the head of a file before anything is unpacked, then decoded by TensorFlow."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import tensorflow as tf

from specc.data.errors import fail
from specc.data.gif import frame_sizes, is_gif
from specc.data.png import has_palette, is_deep, is_grey, numbered
from specc.data.table import Array
from specc.source.span import Span

MOST_PIXELS = 100_000_000
"""The largest image that is unpacked; a small file can claim far more."""

CHANNELS = (1, 3, 4)
"""Grey, colours, colours with transparency."""

PATHS = "paths start from the data's folder, or from `base: DIR` beside the source"


def decode_image(
    source: Path | bytes, name: str, channels: int | None, span: Span | None, palette: bool = False
) -> Array:
    """The pixels of a PNG, JPEG, GIF or BMP image, a file or its bytes: [height, width, channels] of uint8.

    A PNG of 16 bits a channel gives uint16. `channels` None keeps the image's own. With `palette`, the
    numbers of a PNG's colours are its one channel. Raises SpecError (`data-image`) naming it.
    """
    data = _content(source, name, span)
    size = size_of_image(data, name, span)
    frames = frame_sizes(data) if is_gif(data) else (size,)
    if sum(height * width for height, width in frames) > MOST_PIXELS:
        fail("data-image", f"the image `{name}` has {size[0]}×{size[1]} pixels, too many to unpack", span)
    if palette:
        data, channels = _numbers(data, name, span), 1
    elif channels == 1 and has_palette(data):
        title = f"the image `{name}` has a palette, and would be turned grey"
        help = "say `decode: palette` in the field for the numbers of its colours, which masks are written in"
        fail("data-image", title, span, help=help)
    dtype = tf.uint16 if is_deep(data) else tf.uint8
    try:
        pixels = tf.io.decode_image(data, channels or 0, dtype, expand_animations=False)
    except tf.errors.OpError as error:
        fail("data-image", f"the image `{name}` is damaged", span, notes=[_reason(error)])
    return np.asarray(pixels)


def _reason(error: tf.errors.OpError) -> str:
    """What TensorFlow says, without where in its graph."""
    return re.sub(r"^\{\{.*?\}\} | \[Op:\w+\].*$", "", str(error.message), flags=re.S)


def _numbers(data: bytes, name: str, span: Span | None) -> bytes:
    """A file whose grey values are the numbers of colours; one of grey values has them already."""
    if has_palette(data):
        return numbered(data)
    if is_grey(data):
        return data
    return fail("data-image", f"the image `{name}` has no palette", span, help="leave `decode: palette` out")


def size_of_image(source: Path | bytes, name: str, span: Span | None) -> tuple[int, int]:
    """Height and width of an image, a file or its bytes. Raises SpecError (`data-image`) naming it."""
    size = image_size(_content(source, name, span))
    if size is None:
        fail("data-image", f"`{name}` is no PNG, JPEG, GIF or BMP image", span)
    return size


def _content(source: Path | bytes, name: str, span: Span | None) -> bytes:
    try:
        return source if isinstance(source, bytes) else source.read_bytes()
    except OSError as error:
        title = f"the image `{name}` cannot be read"
        fail("data-image", title, span, notes=[f"{error.strerror or error}: {source!s}"], help=PATHS)


def image_size(data: bytes) -> tuple[int, int] | None:
    """Height and width that the head of an image file states; None where it is no known image."""
    if data[:8] == b"\x89PNG\r\n\x1a\n" and len(data) >= 24:
        return int.from_bytes(data[20:24], "big"), int.from_bytes(data[16:20], "big")
    if is_gif(data):
        return next(frame_sizes(data), None)
    if data[:2] == b"BM" and len(data) >= 26:
        height = int.from_bytes(data[22:26], "little", signed=True)
        return abs(height), int.from_bytes(data[18:22], "little")
    if data[:2] == b"\xff\xd8":
        return _jpeg_size(data)
    return None


_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def _jpeg_size(data: bytes) -> tuple[int, int] | None:
    position = 2
    while position + 9 < len(data):
        if data[position] != 0xFF:
            return None
        marker = data[position + 1]
        if marker == 0xFF or marker == 0x01 or 0xD0 <= marker <= 0xD8:
            position += 1 if marker == 0xFF else 2
            continue
        if marker in _FRAMES:
            height = int.from_bytes(data[position + 5 : position + 7], "big")
            return height, int.from_bytes(data[position + 7 : position + 9], "big")
        position += 2 + int.from_bytes(data[position + 2 : position + 4], "big")
    return None


def conversion(holds: tuple[int | None, ...], wants: tuple[int | None, ...]) -> str:
    """What a field of images needs that an input may take them; empty where nothing does."""
    if len(holds) != 3 or len(wants) != 3:
        return ""
    parts = []
    if wants[2] in CHANNELS and holds[2] != wants[2]:
        parts.append(f"`shape: [null, null, {wants[2]}]`")
    if None not in wants[:2] and holds[:2] != wants[:2]:
        parts.append(f"`transform: [{{Resizing: {{height: {wants[0]}, width: {wants[1]}}}}}]`")
    return f"say {' and '.join(parts)} in the field to convert all of them" if parts else ""
