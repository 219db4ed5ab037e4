"""The answer names the model that was delivered, and says when it is a simpler one than the best by score."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from orchestrator.core.evidence import Evidence
from orchestrator.journal.rundir import RunDirectory
from orchestrator.measure.choice import record_choice
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.nodes.choice_sentences import SIMPLER, choice_sentence
from orchestrator.nodes.sentences import claims_of

from .table_parts import table_plan

GAIN = {"better": "forest", "over": "linear", "value": 0.0042, "low": -0.003, "high": 0.0114, "p": 0.4, "rivals": 2}
CHOICE: dict[str, Any] = {
    "delivered": "linear",
    "metric": "accuracy",
    "test": "a paired test",
    "folds": 10,
    "gain": GAIN,
    "candidates": [
        {"model": "dummy", "mean": 0.4},
        {"model": "linear", "mean": 0.951},
        {"model": "forest", "mean": 0.9552},
    ],
}


def booked(folder: Path, **changes: Any) -> tuple[Evidence, ...]:
    run = RunDirectory.create(folder / "runs")
    run.out("train").mkdir(parents=True)
    (run.out("train") / "choice.json").write_text(json.dumps({**CHOICE, **changes}))
    book = EvidenceBook(run, "0" * 64, "", 0)
    record_choice(book, run.out("train"), "train")
    return book.entries


def test_a_simpler_model_is_told_with_both_scores_the_difference_and_its_interval(tmp_path: Path) -> None:
    found = booked(tmp_path)
    said = choice_sentence(table_plan(), found, "en")
    for part in ("simpler model 'linear'", "0.9552", "0.951", "0.0042", "-0.003 to 0.0114", "accuracy"):
        assert part in said
    (claim,) = claims_of(table_plan(), found)
    assert claim.value == 0.0042 and claim.evidence == (found[-1].id,)
    assert claim.text.startswith("Delivered is 'linear', though cross-validation has accuracy 0.9552 of 'forest'")
    assert "p = 0.4" in found[-1].text and "allows for 2 rivals" in found[-1].text


@pytest.mark.parametrize("language", SIMPLER)
def test_every_language_tells_all_of_it(language: str, tmp_path: Path) -> None:
    said = choice_sentence(table_plan(), booked(tmp_path), language)
    assert all(part in said for part in ("'linear'", "'forest'", "0.9552", "0.951", "0.0042", "-0.003", "0.0114"))


def test_the_best_is_told_beside_the_closest_of_the_simpler_ones(tmp_path: Path) -> None:
    found = booked(tmp_path, delivered="forest", gain={**GAIN, "low": 0.001, "p": 0.01})
    assert choice_sentence(table_plan(), found, "en") == ""
    (claim,) = claims_of(table_plan(), found)
    assert claim.text.startswith(
        "Delivered is 'forest': in cross-validation accuracy 0.9552 of 'forest' against 0.951 of"
    )


def test_a_model_that_none_outscored_is_told_by_its_own_score(tmp_path: Path) -> None:
    found = booked(tmp_path, delivered="dummy", gain=None)
    (claim,) = claims_of(table_plan(), found)
    assert claim.value == 0.4 and "Delivered is 'dummy': no candidate has a better accuracy" in claim.text


def test_without_an_interval_the_test_itself_is_told(tmp_path: Path) -> None:
    found = booked(tmp_path, gain={**GAIN, "low": None, "high": None})
    assert "a paired test, p = 0.4" in choice_sentence(table_plan(), found, "en")


def test_what_a_strangers_skill_says_of_its_choice_is_not_told(tmp_path: Path) -> None:
    run = RunDirectory.create(tmp_path / "runs")
    run.out("train").mkdir(parents=True)
    (run.out("train") / "choice.json").write_text(json.dumps(CHOICE))
    book = EvidenceBook(run, "0" * 64, "", 0, unvouched=frozenset({"train"}))
    record_choice(book, run.out("train"), "train")
    assert all(entry.value is None for entry in book.entries)
    assert choice_sentence(table_plan(), book.entries, "en") == "" and claims_of(table_plan(), book.entries) == ()
