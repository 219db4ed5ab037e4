"""Reads array data (images, series, vectors with labels) and brings it into one form; every mistake is a `BadInput`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.core.profile import ArrayForm
from orchestrator.core.values import sha256_file, sha256_text, sha256_tree
from orchestrator.data.arrays_idx import idx_partner, is_idx, read_idx
from orchestrator.data.arrays_images import SUFFIXES, is_class_folder, read_folder
from orchestrator.data.arrays_npz import holds_samples, read_npz_arrays
from orchestrator.data.arrays_raw import Raw
from orchestrator.data.readers import check_link

INPUTS, GROUPS = "inputs", "groups"
MAX_BYTES = 1 << 30  # of all inputs in their final form
MOST_LOST = 0.1  # a larger share of rows that cannot be used is no accident
MIN_ROWS = 10
MOST_CHANNELS = 4
LEAST_SIDE = 6  # an image has at least so many cells along both sides (heuristic)
_SERIES_NAMES = ("series", "signal", "sequence", "wave", "trace")

Kind = Literal["images", "series", "vectors"]


@dataclass(frozen=True)
class Arrays:
    """Samples in one form, with their labels.

    `inputs` is (n, *form.shape); `labels` (n,) float64, or text for classes; `target` names them. `rows` are the
    numbers of the samples in the data, from 0, of `total` ones.
    """

    inputs: NDArray[np.generic]
    labels: NDArray[np.generic]
    target: str
    form: ArrayForm
    rows: NDArray[np.int64]
    total: int
    groups: NDArray[np.str_] | None = None
    repairs: tuple[Repair, ...] = ()

    def __len__(self) -> int:
        return len(self.inputs)


def holds_arrays(path: Path) -> bool:
    """Whether the path holds array data rather than a table: IDX, class folders, or an NPZ with samples of axes."""
    return is_idx(path) or is_class_folder(path) or (path.suffix.lower() == ".npz" and holds_samples(path))


def read_arrays(path: Path, *, resize: tuple[int, int] | None = None) -> Arrays:
    """Everything of an NPZ file, an IDX pair or a folder of class folders, checked and in one form.

    Raises: BadInput where the data is missing, corrupt, too large, without labels, of different sizes (unless
    `resize` names one), or where too many rows hold no numbers.
    """
    check_link(path)
    if not path.exists():
        raise BadInput(f"no file or folder {str(path)!r}", remedy="check the path")
    raw = _reader(path)(path, resize)
    _check_lengths(path, raw)
    inputs, form = _formed(path, raw)
    found = Arrays(
        inputs, raw.labels, raw.target, replace_resize(form, resize), np.arange(len(inputs)), len(inputs),
        raw.groups, raw.repairs,
    )  # fmt: skip
    return _usable(path, found)


def replace_resize(form: ArrayForm, resize: tuple[int, int] | None) -> ArrayForm:
    return form if resize is None else form.model_copy(update={"resize": resize})


def hash_of(path: Path) -> str:
    """One hash for all files that the data at `path` consists of."""
    if path.is_dir():
        return sha256_tree(path, suffixes=SUFFIXES)
    partner = idx_partner(path) if is_idx(path) else None
    return sha256_file(path) if partner is None else sha256_text(sha256_file(path) + sha256_file(partner))


def is_text(labels: NDArray[np.generic]) -> bool:
    """Whether labels are names of classes rather than quantities."""
    return labels.dtype.kind in "USO"


def _reader(path: Path) -> Callable[[Path, tuple[int, int] | None], Raw]:
    if path.is_dir():
        return read_folder
    if is_idx(path):
        return lambda where, _: read_idx(where)
    if path.suffix.lower() == ".npz":
        return lambda where, _: read_npz_arrays(where)
    raise BadInput(
        f"{str(path)!r} holds no arrays; readable are .npz, IDX files (…-ubyte.gz) and folders of class folders",
        remedy="save the inputs (n, …) and the labels (n,) with numpy.savez",
    )


def _check_lengths(path: Path, raw: Raw) -> None:
    sizes = {"inputs": len(raw.inputs), raw.target: len(raw.labels)}
    if raw.groups is not None:
        sizes[GROUPS] = len(raw.groups)
    if len(set(sizes.values())) > 1:
        told = ", ".join(f"{name} has {size}" for name, size in sizes.items())
        raise BadInput(f"{str(path)!r} has arrays of different lengths: {told}", remedy="give one label a sample")


def _formed(path: Path, raw: Raw) -> tuple[NDArray[np.generic], ArrayForm]:
    """Samples with channels first, as uint8 or float32."""
    inputs = raw.inputs
    if inputs.dtype.kind not in "buif":
        raise BadInput(
            f"the inputs of {str(path)!r} hold {inputs.dtype}; numbers are wanted", remedy="save them as numbers"
        )
    if not 2 <= inputs.ndim <= 4 or 0 in inputs.shape[1:]:
        raise BadInput(
            f"the inputs of {str(path)!r} have the shape {inputs.shape}; one sample has 1 to 3 axes",
            remedy="give (n, length), (n, height, width) or (n, height, width, channels)",
        )
    kind, ordered = _kind(inputs, raw.name)
    inputs = _channels_first(inputs, kind)
    if inputs.dtype.kind == "b" or inputs.dtype == np.uint8:
        values: NDArray[np.generic] = inputs.astype(np.uint8)
    else:
        with np.errstate(over="ignore"):
            values = inputs.astype(np.float32)
    if values.nbytes > MAX_BYTES:
        raise BadInput(
            f"the inputs of {str(path)!r} take {values.nbytes >> 20} MiB, the limit is {MAX_BYTES >> 20} MiB",
            remedy="give a sample of the rows, or smaller ones",
        )
    finite = values[np.isfinite(values)] if values.dtype.kind == "f" else values
    if not finite.size:
        raise BadInput(
            f"no input of {str(path)!r} is a finite number in 32 bits",
            remedy="give numbers of at most 3e38, without NaN and infinity",
        )
    low, high = float(finite.min()), float(finite.max())
    if low == high:
        raise BadInput(f"all inputs of {str(path)!r} are {low:g}", remedy="there is nothing to learn from: check them")
    dtype: Literal["uint8", "float32"] = "uint8" if values.dtype == np.uint8 else "float32"
    return values, ArrayForm(
        kind=kind, shape=values.shape[1:], dtype=dtype, low=low, high=high, ordered=ordered or kind == "images"
    )


def _kind(inputs: NDArray[np.generic], name: str) -> tuple[Kind, bool]:
    """(kind, whether neighbours along a sample are alike). By the array's name, else a heuristic on its shape."""
    named = any(word in name.lower() for word in _SERIES_NAMES)
    if inputs.ndim == 2:
        ordered = named or _neighbours_alike(inputs)
        return ("series" if ordered else "vectors"), ordered
    if inputs.ndim == 4:
        return "images", True
    least, most = sorted(inputs.shape[1:])
    thin = least < LEAST_SIDE or (inputs.dtype.kind == "f" and most >= 8 * least)
    return ("series" if named or thin else "images"), True


