"""Sets observations of fields aside before any worker sees them: read, checked, split by place, test values sealed."""

from __future__ import annotations

import difflib
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from orchestrator.core.errors import BadInput
from orchestrator.core.evidence import Repair
from orchestrator.core.plan import Observations
from orchestrator.core.values import Value, sha256_file
from orchestrator.data.readers import read_table

Floats = NDArray[np.float64]
MIN_PLACES = 10  # distinct points in space and time; fewer leave nothing to hold out (heuristic)
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

    Raises: BadInput for a file that changed, a column that is absent, cells that are no numbers, rows outside the
    box, too few places; ValueError where `sealed` lies inside `destination`.
    """
    if sealed.resolve().is_relative_to(destination.resolve()):
        raise ValueError(f"values cannot be sealed in {str(sealed)!r}, inside what the boxes see")
    path = Path(told.file).expanduser()
    if told.sha256 and sha256_file(path) != told.sha256:
        raise BadInput(f"{str(path)!r} has changed since the plan was made", remedy="plan again")
    table = read_table(path)
    seen = tuple(name for name in fields if name in told.columns)
    if absent := [name for name in box if name not in told.columns]:
        raise BadInput(f"no column of {str(path)!r} holds {absent[0]!r}", remedy="say which column it is")
    if not seen:
        raise BadInput(f"no column of {str(path)!r} holds {' or '.join(fields)}", remedy="say which column it is")
    columns = {name: _numbers(path, table.frame, told.columns[name], empty=name in seen) for name in (*box, *seen)}
    inputs, outputs = (np.column_stack([columns[name] for name in names]) for names in (tuple(box), seen))
    _check(path, inputs, outputs, box)
    test = _draw(path, inputs, told.test_fraction, np.random.default_rng(seed))
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
        rows=len(inputs), places=len(np.unique(inputs, axis=0)), train_rows=int((~test).sum()),
        test_rows=int(test.sum()), seed=seed, noise=told.noise,
        repairs=tuple(r for r in table.repairs if set(r.columns) & set(told.columns.values())),
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


def _numbers(path: Path, frame: pd.DataFrame, column: str, *, empty: bool) -> Floats:
    """A column as numbers. A field's cell may be empty, then nothing was observed there; a coordinate's may not."""
    if column not in frame.columns:
        names = [str(name) for name in frame.columns]
        near = difflib.get_close_matches(column, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"it has {', '.join(map(repr, names[:8]))}"
        raise BadInput(f"{str(path)!r} has no column {column!r}", remedy=hint)
    cells = frame[column]
    if pd.api.types.is_datetime64_any_dtype(cells) or pd.api.types.is_bool_dtype(cells):
        raise BadInput(f"column {column!r} of {str(path)!r} holds {cells.dtype}, numbers are wanted",
                       remedy="give times as numbers in the problem's own unit")  # fmt: skip
    values = np.asarray(pd.to_numeric(cells, errors="coerce"), dtype=np.float64)
    wrong = ~np.isfinite(values) & np.asarray(cells.notna())
    if wrong.any():
        _refuse(path, column, wrong, f"{str(cells.iloc[int(np.argmax(wrong))])[:40]!r} is no finite number")
    if not empty and np.isnan(values).any():
        _refuse(path, column, np.isnan(values), "the cell is empty")
    return values


def _check(path: Path, inputs: Floats, outputs: Floats, box: Mapping[str, tuple[float, float]]) -> None:
    nothing: NDArray[np.bool_] = np.asarray(np.isnan(outputs).all(axis=1))
    if nothing.any():
        raise BadInput(f"row {_row(nothing)} of {str(path)!r} holds no observed value", remedy="leave the row out")
    for place, (name, (low, high)) in enumerate(box.items()):
        outside: NDArray[np.bool_] = np.logical_or(inputs[:, place] < low, inputs[:, place] > high)
        if outside.any():
            value = inputs[int(np.argmax(outside)), place]
            raise BadInput(
                f"row {_row(outside)} of {str(path)!r} has {name} = {value:g}, outside of {low:g} to {high:g}",
                remedy=f"widen the range of {name}, or leave the {int(outside.sum())} rows out",
            )


def _draw(path: Path, inputs: Floats, fraction: float, generator: np.random.Generator) -> NDArray[np.bool_]:
    """Which rows are held out: whole places, at least two."""
    places, unit = np.unique(inputs, axis=0, return_inverse=True)
    if len(places) < MIN_PLACES:
        raise BadInput(
            f"{str(path)!r} has observations at {len(places)} places, {MIN_PLACES} are needed",
            remedy="give more observations",
        )
    count = min(max(2, round(fraction * len(places))), len(places) - 2)
    chosen = generator.permutation(len(places))[:count]
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


def _refuse(path: Path, column: str, wrong: NDArray[np.bool_], what: str) -> None:
    told = f"row {_row(wrong)} of column {column!r} in {str(path)!r}: {what}"
    more = f" ({int(wrong.sum())} such cells)" if wrong.sum() > 1 else ""
    raise BadInput(told + more, remedy="mend the cell, or leave the row out")


def _row(wrong: NDArray[np.generic]) -> int:
    """Counted from 1, below the header."""
    return int(np.argmax(wrong)) + 1
