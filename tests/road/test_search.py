"""Searches on the road: trials in real boxes, told in closed batches."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path

from road import ScriptedPlanner, context_of, events_of, plan_of
from searched import SCORE, SPACE, after, rows, searching
from test_killed import drive, processes_that_name

from orchestrator.core.plan import Step
from orchestrator.core.search import Objective, Search
from orchestrator.driver import drive_run
from orchestrator.journal.journal import read_events
from orchestrator.nodes.context import Context


async def run(runs: Path, *steps: Step, parallel: int = 4, seed: int = 0) -> Context:
    context = context_of(runs, ScriptedPlanner(plan_of(*steps)), parallel=parallel, seed=seed)
    await drive_run(context)
    return context


def table(context: Context) -> list[dict[str, str]]:
    return rows(context.run.out("search") / "trials.csv")


async def test_a_search_is_the_same_however_many_trials_run_at_once(tmp_path: Path) -> None:
    search = Search(space=SPACE, objectives=(SCORE,), trials=12, batch=4, pruner="median", sampler="tpe")
    alone = await run(tmp_path / "one", searching(search, pause_s=0.01), parallel=1)
    beside = await run(tmp_path / "four", searching(search, pause_s=0.01), parallel=4)
    assert table(alone) == table(beside)
    assert {row["state"] for row in table(alone)} == {"done", "pruned"}


async def test_another_seed_tries_other_settings(tmp_path: Path) -> None:
    search = Search(space=SPACE[:1], objectives=(SCORE,), trials=2, batch=2)
    first = await run(tmp_path / "zero", searching(search))
    other = await run(tmp_path / "one", searching(search), seed=1)
    assert table(first) != table(other)


async def test_the_step_after_a_search_is_given_the_best_setting(tmp_path: Path) -> None:
    search = Search(space=SPACE, objectives=(SCORE,), trials=6, batch=3)
    context = await run(tmp_path, *after(searching(search)))
    found = max(table(context), key=lambda row: float(row["score"]))
    used = json.loads((context.run.step("then") / "spec.json").read_text())
    assert (str(used["x"]), used["kind"]) == (found["x"], found["kind"])
    result = json.loads((context.run.step("search") / "result.json").read_text())
    assert result["setting"]["x"] == used["x"]
    assert {a["path"].rpartition("/")[2] for a in result["artifacts"]} == {"search.json", "trials.csv", "study.sqlite"}


async def test_trials_that_fail_are_counted_and_their_reason_is_kept(tmp_path: Path) -> None:
    search = Search(space=SPACE[:1], objectives=(SCORE,), trials=8, batch=4, sampler="random")
    context = await run(tmp_path, searching(search, fails_above=0.5))
    failed = [row for row in table(context) if row["state"] == "failed"]
    assert failed and len(failed) < 8
    assert all("take a smaller one" in row["reason"] and float(row["x"]) > 0.5 for row in failed)


async def test_a_search_whose_trials_all_fail_ends_after_the_first_batch_and_says_why(tmp_path: Path) -> None:
    search = Search(space=SPACE[:1], objectives=(SCORE,), trials=40, batch=4)
    context = await run(tmp_path, *after(searching(search, states="other")))
    result = json.loads((context.run.step("search") / "result.json").read_text())
    assert result["status"] == "failed" and "it states no 'score', only other, size" in result["reason"]
    assert len(events_of(context, "box.opened")) == 4, "the search went on after a batch that failed as a whole"
    answer = json.loads(context.run.answer.read_text())
    assert answer["status"] == "not_validated" and "none of 4 trials finished" in answer["error"]["message"]


async def test_a_clock_that_stops_a_search_keeps_what_was_found(tmp_path: Path) -> None:
    search = Search(space=SPACE[:1], objectives=(SCORE,), trials=500, batch=2)
    step = searching(search)
    hurried = step.model_copy(update={"resources": step.resources.model_copy(update={"timeout_s": 1.0})})
    context = await run(tmp_path, hurried)
    history = json.loads((context.run.out("search") / "search.json").read_text())
    assert 0 < len(history["trials"]) < 500 and history["complete"] is False


async def test_two_objectives_give_a_front(tmp_path: Path) -> None:
    small = Objective(claim="size", direction="minimize")
    search = Search(space=SPACE[:1], objectives=(SCORE, small), trials=10, batch=5, sampler="nsga2")
    context = await run(tmp_path, searching(search))
    history = json.loads((context.run.out("search") / "search.json").read_text())
    front = [trial for trial in history["trials"] if trial["number"] in history["front"]]
    for trial in front:
        score, size = trial["values"]
        others = [other["values"] for other in history["trials"]]
        assert not any(a >= score and b <= size and (a, b) != (score, size) for a, b in others)
    assert history["best"] == max(history["trials"], key=lambda trial: trial["values"][0])["number"]


def test_a_killed_search_goes_on_and_no_finished_trial_runs_again(tmp_path: Path) -> None:
    undisturbed = drive("drive_search.py", tmp_path / "whole", "")
    assert undisturbed.stdout is not None
    whole = undisturbed.stdout.readline().strip()
    undisturbed.communicate()

    with drive("drive_search.py", tmp_path, "") as first:
        assert first.stdout is not None
        run_id = first.stdout.readline().strip()
        trials = tmp_path / run_id / "steps" / "search" / "trials"
        while len(list(trials.glob("*/trial.json"))) < 4:
            assert first.poll() is None, "the search ended before it could be killed"
        os.kill(first.pid, signal.SIGKILL)
    finished = {path.parent.name for path in trials.glob("*/trial.json")}
    with drive("drive_search.py", tmp_path, run_id) as second:
        said, _ = second.communicate(timeout=120)
    assert said.split()[0] == run_id
    reused = {e.step for e in read_events(tmp_path / run_id / "journal.jsonl") if e.event == "step.reused"}
    assert {f"search.{int(name)}" for name in finished} <= reused
    bases = (tmp_path / run_id, tmp_path / "whole" / whole)
    tables = [base / "steps" / "search" / "out" / "trials.csv" for base in bases]
    assert rows(tables[0]) == rows(tables[1])
    assert not processes_that_name(run_id)
