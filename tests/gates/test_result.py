"""The judge's gates: each fails on its own evidence, none passes without it, and the table rules what is required."""

from __future__ import annotations

import pytest
from evidence import PROBLEM, ROWS, Row, evidence_of, parabolic, plan_for
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.core.request import Route
from orchestrator.gates.required import CHECKS, NOT_APPLICABLE, REQUIRED, exempt, required
from orchestrator.gates.result import judge_results, may_replan, shortfalls

ROUTES = tuple(ROWS)

# route, evidence name, subject, a bad value (and interval), and the check that must fail on it
BAD: tuple[tuple[Route, str, str, float, tuple[float, float] | None, str], ...] = (
    (Route.PINN, "relative_l2", "delivered", 2e-4, (1.9e-4, 2.1e-4), "evaluation.metric"),
    (Route.PINN, "relative_l2", "delivered", 9e-5, (8e-5, 1.1e-4), "evaluation.metric"),
    (Route.PINN, "relative_l2", "data_only", 1e-5, (9e-6, 1.1e-5), "model.baseline"),
    (Route.PINN, "residual", "delivered", 0.5, None, "physics.residual"),
    (Route.PINN, "residual", "delivered", 0.5, None, "model.inductive_bias"),
    (Route.PINN, "residual", "data_only", 1e-6, None, "training.loss"),
    (Route.PINN, "training.loss_ratio", "", 1.5, None, "training.loss"),
    (Route.PINN, "initial_error", "delivered", 0.1, None, "physics.initial"),
    (Route.PINN, "boundary_error", "delivered", 0.1, None, "physics.boundary"),
    (Route.PINN, "maximum_principle", "delivered", 0.1, None, "physics.maximum_principle"),
    (Route.PINN, "law.mass", "delivered", 0.1, None, "physics.conservation"),
    (Route.PINN, "law.energy", "delivered", 0.1, None, "physics.conservation"),
    (Route.PINN, "scaled_range", "delivered", 7.0, None, "data.scaling"),
    (Route.PINN, "truth_error", "truth", 5e-5, None, "evaluation.uncertainty"),
    (Route.PINN, "reference_error", "reference", 5e-5, None, "simulate.convergence"),
    (Route.PINN, "residual", "reference", 0.5, None, "simulate.convergence"),
    (Route.PINN, "seed_fingerprint", "", 0.0, None, "reproducibility.seeds"),
    (Route.PINN, "prediction_repeat", "", 1e-12, None, "reproducibility.seeds"),
    (Route.PINN, "training.stopped", "", 0.0, None, "training.schedule"),
    (Route.PINN, "hyperparameters.differences", "", 1.0, None, "reproducibility.hyperparameters"),
    (Route.SIMULATE, "reference_error", "reference", 1e-3, None, "simulate.convergence"),
    (Route.SIMULATE, "reference_error", "reference", 1e-3, None, "evaluation.metric"),
    (Route.SIMULATE, "residual", "reference", 1.0, None, "evaluation.uncertainty"),
    (Route.TABULAR, "leaks", "split", 1.0, None, "data.leakage"),
    (Route.TABULAR, "feature_mean", "delivered", 120.0, None, "data.scaling"),
    (Route.TABULAR, "feature_deviation_high", "delivered", 40.0, None, "data.scaling"),
    (Route.TABULAR, "paired_difference", "delivered vs constant", 1.0, (-1.0, 3.0), "model.baseline"),
    (Route.TABULAR, "paired_difference", "delivered vs forest", -9.0, (-12.0, -6.0), "model.inductive_bias"),
    (Route.TABULAR, "cv_gap", "", 20.0, (16.0, 24.0), "training.loss"),
    (Route.TABULAR, "cv_gap", "", -1e9, (-1e9 - 4, -1e9 + 4), "training.loss"),
    (Route.TABULAR, "rmse", "delivered", 50.0, (30.0, 70.0), "evaluation.uncertainty"),
    (Route.TABULAR, "bootstrap_units", "delivered", 4.0, None, "evaluation.uncertainty"),
    (Route.TABULAR, "coverage", "delivered", 0.5, (0.4, 0.6), "evaluation.uncertainty"),
    (Route.TABULAR, "interval_width", "delivered", 1e9, None, "evaluation.uncertainty"),
    (Route.TABULAR, "interval_width", "constant", 100.0, None, "evaluation.uncertainty"),
    (Route.TABULAR, "training.stopped", "", 0.0, None, "training.schedule"),
)


