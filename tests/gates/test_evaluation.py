"""Gates of a model that was there before: what is not known of its training is unknown, and a bound binds."""

from __future__ import annotations

from typing import Any

import pytest

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import DataStrategy, Plan, SplitPlan, Step
from orchestrator.core.request import Route
from orchestrator.gates.evaluation import differs
from orchestrator.gates.result import judge_results, may_replan, shortfalls

POINT = {"maximize": "recall", "bound": {"metric": "false_positive_rate", "at_most": 0.05}}
GOOD: tuple[tuple[str, str, float | None, tuple[float, float] | None], ...] = (
    ("leaks", "split", 0.0, None),
    ("roc_auc", "delivered", 0.9, (0.85, 0.95)),
    ("roc_auc", "constant", 0.5, (0.5, 0.5)),
    ("paired_difference", "delivered vs constant", 0.4, (0.35, 0.45)),
    ("bootstrap_units", "delivered", 100.0, None),
    ("prediction_repeat", "", 0.0, None),
    ("false_positive_rate", "threshold", 0.04, (0.01, 0.08)),
    ("set_coverage", "sets", 0.91, (0.86, 0.95)),
)
ABSENT = (
    "data.scaling",
    "model.inductive_bias",
    "training.loss",
    "training.schedule",
    "reproducibility.hyperparameters",
)


def plan(**spec: Any) -> Plan:
    data = DataStrategy(
        file="x.csv", sha256="", target="y", task="binary", features=("a",), split=SplitPlan(kind="stratified"),
        metric="roc_auc",
    )  # fmt: skip
    step = Step(id="evaluate", worker="evaluate", kind="skill", spec=spec)
    return Plan(route=Route.EVALUATE, planner="rules", thoughts=(), steps=(step,), data=data)


def ruled(made: Plan, **changed: tuple[float | None, tuple[float, float] | None]) -> dict[str, Verdict]:
    """The verdicts on good evidence of which the entries named are changed."""
    evidence = []
    for place, (name, subject, value, interval) in enumerate(GOOD):
        found, between = changed.get(name, (value, interval)) if subject != "constant" else (value, interval)
        evidence.append(
            Evidence(id=f"e{place}", name=name, subject=subject, value=found, interval=between, n=100, text="told")
        )
    return {verdict.id: verdict for verdict in judge_results(made, tuple(evidence))}


def test_good_evidence_passes_and_the_training_s_own_checks_do_not_apply() -> None:
    verdicts = ruled(plan(operating_point=POINT, sets=True))
    assert {check for check, found in verdicts.items() if found.verdict == "not_applicable"} == set(ABSENT)
    assert all("was not seen" in verdicts[check].reason for check in ABSENT)
    assert {found.verdict for check, found in verdicts.items() if check not in ABSENT} == {"passed"}


def test_a_model_whose_training_was_not_seen_is_unknown_and_the_remedy_says_how_to_tell() -> None:
    verdicts = ruled(plan(), leaks=(None, None))
    assert verdicts["data.leakage"].verdict == "unknown" and "--trained-on" in verdicts["data.leakage"].remedy
    short = shortfalls(plan(), tuple(verdicts.values()))
    assert [found.id for found in short] == ["data.leakage"]
    assert not may_replan(plan(), short, {}), "another plan would only look again"


def test_a_model_that_met_the_rows_fails() -> None:
    found = ruled(plan(), leaks=(1.0, None))["data.leakage"]
    assert found.verdict == "failed" and "never met" in found.remedy


def test_a_model_that_draws_when_it_predicts_is_not_reproducible() -> None:
    assert ruled(plan(), prediction_repeat=(0.1, None))["reproducibility.seeds"].verdict == "failed"
    assert ruled(plan(), prediction_repeat=(None, None))["reproducibility.seeds"].verdict == "unknown"


@pytest.mark.parametrize(
    ("value", "interval", "verdict"),
    [(0.04, (0.01, 0.08), "passed"), (0.07, (0.03, 0.12), "passed"), (0.2, (0.1, 0.3), "failed"),
     (None, None, "unknown")],
)  # fmt: skip
def test_a_threshold_fails_where_its_whole_interval_misses_the_bound(
    value: float | None, interval: tuple[float, float] | None, verdict: str
) -> None:
    found = ruled(plan(operating_point=POINT), false_positive_rate=(value, interval))["evaluation.metric"]
    assert found.verdict == verdict
    assert ruled(plan(), false_positive_rate=(value, interval))["evaluation.metric"].verdict == "passed"
    assert ("lies in its interval" in found.reason) == (value == 0.07)
    assert ("loosen the bound" in found.remedy) == (verdict == "failed")


@pytest.mark.parametrize(
    ("value", "interval", "verdict"),
    [(0.92, (0.85, 0.97), "passed"), (0.88, (0.82, 0.94), "passed"), (0.7, (0.6, 0.8), "failed")],
)
def test_a_threshold_is_held_to_a_bound_from_below_too(
    value: float, interval: tuple[float, float], verdict: str
) -> None:
    point = {"maximize": "precision", "bound": {"metric": "recall", "at_least": 0.9}}
    kept = Evidence(id="t", name="recall", subject="threshold", value=value, interval=interval, n=100, text="told")
    others = tuple(
        Evidence(id=f"e{place}", name=name, subject=subject, value=found, interval=between, n=100, text="told")
        for place, (name, subject, found, between) in enumerate(GOOD)
    )
    verdicts = {found.id: found for found in judge_results(plan(operating_point=point), (*others, kept))}
    found = verdicts["evaluation.metric"]
    assert (found.verdict, "t" in found.evidence) == (verdict, True)
    assert "asked is at least 0.9" in found.reason
    assert ("lies in its interval" in found.reason) == (value == 0.88)


def test_what_was_not_measured_says_why_and_what_passed_asks_for_nothing() -> None:
    lost = ruled(
        plan(operating_point=POINT, sets=True), leaks=(None, None), false_positive_rate=(None, None),
        prediction_repeat=(None, None), set_coverage=(None, None),
    )  # fmt: skip
    checks = ("data.leakage", "evaluation.metric", "reproducibility.seeds", "evaluation.uncertainty")
    assert all((lost[check].verdict, "told" in lost[check].reason) == ("unknown", True) for check in checks)
    good, bad = (
        ruled(plan(sets=True)),
        ruled(plan(sets=True), prediction_repeat=(0.1, None), set_coverage=(0.5, (0.4, 0.6))),
    )
    for check in ("reproducibility.seeds", "evaluation.uncertainty"):
        assert (bool(good[check].remedy), bool(bad[check].remedy)) == (False, True)


@pytest.mark.parametrize(
    ("interval", "words"),
    [((0.01, 0.05), "better, beyond"), ((-0.05, -0.01), "worse, beyond"), ((-0.01, 0.05), "not shown to differ"),
     (None, "not shown to differ")],
)  # fmt: skip
def test_a_difference_is_told_by_its_whole_interval(interval: tuple[float, float] | None, words: str) -> None:
    pair = Evidence(id="p", name="paired_difference", subject="a vs b", value=0.02, interval=interval, n=9, text="")
    assert words in differs(pair)


def test_sets_that_hold_the_true_class_less_often_than_promised_fail() -> None:
    missed = (0.8, (0.75, 0.85))
    assert ruled(plan(sets=True), set_coverage=missed)["evaluation.uncertainty"].verdict == "failed"
    assert ruled(plan(sets=True, coverage=0.8), set_coverage=missed)["evaluation.uncertainty"].verdict == "passed"
    assert ruled(plan(), set_coverage=missed)["evaluation.uncertainty"].verdict == "passed"
