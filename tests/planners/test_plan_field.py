"""Plans for fields: the graph, the problem that is really solved, and problems that cannot be."""

from __future__ import annotations

import asyncio

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestrator.core.errors import BadInput, IllPosed, MlexpertError, NotAvailable
from orchestrator.core.evidence import Verdict
from orchestrator.core.expression import evaluate
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request
from orchestrator.planners.rules.formula import tidy
from orchestrator.planners.seam import choose
from skills.runtime.parabolic import Parabolic, recognised
from skills.runtime.problem import Problem

WORDS = [
    "u_t",
    "=",
    "0.1",
    "u_xx",
    "+",
    "-",
    "*",
    "u",
    "(",
    ")",
    "x",
    "t",
    ",",
    "u(0,t)=0",
    "u(1,t)=",
    "u_x(1,t)=1",
    "sin",
    "[0,",
    "1]",
]
STAGES = ["formulation", "data", "model", "training", "validation"]


def plan(text: str, *findings: Verdict, **options: object) -> Plan:
    planner = choose("rules", {})
    request = Request.model_validate({"text": text, **options})

    async def made() -> Plan:
        return await planner.plan(request, await planner.route(request), None, findings)

    return asyncio.run(made())


def problem(text: str) -> Parabolic:
    """What is planned, in the words of linear parabolic problems."""
    made = plan(text).problem
    assert made is not None
    found, why = recognised(Problem.model_validate(made))
    assert found is not None, why
    return found


def same(found: Parabolic, expected: dict[str, object]) -> bool:
    """Whether coefficients, ranges, profile and ends have the values that are expected."""
    x, t = np.linspace(*found.x, 5), np.linspace(*found.t, 5)
    other = Parabolic.model_validate({**found.model_dump(), **expected})
    coefficients = all(
        np.allclose(found.coefficient(name, x, t), other.coefficient(name, x, t), rtol=1e-12, atol=1e-12)
        for name in ("diffusion", "advection", "reaction", "source")
    )
    ends = all(
        one.kind == two.kind and np.allclose(found.boundary_row(one, t), other.boundary_row(two, t))
        for one, two in ((found.left, other.left), (found.right, other.right))
    )
    start = np.allclose(found.initial_value(x), other.initial_value(x), rtol=1e-9, atol=1e-9)
    return coefficients and ends and start and (found.x, found.t) == (other.x, other.t)


def failed(name: str) -> Verdict:
    return Verdict(id=name, verdict="failed", reason="not good enough")


def test_a_pinn_plan_delegates_reference_and_constraints_beside_training() -> None:
    made = plan("Train a PINN to solve the heat equation", seed=4)
    assert [(step.id, step.worker, step.kind, step.skill, step.needs) for step in made.steps] == [
        ("train", "pinn", "skill", "", ()),
        ("reference", "simulation-expert", "agent", "simulate", ()),
        ("constraints", "statistical-physicist", "agent", "physics", ()),
        ("classical", "simulation-expert", "agent", "simulate", ("train",)),
        ("physics", "statistical-physicist", "agent", "physics", ("train", "constraints")),
    ]
    assert made.delegates == ("simulation-expert", "statistical-physicist")
    assert all(step.spec["problem"] == made.problem for step in made.steps)
    assert made.steps[0].spec["seed"] == 4
    assert [thought.stage for thought in made.thoughts] == STAGES
    assert all(thought.decision and thought.why for thought in made.thoughts)
    assert any("Pure data loss" in pattern for thought in made.thoughts for pattern in thought.anti_patterns)


def test_the_heat_equation_has_the_agreed_defaults() -> None:
    found = problem("Train a PINN to solve the heat equation")
    ends = {"kind": "dirichlet", "value": "0"}
    assert same(found, {"diffusion": "0.4", "x": (0, 1), "t": (0, 1), "initial": "sin(pi*x)", "left": ends})