def _neighbours_alike(inputs: NDArray[np.generic]) -> bool:
    """Heuristic: values next to each other correlate far more than values anywhere; 500 samples are looked at."""
    values = np.asarray(inputs[:: max(1, len(inputs) // 500)], dtype=np.float64)
    values = values[np.isfinite(values).all(axis=1)]
    length = values.shape[1] if values.size else 0
    if length < 8 or len(values) < 2:
        return False
    centred = values - values.mean(axis=0)
    spread = np.sqrt((centred**2).mean(axis=0))
    centred = centred[:, spread > 0] / spread[spread > 0]
    if centred.shape[1] < 8:
        return False
    near = float((centred[:, 1:] * centred[:, :-1]).mean())
    order = np.random.default_rng(0).permutation(centred.shape[1])
    apart = float((centred[:, order][:, 1:] * centred[:, order][:, :-1]).mean())
    return near > 0.5 and near > apart + 0.25


def _channels_first(inputs: NDArray[np.generic], kind: Kind) -> NDArray[np.generic]:
    if kind == "vectors":
        return inputs
    if kind == "series":
        if inputs.ndim == 2:
            return inputs[:, None, :]
        return inputs if inputs.shape[1] <= inputs.shape[2] else np.moveaxis(inputs, -1, 1)
    if inputs.ndim == 3:
        return inputs[:, None, :, :]
    first, last = inputs.shape[1], inputs.shape[3]
    return np.moveaxis(inputs, -1, 1) if last <= MOST_CHANNELS or last < first else inputs


def _usable(path: Path, found: Arrays) -> Arrays:
    """Without the rows that hold no numbers or no label; at most a tenth may be lost.

    Raises: BadInput for more of them, too few rows, and labels that do not vary.
    """
    kept = found
    if found.inputs.dtype.kind == "f":
        whole = np.isfinite(found.inputs).reshape(len(found), -1).all(axis=1)
        kept = _without(path, kept, whole, "inputs_missing", INPUTS, "hold NaN or infinity")
    if is_text(kept.labels):
        told = np.array([bool(str(label).strip()) for label in kept.labels])
    else:
        told = np.isfinite(np.asarray(kept.labels, dtype=np.float64))
    kept = _without(path, kept, told, "target_missing", found.target, "have no label")
    if len(kept) < MIN_ROWS:
        raise BadInput(
            f"{str(path)!r} has {len(kept)} usable samples; at least {MIN_ROWS} are needed to train and test",
            remedy="give more",
        )
    if len(np.unique(kept.labels)) < 2:
        raise BadInput(
            f"all samples of {str(path)!r} have the label {str(kept.labels[0])!r}",
            remedy="give samples of two classes or more",
        )
    return kept


def _without(path: Path, found: Arrays, good: NDArray[np.bool_], kind: str, column: str, what: str) -> Arrays:
    lost = int((~good).sum())
    if not lost:
        return found
    if lost > MOST_LOST * len(found):
        raise BadInput(
            f"{lost} of {len(found)} samples of {str(path)!r} {what}; at most a tenth may be left out",
            remedy="mend them, or leave them out",
        )
    repair = Repair(kind=kind, columns=(column,), rows=lost, reason=f"{lost} samples {what} and are left out")
    return replace(
        found,
        inputs=found.inputs[good],
        labels=found.labels[good],
        rows=found.rows[good],
        groups=None if found.groups is None else found.groups[good],
        repairs=(*found.repairs, repair),
    )
