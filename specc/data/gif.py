"""The frames of a GIF file: its head speaks of a screen, which they need not fill."""

from __future__ import annotations

from collections.abc import Iterator

_HEAD = 13
_EXTENSION, _FRAME = 0x21, 0x2C


def is_gif(data: bytes) -> bool:
    """Whether these are the bytes of a GIF file."""
    return data[:6] in (b"GIF87a", b"GIF89a") and len(data) >= _HEAD


def frame_sizes(data: bytes) -> Iterator[tuple[int, int]]:
    """Height and width of each frame, up to where the file is cut off."""
    position = _HEAD + _table(data[10])
    while position + 10 <= len(data):
        if data[position] == _FRAME:
            width, height = (
                int.from_bytes(data[position + at : position + at + 2], "little") for at in (5, 7)
            )
            yield height, width
            position = _after_blocks(data, position + 11 + _table(data[position + 9]))
        elif data[position] == _EXTENSION:
            position = _after_blocks(data, position + 2)
        else:
            return


def _table(flags: int) -> int:
    """How many bytes of colours follow, as flags tell."""
    return 3 << (flags % 8 + 1) if flags & 0x80 else 0


def _after_blocks(data: bytes, position: int) -> int:
    """Where a row of blocks ends, each of which begins with its length, the last with 0."""
    while position < len(data) and data[position]:
        position += data[position] + 1
    return position + 1
