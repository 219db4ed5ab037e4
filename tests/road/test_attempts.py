"""Of several attempts at a field the best one by its certified error is delivered, and the answer says which."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from road import ScriptedPlanner, context_of, plan_of, toy

from orchestrator.core.evidence import Evidence
from orchestrator.core.plan import Plan
from orchestrator.core.values import sha256_file
from orchestrator.journal.rundir import write_json, write_text
from orchestrator.nodes.attempts import certified_error, deliver_best, note_attempt, set_aside, take_up
from orchestrator.nodes.context import Context
from orchestrator.nodes.state import FileRef

PROBLEM = {"name": "heat"}


def measured(error: float | None, truth: float = 0.0) -> tuple[Evidence, ...]:
    return (
        Evidence(id="e1", name="relative_l2", subject="delivered", value=error),
        Evidence(id="e2", name="truth_error", subject="truth", value=truth),
    )


def attempt(context: Context, number: int, error: float | None, *, judged: bool = True) -> Plan:
    """What the nodes leave of an attempt: its numbered plan, its step's result, its evidence and the judge's note."""
    run, plan = context.run, plan_of(toy("train", value=float(number))).model_copy(update={"problem": PROBLEM})
    write_json(run.plan.with_name(f"plan-{number}.json"), plan)
    write_json(run.plan, plan)
    set_aside(run, "train")
    result = run.step("train") / "result.json"
    write_json(result, {"attempt": number})
    if number > 1:
        for path in (run.evidence, run.verdicts):
            (run.path / "earlier" / str(number - 1)).mkdir(parents=True, exist_ok=True)
            path.rename(run.path / "earlier" / str(number - 1) / path.name)
    if judged:
        write_text(run.evidence, f"evidence of {number}\n")
        write_text(run.verdicts, f"verdicts of {number}\n")
        reference = FileRef(path=run.relative(result), sha256=sha256_file(result))
        note_attempt(context, {"outcomes": {"train": reference}}, plan, measured(error), short=1)
    return plan


def in_place(context: Context) -> int:
    return int(json.loads((context.run.step("train") / "result.json").read_text())["attempt"])


@pytest.mark.parametrize(("errors", "best"), [((2e-9, 5.95), 1), ((5.95, 2e-9), 2), ((2e-9, None), 1), ((0.1, 0.1), 2)])
def test_the_attempt_with_the_smallest_certified_error_is_laid_in_place(
    tmp_path: Path, errors: tuple[float, float | None], best: int
) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("train"))))
    for number, error in enumerate(errors, 1):
        attempt(context, number, error)
    said = deliver_best(context)
    assert in_place(context) == best and f"attempt {best}" in said
    assert context.run.evidence.read_text() == f"evidence of {best}\n"
    assert Plan.model_validate_json(context.run.plan.read_text()).steps[0].spec["value"] == float(best)
    assert deliver_best(context) == said and in_place(context) == best  # an answer may be written twice


def test_an_attempt_that_was_cut_off_yields_to_the_one_before_and_is_taken_up_where_it_was(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("train"))))
    attempt(context, 1, 1e-5)
    attempt(context, 2, None, judged=False)
    assert "attempt 2 was not finished" in deliver_best(context)
    assert in_place(context) == 1 and context.run.evidence.read_text() == "evidence of 1\n"
    take_up(context.run)
    assert in_place(context) == 2 and not context.run.evidence.exists()
    assert Plan.model_validate_json(context.run.plan.read_text()).steps[0].spec["value"] == 2.0
    assert "attempt 2 was not finished" in deliver_best(context) and in_place(context) == 1


def test_an_only_attempt_needs_no_word(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("train"))))
    attempt(context, 1, 1e-5)
    assert deliver_best(context) == "" and in_place(context) == 1


def test_the_truths_own_error_counts_and_what_was_not_measured_certifies_nothing() -> None:
    plan = plan_of(toy("train"))
    assert certified_error(plan, measured(1e-3, truth=1e-2)) == pytest.approx(1.1e-2)
    assert certified_error(plan, measured(None)) is None
    assert certified_error(plan, ()) is None
