import gzip
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from data_case import codes, everything, located

from specc.data.array_files import open_idx, open_npy, open_npz
from specc.data.table import Array
from specc.source.diagnostic import SpecError


def idx(array: Array, kind: int) -> bytes:
    head = struct.pack(">HBB", 0, kind, array.ndim) + struct.pack(f">{array.ndim}I", *array.shape)
    return head + array.astype(array.dtype.newbyteorder(">")).tobytes()


def test_npz(tmp_path: Path) -> None:
    x, y = np.arange(6.0).reshape(3, 2), np.array(["a", "b", "c"])
    np.savez(tmp_path / "a.npz", x=x, y=y, other=np.zeros(7))
    table = open_npz(tmp_path / "a.npz", located("a.npz"), frozenset(["x", "y"]))
    found = everything(table)
    assert (found["x"] == x).all()
    assert found["y"].tolist() == y.tolist()
    assert table.columns["x"].shape == (2,)
    assert table.columns["y"].dtype == "string"


def test_npy_is_mapped_not_read(tmp_path: Path) -> None:
    x = np.arange(12).reshape(4, 3)
    np.save(tmp_path / "x.npy", x)
    table = open_npy({"x": (tmp_path / "x.npy", located("x.npy"))})
    assert isinstance(table.arrays["x"], np.memmap)
    assert (table.rows(np.array([3, 0]), ["x"])["x"] == x[[3, 0]]).all()


def test_an_npz_that_claims_a_huge_array_is_refused(tmp_path: Path) -> None:
    head = {"descr": "<f8", "fortran_order": False, "shape": (10**14,)}
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive, archive.open("x.npy", "w") as file:
        np.lib.format.write_array_header_1_0(file, head)
    with pytest.raises(SpecError) as caught:
        open_npz(tmp_path / "a.npz", located("a.npz"), None)
    assert codes(caught.value) == ["data-array"]


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize(("kind", "dtype"), [(0x08, np.uint8), (0x0C, np.int32), (0x0D, np.float32)])
def test_idx(tmp_path: Path, kind: int, dtype: type, packed: bool) -> None:
    image = np.arange(24).reshape(2, 3, 4).astype(dtype)
    data = idx(image, kind)
    (tmp_path / "i").write_bytes(gzip.compress(data) if packed else data)
    found = everything(open_idx({"image": (tmp_path / "i", located("i"))}))["image"]
    assert found.dtype == dtype
    assert (found == image).all()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\0\0\x08\x01",
        b"PNG and more",
        idx(np.zeros(4, np.uint8), 8)[:-1],
        idx(np.zeros(4, np.uint8), 8) + b"x",
        b"\0\0\x08\x03" + b"\xff" * 12,
        b"\x1f\x8bdamaged",
    ],
)
def test_damaged_idx_is_refused(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "i").write_bytes(data)
    with pytest.raises(SpecError) as caught:
        open_idx({"image": (tmp_path / "i", located("i"))})
    assert codes(caught.value) == ["data-array"]


def test_damaged_packing_is_told(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", x=np.arange(500))
    (tmp_path / "a.gz").write_bytes(gzip.compress(idx(np.arange(500), 0x0C)))
    for name, start in (("a.npz", 60), ("a.gz", 12)):
        data = bytearray((tmp_path / name).read_bytes())
        data[start : start + 8] = b"\xff" * 8
        (tmp_path / name).write_bytes(data)
    with pytest.raises(SpecError) as caught:
        open_npz(tmp_path / "a.npz", located("a.npz"), None)
    assert codes(caught.value) == ["data-array"]
    with pytest.raises(SpecError) as caught:
        open_idx({"x": (tmp_path / "a.gz", located("a.gz"))})
    assert codes(caught.value) == ["data-array"]


def test_pickles_are_never_read(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.array([{}], dtype=object))
    np.save(tmp_path / "a.npy", np.array([{}], dtype=object))
    with pytest.raises(SpecError) as npz:
        open_npz(tmp_path / "a.npz", located("a.npz"), None)
    with pytest.raises(SpecError) as npy:
        open_npy({"x": (tmp_path / "a.npy", located("a.npy"))})
    assert codes(npz.value) == codes(npy.value) == ["data-array"]


def test_columns_of_different_lengths_are_refused(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(3), y=np.zeros(4))
    with pytest.raises(SpecError) as caught:
        open_npz(tmp_path / "a.npz", located("a.npz"), None)
    assert "`x` has 3 rows, `y` 4" in caught.value.diagnostics[0].title
