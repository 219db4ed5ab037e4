"""What a plan's finished steps are measured as: found by skill and mode, whatever their names."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fieldbench import HEAT, INVERSE, Measured

from orchestrator.config.skills import Skill
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Observations, Plan, Resources, Step
from orchestrator.data.observations import split_observations
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import write_json
from orchestrator.measure.road import measure


def skill(name: str, folder: Path) -> Skill:
    return Skill.model_construct(name=name, folder=folder, trust="builtin")


async def evidence(made: Measured, route: str, steps: list[Step], **more: Any) -> dict[tuple[str, str], Evidence]:
    told = {"route": route, "planner": "t", "thoughts": [], "steps": [s.model_dump() for s in steps], "problem": HEAT}
    plan = Plan.model_validate({**told, "tolerance": 1e-4, **more})
    made.run.environment.write_text("{}")
    outcomes = {
        step.id: Outcome(step=step.id, status="done", spec_sha256="", finished_at=float(n))
        for n, step in enumerate(steps)
    }
    skills = {step.skill_name: skill(step.skill_name, made.run.path) for step in steps}
    journal = Journal(made.run.journal, made.run.run_id)
    found = await measure(made.bench, plan, outcomes, skills, journal)
    journal.close()
    return {(entry.name, entry.subject): entry for entry in found}


def step(made: Measured, name: str, worker: str, mode: str = "", variants: tuple[str, ...] = ("delivered",)) -> Step:
    made.subject(name, list(variants))
    return Step(id=name, worker=worker, kind="skill", spec={"mode": mode} if mode else {})


@pytest.mark.parametrize(("route", "worker", "mode"), [("train/pinn", "pinn", ""), ("jax", "jax", "pinn")])
async def test_a_network_is_measured_with_its_reference_and_its_classical_opponent(
    tmp_path: Path, route: str, worker: str, mode: str
) -> None:
    made = Measured(tmp_path)
    steps = [
        step(made, "train", worker, mode, ("delivered", "data_only")),
        step(made, "reference", "simulate", "reference", ("delivered", "half")),
        step(made, "classical", "simulate", "baseline"),
    ]
    found = await evidence(made, route, steps)
    assert found["relative_l2", "delivered"].value == pytest.approx(1e-8, rel=1e-3)
    assert found["relative_l2", "classical"].value == pytest.approx(0.01)
    assert found["relative_l2", "delivered"].step == "train"
    with np.load(made.run.measured / "scores" / "residual.npz") as held:
        assert held["input_names"].tolist() == ["x", "t"] and np.abs(held["outputs"]).max() < 1e-6
    assert (made.run.measured / "grid" / "classical" / "predictions.npz").is_file()


async def test_the_last_solution_of_a_simulation_counts_and_a_baseline_is_no_reference(tmp_path: Path) -> None:
    made = Measured(tmp_path)
    steps = [step(made, name, "simulate", "reference", ("delivered", "half")) for name in ("first", "last")]
    found = await evidence(made, "simulate", steps)
    assert found["reference_error", "reference"].step == "last" and ("relative_l2", "delivered") not in found
    alone = Measured(tmp_path / "other")
    assert await evidence(alone, "simulate", [step(alone, "classical", "simulate", "baseline")]) == {}


async def test_a_data_set_is_measured_from_its_file_and_by_solving_samples_again(tmp_path: Path) -> None:
    made = Measured(tmp_path)
    part = step(made, "part", "simulate", "dataset")
    collected = step(made, "collect", "simulate", "collect")
    spec = {**collected.spec, "ranges": {"alpha": [0.1, 1.0]}, "grid": 5, "resolution": 64, "tolerance": 1e-4}
    fine = np.random.default_rng(0).uniform(1, 2, size=(3, 5, 5, 1))
    told = {"parameters": np.array([[0.2], [0.4], [0.6]]), "parameter_names": ["alpha"], "error_estimate": np.ones(3)}
    np.savez(made.run.out("collect") / "dataset.npz", outputs=fine, half=1.001 * fine, **told)
    part = part.model_copy(update={"resources": Resources(timeout_s=1234.0)})
    found = await evidence(made, "simulate", [part, collected.model_copy(update={"spec": spec})])
    assert {job.resources.timeout_s for job in made.workshop.jobs if job.verb == "work"} == {1234.0}
    assert found["dataset_difference", "dataset"].value is not None and found["dataset_strays", "dataset"].value == 0
    assert found["dataset_error", "dataset"].value == pytest.approx(1e-3)
    assert found["dataset_lost", "dataset"].value == 0 and found["seed_fingerprint", ""].value == 1


@pytest.mark.parametrize("noise", [10.0, None])
async def test_observations_are_measured_on_the_rows_that_the_host_held_out(
    tmp_path: Path, noise: float | None
) -> None:
    made = Measured(tmp_path)
    lines = [f"{x},{t},0" for x in (0.1, 0.3, 0.6, 0.9) for t in (0.2, 0.5, 0.8)]
    (tmp_path / "d.csv").write_text("x,t,u\n" + "\n".join(lines) + "\n")
    told = Observations(file=str(tmp_path / "d.csv"), sha256="", columns={"x": "x", "t": "t", "u": "u"}, noise=noise)
    record = split_observations(
        told, {"x": (0.0, 1.0), "t": (0.0, 1.0)}, ("u",), seed=0, destination=made.run.data, sealed=made.run.sealed
    )
    write_json(made.run.observations, record)
    steps = [step(made, "train", "pinn", "", ("delivered", "data_only")),
             step(made, "reference", "simulate", "fit", ("delivered", "half"))]  # fmt: skip
    for name in ("train", "reference"):
        told_json = {"names": ["alpha"], "mean": [0.4], "covariance": [[1e-6]]}
        (made.run.out(name) / "posterior.json").write_text(json.dumps(told_json))
    found = await evidence(made, "train/pinn", steps, problem=INVERSE, observations=told.model_dump())
    assert found["leaks", "split"].value == 0
    chi2 = found["observations_chi2", "delivered"]
    if noise is None:  # so few rows tell no noise, and nothing else may stand for it
        assert chi2.value is None and "too few" in found["observation_noise", "observations"].text
        return
    assert ("observation_noise", "observations") not in found
    assert chi2.value is not None and chi2.value < 0.1 and chi2.n == record.test_rows
    assert found["agreement.alpha", "delivered"].value == 0
