"""Groups of people: gaps measured, bounds met, small groups told; personal data left nowhere."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan
from orchestrator.core.request import Route
from orchestrator.gates.ethics import GROUPS, PERSONAL, gap_measure, largest
from orchestrator.gates.principles import principles
from orchestrator.gates.required import CHECKS, required
from orchestrator.gates.result import judge_results
from orchestrator.nodes.group_sentences import LARGEST, NO_GAP, group_claims, group_sentence

Gap = tuple[str, str, float | None, tuple[float, float] | None]


def plan(**more: Any) -> Plan:
    data = DataStrategy(
        file="people.csv", sha256="0" * 64, target="hired", task="binary", features=("x", "sex"), metric="roc_auc",
        split=SplitPlan(kind="stratified"), **{"sensitive": ("sex",), **more},
    )  # fmt: skip
    return Plan(route=Route.TABULAR, planner="rules", thoughts=(), steps=(), data=data)


def evidence(*gaps: Gap, measured: float | None = 2.0, column: str = "sex", small: str = "") -> tuple[Evidence, ...]:
    entries = [Evidence(id="e1", name="groups.measured", value=measured, subject=column)]
    entries += [Evidence(id="e2", name="groups.small", value=1.0, subject=column, text=small)] if small else []
    entries += [
        Evidence(id=f"e{at}", name=f"gap.{name}", value=value, interval=interval, subject=column, text=text)
        for at, (name, text, value, interval) in enumerate(gaps, start=3)
    ]
    return tuple(entries)


AUC: Gap = ("roc_auc_difference", "m 0.8 against f 0.75", 0.05, (-0.02, 0.12))
ODDS: Gap = ("equalized_odds_difference", "true positive rate of 'yes', m 0.6 against f 0.4", 0.2, (0.05, 0.35))
PARITY: Gap = ("demographic_parity_difference", "selection rate of 'yes', m 0.5 against f 0.4", 0.1, (0.02, 0.18))
RATIO: Gap = ("demographic_parity_ratio", "selection rate of 'yes', m 0.5 against f 0.4", 0.8, (0.6, 1.1))


def ruled(made: Plan, *found: Evidence, check: str = GROUPS) -> Verdict:
    return next(verdict for verdict in judge_results(made, found) if verdict.id == check)


def test_the_check_is_required_where_columns_are_sensitive_and_nowhere_else() -> None:
    assert required(plan()) == (*CHECKS, GROUPS)
    assert required(plan(sensitive=())) == CHECKS
    assert required(plan(sensitive=(), personal={"mail": "e-mail addresses"})) == (*CHECKS, PERSONAL)
    assert required(plan(sensitive=(), personal={"mail": "e-mail addresses"}, kept=("mail",))) == CHECKS


def test_a_large_gap_passes_without_a_bound_and_is_told_with_its_interval() -> None:
    verdict = ruled(plan(), *evidence(AUC, ODDS, PARITY))
    assert verdict.verdict == "passed"
    assert "equalized odds difference of sex: 0.2, 95 % interval 0.05 to 0.35" in verdict.reason
    assert "m 0.6 against f 0.4" in verdict.reason


def test_gaps_that_may_be_chance_are_told_as_that() -> None:
    verdict = ruled(plan(), *evidence(AUC))
    assert verdict.verdict == "passed" and "no gap between groups is larger than chance could make it" in verdict.reason


@pytest.mark.parametrize(
    ("bounds", "verdict"),
    [
        ({"equalized_odds_difference": 0.2}, "passed"), ({"equalized_odds_difference": 0.19}, "failed"),
        ({"demographic_parity_ratio": 0.8}, "passed"), ({"demographic_parity_ratio": 0.81}, "failed"),
        ({"roc_auc_difference": 0.1, "demographic_parity_difference": 0.05}, "failed"),
        ({"equal_opportunity_difference": 0.1}, "unknown"),
    ],
)  # fmt: skip
def test_a_bound_of_the_request_is_held(bounds: dict[str, float], verdict: str) -> None:
    opportunity: Gap = ("equal_opportunity_difference", "fewer than two groups have rows enough", None, None)
    found = ruled(plan(gap_bounds=bounds), *evidence(AUC, ODDS, PARITY, RATIO, opportunity))
    assert found.verdict == verdict, found.reason
    if verdict == "failed":
        assert found.columns == {"gap": ("sex",)} and found.remedy and "the request asks for at" in found.reason


def test_a_bound_that_is_missed_is_told_from_its_own_side() -> None:
    above = ruled(plan(gap_bounds={"equalized_odds_difference": 0.1}), *evidence(AUC, ODDS, PARITY, RATIO))
    below = ruled(plan(gap_bounds={"demographic_parity_ratio": 0.9}), *evidence(AUC, ODDS, PARITY, RATIO))
    assert "asks for at most 0.1" in above.reason and "asks for at least 0.9" in below.reason


def test_rates_and_mean_errors_are_no_metrics_that_a_gap_compares() -> None:
    assert gap_measure("gap.rmse_ratio") == "rmse" and gap_measure("gap.roc_auc_difference") == "roc_auc"
    assert gap_measure("gap.equalized_odds_difference") == gap_measure("gap.mean_error_difference") == ""


@pytest.mark.parametrize("open_ended", ["rmse_difference", "mean_error_difference"])
def test_gaps_in_the_target_s_unit_count_after_those_of_rates(open_ended: str) -> None:
    wide: Gap = (open_ended, "m 9 against f 4", 5.0, (2.0, 8.0))
    found = largest(evidence(wide, PARITY))
    assert found is not None and found.name == "gap.demographic_parity_difference"
    in_unit = tuple(
        one.model_copy(update={"unit": "EUR"}) if one.value == 0.2 else one for one in evidence(ODDS, PARITY)
    )
    found = largest(in_unit)
    assert found is not None and found.name == "gap.demographic_parity_difference"
    alone = largest(evidence(wide))
    assert alone is not None and alone.value == 5.0


def test_why_gaps_are_not_there_is_told() -> None:
    lost = Evidence(id="e1", name="groups.measured", value=None, subject="", text="the scoring box broke")
    assert "the scoring box broke" in ruled(plan(), lost).reason
    assert "sex: told why" in ruled(plan(), *evidence(("roc_auc_difference", "told why", None, None))).reason
    assert "its groups were not measured" in ruled(plan()).reason


def test_a_bound_is_unknown_where_its_gap_was_never_measured() -> None:
    found = ruled(plan(gap_bounds={"equal_opportunity_difference": 0.1}), *evidence(AUC))
    assert found.verdict == "unknown" and "equal opportunity" in found.reason


def test_groups_that_are_too_small_leave_the_check_unknown_and_are_told() -> None:
    small = "not compared, with fewer than 20 rows or without a value: f (8)"
    verdict = ruled(plan(), *evidence(measured=1.0, small=small))
    assert verdict.verdict == "unknown" and "f (8)" in verdict.reason and "two are needed" in verdict.reason
    assert "no sensitive columns" in verdict.remedy


def test_one_column_without_groups_is_enough_to_be_unknown() -> None:
    both = (*evidence(AUC), *evidence(measured=1.0, column="race"))
    verdict = ruled(plan(sensitive=("sex", "race")), *both)
    assert verdict.verdict == "unknown" and verdict.columns == {"unmeasured": ("race",)}


def test_a_gap_without_an_interval_is_not_measured() -> None:
    assert ruled(plan(), *evidence((AUC[0], AUC[1], 0.05, None))).verdict == "unknown"
    assert ruled(plan()).verdict == "unknown"


@pytest.mark.parametrize(("value", "verdict"), [(0.0, "passed"), (2.0, "failed"), (None, "unknown")])
def test_personal_data_passes_where_no_value_was_found(value: float | None, verdict: str) -> None:
    made = plan(sensitive=(), personal={"mail": "e-mail addresses"})
    traces = Evidence(id="e1", name="personal.traces", value=value, subject="run", text="9 values looked for")
    found = ruled(made, traces, check=PERSONAL)
    assert (found.verdict, bool(found.remedy)) == (verdict, value == 2.0)
    assert "9 values looked for" in found.reason and ruled(made, check=PERSONAL).verdict == "unknown"


def ethics(made: Plan, *found: Evidence) -> float | None:
    return principles(made, (), judge_results(made, found), (), found)["ethics"]


def test_the_principle_counts_what_is_certain_of_the_gaps() -> None:
    assert ethics(plan(sensitive=())) is None
    assert ethics(plan(), *evidence(AUC, ODDS, PARITY)) == pytest.approx(0.95)
    assert ethics(plan(gap_bounds={"equalized_odds_difference": 0.1}), *evidence(AUC, ODDS, PARITY)) == 0.0
    assert ethics(plan(), *evidence(measured=1.0)) == 0.0
    ratio: Gap = ("rmse_ratio", "m 1 against f 2", 0.5, (0.4, 0.7))
    assert ethics(plan(), *evidence(AUC, ratio)) == pytest.approx(0.7)


def test_the_principle_counts_columns_of_personal_data_beside_them() -> None:
    made = plan(personal={"mail": "e-mail addresses"})
    found = evidence(AUC, ODDS, PARITY)
    for value, share in ((0.0, (0.95 + 1) / 2), (3.0, 0.95 / 2)):
        traces = Evidence(id="e9", name="personal.traces", value=value, subject="run")
        assert ethics(made, *found, traces) == pytest.approx(share)


def test_the_answer_tells_the_largest_sure_gap_in_every_language() -> None:
    found = evidence(AUC, ODDS, PARITY)
    (claim,) = group_claims(plan(), found)
    assert claim[1].value == 0.2 and "m 0.6 against f 0.4" in claim[0]
    for language in LARGEST:
        said = group_sentence(plan(), found, language)
        assert "0.2" in said and "0.05 to 0.35" in said and "{" not in said
        assert "sex" in group_sentence(plan(), evidence(AUC), language) and language in NO_GAP


def test_without_a_sure_gap_the_answer_says_that_it_may_be_chance() -> None:
    (claim,) = group_claims(plan(), evidence(AUC))
    assert claim[0].endswith("it may be chance") and claim[1].value == 0.05
    assert group_sentence(plan(), (), "en") == ""
