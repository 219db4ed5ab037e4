"""Whether a file is a plain NPZ archive: arrays of numbers and text, no Python object, every byte as it was written."""

from __future__ import annotations

import math
import zipfile
from pathlib import Path
from typing import IO

from numpy.lib import format as npy

MOST_ARRAYS = 10_000
BLOCK = 1 << 20
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}
_PACKED = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)


def npz_fault(path: Path, limit: int) -> str:
    """Why the file is not what `numpy.savez` writes, or empty. Nothing in it is unpickled, no array is built.

    limit: bytes that all arrays together may take, so that a small archive cannot unfold into a large one.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            if len(members) > MOST_ARRAYS:
                return f"it holds {len(members)} arrays, more than {MOST_ARRAYS}"
            if (total := sum(member.file_size for member in members)) > limit:
                return f"its arrays take {total} bytes, more than {limit}"
            for member in members:
                if member.compress_type not in _PACKED:
                    return f"its array {member.filename!r} is packed in an unknown way"
                with archive.open(member) as stream:
                    if why := _array_fault(stream):
                        return f"its array {member.filename!r} {why}"
    except Exception as error:  # noqa: BLE001 (a hostile file may break its reader in any way; it is told, and not used)
        return f"it cannot be read as an archive of arrays: {type(error).__name__}: {error}"
    return ""


def _array_fault(stream: IO[bytes]) -> str:
    """Reads one array to its end, since only there the archive compares its checksum."""
    version = npy.read_magic(stream)
    if version not in _HEADERS:
        return f"has the unknown format {version}"
    shape, _, dtype = _HEADERS[version](stream)
    if dtype.hasobject:
        return "holds Python objects"
    told, found = math.prod(shape) * dtype.itemsize, 0
    while block := stream.read(BLOCK):
        found += len(block)
    return "" if found == told else f"holds {found} bytes where its shape asks for {told}"
