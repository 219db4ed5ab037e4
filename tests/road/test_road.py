"""The graph itself: waves, failures, replans, loops, approval, deadlines. Real boxes, a scripted planner."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from road import SMALL, ScriptedPlanner, context_of, events_of, plan_of, toy

from orchestrator.core.errors import RunLocked
from orchestrator.core.evidence import Verdict
from orchestrator.core.plan import Plan, Step, Until
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Routing
from orchestrator.driver import drive_run
from orchestrator.journal.journal import read_events
from orchestrator.journal.lock import drive


async def test_independent_steps_overlap_and_the_next_wave_waits_for_them(tmp_path: Path) -> None:
    plan = plan_of(toy("a", seconds=1.0), toy("b", seconds=1.0), toy("c", "a", "b"))
    context = context_of(tmp_path, ScriptedPlanner(plan))
    await drive_run(context)
    spans = {}
    for event in read_events(context.run.journal):
        if event.event in ("step.started", "step.finished"):
            spans.setdefault(event.step, []).append(event.ts)
    assert max(spans["a"][0], spans["b"][0]) < min(spans["a"][1], spans["b"][1])
    assert spans["c"][0] >= max(spans["a"][1], spans["b"][1])
    assert len(events_of(context, "step.started")) == 3
    assert (context.run.out("c") / "seen.txt").read_text().split() == ["a", "b"]


async def test_a_failed_step_leaves_its_siblings_alone_and_is_told_as_data(tmp_path: Path) -> None:
    plan = plan_of(toy("bad", fail="crash"), toy("good", seconds=0.5))
    answer = await drive_run(context_of(tmp_path, ScriptedPlanner(plan)))
    assert answer.status == "not_validated"
    assert answer.error is not None and "the toy broke" in answer.error["message"]
    assert {a.step for a in answer.artifacts} == {"good"}


@pytest.mark.parametrize(
    ("how", "said", "status"),
    [
        ("mistake", "the column 'x' holds nothing", "bad_input"),
        ("memory", "more than its 256 MB", "not_validated"),
        ("disk", "filled the 16 MB disk", "not_validated"),
    ],
)
async def test_a_limit_or_a_mistake_is_named_with_its_remedy(tmp_path: Path, how: str, said: str, status: str) -> None:
    answer = await drive_run(context_of(tmp_path, ScriptedPlanner(plan_of(toy("bad", fail=how)))))
    assert answer.status == status
    assert answer.error is not None and said in answer.error["message"] and answer.error["remedy"]


async def test_a_step_past_its_deadline_is_stopped(tmp_path: Path) -> None:
    slow = toy("slow", fail="hang").model_copy(update={"resources": SMALL.model_copy(update={"timeout_s": 2.0})})
    answer = await drive_run(context_of(tmp_path, ScriptedPlanner(plan_of(slow))))
    assert answer.error is not None and "deadline of 2 s" in answer.error["message"]


async def test_evidence_that_is_missing_is_never_a_pass(tmp_path: Path) -> None:
    answer = await drive_run(context_of(tmp_path, ScriptedPlanner(plan_of(toy("a")))))
    assert answer.status == "not_validated" and answer.exit_code == 3
    assert answer.claims == ()
    assert {check.verdict for check in answer.checks} <= {"unknown", "not_applicable"}


async def test_a_replan_gets_the_reasons_reuses_what_is_unchanged_and_is_bounded(tmp_path: Path) -> None:
    first = plan_of(toy("same"), toy("other", fail="crash"))
    second = plan_of(toy("same"), toy("other", fail="crash", value=2.0))
    third = plan_of(toy("same"), toy("other", fail="crash", value=3.0))
    fourth = plan_of(toy("same"), toy("other"))
    planner = ScriptedPlanner(first, second, third, fourth)
    context = context_of(tmp_path, planner)
    answer = await drive_run(context)
    assert len(planner.shown) == 3  # the first plan and two replans, the bound of the settings
    assert "the toy broke" in planner.shown[1][0].reason
    assert [e["step"] for e in events_of(context, "step.reused")] == ["same", "same"]
    assert answer.status == "not_validated"
    assert (context.run.path / "steps" / "other~1" / "spec.json").is_file()
    assert (context.run.path / "plan-1.json").is_file()


async def test_a_replan_that_mends_the_failure_is_taken(tmp_path: Path) -> None:
    planner = ScriptedPlanner(plan_of(toy("a", fail="crash")), plan_of(toy("a")))
    answer = await drive_run(context_of(tmp_path, planner))
    assert answer.error is None
    assert {artifact.step for artifact in answer.artifacts} == {"a"}


async def test_a_planner_without_another_idea_ends_the_road(tmp_path: Path) -> None:
    planner = ScriptedPlanner(plan_of(toy("a", fail="crash")))
    await drive_run(context_of(tmp_path, planner))
    assert len(planner.shown) == 2


async def test_a_plan_that_the_gate_refuses_is_repaired_with_its_findings(tmp_path: Path) -> None:
    planner = ScriptedPlanner(plan_of(toy("a", "nowhere")), plan_of(toy("a")))
    context = context_of(tmp_path, planner)
    await drive_run(context)
    assert "does not hold" in planner.shown[1][0].reason
    assert [e["decision"] for e in events_of(context, "plan.checked")] == ["repair", "go"]


@pytest.mark.parametrize(
    ("plan", "said"),
    [
        (plan_of(toy("a", "b"), toy("b", "a")), "circle"),
        (plan_of(toy("a", colour="blue")), "colour"),
        (plan_of(toy("a").model_copy(update={"worker": "unheard-of"})), "unheard-of"),
        (plan_of(toy("a").model_copy(update={"kind": "agent", "worker": "ml-expert", "skill": "toy"})), "not loaded"),
        (plan_of(toy("a")).model_copy(update={"thoughts": ()}), "chain of thought"),
    ],
)
async def test_a_plan_beyond_repair_spends_nothing(tmp_path: Path, plan: Plan, said: str) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan))
    answer = await drive_run(context)
    assert answer.status == "bad_input" and said in answer.message
    assert events_of(context, "box.opened") == []


def loop(max_rounds: int) -> Step:
    return Step(
        id="refine", worker="toy", kind="loop", body=(toy("grid", value=1.0, resolution=1),),
        until=Until(step="grid", claim="error", below=0.3), max_rounds=max_rounds, grow={"resolution": 2.0},
    )  # fmt: skip


async def test_a_loop_goes_round_until_its_claim_is_met(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(loop(5), toy("after", "refine"))))
    await drive_run(context)
    steps = [e["step"] for e in events_of(context, "step.started")]
    assert steps == ["refine.r1.grid", "refine.r2.grid", "refine.r3.grid", "after"]


async def test_a_loop_that_never_converges_stops_at_its_bound_and_says_so(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(loop(2), toy("after", "refine"))))
    answer = await drive_run(context)
    assert len(events_of(context, "step.started")) == 2
    assert answer.status == "not_validated" and "did not converge within 2 rounds" in answer.message


async def test_nothing_runs_before_approval_and_a_no_is_kept(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("a"))), approve=True)

    async def no(plan: Plan) -> bool:
        assert not (context.run.path / "steps").exists()
        return False

    answer = await drive_run(context, no)
    assert answer.status == "planned" and answer.exit_code == 0
    assert events_of(context, "step.started") == []


async def test_a_run_that_waits_for_approval_goes_on_when_it_is_resumed(tmp_path: Path) -> None:
    planner = ScriptedPlanner(plan_of(toy("a")))
    context = context_of(tmp_path, planner, approve=True)
    assert (await drive_run(context)).status == "planned"

    async def yes(plan: Plan) -> bool:
        return True

    await drive_run(context, yes)
    assert [e["step"] for e in events_of(context, "step.started")] == ["a"]


async def test_plan_only_stops_before_anything_is_spent(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("a"))))
    answer = await drive_run(context, until_plan=True)
    assert answer.status == "planned" and answer.plan is not None
    assert events_of(context, "box.opened") == []


async def test_a_deadline_ends_the_run_with_what_is_done_kept(tmp_path: Path) -> None:
    plan = plan_of(toy("quick"), toy("slow", seconds=30))
    context = context_of(tmp_path, ScriptedPlanner(plan), timeout_s=4.0)
    answer = await drive_run(context)
    assert answer.status == "limit" and answer.exit_code == 53
    assert (context.run.step("quick") / "result.json").is_file()
    assert len(events_of(context, "box.opened")) == len(events_of(context, "box.closed"))


async def test_cancelling_keeps_what_is_done_and_resume_does_not_repeat_it(tmp_path: Path) -> None:
    plan = plan_of(toy("first"), toy("second", "first", seconds=20.0))
    context = context_of(tmp_path, ScriptedPlanner(plan))
    task = asyncio.create_task(drive_run(context))
    while not any(e["step"] == "second" for e in events_of(context, "step.started")):
        await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert '"interrupted"' in context.run.answer.read_text()
    again = context_of(tmp_path, ScriptedPlanner(plan), run_id=context.run.run_id, timeout_s=None)
    resumed = asyncio.create_task(drive_run(again))
    while len([e for e in events_of(again, "step.started") if e["step"] == "second"]) < 2:
        await asyncio.sleep(0.05)
    resumed.cancel()
    with pytest.raises(asyncio.CancelledError):
        await resumed
    assert [e["step"] for e in events_of(again, "step.started")] == ["first", "second", "second"]


async def test_a_second_driver_is_refused(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("a"))))
    with drive(context.run.lock), pytest.raises(RunLocked):
        await drive_run(context)


async def test_evidence_of_an_earlier_plan_is_not_quoted_for_a_later_one(tmp_path: Path) -> None:
    planner = ScriptedPlanner(plan_of(toy("a")), plan_of(toy("a", fail="crash")))
    context = context_of(tmp_path, planner)
    answer = await drive_run(context)
    assert answer.status == "not_validated" and answer.claims == ()
    assert {verdict.id for verdict in answer.checks} == {"step.a"}
    assert (context.run.path / "earlier" / "1" / "verdicts.json").is_file()


async def test_a_refused_driver_touches_nothing_of_the_run(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("a"))))
    await drive_run(context)
    torn = context.run.journal.read_bytes() + b'{"half'
    context.run.journal.write_bytes(torn)
    answer = context.run.answer.read_bytes()
    other = context_of(tmp_path, ScriptedPlanner(plan_of(toy("a"))), run_id=context.run.run_id)
    with drive(context.run.lock), pytest.raises(RunLocked):
        await drive_run(other)
    assert context.run.journal.read_bytes() == torn
    assert context.run.answer.read_bytes() == answer


async def test_a_result_whose_files_were_altered_is_made_again(tmp_path: Path) -> None:
    first = plan_of(toy("same"), toy("other", fail="crash"))
    second = plan_of(toy("same"), toy("other"))
    context = context_of(tmp_path, Altering(tmp_path, first, second))
    await drive_run(context)
    assert [e["step"] for e in events_of(context, "step.reused")] == []
    assert [e["step"] for e in events_of(context, "step.started")].count("same") == 2


class Altering(ScriptedPlanner):
    """Changes a delivered file behind the road's back before it gives its second plan."""

    def __init__(self, runs: Path, *plans: Plan) -> None:
        super().__init__(*plans)
        self.runs = runs

    async def plan(
        self, request: Request, routing: Routing, profile: DataProfile | None, findings: tuple[Verdict, ...]
    ) -> Plan:
        for path in self.runs.glob("*/steps/same/out/seen.txt"):
            path.write_text("altered")
        return await super().plan(request, routing, profile, findings)


async def test_the_answer_says_that_plain_processes_isolate_nothing(tmp_path: Path) -> None:
    answer = await drive_run(context_of(tmp_path, ScriptedPlanner(plan_of(toy("a")))))
    assert "plain processes" in answer.message and "convention" in answer.message


async def test_a_request_with_unusual_line_ends_is_read_back_whole(tmp_path: Path) -> None:
    context = context_of(tmp_path, ScriptedPlanner(plan_of(toy("a"))))
    odd = context.request.model_copy(update={"text": "what is\u2028leakage\u0085?"})
    await drive_run(replace(context, request=odd))
    (started,) = events_of(context, "run.started")
    assert started["request"] == odd.text