def test_a_simulation_is_a_bounded_loop_on_its_error_estimate() -> None:
    (loop,) = plan("Simulate the heat equation, resolution 32, tolerance 1e-5").steps
    assert (loop.kind, loop.max_rounds, loop.grow) == ("loop", 5, {"resolution": 2.0})
    assert loop.until is not None and (loop.until.claim, loop.until.below) == ("error_estimate", 1e-5)
    assert loop.body[0].spec["resolution"] == 32


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("PINN u_t = 0.05 u_xx - 0.5 u_x + 2 u + x", {"advection": "-0.5", "reaction": "2", "source": "x"}),
        ("PINN u_t + 0.5 u_x = 0.01 u_xx, periodic, u(x,0) = sin(2*pi*x)", {"diffusion": "0.01", "advection": "-0.5"}),
        ("PINN ∂u/∂t = D ∂²u/∂x² with D = 0.3", {"diffusion": "0.3"}),
        ("PINN 0.1 u_xx = u_t", {"diffusion": "0.1"}),
        ("PINN 2 u_t = u_xx", {"diffusion": "0.5"}),
        ("PINN u_t = 0.1*(u_xx - 3*u)", {"diffusion": "0.1", "reaction": "-0.3"}),
        ("PINN Fokker-Planck with drift -x and diffusion 0.5", {"advection": "x", "reaction": "1", "x": [-3.0, 3.0]}),
        ("PINN advection-diffusion, velocity 0.5, diffusion 0.1", {"advection": "-0.5", "diffusion": "0.1"}),
        ("PINN heat equation, insulated ends", {"initial": "cos(pi*x)"}),
        ("PINN heat equation u(0,t)=u(2,t)=0, u(x,0)=x(2-x)", {"x": [0.0, 2.0], "initial": "x*(2-x)"}),
        ("PINN heat equation, Diffusivität 0,2 auf [0; 0,5] bis t=0,1", {"x": [0.0, 0.5], "t": [0.0, 0.1]}),
    ],
)  # fmt: skip
def test_the_problem_is_read_from_words_and_formulas(text: str, expected: dict[str, object]) -> None:
    assert same(problem(text), expected)


def test_a_robin_condition_is_read_and_the_default_profile_meets_it() -> None:
    found = problem("PINN heat equation u_x(0,t)=0, u_x(1,t) + 2 u(1,t) = 0")
    assert same(found, {"right": {"kind": "robin", "value": "0", "coefficient": "2"}})
    profile = found.initial
    slope = (evaluate(profile, x=1.0) - evaluate(profile, x=1 - 1e-6)) / 1e-6
    assert slope + 2 * evaluate(profile, x=1.0) == pytest.approx(0.0, abs=1e-4)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("PINN heat equation with diffusivity -0.1", "diffusion"),
        ("PINN u_t = (x - 0.5) u_xx", "diffusion"),
        ("PINN heat equation on [1, 0]", "domain x"),
        ("PINN heat equation with u(0,t)=0", "boundary condition at x = 1"),
        ("PINN heat equation, u(x,0)=foo(x)", "foo"),
        ("PINN u_t = 0.1 u_xx + foo*u", "foo"),
        ("PINN u_t = alpha u_xx", "alpha"),
        ("PINN heat equation u(x,0)=cos(pi x), u(0,t)=0, u(1,t)=0", "contradict"),
        ("PINN heat equation, periodic, u(x,0)=x", "is periodic, but"),
        ("PINN heat equation on [0,1], u(0.5,t)=0, u(1,t)=0", "x = 0.5"),
    ],
)
def test_an_ill_posed_problem_is_refused_by_name(text: str, name: str) -> None:
    with pytest.raises(IllPosed, match=name) as refused:
        plan(text)
    assert refused.value.remedy


@pytest.mark.parametrize(
    "text",
    ["PINN for Navier-Stokes around a cylinder", "PINN for Maxwell's equations", "PINN for the wave equation in 2D",
     "PINN for the Poisson equation on a disk", "PINN 3D heat equation", "simulate the Gray-Scott equations"],
)  # fmt: skip
def test_a_problem_without_an_entry_says_how_to_write_it_out(text: str) -> None:
    with pytest.raises(NotAvailable) as refused:
        plan(text)
    assert "Write" in refused.value.remedy


@pytest.mark.parametrize("text", ["PINN for u_tt = u_xx", "PINN u_t = u_xx - u^3", "PINN u_t + u u_x = 0.01 u_xx"])
def test_an_equation_without_conditions_is_ill_posed(text: str) -> None:
    with pytest.raises(IllPosed, match="initial condition"):
        plan(text)


@pytest.mark.parametrize("text", ["PINN for Burgers' equation", "PINN 2D heat equation", "simulate the wave equation"])
def test_a_named_problem_is_planned_with_its_defaults_told(text: str) -> None:
    made = plan(text)
    assert made.problem is not None
    Problem.model_validate(made.problem)
    assert any("taken from the library" in note for note in made.notes)


def test_a_training_that_its_limit_cut_off_gets_more_iterations_unless_the_request_fixes_them() -> None:
    cut_off = Verdict(id="training.schedule", verdict="failed", reason="stopped by limit at 200 of 200")
    for text, iterations in (
        ("PINN Burgers equation in JAX", 1500),
        ("PINN Burgers equation", 1500),
        ("PINN Burgers equation, 90 epochs", 90),
    ):
        spec = plan(text, cut_off).steps[0].spec
        assert spec["iterations"] == iterations and "hidden" not in spec


