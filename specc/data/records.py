"""Where the records of a text file begin, so that any can be read without the others."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from specc.data.table import Indices

BLOCK = 1 << 24
BOM = b"\xef\xbb\xbf"


class RecordIndex:
    """Offsets of records that end with a line break; with `quoted`, breaks within quotes end nothing.

    Blank records do not count. The index takes 16 bytes a record.
    """

    def __init__(self, path: Path, quoted: bool = False) -> None:
        """Scan the file once."""
        self.path = path
        ends = self._ends(quoted)
        starts = np.concatenate([[0], ends[:-1]])
        filled = self._filled(starts, ends)
        self.starts, self.ends = starts[filled], ends[filled]
        with path.open("rb") as file:
            if file.read(len(BOM)) == BOM and len(self.starts):
                self.starts[0] = len(BOM)

    def __len__(self) -> int:
        return len(self.starts)

    def part(self, rows: Indices) -> RecordIndex:
        """Only some records, in the order of `rows`."""
        found = object.__new__(RecordIndex)
        found.path, found.starts, found.ends = self.path, self.starts[rows], self.ends[rows]
        return found

    def read(self, indices: Indices) -> list[bytes]:
        """Records by number."""
        with self.path.open("rb") as file:
            found = []
            for start, end in zip(self.starts[indices], self.ends[indices], strict=True):
                file.seek(int(start))
                found.append(file.read(int(end - start)))
        return found

    def _ends(self, quoted: bool) -> Indices:
        found, offset, quotes = [], 0, 0
        with self.path.open("rb") as file:
            while block := file.read(BLOCK):
                data = np.frombuffer(block, np.uint8)
                breaks = np.flatnonzero(data == ord("\n"))
                if quoted:
                    marks = np.flatnonzero(data == ord('"'))
                    before = quotes + np.searchsorted(marks, breaks)
                    breaks = breaks[before % 2 == 0]
                    quotes += len(marks)
                found.append(breaks.astype(np.int64) + offset + 1)
                offset += len(block)
        ends = np.concatenate(found) if found else np.empty(0, np.int64)
        return np.append(ends, offset) if not len(ends) or ends[-1] != offset else ends

    def _filled(self, starts: Indices, ends: Indices) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Which records hold more than a line break."""
        filled = ends - starts > 2
        short = np.flatnonzero(~filled)
        with self.path.open("rb") as file:
            for row in short:
                file.seek(int(starts[row]))
                filled[row] = bool(file.read(int(ends[row] - starts[row])).strip(b"\r\n"))
        return filled
