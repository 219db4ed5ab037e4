"""Unknown coefficients are measured against the field, the classical fit and observations that no worker saw."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from fieldbench import INVERSE, Measured, asked, truth

from orchestrator.core.plan import Observations, Plan, Step
from orchestrator.gates.result import judge_results
from orchestrator.measure.evidence import UNVOUCHED
from orchestrator.measure.field import measure_network
from orchestrator.nodes.work import observes

NOISE = 0.01


def posterior(mean: float, deviation: float = 1e-3, **more: Any) -> dict[str, Any]:
    return {"names": ["alpha"], "mean": [mean], "covariance": [[deviation**2]], "method": "test", **more}


async def measured(
    folder: Path, own: object, fit: object, *, noise: float | None = NOISE, trust: str = "builtin"
) -> Measured:
    made = Measured(folder)
    network = made.subject("train", ["delivered", "data_only"], trust)
    reference = made.subject("reference", ["delivered", "half"])
    for step, told in (("train", own), ("reference", fit)):
        (made.run.out(step) / "posterior.json").write_text(json.dumps(told))
    generator = np.random.default_rng(4)
    places = generator.uniform(size=(200, 2))
    values = truth(places)[:, None] + NOISE * generator.normal(size=(200, 1))
    np.savez(folder / "held.npz", inputs=places, input_names=["x", "t"])
    np.savez(folder / "labels.npz", inputs=places, outputs=values, output_names=["u"])
    question = asked(INVERSE, held_out=folder / "held.npz", labels=folder / "labels.npz", noise=noise)
    made.book.add("leaks", 0.0, folder / "held.npz", "", subject="split", text="none")
    await measure_network(made.bench, made.book, network, reference, None, question)
    return made


def plan(noise: float | None = NOISE) -> Plan:
    told = Observations(file="d.csv", sha256="", columns={"x": "x", "t": "t", "u": "u"}, noise=noise)
    return Plan.model_validate(
        {"route": "train/pinn", "planner": "t", "thoughts": [], "steps": [], "problem": INVERSE,
         "observations": told.model_dump(), "tolerance": 1e-4}
    )  # fmt: skip


def rulings(made: Measured, noise: float | None = NOISE) -> dict[str, str]:
    return {verdict.id: verdict.verdict for verdict in judge_results(plan(noise), made.book.entries)}


async def test_a_coefficient_that_was_found_is_evidence_beside_its_classical_fit(tmp_path: Path) -> None:
    made = await measured(tmp_path, posterior(0.4005), posterior(0.3997))
    assert made.found("coefficient.alpha", "delivered").value == pytest.approx(0.4, rel=1e-6)
    assert made.found("posterior.alpha", "delivered").value == 0.4005
    assert made.found("posterior.alpha", "delivered").interval == pytest.approx((0.39854, 0.40246), abs=1e-5)
    assert made.found("agreement.alpha", "delivered").value == pytest.approx(0.8 / 2**0.5, rel=1e-2)
    assert made.found("implied.alpha", "delivered").value == pytest.approx(0.5, rel=1e-2)
    assert made.found("identified.alpha", "delivered").value == pytest.approx(2 * 1.96e-3 / 0.9, rel=1e-3)
    assert made.found("observations_chi2", "delivered").value == pytest.approx(1, abs=0.3)
    assert {name for name, ruling in rulings(made).items() if ruling not in ("passed", "not_applicable")} == set()


@pytest.mark.parametrize(
    ("own", "fit"),
    [
        (posterior(0.41), posterior(0.4)),  # far from the fit, and from the field
        (posterior(0.4), posterior(0.41)),
        (posterior(0.4, 0.3), posterior(0.4)),  # as wide as the range
        (posterior(1.2, 1.0), posterior(1.2, 1.0)),  # outside of the range
    ],
)
async def test_a_coefficient_that_was_not_found_fails(tmp_path: Path, own: object, fit: object) -> None:
    assert rulings(await measured(tmp_path, own, fit))["inverse.identified"] == "failed"


@pytest.mark.parametrize("own", [{}, [], posterior(0.4, 0.0), {**posterior(0.4), "mean": []}, {"names": ["beta"]}])
async def test_a_posterior_that_cannot_be_used_is_unknown_and_says_why(tmp_path: Path, own: object) -> None:
    made = await measured(tmp_path, own, posterior(0.4))
    assert made.found("posterior.alpha", "delivered").value is None and made.found("posterior.alpha", "delivered").text
    assert rulings(made)["inverse.identified"] == "unknown"


async def test_a_strangers_posterior_is_a_claim_and_no_evidence(tmp_path: Path) -> None:
    made = await measured(tmp_path, posterior(0.4), posterior(0.4), trust="user")
    assert made.found("posterior.alpha", "delivered").text == UNVOUCHED
    assert rulings(made)["inverse.identified"] == "unknown"
    assert made.found("coefficient.alpha", "delivered").value is not None


async def test_noise_that_a_fit_or_a_training_found_is_no_yardstick_of_their_own_misfit(tmp_path: Path) -> None:
    found = posterior(0.4, noise=NOISE)
    made = await measured(tmp_path, found, found, noise=None)
    assert made.found("observations_chi2", "delivered").value is None
    assert rulings(made, None)["evaluation.uncertainty"] == "unknown"


async def test_held_out_values_are_in_the_scoring_box_alone(tmp_path: Path) -> None:
    made = await measured(tmp_path, posterior(0.4), posterior(0.4))
    given = {job.verb: set(job.inputs.values()) for job in made.workshop.jobs}
    labels = tmp_path / "labels.npz"
    assert labels in given["score"] and labels not in given["draw"] | given["predict"]


def test_observations_are_given_to_the_steps_that_look_for_coefficients() -> None:
    sought, known = {"problem": INVERSE}, {"problem": {**INVERSE, "unknown": {}}}
    steps = {
        "train": ({**sought}, True), "fit": ({**sought, "mode": "fit"}, True),
        "net": ({**sought, "mode": "pinn"}, True),
        "reference": ({**sought, "mode": "reference"}, False), "forward": (known, False),
        "physics": ({**sought, "mode": "verify"}, False),
    }  # fmt: skip
    for name, (spec, given) in steps.items():
        step = Step(id=name, worker="any", kind="skill", spec=spec)
        assert observes(plan(), step) == given, name
        assert not observes(plan().model_copy(update={"observations": None}), step)
