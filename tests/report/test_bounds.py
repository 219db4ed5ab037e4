"""Checks show on which side of its threshold a value is good, as the gates have ruled, and guess none."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Observations, Plan
from orchestrator.gates import common, field, inverse, physics, table
from orchestrator.gates.known import Known
from orchestrator.report.bounds import HOLDS, bound_of, is_signed
from orchestrator.report.page import write_report
from orchestrator.report.record import read_record
from orchestrator.report.text import render_answer

from . import runs
from .common import SHA, evidence
from .field_parts import field_plan
from .table_parts import table_plan

FIELD, TABLE = field_plan(), table_plan()
OBSERVED = FIELD.model_copy(
    update={"observations": Observations(file="t.csv", sha256=SHA, columns={"x": "x", "u": "u"}, noise=0.1)}
)
ASKED = ({"metric": "recall", "at_least": 0.9},)
RECALLED = TABLE.model_copy(update={"data": TABLE.data and TABLE.data.model_copy(update={"constraints": ASKED})})


def _known(plan: Plan, *rows: Evidence) -> Known:
    return Known(plan=plan, evidence=rows)


def _training(ratio: float) -> tuple[Evidence, ...]:
    residuals = evidence(2, "residual", 1e-4), evidence(3, "residual", 0.9, "data_only")
    return evidence(1, "training.loss_ratio", ratio), *residuals


def _gain(low: float, high: float) -> Evidence:
    return evidence(1, "paired_difference", (low + high) / 2, "delivered vs constant", interval=(low, high))


RULED: tuple[tuple[Verdict, Known, str], ...] = tuple(
    (gate(known), known, shown)
    for gate, known, shown in (
        (physics.residual, _known(FIELD, evidence(1, "residual", 1e-4)), "≤ 0.01"),
        (physics.residual, _known(FIELD, evidence(1, "residual", 0.2)), "≤ 0.01"),
        (field.metric, _known(FIELD, evidence(1, "relative_l2", 1e-3, interval=(9e-4, 2e-3))), "≤ 0.0001"),
        (field.loss, _known(FIELD, *_training(1e-9)), "≤ 0.9"),
        (field.loss, _known(FIELD, *_training(2.0)), "0.9"),  # failed, but not for its value
        (common.schedule, _known(FIELD, evidence(1, "training.stopped", 1.0)), "= 1"),
        (common.schedule, _known(FIELD, evidence(1, "training.stopped", 0.0)), "= 1"),
        (table.leakage, _known(TABLE, evidence(1, "leaks", 0.0, "split")), "≤ 0"),
        (table.baseline, _known(TABLE, _gain(0.2, 0.4)), "> 0"),
        (table.baseline, _known(TABLE, _gain(0.0, 0.0)), "> 0"),
        (table.baseline, _known(TABLE, _gain(-0.2, 0.4)), "> 0"),
        (table.metric, _known(RECALLED, evidence(1, "accuracy", 0.9, n=69), evidence(2, "recall", 0.5, n=69)), "≥ 0.9"),
        (
            lambda known: inverse.fits_observations("evaluation.uncertainty", known),
            _known(OBSERVED, evidence(1, "observations_chi2", 0.1, n=30)), "≥ 0.3961",
        ),
        (
            lambda known: inverse.fits_observations("evaluation.uncertainty", known),
            _known(OBSERVED, evidence(1, "observations_chi2", 1.0, n=30)), "≤ 1.957",
        ),
    )
)  # fmt: skip


@pytest.mark.parametrize(("check", "known", "shown"), RULED)
def test_a_bound_shows_the_side_on_which_the_gate_finds_a_value_good(check: Verdict, known: Known, shown: str) -> None:
    assert bound_of(check, {entry.id: entry for entry in known.evidence}) == shown


@pytest.mark.parametrize(
    ("value", "ruling", "shown"), [(0.95, "passed", "≥ 0.9"), (0.5, "failed", "≥ 0.9"), (0.87, "passed", "0.9")]
)
def test_coverage_is_to_be_large_and_within_chance_shows_no_side(value: float, ruling: str, shown: str) -> None:
    check = Verdict.model_validate(
        {"id": "evaluation.uncertainty", "verdict": ruling, "value": value, "threshold": 0.9, "evidence": ("e1",)}
    )
    assert bound_of(check, {"e1": evidence(1, "coverage", value, interval=(value - 0.1, value + 0.05))}) == shown


NUMBERS = st.floats(-2, 2)
NAMES = st.sampled_from(["residual", "coverage", "paired_difference", "training.stopped", "observations_chi2"])


@given(
    NAMES,
    st.sampled_from(["evaluation.metric", "model.baseline"]),
    st.sampled_from(["passed", "failed"]),
    NUMBERS,
    NUMBERS,
)
def test_a_bound_never_contradicts_its_verdict(
    name: str, check_id: str, ruling: str, value: float, threshold: float
) -> None:
    check = Verdict.model_validate(
        {"id": check_id, "verdict": ruling, "value": value, "threshold": threshold, "evidence": ("e1",)}
    )
    bound = bound_of(check, {"e1": evidence(1, name, value, interval=(value, value + 1))})
    if is_signed(bound):
        assert HOLDS[bound.split()[0]](value, threshold) is (ruling == "passed")


def test_terminal_and_page_show_the_bounds(tmp_path: Path) -> None:
    run = runs.field_run(tmp_path)
    record = read_record(run)
    assert record.answer
    text = " ".join(render_answer(record.answer, record.evidence).split())
    assert "evaluation.metric 3.4e-05 (must be ≤ 0.0001)" in text
    assert "training.schedule 1 (must be 1)" in text
    page = write_report(run).read_text(encoding="utf-8")
    assert '<td class="n" data-name="bound">≤ 0.0001</td>' in page
