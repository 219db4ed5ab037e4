"""The files that the host's own measuring left: predictions on the judge's inputs, and forecasts."""

from __future__ import annotations

from pathlib import Path

from orchestrator.core.outcome import Artifact, ArtifactKind
from orchestrator.core.values import sha256_file
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.ahead import AHEAD, TABLE

SETS = ("grid", "test")  # where a field and a table are predicted once for good; raw files and repeats stay unlisted


def measured_artifacts(run: RunDirectory) -> tuple[Artifact, ...]:
    """What each delivered model predicted on the judge's grid, or on the test rows: one artifact a finished step.

    And the forecast past the end of a series, where one was asked for.
    """
    steps = sorted(path.parent.name for path in (run.path / "steps").glob("*/result.json"))
    places = [(step, run.measured / name / step / "predictions.npz") for step in steps for name in SETS]
    predictions = tuple(_artifact(run, path, "predictions", step) for step, path in places if path.is_file())
    tables = sorted((run.measured / AHEAD).glob(f"*/{TABLE}"))
    return (*predictions, *(_artifact(run, path, "table", path.parent.name) for path in tables))


def _artifact(run: RunDirectory, path: Path, kind: ArtifactKind, step: str) -> Artifact:
    return Artifact(path=run.relative(path), kind=kind, step=step, sha256=sha256_file(path), bytes=path.stat().st_size)