def rulings(route: Route, rows: tuple[Row, ...]) -> dict[str, str]:
    return {verdict.id: verdict.verdict for verdict in judge_results(plan_for(route), evidence_of(rows))}


@pytest.mark.parametrize("route", ROUTES)
def test_good_evidence_passes_every_required_check(route: Route) -> None:
    verdicts = judge_results(plan_for(route), evidence_of(ROWS[route]))
    assert shortfalls(plan_for(route), verdicts) == ()
    assert [verdict.id for verdict in verdicts] == list(REQUIRED[route])


@pytest.mark.parametrize(("route", "name", "subject", "value", "interval", "check"), BAD)
def test_a_bad_measurement_fails_its_check(
    route: Route, name: str, subject: str, value: float, interval: tuple[float, float] | None, check: str
) -> None:
    rows = tuple((n, s, value, interval) if (n, s) == (name, subject) else (n, s, v, i) for n, s, v, i in ROWS[route])
    plan = plan_for(route)
    verdicts = judge_results(plan, evidence_of(rows))
    (ruled,) = (verdict for verdict in verdicts if verdict.id == check)
    assert ruled.verdict == "failed" and ruled.reason and ruled.remedy and ruled.evidence
    assert check in {verdict.id for verdict in shortfalls(plan, verdicts)}


@pytest.mark.parametrize(("route", "name", "subject", "value", "interval", "check"), BAD)
def test_a_measurement_that_is_absent_or_empty_is_never_a_pass(
    route: Route, name: str, subject: str, value: float, interval: tuple[float, float] | None, check: str
) -> None:
    absent = tuple(row for row in ROWS[route] if row[:2] != (name, subject))
    assert rulings(route, absent)[check] == "unknown"
    empty = tuple(
        entry.model_copy(update={"value": None, "interval": None})
        if (entry.name, entry.subject) == (name, subject)
        else entry
        for entry in evidence_of(ROWS[route])
    )
    ruled = {verdict.id: verdict for verdict in judge_results(plan_for(route), empty)}
    assert ruled[check].verdict == "unknown" and ruled[check].reason


def test_every_check_that_may_fail_is_shown_to_fail() -> None:
    for route in ROUTES:
        free = {check for check in REQUIRED[route] if exempt(plan_for(route), check)}
        shown = {row[5] for row in BAD if row[0] is route}
        common = {row[5] for row in BAD if row[5].startswith(("reproducibility.", "training.schedule"))}
        other = {"evaluation.metric"} if route is Route.TABULAR else set()  # its bounds: the test below
        assert set(REQUIRED[route]) - free - shown - common - other == set()


@given(st.sampled_from(ROUTES), st.data())
def test_taking_evidence_away_never_makes_a_check_pass(route: Route, data: st.DataObject) -> None:
    kept = data.draw(st.lists(st.sampled_from(ROWS[route]), unique=True))
    before = rulings(route, ROWS[route])
    after = rulings(route, tuple(row for row in ROWS[route] if row in kept))
    assert all(before[check] in ("passed", "not_applicable") for check, ruling in after.items() if ruling == "passed")
    missing = [row for row in ROWS[route] if row not in kept and row[0] != "rmse"]
    if missing and route is not Route.TABULAR:
        assert "unknown" in after.values()


