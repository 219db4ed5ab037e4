"""Sets observations of fields aside before any worker sees them: split by place, test values sealed."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from orchestrator.core.evidence import Repair
from orchestrator.core.plan import Observations
from orchestrator.core.values import Value, sha256_file
from orchestrator.data.observed import held_out, read_observed

Floats = NDArray[np.float64]
FILE = "observations.npz"


class ObservationsRecord(Value):
    """Which rows went where: `train`, `test_inputs` (coordinates alone) and the sealed `labels` are paths.

    Rows at one place stay on one side.
    """

    rows: int
    places: int
    train_rows: int
    test_rows: int
    seed: int
    noise: float | None = None
    repairs: tuple[Repair, ...] = ()
    train: str
    test_inputs: str
    labels: str
    train_sha256: str
    test_inputs_sha256: str
    labels_sha256: str


def split_observations(
    told: Observations, box: Mapping[str, tuple[float, float]], fields: tuple[str, ...], *, seed: int,
    destination: Path, sealed: Path,
) -> ObservationsRecord:  # fmt: skip
    """Write destination/observations.npz, destination/observations-test.npz and sealed/observations.npz.

    `box` is the range of every coordinate, in the problem's order; `fields` those of the problem.

    Raises: BadInput as `read_observed` does; ValueError where `sealed` lies inside `destination`.
    """
    if sealed.resolve().is_relative_to(destination.resolve()):
        raise ValueError(f"values cannot be sealed in {str(sealed)!r}, inside what the boxes see")
    found = read_observed(told, box, fields)
    inputs, outputs, seen = found.inputs, found.outputs, found.fields
    test = _draw(inputs, told.test_fraction, np.random.default_rng(seed))
    named: dict[str, NDArray[np.generic]] = {"input_names": np.array(tuple(box)), "output_names": np.array(seen)}
    noise = np.float64(np.nan if told.noise is None else told.noise)
    destination.mkdir(parents=True, exist_ok=True)
    destination.chmod(0o755)
    files = {
        "train": _write(destination / FILE, 0o644, inputs=inputs[~test], outputs=outputs[~test], noise=noise, **named),
        "test_inputs": _write(destination / "observations-test.npz", 0o644, inputs=inputs[test],
                              input_names=named["input_names"]),
        "labels": _write(_private(sealed) / FILE, 0o600, inputs=inputs[test], outputs=outputs[test], **named),
    }  # fmt: skip
    return ObservationsRecord(
        rows=len(inputs), places=len(found.places), train_rows=int((~test).sum()),
        test_rows=int(test.sum()), seed=seed, noise=told.noise,
        repairs=found.repairs,
        **{name: str(file) for name, file in files.items()},
        **{f"{name}_sha256": sha256_file(file) for name, file in files.items()},
    )  # fmt: skip


def shared_places(record: ObservationsRecord) -> int:
    """How many held-out rows lie at the place of a training row."""
    train, test = (_places(Path(name)) for name in (record.train, record.labels))
    known = {row.tobytes() for row in train}
    return sum(row.tobytes() in known for row in test)


def _places(path: Path) -> Floats:
    with np.load(path, allow_pickle=False) as held:
        return np.ascontiguousarray(held["inputs"], dtype=np.float64) + 0.0  # so that -0 and 0 are one place


def _draw(inputs: Floats, fraction: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which rows are held out: whole places."""
    places, unit = np.unique(inputs, axis=0, return_inverse=True)
    chosen = generator.permutation(len(places))[: held_out(len(places), fraction)]
    return np.isin(unit.ravel(), chosen)


def _write(path: Path, mode: int, **arrays: NDArray[np.generic] | np.float64) -> Path:
    path.unlink(missing_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as stream:
        np.savez(stream, **arrays)  # type: ignore[arg-type]  # the stub takes any key for `allow_pickle`
    path.chmod(mode)
    return path


def _private(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)
    return folder
