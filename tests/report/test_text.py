"""The plan and the answer as text."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.answer import Answer
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Step, Until
from orchestrator.report.record import read_record
from orchestrator.report.text import WIDTH, render_answer, render_plan
from orchestrator.report.verdict_words import again, because, headline

from . import runs


def test_the_plan_holds_its_thoughts_steps_and_estimate(tmp_path: Path) -> None:
    plan = read_record(runs.field_run(tmp_path)).plan
    assert plan
    text = render_plan(plan)
    for part in (
        "# Plan: train/pinn", "## 1. Problem formulation", "## 5. Validation and analysis",
        "- a neural operator: one equation",
        "- Fixed Epochs", "| physics | statistical-physicist (physics) | agent | train, constraints |", "About 25.0 s",
    ):  # fmt: skip
        assert part in text, part


def test_the_plan_of_a_table_names_the_split_and_what_is_dropped(tmp_path: Path) -> None:
    plan = read_record(runs.table_run(tmp_path)).plan
    assert plan
    text = render_plan(plan)
    assert "split: stratified, 20 % of the rows" in text
    assert "island (you asked for it)" in text


def test_a_loop_is_shown_with_its_bound_and_its_body(tmp_path: Path) -> None:
    plan = read_record(runs.field_run(tmp_path)).plan
    assert plan
    body = Step(id="solution", worker="simulation-expert", kind="agent", skill="simulate")
    loop = Step(
        id="solve", worker="simulation-expert", kind="loop", body=(body,), max_rounds=5,
        until=Until(step="solution", claim="error_estimate", below=1e-6),
    )  # fmt: skip
    text = render_plan(plan.model_copy(update={"steps": (loop,)}))
    assert "loop, up to 5 rounds" in text
    assert "| solution | simulation-expert (simulate) |" in text


def test_the_answer_shows_claims_checks_baselines_and_cost(tmp_path: Path) -> None:
    record = read_record(runs.field_run(tmp_path))
    assert record.answer
    text = render_answer(record.answer, record.evidence)
    assert text.splitlines()[0].startswith("Validated: every claim is measured")
    for part in (
        "3.1e-05  (95 % interval 2.8e-05 to 3.4e-05)  [n = 4,096, evidence e1]", "n/a     data.leakage",
        "Compared by relative_l2",
        "data_only  0.41",
        "weights.npz  (model, 18.4 kB, sha256 9f2c4e8b1d7a)", "21.4 s, 33.0 s CPU", "mlexpert report",
    ):  # fmt: skip
        assert part in text, part
    assert max(len(line) for line in text.splitlines() if str(tmp_path) not in line) <= WIDTH + 24


def test_the_answer_of_a_field_shows_the_problem_as_understood(tmp_path: Path) -> None:
    record = read_record(runs.field_run(tmp_path))
    assert record.answer and record.answer.plan
    plan = record.answer.plan.model_copy(update={"notes": ("Solved: u_t - u_xx = 0.", "No range was given.")})
    text = render_answer(record.answer.model_copy(update={"plan": plan}))
    assert "As understood\n  - Solved: u_t - u_xx = 0.\n  - No range was given." in text


def test_an_answer_without_evidence_beside_it_still_reads(tmp_path: Path) -> None:
    record = read_record(runs.field_run(tmp_path))
    assert record.answer
    text = render_answer(record.answer)
    assert "3.1e-05  [evidence e1]" in text
    assert "Compared by" not in text


def test_not_validated_names_the_failed_check_before_the_unknown_one() -> None:
    answer = Answer(
        run_id="r", status="not_validated",
        checks=(
            Verdict(id="evaluation.uncertainty", verdict="unknown", reason="too few rows"),
            Verdict(id="model.baseline", verdict="failed", reason="worse than the mean", remedy="bring more rows"),
        ),
    )  # fmt: skip
    assert because(answer)[0] == "model.baseline failed: worse than the mean"
    assert headline(answer) == "Not validated, because model.baseline failed: worse than the mean (and 2 more)"
    text = render_answer(answer)
    assert "remedy: bring more rows" in text
    assert "no claim could be turned into evidence" in text


def test_the_verdict_leads_whatever_language_the_message_has() -> None:
    answer = Answer(run_id="r", status="not_validated", message="Nicht validiert, denn es fehlt etwas.")
    assert headline(answer) == "Not validated: Nicht validiert, denn es fehlt etwas."
    assert render_answer(answer).count("Nicht validiert") == 1


@pytest.mark.parametrize(
    "status", ["explained", "clarify", "refused", "limit", "interrupted", "failed", "planned", "bad_input"]
)
def test_every_end_reads_as_text(status: str) -> None:
    answer = Answer.model_validate({"run_id": "r", "status": status, "message": "so it is", "route": "explain"})
    text = render_answer(answer)
    assert "so it is" in text
    assert headline(answer) in text


def test_a_request_is_quoted_for_the_shell(tmp_path: Path) -> None:
    record = read_record(runs.field_run(tmp_path, "it's $HOME; rm -rf `x`"))
    assert record.answer
    assert "mlexpert run 'it'\"'\"'s $HOME; rm -rf `x`' --seed 0 --runs-dir" in again(record.answer, record.request)[0]


def test_a_long_message_is_told_once_and_whole() -> None:
    told = "Validated: the network's relative L2 error for heat is 3.1e-05, against 0.41 without the equation; " * 3
    lines = render_answer(Answer(run_id="r", status="validated", message=told.strip())).split("\n\n")
    assert " ".join(lines[0].split()) == told.strip()
    assert not lines[1].startswith("Validated")
