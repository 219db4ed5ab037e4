"""Reads samples and labels from an NPZ file, by the names of its arrays and their shapes."""

from __future__ import annotations

import zipfile
from pathlib import Path

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.data.arrays_raw import Raw, settled_labels
from orchestrator.data.binary import CORRUPT

INPUT_NAMES = (
    "inputs", "x", "images", "image", "imgs", "data", "signals", "signal", "series", "sequences", "features", "samples",
)  # fmt: skip
LABEL_NAMES = ("labels", "label", "y", "target", "targets", "classes", "class")
GROUP_NAMES = ("groups", "group", "subject", "subjects", "patient", "patients")
MAX_UNPACKED_BYTES = 2 << 30
SIDES = ("_train", "_test")  # of files that were split already: x_train, y_train, x_test, y_test
_HEADERS = {(1, 0): npy.read_array_header_1_0, (2, 0): npy.read_array_header_2_0}

Shapes = dict[str, tuple[int, ...]]


def holds_samples(path: Path) -> bool:
    """Whether an NPZ file holds samples with axes of their own, (n, …) with three axes or more; False where unreadable.

    Only the arrays' headers are read.
    """
    try:
        return any(len(shape) >= 3 for shape in _shapes(path).values())
    except (BadInput, OSError):
        return False


def read_npz_arrays(path: Path) -> Raw:
    """The inputs, labels and groups that the names and shapes of the arrays tell.

    Inputs and labels are looked for by name, then as the only array with axes and the only one without. A file that was
    split already (`x_train`, `x_test`) is joined: the host draws test rows of its own.
    Raises: BadInput where that is not clear, for pickled objects and for damaged files.
    """
    arrays = _load(path)
    arrays, repairs = _joined(path, arrays)
    name = _inputs_of(path, arrays)
    target = _labels_of(path, arrays, name)
    groups = next((key for key in arrays if key.lower() in GROUP_NAMES and key not in (name, target)), None)
    labels, mended = settled_labels(path, arrays[target], target)
    return Raw(
        arrays[name],
        labels,
        name,
        target,
        None if groups is None else np.asarray(arrays[groups]).astype(np.str_),
        (*repairs, *mended),
    )


def _load(path: Path) -> dict[str, NDArray[np.generic]]:
    _shapes(path)
    try:
        with np.load(path, allow_pickle=False) as held:
            return {name: np.asarray(held[name]) for name in held.files}
    except CORRUPT as error:
        raise _damaged(path, error) from error


def _shapes(path: Path) -> Shapes:
    """The shape of every array from its header. Raises: BadInput for objects and for what would unpack too large."""
    found: Shapes = {}
    try:
        with zipfile.ZipFile(path) as archive:
            members = [member for member in archive.infolist() if member.filename.endswith(".npy")]
            if (size := sum(member.file_size for member in members)) > MAX_UNPACKED_BYTES:
                raise BadInput(
                    f"{str(path)!r} unpacks to {size >> 20} MiB, the limit is {MAX_UNPACKED_BYTES >> 20} MiB",
                    remedy="give a sample of the rows",
                )
            for member in members:
                with archive.open(member) as stream:
                    shape, _, dtype = _HEADERS[npy.read_magic(stream)](stream)
                if dtype.hasobject:
                    raise BadInput(
                        f"{str(path)!r} holds pickled objects, which could run code when opened",
                        remedy="save plain arrays of numbers or text (numpy.savez with no dtype=object)",
                    )
                found[member.filename.removesuffix(".npy")] = shape
    except CORRUPT as error:
        raise _damaged(path, error) from error
    return found


def _damaged(path: Path, error: Exception) -> BadInput:
    first = str(error).splitlines()[0] if str(error) else type(error).__name__
    return BadInput(f"{str(path)!r} cannot be read as NPZ: {first}", remedy="save or copy it again")


def _joined(
    path: Path, arrays: dict[str, NDArray[np.generic]]
) -> tuple[dict[str, NDArray[np.generic]], tuple[Repair, ...]]:
    train, test = SIDES
    stems = [key.removesuffix(train) for key in arrays if key.endswith(train)]
    pairs = [stem for stem in stems if stem + test in arrays]
    if len(pairs) < 2:
        return arrays, ()
    try:
        joined = {stem: np.concatenate([arrays[stem + train], arrays[stem + test]]) for stem in pairs}
    except ValueError as error:
        raise BadInput(
            f"the two sides of {str(path)!r} do not fit: {error}", remedy="save both with the same shape"
        ) from error
    rows = len(next(iter(joined.values())))
    reason = f"{', '.join(pairs)}: training and test part of the file are joined; the host draws its own test rows"
    return joined, (Repair(kind="sides_joined", columns=tuple(pairs), rows=rows, reason=reason),)


def _inputs_of(path: Path, arrays: dict[str, NDArray[np.generic]]) -> str:
    deep = [key for key, array in arrays.items() if array.ndim >= 3]
    wide = [key for key, array in arrays.items() if array.ndim >= 2]
    named = [key for key in wide if key.lower() in INPUT_NAMES]
    for candidates in (named, deep, wide):
        if len(candidates) == 1:
            return candidates[0]
    raise BadInput(
        f"{str(path)!r} holds {_told(arrays)}: which array holds the inputs is not clear",
        remedy=f"name it one of {', '.join(INPUT_NAMES[:6])}",
    )


def _labels_of(path: Path, arrays: dict[str, NDArray[np.generic]], inputs: str) -> str:
    others = [key for key in arrays if key != inputs]
    named = [key for key in others if key.lower() in LABEL_NAMES]
    rows = len(arrays[inputs])
    flat = [key for key in others if arrays[key].ndim == 1 and len(arrays[key]) == rows]
    ungrouped = [key for key in flat if key.lower() not in GROUP_NAMES]
    for candidates in (named, ungrouped, flat):
        if len(candidates) == 1:
            return candidates[0]
    raise BadInput(
        f"{str(path)!r} holds {_told(arrays)}: which array holds the labels of {inputs!r} is not clear",
        remedy="name it labels, one value a sample",
    )


def _told(arrays: dict[str, NDArray[np.generic]]) -> str:
    return ", ".join(f"{key} {array.shape}" for key, array in list(arrays.items())[:8]) or "no array"
