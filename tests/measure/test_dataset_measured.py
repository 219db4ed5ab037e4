"""A data set is measured by samples that the judge has solved again: numbers in its file alone pass nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fieldbench import HEAT, Measured

from orchestrator.boxes.job import Code, Job, JobResult
from orchestrator.core.plan import Plan, Resources, Step
from orchestrator.gates.result import judge_results
from orchestrator.measure.again import Solver
from orchestrator.measure.dataset import measure_dataset
from orchestrator.measure.evidence import UNVOUCHED
from sandbox.protocol import Completed, Trust

GRID = 9
SPEC: dict[str, Any] = {
    "mode": "collect", "ranges": {"alpha": [0.1, 1.0]}, "samples": 6, "grid": GRID, "tolerance": 1e-4, "resolution": 64,
}  # fmt: skip
ALPHAS = np.linspace(0.15, 0.95, 6)
Arrays = dict[str, Any]


def solution(alpha: float, x: np.ndarray, t: np.ndarray) -> np.ndarray:
    return np.asarray(np.exp(-alpha * np.pi**2 * t) * np.sin(np.pi * x))


def good() -> Arrays:
    x, t = np.meshgrid(np.linspace(0, 1, GRID), np.linspace(0, 1, GRID), indexing="ij")
    outputs = np.stack([solution(alpha, x, t)[..., None] for alpha in ALPHAS])
    return {
        "parameters": ALPHAS[:, None], "parameter_names": np.array(["alpha"]), "outputs": outputs * (1 + 1e-8),
        "half": outputs * (1 + 1e-6), "error_estimate": np.full(6, 1e-7),
    }  # fmt: skip


def solve(job: Job, out: Path) -> None:
    """What a fresh box answers: the solution of the problem that the judge sent to be solved."""
    told = json.loads((job.models["subject"].folder / "spec.json").read_text())
    with np.load(job.inputs["points"]) as held:
        found = solution(told["problem"]["parameters"]["alpha"], *held["inputs"].T)[:, None]
    np.savez(out / "predictions.npz", outputs=found, output_names=["u"])
    np.savez(out / "predictions-half.npz", outputs=found * (1 + 1e-9), output_names=["u"])


async def measured(folder: Path, arrays: Arrays, trust: Trust = "builtin") -> Measured:
    made = Measured(folder, solve)
    made.subject("collect", [], trust)
    np.savez(made.run.out("collect") / "dataset.npz", **arrays)
    (made.run.out("collect") / "hyperparameters.json").write_text(json.dumps(SPEC))
    solver = Solver(code=Code(name="simulate", folder=folder, trust=trust), problem=HEAT, resources=Resources())
    await measure_dataset(made.bench, made.book, Step(id="collect", worker="simulate", kind="skill", spec=SPEC), solver)
    return made


def rulings(made: Measured) -> dict[str, str]:
    step = Step(id="collect", worker="simulate", kind="skill", spec=SPEC)
    told = {"route": "simulate", "planner": "t", "thoughts": [], "steps": [step.model_dump()], "problem": HEAT}
    plan = Plan.model_validate({**told, "tolerance": 1e-4})
    ruled = judge_results(plan, made.book.entries)
    return {verdict.id: verdict.verdict for verdict in ruled if verdict.verdict != "not_applicable"}


async def test_a_good_data_set_passes_on_samples_that_were_solved_again_more_finely(tmp_path: Path) -> None:
    made = await measured(tmp_path, good())
    assert set(rulings(made).values()) == {"passed"}
    difference = made.found("dataset_difference", "dataset")
    assert difference.value == pytest.approx(1e-8, rel=1e-3) and difference.n == 3
    assert difference.interval == pytest.approx((0.9e-8, 1.1e-8), rel=1e-3)
    assert made.found("dataset_bar", "dataset").value == pytest.approx(0.1, rel=0.02)
    specs = [job.spec for job in made.workshop.jobs if job.verb == "work"]
    assert len(specs) == 3 and {(spec["mode"], spec["tolerance"], spec["resolution"]) for spec in specs} == {
        ("reference", 1e-5, 128)
    }
    asked = [spec["problem"]["parameters"]["alpha"] for spec in specs]  # type: ignore[index,call-overload]
    assert len(set(asked)) == 3 and set(asked) <= set(ALPHAS)


async def test_which_samples_are_solved_again_follows_the_judges_key_and_never_the_files_order(tmp_path: Path) -> None:
    drawn = set()
    for place in range(6):
        made = await measured(tmp_path / str(place), good())
        drawn.add(tuple(sorted(job.step for job in made.workshop.jobs if job.verb == "work")))
    assert len(drawn) > 1
    again = [await measured(tmp_path / "same", good()) for _ in range(2)]
    steps = [[job.step for job in made.workshop.jobs] for made in again]
    assert steps[0] == steps[1]


def invented(arrays: Arrays) -> None:
    """Values that are no solutions, their coarser ones equal to them, and a fine error estimate beside."""
    arrays["outputs"] = np.random.default_rng(1).uniform(1, 2, size=arrays["outputs"].shape)
    arrays["half"], arrays["error_estimate"] = arrays["outputs"], np.zeros(6)


def shifted(arrays: Arrays) -> None:
    """Another equation's solutions: each sample's values belong to the next sample's parameters."""
    arrays["parameters"] = np.roll(arrays["parameters"], 1, axis=0)