def test_every_route_rules_on_the_ten_checks_and_gives_a_reason_where_one_does_not_apply() -> None:
    for route, checks in REQUIRED.items():
        assert set(CHECKS) <= set(checks), route
    assert all(reason and check in REQUIRED[route] for (route, check), reason in NOT_APPLICABLE.items())


def test_a_plan_without_verdicts_is_short_of_every_check() -> None:
    plan = plan_for(Route.PINN)
    assert {verdict.id for verdict in shortfalls(plan, ())} == set(REQUIRED[Route.PINN])


@pytest.mark.parametrize(
    ("classical", "delivered", "ruling"),
    [
        (1e-3, 2e-5, "passed"),
        (1e-7, 2e-5, "passed"),
        (1e-5, 5e-4, "failed"),
        (1e-3, 5e-4, "passed"),
        (None, 2e-5, "unknown"),
    ],
)
def test_a_classical_solver_at_equal_cost_is_told_and_beats_what_misses_the_accuracy(
    classical: float | None, delivered: float, ruling: str
) -> None:
    errors = {"classical": classical, "delivered": delivered}
    rows = tuple(
        (name, subject, errors[subject], None) if name == "relative_l2" and errors.get(subject) is not None
        else (name, subject, value, interval)
        for name, subject, value, interval in ROWS[Route.PINN]
        if not (subject == "classical" and classical is None)
    )  # fmt: skip
    (ruled,) = (v for v in judge_results(plan_for(Route.PINN), evidence_of(rows)) if v.id == "model.baseline")
    assert ruled.verdict == ruling
    better = classical is not None and classical < delivered
    assert ("ask for a simulation" in ruled.reason) == better
    if classical is not None:
        assert f"{classical:.3g}" in ruled.reason and f"{delivered:.3g}" in ruled.reason and "0.4" in ruled.reason


@pytest.mark.parametrize(
    ("interval", "ruling"), [((0.5e-2, 0.9e-2), "passed"), ((0.5e-2, 2e-2), "unknown"), ((2e-2, 3e-2), "failed")]
)
def test_a_residual_that_measuring_cannot_tell_from_its_bound_is_unknown(
    interval: tuple[float, float], ruling: str
) -> None:
    rows = tuple(
        (name, subject, sum(interval) / 2, interval) if (name, subject) == ("residual", "delivered")
        else (name, subject, value, old)
        for name, subject, value, old in ROWS[Route.PINN]
    )  # fmt: skip
    assert rulings(Route.PINN, rows)["physics.residual"] == ruling


def test_conservation_is_waived_only_where_no_law_was_derived_and_unknown_where_one_is_lost() -> None:
    lawless = tuple(
        (name, subject, 0.0, None) if name == "laws.derived" else (name, subject, value, interval)
        for name, subject, value, interval in ROWS[Route.PINN]
        if not name.startswith("law.")
    )
    assert rulings(Route.PINN, lawless)["physics.conservation"] == "not_applicable"
    lost = tuple(row for row in ROWS[Route.PINN] if row[0] not in ("law.mass", "law.energy"))
    assert rulings(Route.PINN, lost)["physics.conservation"] == "unknown"


def test_checks_of_a_start_and_of_a_boundary_are_waived_where_the_problem_has_none() -> None:
    axis = [{"name": "t", "low": 0.0, "high": 9.0}]
    starts = [{"at": {"t": 0.0}, "equations": ["u - 1"]}]
    decay = {**PROBLEM, "coordinates": axis, "equations": ["u_t + u"], "conditions": starts}
    steady = {**PROBLEM, "equations": ["u_xx"], "conditions": PROBLEM["conditions"][1:]}
    ring = {**PROBLEM, "conditions": PROBLEM["conditions"][:1], "periodic": ["x"]}
    for problem, initial, boundary in ((decay, False, True), (steady, True, False), (ring, False, False)):
        plan = plan_for(Route.PINN, problem=problem)
        assert bool(exempt(plan, "physics.initial")) == initial
        assert bool(exempt(plan, "physics.boundary")) == boundary


