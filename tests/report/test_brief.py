"""What a run prints is short: the verdict, its numbers, open checks in full, the others in a line each."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.answer import Answer
from orchestrator.core.evidence import Verdict
from orchestrator.report.brief import render_brief
from orchestrator.report.record import read_record
from orchestrator.report.text import render_answer

from . import runs

FAILED = Verdict(
    id="physics.initial", verdict="failed", value=0.02, threshold=0.01, reason="initial error: 0.02 > 0.01",
    remedy="train longer",
)  # fmt: skip


def test_the_brief_answer_holds_every_number_and_every_check_in_a_line_and_says_where_the_rest_is(
    tmp_path: Path,
) -> None:
    record = read_record(runs.field_run(tmp_path))
    assert record.answer
    text, whole = render_brief(record.answer, record.evidence), render_answer(record.answer, record.evidence)
    assert text.splitlines()[0] == whole.splitlines()[0]
    assert len(text.splitlines()) < len(whole.splitlines())
    assert "3.1e-05" in text and "Compared by" not in text and "mlexpert report" in text
    for check in record.answer.checks:
        assert sum(check.id in line for line in text.splitlines()) == 1
        assert check.verdict != "passed" or check.reason not in text


def test_what_is_not_passed_is_told_in_full(tmp_path: Path) -> None:
    record = read_record(runs.field_run(tmp_path))
    assert record.answer
    short = record.answer.model_copy(update={"status": "not_validated", "checks": (*record.answer.checks, FAILED)})
    text = " ".join(render_brief(short, record.evidence).split())
    assert "FAILED physics.initial 0.02" in text and "initial error: 0.02 > 0.01. remedy: train longer" not in text
    assert "initial error: 0.02 > 0.01" in text and "remedy: train longer" in text


def test_a_law_that_was_set_aside_is_told_although_its_check_is_passed(tmp_path: Path) -> None:
    record = read_record(runs.field_run(tmp_path))
    assert record.answer
    reason = "3 laws kept; mass is not measurable here: the reference misses it by 0.2"
    aside = Verdict(id="physics.conservation", verdict="passed", value=1e-6, threshold=1e-3, reason=reason)
    text = render_brief(record.answer.model_copy(update={"checks": (aside,)}), record.evidence)
    assert "mass is not measurable here: the reference misses it by 0.2" in text


@pytest.mark.parametrize("status", ["limit", "planned", "bad_input", "explained"])
def test_other_ends_than_a_ruling_are_told_whole(status: str) -> None:
    answer = Answer.model_validate({"run_id": "r", "status": status, "message": "so it is", "route": "explain"})
    assert render_brief(answer) == render_answer(answer)
