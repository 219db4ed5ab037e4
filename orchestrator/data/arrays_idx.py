"""Reads IDX files, the format of MNIST and Fashion-MNIST: a pair of files, images and labels, plain or gzipped.

The format: two zero bytes, a code of the type, the number of axes, their lengths as big-endian 32-bit integers, data.
http://yann.lecun.com/exdb/mnist/
"""

from __future__ import annotations

import gzip
import math
import re
import struct
import zlib
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.data.arrays_raw import Raw, settled_labels

MAX_BYTES = 1 << 30
_NAME = re.compile(r"idx[1-4]-ubyte(?:\.gz)?$", re.IGNORECASE)
_IMAGES, _LABELS = re.compile(r"images([-.])idx[2-4]", re.IGNORECASE), re.compile(r"labels([-.])idx1", re.IGNORECASE)
_TYPES = {0x08: ">u1", 0x09: ">i1", 0x0B: ">i2", 0x0C: ">i4", 0x0D: ">f4", 0x0E: ">f8"}


def is_idx(path: Path) -> bool:
    """By its name: `train-images-idx3-ubyte.gz`."""
    return bool(_NAME.search(path.name)) and path.is_file()


def idx_partner(path: Path) -> Path | None:
    """The file of the labels beside one of images, or of the images beside one of labels; None where there is none."""
    if _IMAGES.search(path.name):
        wanted = _IMAGES.sub(r"labels\1idx1", path.name)
        found = [path.with_name(wanted)]
    else:
        found = [path.with_name(_LABELS.sub(rf"images\1idx{axes}", path.name)) for axes in (3, 4, 2)]
    stems = [one.with_name(one.name.removesuffix(".gz")) for one in found]
    either = [place for stem in stems for place in (stem.with_name(f"{stem.name}.gz"), stem)]
    return next((place for place in either if place.is_file() and place != path), None)


def read_idx(path: Path) -> Raw:
    """The pair that `path` is one file of.

    Raises: BadInput where the other file is not there, or one of them is damaged, cut short or too large.
    """
    partner = idx_partner(path)
    if partner is None:
        raise BadInput(
            f"beside {str(path)!r} there is no file with its labels or images",
            remedy="put train-images-idx3-ubyte.gz and train-labels-idx1-ubyte.gz into one folder",
        )
    one, other = _read(path), _read(partner)
    inputs, labels = (one, other) if one.ndim > other.ndim else (other, one)
    settled, repairs = settled_labels(path, labels, "labels")
    return Raw(inputs, settled, "images", "labels", None, repairs)


def _read(path: Path) -> NDArray[np.generic]:
    opened = gzip.open if path.suffix.lower() == ".gz" else open
    try:
        with opened(path, "rb") as stream:
            start = stream.read(4)
            if len(start) < 4 or start[:2] != b"\0\0" or start[2] not in _TYPES or not 1 <= start[3] <= 4:
                raise BadInput(f"{str(path)!r} does not begin as an IDX file", remedy="download it again")
            axes = struct.unpack(f">{start[3]}I", stream.read(4 * start[3]))
            dtype = np.dtype(_TYPES[start[2]])
            wanted = math.prod(axes) * dtype.itemsize
            if wanted > MAX_BYTES:
                raise BadInput(
                    f"{str(path)!r} claims {wanted >> 20} MiB, the limit is {MAX_BYTES >> 20} MiB",
                    remedy="give a sample of it",
                )
            data = stream.read(wanted + 1)
    except (OSError, EOFError, zlib.error, struct.error) as error:
        raise BadInput(f"{str(path)!r} cannot be read as IDX: {error}", remedy="download it again") from error
    if len(data) != wanted:
        short = f"holds {len(data)} bytes" if len(data) < wanted else "goes on"
        raise BadInput(
            f"{str(path)!r} {short} where its header asks for {wanted} ({' x '.join(map(str, axes))})",
            remedy="download it again",
        )
    return np.frombuffer(data, dtype=dtype).reshape(axes).astype(dtype.newbyteorder("="))