def test_a_network_in_jax_is_held_to_the_same_checks() -> None:
    step = Step(id="train", worker="jax", kind="skill", spec={"mode": "pinn"})
    plan = plan_for(Route.JAX, steps=(step,))
    assert required(plan) == REQUIRED[Route.PINN]
    assert shortfalls(plan, judge_results(plan, evidence_of(ROWS[Route.PINN]))) == ()


QUICKER, SLOWER, UNCLEAR = (3.1, 4.4), (0.2, 0.7), (0.8, 1.9)


@pytest.mark.parametrize(
    ("difference", "timed", "speed", "ruling", "told"),
    [
        (1e-6, True, QUICKER, "passed", "(3.1 to 4.4: quicker)"),
        (1e-6, True, SLOWER, "passed", "(0.2 to 0.7: slower)"),
        (1e-6, True, UNCLEAR, "passed", "(0.8 to 1.9: no speed-up shown)"),
        (1e-3, True, QUICKER, "failed", "delivered vs torch: 0.001 of the largest value"),
        (1e-6, True, None, "unknown", "with its interval"),
        (1e-6, False, QUICKER, "unknown", "compared or timed"),
        (None, True, QUICKER, "unknown", "not compared"),
    ],
)
def test_a_model_made_quick_must_say_the_same_and_its_speed_is_told_with_its_interval(
    difference: float | None, timed: bool, speed: tuple[float, float] | None, ruling: str, told: str
) -> None:
    step = Step(id="inference", worker="jax", kind="skill", spec={"mode": "inference"})
    rows: tuple[Row, ...] = (
        *ROWS[Route.PINN],
        *((("prediction_difference", "delivered vs torch", difference, None),) if difference is not None else ()),
        *((("latency_ms", "delivered, batch 1", 0.2, None),) if timed else ()),
        ("speedup", "delivered vs torch", 1.5, speed),
    )
    verdicts = judge_results(plan_for(Route.PINN, steps=(step,)), evidence_of(rows))
    (ruled,) = (verdict for verdict in verdicts if verdict.id == "deploy.equivalence")
    assert ruled.verdict == ruling and told in ruled.reason


@pytest.mark.parametrize(
    "changes",
    [
        {"source": "1"},
        {"reaction": "0.5*x"},
        {"left": {"kind": "neumann", "value": "1"}},
        {"left": {"kind": "robin", "value": "0", "coefficient": "1"}},  # u_x = -u at the left end feeds the field
        {"right": {"kind": "robin", "value": "1", "coefficient": "t"}},  # at t = 0 a flux, and no exchange
    ],
)
def test_the_maximum_principle_is_waived_by_the_table_only_where_it_does_not_hold(changes: dict[str, object]) -> None:
    assert exempt(plan_for(Route.PINN), "physics.maximum_principle") == ""
    other = plan_for(Route.PINN, problem=parabolic(**changes))
    assert exempt(other, "physics.maximum_principle")
    assert exempt(other, "physics.residual") == ""


@pytest.mark.parametrize(("bound", "ruling"), [({"at_most": 60}, "passed"), ({"at_most": 40}, "failed")])
def test_a_bound_of_the_request_decides_the_metric(bound: dict[str, float], ruling: str) -> None:
    plan = plan_for(Route.TABULAR)
    assert plan.data is not None
    data = plan.data.model_copy(update={"constraints": ({"metric": "rmse", **bound},)})
    verdicts = judge_results(plan.model_copy(update={"data": data}), evidence_of(ROWS[Route.TABULAR]))
    assert {v.id: v.verdict for v in verdicts}["evaluation.metric"] == ruling


def test_the_score_on_sealed_rows_never_leads_to_another_plan() -> None:
    plan = plan_for(Route.TABULAR)
    rows = tuple(
        row if row[1] != "delivered vs constant" else (*row[:2], 0.0, (-1.0, 1.0)) for row in ROWS[Route.TABULAR]
    )
    short = shortfalls(plan, judge_results(plan, evidence_of(rows)))
    assert short and not may_replan(plan, short, {})
    leak = tuple(row if row[0] != "leaks" else (*row[:2], 2.0, None) for row in ROWS[Route.TABULAR])
    assert may_replan(plan, shortfalls(plan, judge_results(plan, evidence_of(leak))), {})


