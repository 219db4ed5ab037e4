"""The files that the host's own measuring left: predictions on the judge's inputs."""

from __future__ import annotations

from orchestrator.core.outcome import Artifact
from orchestrator.core.values import sha256_file
from orchestrator.journal.rundir import RunDirectory


def measured_artifacts(run: RunDirectory) -> tuple[Artifact, ...]:
    """Predictions of delivered models below `measured/`, as artifacts of the step they belong to."""
    found = sorted(run.measured.rglob("predictions.npz")) if run.measured.is_dir() else []
    return tuple(
        Artifact(
            path=run.relative(path), kind="predictions", step=path.parent.name, sha256=sha256_file(path),
            bytes=path.stat().st_size,
        )
        for path in found
    )  # fmt: skip
