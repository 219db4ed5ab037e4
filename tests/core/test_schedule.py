"""What may run next: waves, loops, circles."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestrator.core.outcome import Claim, Outcome
from orchestrator.core.plan import Plan, Step, Until
from orchestrator.core.request import Route
from orchestrator.core.schedule import disorder, find_step, last_step_of, loop_state, ready


def plan_of(*steps: Step) -> Plan:
    return Plan(route=Route.PINN, planner="test", thoughts=(), steps=steps)


def skill(name: str, *needs: str) -> Step:
    return Step(id=name, worker="toy", kind="skill", needs=needs)


def done(name: str, **claims: float) -> Outcome:
    told = tuple(Claim(name=key, value=value) for key, value in claims.items())
    return Outcome(step=name, status="done", spec_sha256="", claims=told)


def failed(name: str) -> Outcome:
    return Outcome(step=name, status="failed", spec_sha256="", reason="it broke")


def ids(steps: tuple[Step, ...]) -> list[str]:
    return [step.id for step in steps]


LOOP = Step(
    id="solve",
    worker="simulation-expert",
    kind="loop",
    body=(
        Step(id="grid", worker="toy", kind="skill", spec={"resolution": 10, "width": 0.5, "name": "a"}),
        Step(id="check", worker="toy", kind="skill", needs=("grid",)),
    ),
    until=Until(step="check", claim="error", below=0.1),
    max_rounds=3,
    grow={"resolution": 2.0, "width": 0.5},
)


def test_independent_steps_are_ready_together_and_dependent_ones_wait() -> None:
    plan = plan_of(skill("train"), skill("reference"), skill("verify", "train", "reference"))
    assert ids(ready(plan, {})) == ["train", "reference"]
    assert ids(ready(plan, {"train": done("train")})) == ["reference"]
    both = {"train": done("train"), "reference": done("reference")}
    assert ids(ready(plan, both)) == ["verify"]


def test_a_failed_step_holds_back_only_what_needs_it() -> None:
    plan = plan_of(skill("a"), skill("b"), skill("after-a", "a"), skill("after-b", "b"))
    outcomes = {"a": failed("a"), "b": done("b")}
    assert ids(ready(plan, outcomes)) == ["after-b"]


def test_a_loop_runs_round_after_round_with_its_numbers_grown() -> None:
    plan = plan_of(LOOP, skill("use", "solve"))
    assert ids(ready(plan, {})) == ["solve.r1.grid"]
    first = {"solve.r1.grid": done("solve.r1.grid"), "solve.r1.check": done("solve.r1.check", error=1.0)}
    (second,) = ready(plan, first)
    assert second.id == "solve.r2.grid"
    assert second.spec == {"resolution": 20, "width": 0.25, "name": "a"}
    (check,) = ready(plan, first | {"solve.r2.grid": done("solve.r2.grid")})
    assert check.needs == ("solve.r2.grid",)


def test_a_loop_that_met_its_claim_lets_its_followers_run() -> None:
    plan = plan_of(LOOP, skill("use", "solve"))
    outcomes = {"solve.r1.grid": done("solve.r1.grid"), "solve.r1.check": done("solve.r1.check", error=0.05)}
    assert loop_state(LOOP, outcomes).state == "converged"
    assert ids(ready(plan, outcomes)) == ["use"]
    assert last_step_of(plan, "solve", outcomes) == "solve.r1.check"


def test_a_loop_is_bounded_and_its_followers_never_run_when_it_is_exhausted() -> None:
    plan = plan_of(LOOP, skill("use", "solve"))
    outcomes = {
        f"solve.r{n}.{name}": done(f"solve.r{n}.{name}", error=1.0) for n in (1, 2, 3) for name in ("grid", "check")
    }
    state = loop_state(LOOP, outcomes)
    assert (state.state, state.round, state.value) == ("exhausted", 3, 1.0)
    assert ready(plan, outcomes) == ()


def test_a_failed_round_ends_its_loop() -> None:
    state = loop_state(LOOP, {"solve.r1.grid": failed("solve.r1.grid")})
    assert state.state == "failed"
    assert ready(plan_of(LOOP), {"solve.r1.grid": failed("solve.r1.grid")}) == ()


def test_a_claim_that_is_missing_never_ends_a_loop_as_converged() -> None:
    outcomes = {"solve.r1.grid": done("solve.r1.grid"), "solve.r1.check": done("solve.r1.check")}
    assert loop_state(LOOP, outcomes).state == "running"


def test_steps_are_found_by_their_round() -> None:
    plan = plan_of(LOOP)
    assert find_step(plan, "solve.r2.check").needs == ("solve.r2.grid",)
    with pytest.raises(KeyError):
        find_step(plan, "solve.r2.nothing")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ((skill("a"), skill("a")), "twice"),
        ((skill("a", "b"),), "does not hold"),
        ((skill("a", "b"), skill("b", "a")), "circle"),
        ((skill("a", "a"),), "circle"),
    ],
)
def test_disorder_is_named(steps: tuple[Step, ...], said: str) -> None:
    assert said in disorder(steps)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 7)), max_size=20))
def test_waves_of_an_acyclic_plan_run_every_step_once_and_in_order(edges: list[tuple[int, int]]) -> None:
    needs: dict[int, set[int]] = {n: set() for n in range(8)}
    for a, b in edges:
        if a < b:
            needs[b].add(a)
    plan = plan_of(*(skill(f"s{n}", *(f"s{m}" for m in sorted(needs[n]))) for n in range(8)))
    assert disorder(plan.steps) == ""
    outcomes: dict[str, Outcome] = {}
    order: list[str] = []
    while wave := ready(plan, outcomes):
        assert not set(ids(wave)) & set(order)
        for step in wave:
            assert set(step.needs) <= set(order)
        order += ids(wave)
        outcomes |= {step.id: done(step.id) for step in wave}
    assert sorted(order) == sorted(step.id for step in plan.steps)
