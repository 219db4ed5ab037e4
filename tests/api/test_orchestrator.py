"""The Python API without a box: plans, streams and blocking calls, and what a mistake of the caller's looks like."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

import orchestrator
from orchestrator import Orchestrator
from orchestrator.core.errors import BadConfig, BadInput
from orchestrator.journal.journal import read_events
from sandbox.docker.backend import DockerSandbox

QUESTION = "What is data leakage?"
HEAT = "Train a PINN to solve the heat equation"


def said(folder: Path) -> list[str]:
    return [event.event for event in read_events(folder / "journal.jsonl")]


async def test_a_question_is_answered_and_the_run_says_where_it_lies(here: Path) -> None:
    async with Orchestrator.open() as orch:
        run = await orch.run(QUESTION)
    assert (run.status, run.answer.exit_code, run.checks, run.artifacts) == ("explained", 0, (), ())
    assert run.directory == here / "runs" / run.id
    assert "train" in run.answer.message


async def test_a_plan_starts_no_box_and_shows_steps_thoughts_and_delegates(here: Path) -> None:
    async with Orchestrator.open(runs_dir=here / "mine") as orch:
        run = await orch.plan(HEAT, seed=3)
    assert (run.status, run.answer.exit_code) == ("planned", 0)
    plan = run.answer.plan
    assert plan is not None
    assert {step.id for step in plan.steps} >= {"train", "reference", "constraints", "physics"}
    assert plan.thoughts and all(thought.why for thought in plan.thoughts)
    assert {step.spec["seed"] for step in plan.steps if step.id == "train"} == {3}
    assert run.directory.parent == here / "mine"
    assert "plan.made" in said(run.directory)
    assert not {"box.opened", "step.started"} & set(said(run.directory))


async def test_a_stream_gives_every_event_in_order_and_ends_with_the_run() -> None:
    async with Orchestrator.open() as orch:
        seen = [event async for event in orch.stream(QUESTION)]
        (folder,) = (path.parent for path in orch.runs_dir.glob("*/answer.json"))
    assert [event.seq for event in seen] == list(range(len(seen)))
    assert (seen[0].event, seen[-1].event) == ("run.started", "run.finished")
    assert seen[-1].data["status"] == "explained"
    assert tuple(seen) == read_events(folder / "journal.jsonl")


def test_the_blocking_call_waits_for_the_answer(here: Path) -> None:
    run = orchestrator.run(QUESTION, runs_dir=here / "mine")
    assert run.status == "explained"
    assert run.directory.parent == here / "mine"


async def test_the_blocking_call_works_inside_a_running_loop() -> None:
    assert asyncio.get_running_loop().is_running()
    assert orchestrator.run(QUESTION).status == "explained"


def test_the_blocking_call_raises_what_open_raises(here: Path) -> None:
    (here / "agents.toml").write_text("[sandbox]\nparalel = 2\n")
    with pytest.raises(BadConfig, match="parallel"):
        orchestrator.run(QUESTION)


async def test_two_orchestrators_in_one_process_keep_their_settings_and_runs_apart(here: Path) -> None:
    (here / "bound.toml").write_text("[orchestrator]\nmax_replans = 0\nruns_dir = 'bound'\n")
    async with Orchestrator.open("bound.toml") as one, Orchestrator.open() as two:
        assert (one.settings.orchestrator.max_replans, two.settings.orchestrator.max_replans) == (0, 2)
        first, second = await asyncio.gather(one.plan(HEAT, seed=1), two.run(QUESTION))
        assert first.directory.parent == here / "bound" and second.directory.parent == here / "runs"
        assert (first.status, second.status) == ("planned", "explained")
        with pytest.raises(BadInput, match=first.id):
            await two.resume(first.id)
    assert {event.run for event in read_events(first.directory / "journal.jsonl")} == {first.id}


async def test_a_mistake_in_the_request_is_answered_and_one_in_the_call_is_raised() -> None:
    async with Orchestrator.open() as orch:
        run = await orch.run("Predict y in @missing.csv")
        assert (run.status, run.answer.exit_code) == ("bad_input", 42)
        assert run.answer.error is not None and "missing.csv" in run.answer.error["message"]
        with pytest.raises(BadInput, match="seed"):
            await orch.run(QUESTION, seed=-1)
        with pytest.raises(BadInput, match="no run 'nobody'"):
            await orch.resume("nobody")


async def test_rows_are_shown_to_nobody_so_that_allowing_it_is_refused() -> None:
    async with Orchestrator.open() as orch:
        run = await orch.plan(HEAT, allow_rows=("data.csv",))
    assert (run.status, run.answer.exit_code, run.answer.route) == ("refused", 42, "train/pinn")
    assert run.answer.error is not None
    assert run.answer.error["type"] == "NotAvailable" and "--allow-rows data.csv" in run.answer.error["message"]


@pytest.mark.docker
async def test_an_image_of_the_users_is_the_one_that_boxes_start_from(here: Path) -> None:
    if why := await DockerSandbox().probe():
        pytest.skip(why)
    (here / "agents.toml").write_text("[sandbox]\nimage = 'nobody-has-this:1'\n")
    async with Orchestrator.open() as orch:
        run = await orch.run(HEAT, sandbox="docker")
    assert run.answer.error is not None
    assert "nobody-has-this:1" in run.answer.error["message"]
    assert "box.opened" not in said(run.directory)


@pytest.mark.box
async def test_a_resumed_run_takes_the_new_deadline(tmp_path: Path) -> None:
    async with Orchestrator.open(runs_dir=tmp_path) as orch:
        planned = await orch.plan("Train a PINN to solve the heat equation", sandbox="process", timeout_s=0.001)
        assert planned.status in ("planned", "limit")
        again = await orch.resume(planned.id, timeout_s=0.5)
        assert again.status == "limit" and "0.5 s" in (again.answer.error or {})["message"]