def test_a_missed_tolerance_leads_to_a_larger_network_and_at_last_to_the_same_plan() -> None:
    first = plan("Train a PINN to solve the heat equation")
    second = plan("Train a PINN to solve the heat equation", failed("evaluation.metric"))
    third = plan("Train a PINN to solve the heat equation", *[failed("evaluation.metric")] * 2)
    fourth = plan("Train a PINN to solve the heat equation", *[failed("evaluation.metric")] * 3)
    last = plan("Train a PINN to solve the heat equation", *[failed("evaluation.metric")] * 4)
    assert "hidden" not in first.steps[0].spec
    assert second.steps[0].spec["hidden"] == [2048]
    assert third.steps[0].spec["hidden"] == [30, 30, 30]
    assert fourth.steps[0].spec["hidden"] == [40, 40, 40]
    assert last.steps == fourth.steps


def test_findings_that_no_plan_can_answer_change_nothing() -> None:
    text = "Train a PINN to solve the heat equation"
    assert plan(text, failed("reproducibility.seeds")).steps == plan(text).steps


def test_a_spec_that_the_gate_refused_is_left_out() -> None:
    refusal = Verdict(id="plan.specs", verdict="failed", reason="spec of step 'train': iterations must be below 5000")
    made = plan("PINN heat equation, 99999 iterations", refusal)
    assert "iterations" not in made.steps[0].spec
    assert any("iterations" in note for note in made.notes)


def test_an_exhausted_loop_starts_finer() -> None:
    (loop,) = plan("Simulate the heat equation", failed("simulate.convergence")).steps
    assert loop.body[0].spec["resolution"] == 128


@pytest.mark.parametrize("resolution", [8, 64, 300, 2048])
def test_a_loop_never_asks_for_more_cells_than_the_skill_takes(resolution: int) -> None:
    (loop,) = plan(f"Simulate the heat equation, resolution {resolution}", failed("simulate.convergence")).steps
    start = loop.body[0].spec["resolution"]
    assert isinstance(start, int)
    assert start * 2 ** (loop.max_rounds - 1) <= 2048


@pytest.mark.parametrize("wish", ["resolution 4", "resolution 5000", "tolerance 1e-15", "tolerance 0.5"])
def test_numbers_out_of_range_are_refused_before_anything_is_spent(wish: str) -> None:
    with pytest.raises(BadInput, match="is asked for"):
        plan(f"Simulate the heat equation, {wish}")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [("sin(pi x)", "sin(pi*x)"), ("4x(1-x)", "4*x*(1-x)"), ("sin 2 pi x + 3", "sin(2*pi*x)+3"), ("x^2", "x**2"),
     ("2sin(pi x)cos(t)", "2*sin(pi*x)*cos(t)"), ("hello", ""), ("foo(x)", "")],
)  # fmt: skip
def test_formulas_as_people_type_them(typed: str, meant: str) -> None:
    assert tidy(typed) == meant


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.sampled_from(WORDS),
        max_size=14,
    )
)
def test_any_field_request_is_planned_or_refused_with_a_remedy(words: list[str]) -> None:
    try:
        made = plan("Train a PINN for the heat equation " + " ".join(words))
    except MlexpertError as refusal:
        assert refusal.message and refusal.remedy
    else:
        assert made.problem is not None
        Problem.model_validate(made.problem)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("PINN for u_t = 1e300*u_xx, u(x,0) = sin(pi*x), u(0,t) = 0, u(1,t) = 0", r"the number -1e\+300"),
        ("PINN for the heat equation, x in [0, 1e308]", r"the end of x is 1e\+308"),
        ("PINN for the heat equation, x in [0, 1e-300]", r"the length of the domain of x is 1e-300"),
        ("Simulate the Burgers equation, nu = 1e300", r"the parameter nu is 1e\+300"),
        ("Simulate the Lorenz system, sigma = 1e308", r"the parameter sigma is 1e\+308"),
    ],
)
def test_numbers_whose_powers_overflow_are_refused_by_name_and_value(text: str, told: str) -> None:
    with pytest.raises(IllPosed, match=told) as caught:
        plan(text)
    assert "units" in caught.value.remedy


@pytest.mark.parametrize(
    "text",
    [
        "PINN for the inviscid Burgers equation",
        "Simulate Burgers' equation without viscosity until t = 0.5",
        "PINN for u_t + u*u_x = 0, u(x,0) = -sin(pi*x), periodic, x in [-1, 1], t in [0, 1]",
    ],
)
def test_a_law_without_viscosity_is_refused_beyond_its_shock(text: str) -> None:
    with pytest.raises(IllPosed, match=r"breaks at t = 0\.3183 near x = 0:") as caught:
        plan(text)
    assert "t in [0, 0.255]" in caught.value.remedy


def test_an_inviscid_law_is_solved_without_viscosity_before_its_shock() -> None:
    told = plan("Simulate the inviscid Burgers equation until t = 0.2").problem
    assert told is not None and told["equations"] == ["u_t + u*u_x"]
    with pytest.raises(BadInput, match="'inviscid' was read"):
        plan("Simulate the inviscid Burgers equation, nu = 0.02, until t = 0.2")
