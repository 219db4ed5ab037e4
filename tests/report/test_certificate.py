"""The certificate of a field holds evidence and nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Plan
from orchestrator.journal.rundir import RunDirectory
from orchestrator.report.certificate import certificate, write_certificate

PLAN = Plan.model_validate(
    {"route": "train/pinn", "planner": "t", "thoughts": [], "steps": [], "problem": {"name": "heat"}, "tolerance": 1e-4}
)
ROWS: tuple[tuple[str, str, float | None, tuple[float, float] | None, float | None], ...] = (
    ("relative_l2", "delivered", 2.1e-5, (1.9e-5, 2.3e-5), None),
    ("max_error", "delivered", 3.3e-5, None, None),
    ("relative_l2", "data_only", 0.41, (0.4, 0.42), None),
    ("relative_l2", "classical", None, None, None),
    ("truth_error", "truth", 1.7e-13, None, None),
    ("residual", "delivered", 3.1e-6, (3.0e-6, 3.2e-6), None),
    ("law.mass", "delivered", 4.7e-7, (4e-7, 5e-7), 1.1e-3),
    ("law.mass", "classical", 0.9, None, 1.1e-3),
    ("posterior.nu", "delivered", 0.0123, (0.0121, 0.0125), None),
    ("coefficient.nu", "delivered", 0.0124, (0.0123, 0.0126), None),
    ("agreement.nu", "delivered", 0.77, None, None),
)
EVIDENCE = tuple(
    Evidence(id=f"e{n}", name=name, subject=subject, value=value, interval=interval, bound=bound, n=9, seed=3)
    for n, (name, subject, value, interval, bound) in enumerate(ROWS, 1)
)
RULED = (Verdict(id="evaluation.metric", verdict="passed", value=2.3e-5, threshold=1e-4, evidence=("e1",)),)


def numbers(told: Any) -> list[float]:
    if isinstance(told, dict):
        return [number for value in told.values() for number in numbers(value)]
    if isinstance(told, list):
        return [number for value in told for number in numbers(value)]
    return [float(told)] if isinstance(told, int | float) else []


def test_every_number_is_evidence_and_says_which() -> None:
    made = certificate("run", PLAN, "validated", EVIDENCE, RULED)
    known = {entry.value for entry in EVIDENCE} | {end for entry in EVIDENCE for end in entry.interval or ()}
    known |= {1.1e-3, 1e-4, 9.0, 3.0}  # the law's bound, the check's threshold, points, seed
    assert set(numbers(made)) <= known
    (error, largest) = made["error"]
    assert (error["value"], error["allowed"], error["evidence"]) == (2.1e-5, 1e-4, "e1")
    assert (largest["value"], made["truth"][0]["value"]) == (3.3e-5, 1.7e-13)
    assert [(law["name"], law["value"], law["allowed"]) for law in made["violations"]] == [("law.mass", 4.7e-7, 1.1e-3)]
    assert [(one["subject"], one["value"], one["allowed"]) for one in made["baselines"]] == [
        ("data_only", 0.41, None), ("classical", None, None)
    ]  # fmt: skip
    (coefficient,) = made["coefficients"]
    assert coefficient["found"][0]["value"] == 0.0123 and coefficient["compared"][0]["value"] == 0.77
    assert made["seeds"] == [3] and made["checks"][0]["evidence"] == ["e1"]


def test_it_is_written_beside_the_answer_of_a_field_and_of_nothing_else(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path)
    assert write_certificate(run, PLAN.model_copy(update={"problem": None}), "validated", EVIDENCE, RULED) == ()
    assert write_certificate(run, PLAN, "failed", (), RULED) == ()
    assert not run.certificate.exists()
    (listed,) = write_certificate(run, PLAN, "validated", EVIDENCE, RULED)
    held = run.certificate.read_bytes()
    assert json.loads(held)["error"][0]["value"] == 2.1e-5
    assert (listed.path, listed.kind, listed.step) == ("certificate.json", "report", "")
    assert (listed.sha256, listed.bytes) == (hashlib.sha256(held).hexdigest(), len(held))
