"""The edge at which a worker's files come in: plain arrays and JSON within bounds, or why they cannot be used."""

from __future__ import annotations

import json
import math
import re
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.lib import format as npy
from numpy.typing import NDArray
from pydantic import JsonValue, TypeAdapter, ValidationError

DELIVERED = "delivered"
PREDICT_FILE = "predictions.npz"
MAX_ARRAY_BYTES = 256 << 20  # of one array, unpacked
MAX_JSON_BYTES = 16 << 20
MAX_VARIANTS = 32
_VARIANT = re.compile(r"[a-z][a-z0-9_-]{0,39}")  # names become names of files
_JSON: TypeAdapter[JsonValue] = TypeAdapter(JsonValue)
_NONE: Mapping[str, NDArray[Any]] = MappingProxyType({})


@dataclass(frozen=True)
class Arrays:
    """The wanted arrays of a worker's `.npz`; or none, and `why`."""

    held: Mapping[str, NDArray[Any]] = field(default_factory=lambda: _NONE)
    why: str = ""


@dataclass(frozen=True)
class Parsed:
    """The value of a worker's JSON file; where it cannot be used, None and `why`."""

    value: JsonValue = None
    why: str = ""


@dataclass(frozen=True)
class Variants:
    """What a model predicts with: the delivered one, then its opponents. `why` says why no opponent counts."""

    names: tuple[str, ...] = (DELIVERED,)
    why: str = ""


def prediction_file(folder: Path, variant: str, first: str = DELIVERED) -> Path:
    return folder / (PREDICT_FILE if variant == first else f"predictions-{variant}.npz")


def load_arrays(path: Path, wanted: tuple[str, ...]) -> Arrays:
    """The arrays named `wanted` of a worker's `.npz`. No pickles, no array larger than the bound; never raises."""
    try:
        with zipfile.ZipFile(path) as archive:
            return Arrays(MappingProxyType({name: _array(archive, name) for name in wanted}))
    except Exception as error:  # noqa: BLE001 (damaged archives and headers raise nearly anything; each is told)
        return Arrays(why=f"{path.name} cannot be used: {_told(error)}")


def load_predictions(path: Path, rows: int) -> Arrays:
    """`outputs` (rows, k) as float64 and `output_names` (k) as text. That they are finite is for the scorers to ask."""
    found = load_arrays(path, ("outputs", "output_names"))
    if found.why:
        return found
    outputs, names = found.held["outputs"], found.held["output_names"]
    if outputs.dtype.kind not in "fiu" or outputs.ndim != 2 or outputs.shape[0] != rows or not outputs.shape[1]:
        shape = f"outputs of shape {outputs.shape} and type {outputs.dtype}"
        return Arrays(why=f"{path.name} cannot be used: {shape}, where {rows} rows of numbers are wanted")
    if names.dtype.kind != "U" or names.shape != outputs.shape[1:]:
        shape = f"output_names of shape {names.shape} and type {names.dtype}"
        return Arrays(why=f"{path.name} cannot be used: {shape}, where {outputs.shape[1]} names are wanted")
    return Arrays(MappingProxyType({"outputs": outputs.astype(np.float64), "output_names": names}))


def load_json(path: Path) -> Parsed:
    """The value of a worker's JSON file; never raises."""
    try:
        if path.stat().st_size > MAX_JSON_BYTES:
            return Parsed(why=f"{path.name} cannot be used: it is larger than {MAX_JSON_BYTES >> 20} MiB")
        return Parsed(_JSON.validate_json(path.read_bytes()))
    except (OSError, ValidationError) as error:
        return Parsed(why=f"{path.name} cannot be used: {_told(error)}")


def load_variants(model: Path, required: tuple[str, ...] = ()) -> Variants:
    """The names that a model's `predict` accepts. A list that cannot be used leaves the delivered variant alone."""
    path = model / "variants.json"
    if not path.is_file():
        return Variants(why=_lacking(required, "there is no variants.json"))
    parsed = load_json(path)
    if parsed.why:
        return Variants(why=parsed.why)
    names = parsed.value
    if not isinstance(names, list) or not 0 < len(names) <= MAX_VARIANTS:
        return Variants(why=f"variants.json cannot be used: a list of 1 to {MAX_VARIANTS} names is wanted")
    bad = [name for name in names if not isinstance(name, str) or not _VARIANT.fullmatch(name)]
    if bad:
        return Variants(why=f"variants.json cannot be used: {json.dumps(bad[0])[:60]} is no name of a variant")
    listed = tuple(str(name) for name in names)
    if listed[0] != DELIVERED or len(set(listed)) < len(listed):
        return Variants(why=f"variants.json cannot be used: {DELIVERED!r} must come first, and every name once")
    missing = tuple(name for name in required if name not in listed)
    return Variants(listed, _lacking(missing, "variants.json does not list it"))


def _lacking(missing: tuple[str, ...], why: str) -> str:
    return f"the model has no variant {', '.join(map(repr, missing))}: {why}" if missing else ""


def _array(archive: zipfile.ZipFile, name: str) -> NDArray[Any]:
    """One array. The header is read first: what it claims must lie within the member, and that within the bound."""
    member = archive.getinfo(f"{name}.npy")
    if member.file_size > MAX_ARRAY_BYTES:
        raise ValueError(f"{name} is larger than {MAX_ARRAY_BYTES >> 20} MiB")
    stream = BytesIO(archive.read(member))
    version = npy.read_magic(stream)
    read_header = npy.read_array_header_1_0 if version == (1, 0) else npy.read_array_header_2_0
    shape, _, dtype = read_header(stream)
    if dtype.hasobject:
        raise ValueError(f"{name} holds objects")
    if any(length < 0 for length in shape) or math.prod(shape) * dtype.itemsize > member.file_size:
        raise ValueError(f"{name} claims the shape {shape} in a file of {member.file_size} bytes")
    stream.seek(0)
    return np.asarray(npy.read_array(stream, allow_pickle=False))


def _told(error: Exception) -> str:
    """An error in one short line; what a stranger wrote into it is cut."""
    if isinstance(error, ValidationError):
        return f"it is no JSON of the wanted form ({error.error_count()} mistakes)"
    first = str(error).splitlines()[0] if str(error) else ""
    return f"{type(error).__name__}: {first[:160]}" if first else type(error).__name__
