"""The scorer of groups of people, for a plan that names sensitive columns."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.plan import DataStrategy
from orchestrator.data.split import SplitRecord
from orchestrator.gates.ethics import gap_measure
from orchestrator.measure.bench import Scorer

GROUPS = "groups"


def group_files(split: SplitRecord) -> dict[str, Path]:
    """The sealed file with the test rows' groups; none where the plan has no sensitive column."""
    return {GROUPS: Path(split.groups)} if split.groups else {}


def group_scorers(data: DataStrategy, subject: str, shared: dict[str, JsonValue]) -> list[Scorer]:
    """The plan's metric, and those whose gaps the request bounds, on every group of every sensitive column."""
    if not data.sensitive:
        return []
    bounded = [gap_measure(name) for name in data.gap_bounds]
    metrics: list[JsonValue] = [
        data.metric,
        *(name for name in dict.fromkeys(bounded) if name not in (data.metric, "")),
    ]
    inputs = {"predictions": f"p_{subject}", "labels": "labels", "groups": GROUPS}
    return [Scorer(name="groups", inputs=inputs, params={**shared, "metrics": metrics, "subject": subject})]