def test_a_users_mistake_is_not_planned_around() -> None:
    plan = plan_for(Route.PINN)
    mistaken = Outcome(step="train", status="failed", spec_sha256="", user_error=True)
    assert not may_replan(plan, shortfalls(plan, ()), {"train": mistaken})


def _with_law(own: float | None, reference: float | None, *, others: bool) -> tuple[Evidence, ...]:
    """The good evidence with the law of mass as given, on the network and on the reference."""
    kept = [entry for entry in evidence_of(ROWS[Route.PINN]) if others or entry.name != "law.energy"]
    count = {"value": 2.0 if others else 1.0}
    kept = [entry.model_copy(update=count) if entry.name == "laws.derived" else entry for entry in kept]
    told = {"value": own, "text": "too coarse" if own is None else "mass keeps its value"}
    found = [entry.model_copy(update=told) if entry.name == "law.mass" else entry for entry in kept]
    law = next(entry for entry in found if entry.name == "law.mass")
    return (*found, law.model_copy(update={"id": "r1", "subject": "reference", "value": reference}))


def _conservation(evidence: tuple[Evidence, ...]) -> Verdict:
    return next(v for v in judge_results(plan_for(Route.PINN), evidence) if v.id == "physics.conservation")


def test_a_law_that_the_reference_breaks_as_much_is_set_aside_with_both_numbers_and_causes_no_replan() -> None:
    plan = plan_for(Route.PINN)
    for own in (0.3, None):
        ruled = _conservation(_with_law(own, 0.2995, others=True))
        assert ruled.verdict == "passed" and "0.299" in ruled.reason and "not measurable" in ruled.reason
        alone = _conservation(_with_law(own, 0.2995, others=False))
        assert alone.verdict == "not_applicable" and "the reference misses it by 0.299" in alone.reason
        assert shortfalls(plan, judge_results(plan, _with_law(own, 0.2995, others=False))) == ()
    assert _conservation(_with_law(None, None, others=True)).verdict == "passed"


def test_a_law_that_only_the_network_breaks_fails_and_one_that_the_reference_shows_to_be_measurable_may_be_mended() -> (
    None
):
    plan = plan_for(Route.PINN)
    assert _conservation(_with_law(0.3, 1e-6, others=True)).verdict == "failed"
    assert _conservation(_with_law(0.3, 0.1, others=True)).verdict == "failed"  # it adds more than the bound
    lost = _conservation(_with_law(None, 1e-6, others=True))
    assert lost.verdict == "unknown" and not lost.final and may_replan(plan, (lost,), {})
    nothing = tuple(entry for entry in evidence_of(ROWS[Route.PINN]) if entry.name != "laws.derived")
    underived = _conservation(nothing)
    assert underived.verdict == "unknown" and not may_replan(plan, (underived,), {})


def test_a_boundary_that_the_reference_misses_as_much_causes_no_replan() -> None:
    plan, evidence = plan_for(Route.PINN), evidence_of(ROWS[Route.PINN])
    missed = tuple(e.model_copy(update={"value": 1.5}) if e.name == "boundary_error" else e for e in evidence)
    (short,) = shortfalls(plan, judge_results(plan, missed))
    assert may_replan(plan, (short,), {})
    own = next(entry for entry in missed if entry.name == "boundary_error")
    both = (*missed, own.model_copy(update={"subject": "reference", "value": 2.0}))
    (short,) = shortfalls(plan, judge_results(plan, both))
    assert short.verdict == "failed" and "the reference solution misses it by 2" in short.reason
    assert not may_replan(plan, (short,), {})
    assert "final" not in short.model_dump(mode="json")
