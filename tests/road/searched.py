"""Plans with a search over the skill `trial`, and what a run left of it."""

from __future__ import annotations

import csv
from pathlib import Path

from pydantic import JsonValue
from road import SMALL, toy

from orchestrator.core.plan import Step
from orchestrator.core.search import Dimension, Objective, Search, When

SPACE = (
    Dimension(name="x", kind="float", low=0.0, high=1.0),
    Dimension(name="kind", kind="choice", choices=("plain", "bent")),
    Dimension(name="bend", kind="float", low=-1.0, high=1.0, when=When(name="kind", one_of=("bent",))),
)
SCORE = Objective(claim="score", direction="maximize")


def searching(search: Search, **spec: JsonValue) -> Step:
    trial = Step(id="trial", worker="trial", kind="skill", spec=spec, resources=SMALL)
    whole = SMALL.model_copy(update={"timeout_s": 300.0})
    return Step(id="search", worker="trial", kind="loop", body=(trial,), search=search, resources=whole)


def after(step: Step) -> tuple[Step, Step]:
    """The search, and a step that is given what it found."""
    then = toy("then", "search").model_copy(update={"worker": "trial"})
    return step, then


def rows(table: Path) -> list[dict[str, str]]:
    """The trials without their seconds."""
    with table.open(encoding="utf-8") as stream:
        return [{key: value for key, value in row.items() if key != "wall_s"} for row in csv.DictReader(stream)]
