"""What a run found out about unknown coefficients: the posterior of the training beside that of the classical fit."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from orchestrator.core.plan import Plan
from orchestrator.journal.rundir import RunDirectory
from orchestrator.report.record import step_files


class Posterior(BaseModel):
    """`posterior.json` of a step: a Gaussian over the coefficients `names`, in their own units."""

    model_config = ConfigDict(extra="ignore", allow_inf_nan=False)

    names: tuple[str, ...] = Field(min_length=1)
    mean: tuple[float, ...]
    covariance: tuple[tuple[float, ...], ...]
    method: str = ""

    def deviation(self, name: str) -> float:
        place = self.names.index(name)
        return math.sqrt(max(0.0, self.covariance[place][place]))

    def at(self, name: str) -> float:
        return self.mean[self.names.index(name)]

    @property
    def whole(self) -> bool:
        count = len(self.names)
        return len(self.mean) == count and [len(row) for row in self.covariance] == [count] * count


@dataclass(frozen=True)
class Found:
    """A step's posterior, and the unit of each coefficient."""

    step: str
    posterior: Posterior
    units: dict[str, str]


def read_posteriors(run: RunDirectory, plan: Plan | None) -> tuple[Found, ...]:
    """The posteriors of all steps that left a usable one; the training's first."""
    units = (plan.problem or {}).get("units") if plan else None
    told = {str(key): str(value) for key, value in units.items()} if isinstance(units, dict) else {}
    paths = step_files(run, "out/posterior.json")
    found = [Found(path.parent.parent.name, held, told) for path in paths if (held := read_posterior(path))]
    return tuple(sorted(found, key=lambda one: one.step != "train"))


def read_posterior(path: Path) -> Posterior | None:
    """The posterior of a file; None where there is none or it cannot be used."""
    try:
        posterior = Posterior.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return None
    return posterior if posterior.whole else None
