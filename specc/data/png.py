"""What of a PNG file TensorFlow does not tell: its depth, and the numbers of the colours in its palette."""

from __future__ import annotations

import zlib
from collections.abc import Iterator

MARK = b"\x89PNG\r\n\x1a\n"
_PALETTE = 3
"""The colour type of images whose pixels are numbers of colours."""


def is_deep(data: bytes) -> bool:
    """Whether a file is a PNG of 16 bits a channel."""
    return data[:8] == MARK and data[24:25] == b"\x10"


def has_palette(data: bytes) -> bool:
    """Whether a file is a PNG whose pixels are numbers of colours."""
    return data[:8] == MARK and data[25:26] == bytes([_PALETTE])


def is_grey(data: bytes) -> bool:
    """Whether a file is a PNG of one channel."""
    return data[:8] == MARK and data[25:26] == b"\0"


def numbered(data: bytes) -> bytes:
    """A PNG with a palette as one whose colour k is the grey k, and none transparent."""
    parts = [MARK]
    for kind, content in _chunks(data):
        if kind == b"tRNS":
            continue
        if kind == b"PLTE":
            content = b"".join(bytes([number] * 3) for number in range(min(len(content) // 3, 256)))
        checksum = zlib.crc32(kind + content).to_bytes(4, "big")
        parts += [len(content).to_bytes(4, "big"), kind, content, checksum]
    return b"".join(parts)


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG by their kind, up to where the file is cut off."""
    position = len(MARK)
    while position + 12 <= len(data):
        length = int.from_bytes(data[position : position + 4], "big")
        yield data[position + 4 : position + 8], data[position + 8 : position + 8 + length]
        position += 12 + length