def boastful(arrays: Arrays) -> None:
    """Values within the accuracy asked for, with an error bar that is far too small."""
    arrays["outputs"] = arrays["outputs"] * (1 + 5e-5)
    arrays["half"] = arrays["outputs"]


def repeated(arrays: Arrays) -> None:
    """One solution six times over."""
    for name in ("parameters", "outputs", "half"):
        arrays[name] = np.repeat(arrays[name][:1], 6, axis=0)


def elsewhere(arrays: Arrays) -> None:
    """Right solutions, of parameters that nobody asked for."""
    arrays["parameters"] = arrays["parameters"].copy()
    arrays["parameters"][2] = 5.0


def short(arrays: Arrays) -> None:
    """One sample fewer than were asked for."""
    for name in ("parameters", "outputs", "half", "error_estimate"):
        arrays[name] = arrays[name][1:]


@pytest.mark.parametrize(
    ("cheat", "check"),
    [
        (invented, "evaluation.metric"),
        (shifted, "evaluation.metric"),
        (boastful, "evaluation.uncertainty"),
        (repeated, "evaluation.uncertainty"),
        (elsewhere, "evaluation.uncertainty"),
        (short, "evaluation.uncertainty"),
    ],
)
async def test_a_data_set_that_cheats_fails(tmp_path: Path, cheat: Callable[[Arrays], None], check: str) -> None:
    arrays = good()
    cheat(arrays)
    made = await measured(tmp_path, arrays)
    assert rulings(made)[check] == "failed"
    assert rulings(made)["simulate.convergence"] == "passed"  # its own file says that all is well


@pytest.mark.parametrize(
    "changes",
    [
        {"parameters": np.full((6, 1), np.nan)},
        {"parameters": np.zeros((6, 2))},
        {"parameter_names": np.array(["nu"])},
        {"error_estimate": np.full(6, np.nan)},
        {"error_estimate": np.full(6, -1.0)},
        {"error_estimate": np.ones(5)},
        {"outputs": np.ones((2, GRID, GRID, 1)), "half": np.ones((2, GRID, GRID, 1)), "error_estimate": np.ones(2)},
        {"outputs": np.ones((6, GRID, 1)), "half": np.ones((6, GRID, 1))},
        {"outputs": np.ones((6, 3, 3, 1)), "half": np.ones((6, 3, 3, 1))},
    ],
)
async def test_a_file_that_cannot_be_compared_is_unknown_and_says_why(tmp_path: Path, changes: Arrays) -> None:
    made = await measured(tmp_path, {**good(), **changes})
    assert made.found("dataset_difference", "dataset").value is None
    assert made.found("dataset_difference", "dataset").text
    assert rulings(made)["evaluation.metric"] == "unknown"


async def test_a_sample_that_cannot_be_solved_again_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = Measured(tmp_path, solve)
    whole = made.workshop.do

    async def failing(job: Job) -> JobResult:
        failed = Completed(exit_code=1, ended="exit", output="no step is small enough", wall_s=0.0)
        return JobResult(completed=failed) if job.verb == "work" else await whole(job)

    monkeypatch.setattr("fieldbench.Workshop.do", lambda self, job: failing(job))
    made = await measured(tmp_path, good())
    difference = made.found("dataset_difference", "dataset")
    assert difference.value is None and "no step is small enough" in difference.text
    assert rulings(made)["evaluation.metric"] == rulings(made)["evaluation.uncertainty"] == "unknown"


async def test_a_strangers_solver_solves_nothing_again(tmp_path: Path) -> None:
    made = await measured(tmp_path, good(), "user")
    assert not [job for job in made.workshop.jobs if job.verb == "work"]
    for name in ("dataset_error", "dataset_strays", "dataset_difference", "dataset_bar"):
        assert (made.found(name, "dataset").value, made.found(name, "dataset").text) == (None, UNVOUCHED)


async def test_of_a_large_grid_some_nodes_are_compared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("orchestrator.measure.again.NODES", 20)
    made = await measured(tmp_path, good())
    with np.load(made.run.measured / "again" / "nodes.npz") as held:
        assert held["inputs"].shape == held["nodes"].shape == (20, 2)
        assert np.array_equal(held["inputs"], held["nodes"] / (GRID - 1))
    assert rulings(made)["evaluation.metric"] == "passed"
