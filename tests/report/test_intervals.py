"""The interval of a number is told once, and as what it is."""

from __future__ import annotations

from pathlib import Path

import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.journal.rundir import write_json
from orchestrator.nodes.sentences import claims_of
from orchestrator.report.intervals import ADDED, CONFIDENCE, interval_words
from orchestrator.report.page import write_report
from orchestrator.report.record import read_record
from orchestrator.report.text import render_answer

from . import runs
from .common import evidence
from .field_parts import field_plan

MEASURED = (
    evidence(1, "relative_l2", 3.1e-5, interval=(2.8e-5, 3.4e-5), n=4096),
    evidence(2, "residual", 7.05e-5, interval=(6.66e-5, 7.45e-5), n=1936),
    evidence(3, "boundary_error", 9.3e-7, interval=(9.3001e-7, 9.3002e-7), n=300),
    evidence(4, "law.mass", 5.6e-6, interval=(5.1e-6, 6.1e-6), bound=0.01, n=900),
)


def _answered(tmp_path: Path) -> tuple[str, str]:
    """What a terminal shows and the page's claims, both of `MEASURED`."""
    run = runs.field_run(tmp_path)
    record = read_record(run)
    assert record.answer
    answer = record.answer.model_copy(update={"claims": claims_of(field_plan(), MEASURED)})
    run.evidence.write_text("".join(item.model_dump_json() + "\n" for item in MEASURED), encoding="utf-8")
    write_json(run.answer, answer.as_json())
    page = write_report(run).read_text(encoding="utf-8")
    return render_answer(answer, MEASURED), page[page.index('id="answer"') : page.index('id="checks"')]


def test_an_interval_is_told_once_beside_its_claim(tmp_path: Path) -> None:
    for shown in _answered(tmp_path):
        flat = " ".join(shown.split("Checks")[0].split())
        assert flat.count("6.66e-05 to 7.45e-05") == 1
        assert flat.count("5.1e-06 to 6.1e-06") == 1
        assert flat.count("9.3e-07 to 9.3e-07") == 0


def test_only_an_interval_of_confidence_is_called_one(tmp_path: Path) -> None:
    for shown in _answered(tmp_path):
        flat = " ".join(shown.split("Checks")[0].split())
        assert f"{CONFIDENCE} 2.8e-05 to 3.4e-05" in flat
        assert f"6.66e-05 to 7.45e-05 {ADDED}" in flat
        assert f"{CONFIDENCE} 6.66e-05" not in flat and f"{CONFIDENCE} 5.1e-06" not in flat


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        (MEASURED[0], "95 % interval 2.8e-05 to 3.4e-05"),
        (MEASURED[2], ""),
        (MEASURED[3], "5.1e-06 to 6.1e-06 with what measuring adds"),
        (evidence(5, "rmse", 2.0, interval=(2.0, 2.0)), "95 % interval 2 to 2"),
        (evidence(6, "rmse", 2.0), ""),
    ],
)
def test_an_interval_in_words(entry: Evidence, words: str) -> None:
    assert interval_words(entry) == words
