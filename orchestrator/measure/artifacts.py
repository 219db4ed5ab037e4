"""The files that the host's own measuring left: predictions on the judge's inputs."""

from __future__ import annotations

from orchestrator.core.outcome import Artifact
from orchestrator.core.values import sha256_file
from orchestrator.journal.rundir import RunDirectory

SETS = ("grid", "test")  # where a field and a table are predicted once for good; raw files and repeats stay unlisted


def measured_artifacts(run: RunDirectory) -> tuple[Artifact, ...]:
    """What each delivered model predicted on the judge's grid, or on the test rows: one artifact a finished step."""
    steps = sorted(path.parent.name for path in (run.path / "steps").glob("*/result.json"))
    places = ((step, run.measured / name / step / "predictions.npz") for step in steps for name in SETS)
    return tuple(
        Artifact(
            path=run.relative(path), kind="predictions", step=step, sha256=sha256_file(path), bytes=path.stat().st_size
        )
        for step, path in places
        if path.is_file()
    )
