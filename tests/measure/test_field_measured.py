"""Fields are measured on the judge's own points; opponents and truths count only where our own skill made them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from fieldbench import HEAT, NO_SERIES, Measured, asked, predict_well

from orchestrator.boxes.job import Job
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.gates.result import judge_results
from orchestrator.measure.evidence import SELF_MADE, UNVOUCHED
from orchestrator.measure.field import measure_network, measure_reference

NETWORK, REFERENCE, CLASSICAL = ["delivered", "data_only"], ["delivered", "half"], ["delivered"]


def rulings(made: Measured, route: Route, problem: dict[str, object]) -> dict[str, str]:
    plan = Plan.model_validate(
        {"route": route, "planner": "t", "thoughts": [], "steps": [], "problem": problem, "tolerance": 1e-4}
    )
    return {verdict.id: verdict.verdict for verdict in judge_results(plan, made.book.entries)}


async def network(folder: Path, *, trust: str = "builtin", other: str = "builtin", problem: dict = HEAT) -> Measured:
    made = Measured(folder)
    own, reference = made.subject("train", NETWORK, trust), made.subject("reference", REFERENCE, other)
    classical = made.subject("classical", CLASSICAL, other)
    await measure_network(made.bench, made.book, own, reference, classical, asked(problem))
    return made


async def test_a_network_of_ours_is_measured_in_full(tmp_path: Path) -> None:
    made = await network(tmp_path)
    assert all(value is not None for _, _, value in made.values)
    assert made.found("relative_l2", "delivered").value == pytest.approx(1e-8, rel=1e-3)
    assert made.found("relative_l2", "data_only").value == pytest.approx(0.5, rel=0.05)
    assert made.found("relative_l2", "classical").value == pytest.approx(0.01)
    ruled = rulings(made, Route.PINN, HEAT)
    assert {check for check, ruling in ruled.items() if ruling not in ("passed", "not_applicable")} == set()


async def test_the_same_seed_gives_the_same_numbers_and_a_replan_new_points(tmp_path: Path) -> None:
    first, second = await network(tmp_path), await network(tmp_path)
    assert first.values == second.values
    third = Measured(tmp_path)
    (third.run.path / "plan-1.json").touch()
    await measure_reference(third.bench, third.book, third.subject("solve", REFERENCE), asked())
    points = [
        np.load(made.run.measured / "probes" / "points.npz")["inputs"][10201:14201] for made in (first, second, third)
    ]
    assert np.array_equal(points[0], points[1]) and not np.any(points[0] == points[2])


async def test_a_box_is_given_points_and_files_but_never_the_judges_key(tmp_path: Path) -> None:
    made = await network(tmp_path)
    paths = [path for job in made.workshop.jobs for path in job.inputs.values()]
    paths += [model.folder for job in made.workshop.jobs for model in job.models.values()]
    key = (made.run.state / "judge.key").resolve()
    assert key.is_file() and not any(path == key or path in key.parents for path in paths)


@pytest.mark.parametrize("trust", ["user", "untrusted"])
async def test_a_strangers_network_supplies_neither_opponent_nor_record_of_itself(tmp_path: Path, trust: str) -> None:
    made = await network(tmp_path, trust=trust)
    assert made.found("relative_l2", "delivered").value is not None
    for name, subject in (("relative_l2", "data_only"), ("residual", "data_only"), ("scaled_range", "delivered")):
        assert (made.found(name, subject).value, made.found(name, subject).text) == (None, UNVOUCHED)
    for name in ("training.stopped", "training.loss_ratio", "seed_fingerprint", "hyperparameters.differences"):
        assert name in SELF_MADE and made.found(name).value is None and made.found(name).text == UNVOUCHED
    ruled = rulings(made, Route.PINN, HEAT)
    for check in ("model.baseline", "training.loss", "training.schedule", "data.scaling", "reproducibility.seeds"):
        assert ruled[check] == "unknown"
    assert ruled["evaluation.metric"] == "passed"


async def test_a_strangers_reference_is_no_truth(tmp_path: Path) -> None:
    made = await network(tmp_path, other="user", problem=NO_SERIES)
    for name, subject in (
        ("relative_l2", "delivered"), ("relative_l2", "classical"), ("truth_error", "truth"),
        ("reference_error", "reference"),
    ):  # fmt: skip
        assert made.found(name, subject).value is None and UNVOUCHED in made.found(name, subject).text
    ruled = rulings(made, Route.PINN, NO_SERIES)
    for check in ("evaluation.metric", "evaluation.uncertainty", "model.baseline", "simulate.convergence"):
        assert ruled[check] == "unknown"


async def test_a_strangers_classical_solver_is_no_opponent(tmp_path: Path) -> None:
    made = await network(tmp_path, other="user")
    assert made.found("relative_l2", "classical").value is None
    assert UNVOUCHED in made.found("relative_l2", "classical").text
    ruled = rulings(made, Route.PINN, HEAT)
    assert (ruled["model.baseline"], ruled["evaluation.metric"]) == ("unknown", "passed")


async def test_a_reference_of_ours_is_a_truth_where_there_is_no_closed_form(tmp_path: Path) -> None:
    made = await network(tmp_path, problem=NO_SERIES)
    assert made.found("relative_l2", "delivered").text == "against the reference"
    assert made.found("reference_error", "reference").value == pytest.approx(9e-8, rel=1e-3)


async def test_a_truth_that_does_not_obey_the_equation_is_no_yardstick(tmp_path: Path) -> None:
    def predict(job: Job, out: Path) -> None:
        predict_well(job, out)
        with np.load(job.inputs["points"]) as held:
            bent = np.sin(7 * held["inputs"][:, :1]) * np.cos(5 * held["inputs"][:, 1:])
        for name in ("predictions.npz", "predictions-half.npz"):  # to itself it converges
            if "half" in job.variants:
                np.savez(out / name, outputs=bent, output_names=np.array(["u"]))

    good, made = await network(tmp_path / "good", problem=NO_SERIES), Measured(tmp_path / "bent", predict)
    own, reference = made.subject("train", NETWORK), made.subject("reference", REFERENCE)
    await measure_network(made.bench, made.book, own, reference, made.subject("classical", CLASSICAL), asked(NO_SERIES))
    residuals = [one.found("residual", "reference").value for one in (good, made)]
    assert residuals[0] is not None and residuals[1] is not None and residuals[0] < 1e-6 < 0.1 < residuals[1]
    ruled = [rulings(one, Route.PINN, NO_SERIES)["simulate.convergence"] for one in (good, made)]
    assert made.found("reference_error", "reference").value == 0.0 and ruled == ["passed", "failed"]


async def test_a_strangers_solver_is_measured_against_the_exact_solution_and_nothing_of_its_own(tmp_path: Path) -> None:
    for problem, known in ((HEAT, True), (NO_SERIES, False)):
        made = Measured(tmp_path)
        await measure_reference(made.bench, made.book, made.subject("solve", REFERENCE, "user"), asked(problem))
        error = made.found("reference_error", "reference")
        assert (error.value is not None) == known and (known or UNVOUCHED in error.text)
        assert rulings(made, Route.SIMULATE, problem)["reproducibility.seeds"] == "unknown"


@pytest.mark.parametrize("variants", [[], 5, "delivered", ["delivered"], ["delivered", "../data_only"], {"a": 1}])
async def test_a_network_without_a_usable_baseline_is_unknown_and_says_why(tmp_path: Path, variants: object) -> None:
    made = Measured(tmp_path)
    await measure_network(made.bench, made.book, made.subject("train", variants), None, None, asked())
    assert made.found("relative_l2", "delivered").value is not None
    assert made.found("relative_l2", "data_only").value is None
    assert "variants.json" in made.found("relative_l2", "data_only").text
    assert rulings(made, Route.PINN, HEAT)["model.baseline"] == "unknown"


def short(job: Job, out: Path) -> None:
    np.savez(out / "predictions.npz", outputs=np.zeros((3, 1)), output_names=np.array(["u"]))
    predict_rest(job, out)


def objects(job: Job, out: Path) -> None:
    np.savez(out / "predictions.npz", outputs=np.array([[{}]], dtype=object), output_names=np.array(["u"]))
    predict_rest(job, out)


def noise(job: Job, out: Path) -> None:
    (out / "predictions.npz").write_bytes(b"\xff" * 99)
    predict_rest(job, out)


def nothing(job: Job, out: Path) -> None:
    predict_rest(job, out)


def predict_rest(job: Job, out: Path) -> None:
    if job.variants[1:]:
        held = (out / "predictions.npz").read_bytes() if (out / "predictions.npz").is_file() else None
        predict_well(job, out)
        (out / "predictions.npz").unlink()
        if held:
            (out / "predictions.npz").write_bytes(held)


@pytest.mark.parametrize("predict", [short, objects, noise, nothing])
async def test_predictions_that_cannot_be_used_are_unknown(
    tmp_path: Path, predict: Callable[[Job, Path], None]
) -> None:
    made = Measured(tmp_path, predict)
    own, reference = made.subject("train", NETWORK), made.subject("reference", REFERENCE)
    await measure_network(made.bench, made.book, own, reference, None, asked())
    assert made.found("relative_l2", "delivered").value is None
    assert "predict" in made.found("relative_l2", "delivered").text
    assert rulings(made, Route.PINN, HEAT)["evaluation.metric"] == "unknown"
    last = Measured(tmp_path, predict)
    await measure_reference(last.bench, last.book, last.subject("solve", REFERENCE), asked())
    assert rulings(last, Route.SIMULATE, HEAT)["evaluation.metric"] == "unknown"


async def test_a_broken_opponent_or_a_broken_reference_leaves_the_rest_measured(tmp_path: Path) -> None:
    def predict(job: Job, out: Path) -> None:
        predict_well(job, out)
        if "data_only" in job.variants:
            (out / "predictions-data_only.npz").write_bytes(b"PK")
        if "half" in job.variants:
            np.savez(out / "predictions.npz", outputs=np.zeros(3))

    made = Measured(tmp_path, predict)
    own, reference = made.subject("train", NETWORK), made.subject("reference", REFERENCE)
    await measure_network(made.bench, made.book, own, reference, None, asked())
    assert made.found("relative_l2", "delivered").value is not None
    assert "predictions-data_only.npz cannot be used" in made.found("relative_l2", "data_only").text
    assert "the reference cannot predict" in made.found("reference_error", "reference").text


async def test_a_network_cannot_put_its_own_field_in_the_place_of_the_reference(tmp_path: Path) -> None:
    made = Measured(tmp_path)
    own = made.subject("train", ["delivered", "data_only", "reference", "half", "classical"])
    await measure_network(made.bench, made.book, own, made.subject("reference", REFERENCE), None, asked(NO_SERIES))
    scoring = next(job for job in made.workshop.jobs if job.verb == "score")
    truths = {str(path) for name, path in scoring.inputs.items() if "-reference-" in name}
    assert truths and all("/reference/" in path for path in truths)


async def test_an_environment_that_the_worker_removed_is_unknown(tmp_path: Path) -> None:
    made = Measured(tmp_path)
    own = made.subject("train", NETWORK)
    (made.run.out("train") / "environment.json").unlink()
    await measure_network(made.bench, made.book, own, None, None, asked())
    assert "environment.json was not written" in made.found("seed_fingerprint").text
    assert rulings(made, Route.PINN, HEAT)["reproducibility.seeds"] == "unknown"
