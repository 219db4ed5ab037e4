"""What passes for a plain archive of arrays, and what does not."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from orchestrator.boxes.npz import npz_fault

LIMIT = 1 << 20
PACKED = zipfile.ZIP_DEFLATED
OBJECT = "[('a', '|O')]"


def header(shape: str, descr: str = "'<f8'") -> bytes:
    """The head of an .npy file that claims that shape."""
    text = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    text += b" " * (117 - len(text)) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def archive(path: Path, name: str, data: bytes, packing: int = zipfile.ZIP_STORED) -> None:
    with zipfile.ZipFile(path, "w", packing) as made:
        made.writestr(name, data)


def flipped(path: Path) -> None:
    np.savez(path, weights=np.arange(1000.0))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def cut(path: Path) -> None:
    np.savez(path, weights=np.arange(1000.0))
    path.write_bytes(path.read_bytes()[:-200])


def with_an_object(path: Path) -> None:
    np.savez(path, fine=np.zeros(3), weights=np.array([{"an": "object"}], dtype=object))


FAULTS: dict[str, tuple[Callable[[Path], object], str]] = {
    "a flipped bit": (flipped, "cannot be read"),
    "cut off": (cut, "cannot be read"),
    "an object": (with_an_object, "Python objects"),
    "an object in a field": (lambda p: archive(p, "w.npy", header("(1,)", OBJECT) + bytes(8)), "Python objects"),
    "no archive": (lambda p: p.write_text("import os"), "cannot be read"),
    "nothing": (lambda p: p.write_bytes(b""), "cannot be read"),
    "not an array": (lambda p: archive(p, "w.npy", b"import os"), "cannot be read"),
    "a shape that lies": (lambda p: archive(p, "w.npy", header(f"({10**12},)")), "asks for"),
    "a negative shape": (lambda p: archive(p, "w.npy", header("(-1,)") + bytes(8)), "asks for|cannot be read"),
    "more than it says": (lambda p: archive(p, "w.npy", header("(1,)") + bytes(16)), "asks for"),
    "code for a shape": (lambda p: archive(p, "w.npy", header("__import__('os')")), "cannot be read"),
    "a bomb": (lambda p: archive(p, "w.npy", header("(999999,)") + bytes(8 * 999_999), PACKED), "more than"),
    "many arrays": (lambda p: np.savez(p, **{f"a{i}": np.zeros(0) for i in range(10_001)}), "10001 arrays"),
    "another packing": (lambda p: archive(p, "w.npy", header("(1,)") + bytes(8), zipfile.ZIP_LZMA), "unknown way"),
    "a later format": (lambda p: archive(p, "w.npy", b"\x93NUMPY\x03\x00" + header("(1,)")[8:]), "unknown format"),
}  # fmt: skip


@pytest.mark.parametrize("what", FAULTS)
def test_a_file_that_is_no_plain_archive_is_named_as_such(tmp_path: Path, what: str) -> None:
    make, said = FAULTS[what]
    make(tmp_path / "held.npz")
    why = npz_fault(tmp_path / "held.npz", LIMIT)
    assert any(part in why for part in said.split("|")), why


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_what_numpy_writes_passes(tmp_path: Path, save: Callable[..., None]) -> None:
    text, table = np.array("µ = 0.4"), np.zeros(3, dtype=[("a", "<i4"), ("b", "<f8")])
    save(tmp_path / "held.npz", a=np.arange(6.0).reshape(2, 3), text=text, table=table, empty=np.zeros((0, 4)),
         number=np.float32(1))  # fmt: skip
    assert npz_fault(tmp_path / "held.npz", LIMIT) == ""


def test_the_head_that_these_tests_make_is_one_that_numpy_reads() -> None:
    assert np.array_equal(np.load(io.BytesIO(header("(2,)") + np.array([1.0, 2.0]).tobytes())), [1.0, 2.0])
