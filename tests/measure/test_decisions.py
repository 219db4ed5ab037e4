"""A threshold is told only where the sealed predictions show that it is the one that was used."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.decisions import book_threshold
from orchestrator.measure.evidence import EvidenceBook

SCORES = np.array([0.1, 0.3, 0.5, 0.7])


def booked(folder: Path, decisions: list[int], **changed: Any) -> Evidence:
    run = RunDirectory.create(folder / "runs")
    told = {"positive": "yes", "threshold": {"threshold": 0.5, "met": True, "rows": 90, **changed}}
    (folder / "decision.json").write_text(json.dumps(told))
    for name, positive in (("scores", SCORES), ("decisions", np.array(decisions, dtype=float))):
        outputs = np.stack([1 - positive, positive], axis=1)
        np.savez(folder / f"{name}.npz", outputs=outputs, output_names=np.array(["no", "yes"]))
    book = EvidenceBook(run, "0" * 64, "", 0)
    book_threshold(book, folder, folder / "scores.npz", folder / "decisions.npz", 4, "evaluate")
    return book.entries[0]


def test_the_threshold_that_was_used_is_told_with_its_class_and_its_rows(tmp_path: Path) -> None:
    found = booked(tmp_path, [0, 0, 1, 1])
    assert (found.value, found.n) == (0.5, 90)
    assert "probability of 'yes', chosen on 90 validation rows, where the bound is kept" in found.text


def test_the_nearest_to_a_bound_that_none_keeps_is_told_as_such(tmp_path: Path) -> None:
    assert "no threshold keeps to the bound" in booked(tmp_path, [0, 0, 1, 1], met=False).text


def test_another_threshold_than_the_one_told_is_not_told(tmp_path: Path) -> None:
    found = booked(tmp_path, [0, 1, 1, 1])
    assert found.value is None and "not those of the threshold" in found.text


@pytest.mark.parametrize("changed", [{"threshold": "x"}, {"threshold": None}, {"rows": "many"}])
def test_a_decision_that_cannot_be_read_has_no_value(tmp_path: Path, changed: dict[str, Any]) -> None:
    found = booked(tmp_path, [0, 0, 1, 1], **changed)
    assert found.value is None and "cannot be used" in found.text
