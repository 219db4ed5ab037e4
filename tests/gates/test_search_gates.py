"""Gates of a search: every trial accounted for, and the reported score another than the tuned one."""

from __future__ import annotations

import pytest
from evidence import ROWS, Row, evidence_of, plan_for

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.core.search import Dimension, Objective, Search
from orchestrator.gates.known import Known
from orchestrator.gates.search import complete, nested

COUNTED: tuple[Row, ...] = (("search.missing", "", 0.0, None), ("search.failed", "", 2.0, None))
APART: tuple[Row, ...] = (
    ("search.tuned", "cv_rmse", 48.0, None),
    ("search.shared_rows", "", 0.0, None),
    ("search.setting_differences", "", 0.0, None),
)


def plan() -> Plan:
    search = Search(
        space=(Dimension(name="trees", kind="int", low=10, high=100),),
        objectives=(Objective(claim="cv_rmse", direction="minimize"),),
    )
    trial = Step(id="trial", worker="tabular", kind="skill", spec={"models": ["forest"]})
    step = Step(id="search", worker="tabular", kind="loop", body=(trial,), search=search)
    return plan_for(Route.TABULAR).model_copy(update={"route": Route.SWEEP, "steps": (step,)})


def known(rows: tuple[Row, ...], trials: int = 20) -> Known:
    entries: tuple[Evidence, ...] = tuple(
        entry.model_copy(update={"n": trials}) for entry in evidence_of((*ROWS[Route.TABULAR], *rows))
    )
    return Known(plan=plan(), evidence=entries)


def replaced(rows: tuple[Row, ...], name: str, value: float) -> tuple[Row, ...]:
    return tuple((row[0], row[1], value if row[0] == name else row[2], row[3]) for row in rows)


def ruled(found: Verdict) -> tuple[str, str]:
    return found.verdict, found.reason


@pytest.mark.parametrize(
    ("missing", "failed", "ruling"), [(0, 0, "passed"), (0, 10, "passed"), (0, 11, "failed"), (1, 0, "failed")]
)
def test_a_search_that_a_clock_stopped_or_whose_trials_mostly_failed_fails(
    missing: int, failed: int, ruling: str
) -> None:
    rows = replaced(replaced(COUNTED, "search.missing", missing), "search.failed", failed)
    found = complete(known(rows))
    assert found.verdict == ruling and bool(found.remedy) == (ruling == "failed")


@pytest.mark.parametrize("dropped", ["search.missing", "search.failed"])
def test_trials_that_nobody_counted_are_not_complete(dropped: str) -> None:
    assert complete(known(tuple(row for row in COUNTED if row[0] != dropped))).verdict == "unknown"


def test_the_tuned_score_stands_beside_the_one_on_rows_that_no_trial_saw() -> None:
    verdict, reason = ruled(nested(known(APART)))
    assert verdict == "passed" and "48" in reason and "51" in reason, reason  # 51: the forest on sealed rows


@pytest.mark.parametrize("name", ["search.shared_rows", "search.setting_differences"])
def test_a_sealed_row_in_a_trial_or_another_setting_fails(name: str) -> None:
    assert nested(known(replaced(APART, name, 1.0))).verdict == "failed"


@pytest.mark.parametrize("dropped", ["search.tuned", "search.shared_rows", "search.setting_differences"])
def test_what_was_not_measured_is_not_nested(dropped: str) -> None:
    assert nested(known(tuple(row for row in APART if row[0] != dropped))).verdict == "unknown"


def test_without_the_family_s_score_on_sealed_rows_nothing_is_nested() -> None:
    found = known(APART)
    fewer = tuple(entry for entry in found.evidence if entry.subject != "forest")
    assert nested(Known(plan=found.plan, evidence=fewer)).verdict == "unknown"
