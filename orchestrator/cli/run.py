"""`mlexpert run` and `mlexpert plan`: drive the road once, show it live, print the answer."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

from pydantic import ValidationError

from orchestrator.cli import road
from orchestrator.cli.logs import logs_to_stderr
from orchestrator.cli.options import Asked
from orchestrator.cli.output import Output, error_answer, only_results
from orchestrator.cli.progress import Watch, watching
from orchestrator.core.answer import Answer
from orchestrator.core.errors import BadInput, Interrupted
from orchestrator.core.plan import Plan
from orchestrator.core.request import Request
from orchestrator.journal.events import Event
from orchestrator.journal.rundir import RunDirectory
from orchestrator.report.brief import render_brief
from orchestrator.report.record import read_answer, read_evidence
from orchestrator.report.text import render_plan

Start = Callable[[road.Road, road.Listener, road.Approver | None], Awaitable[road.Finished]]


def run(asked: Asked) -> int:
    """Run a request, or go on with one; the exit code tells how it ended.

    Raises:
        BadInput: nothing, or too much, was asked; or `--approve` without a terminal.
    """
    if bool(asked.text) == bool(asked.resume):
        raise BadInput(
            "a request and --resume exclude each other" if asked.text else "there is no request",
            remedy='say what you want: mlexpert run "Predict y in data.csv", or mlexpert run --resume RUN',
        )
    if asked.approve and not _can_ask():
        raise BadInput(
            "--approve needs a terminal to ask on, and there is none",
            remedy='mlexpert plan "…" shows the plan and its run id; mlexpert run --resume RUN then goes ahead with it',
        )
    if asked.resume:
        return _finish(
            asked, lambda r, tell, ask: r.resume(asked.resume, on_event=tell, approver=ask, timeout_s=asked.timeout_s)
        )
    request = _request(asked)
    return _finish(asked, lambda r, tell, ask: r.run(request, on_event=tell, approver=ask))


def plan(asked: Asked) -> int:
    """Route and plan a request and stop before anything is spent.

    Raises:
        BadInput: nothing was asked.
    """
    if not asked.text:
        raise BadInput("there is no request", remedy='say what you want: mlexpert plan "Predict y in data.csv"')
    request = _request(asked)
    return _finish(asked, lambda r, tell, _: r.plan(request, on_event=tell))


def _request(asked: Asked) -> Request:
    try:
        return Request(
            text=asked.text,
            files=asked.files,
            seed=asked.seed,
            planner=asked.planner,  # type: ignore[arg-type]  # a member of the option's own enumeration
            sandbox=asked.sandbox,
            approve=asked.approve,
            trust_code=asked.trust_code,
            allow_rows=asked.allow_rows,
            timeout_s=asked.timeout_s,
            budget_usd=asked.budget_usd,
            trained_on=asked.trained_on,
        )
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise BadInput(f"{name} {first['input']!r}: {first['msg']}", remedy="see mlexpert run --help") from error


def _finish(asked: Asked, start: Start) -> int:
    logs_to_stderr()
    with only_results(asked.place.format) as output:
        answer = asyncio.run(_drive(asked, start, output))
        output.answer(answer, _text_of(answer))
    return answer.exit_code


def _text_of(answer: Answer) -> str:
    evidence = read_evidence(Path(answer.run_dir) / "evidence.jsonl") if answer.run_dir else ()
    return render_brief(answer, evidence)


async def _drive(asked: Asked, start: Start, output: Output) -> Answer:
    seen: list[Event] = []

    with watching(sys.stderr) as watch:

        def tell(event: Event) -> None:
            seen[:] = seen or [event]
            output.event(event)
            watch(event)

        opened = road.opener()(asked.place.config, runs_dir=asked.place.runs_dir)
        async with opened as way:
            approver = _approver(watch) if _can_ask() else None
            finished = await _stoppable(start(way, tell, approver))
            return finished.answer if finished else _stopped(way.runs_dir, seen[0].run if seen else "")


def _stopped(runs_dir: Path, run_id: str) -> Answer:
    """The answer that the road wrote when it was stopped, or one that says so."""
    run = RunDirectory(runs_dir.resolve(), run_id)
    if run_id and run.answer.is_file():
        return read_answer(run.answer)
    remedy = f"go on with: mlexpert run --resume {run_id}" if run_id else "run it again"
    return error_answer(Interrupted("stopped before the end; what was done is kept", remedy=remedy), run_id)


async def _stoppable(work: Awaitable[road.Finished]) -> road.Finished | None:
    """Await the run; the first Ctrl-C (or TERM) cancels it, the second leaves at once. None: cancelled."""
    task = asyncio.ensure_future(work)
    stopped = False

    def stop() -> None:
        nonlocal stopped
        if stopped:
            os._exit(Interrupted.exit_code)  # the clean-up hangs, and the user has said so twice
        stopped = True
        sys.stderr.write("stopping: boxes are being closed (again to leave at once)\n")
        task.cancel()

    loop = asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, stop)
    try:
        return await task
    except asyncio.CancelledError:
        if not stopped:
            raise
        return None
    finally:
        for number in signals:
            loop.remove_signal_handler(number)


def _can_ask() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _approver(watch: Watch) -> road.Approver:
    async def approve(plan: Plan) -> bool:
        with watch.quiet():
            sys.stderr.write(render_plan(plan) + "\nGo ahead? [y/N] ")
            sys.stderr.flush()
            return (await _line_typed()).strip().lower() in {"y", "yes"}

    return approve


async def _line_typed() -> str:
    """One line from the terminal. Waits on the descriptor: a thread in `input()` could not be cancelled."""
    loop = asyncio.get_running_loop()
    ready: asyncio.Future[None] = loop.create_future()
    descriptor = sys.stdin.fileno()

    def wake() -> None:
        if not ready.done():
            ready.set_result(None)

    loop.add_reader(descriptor, wake)
    try:
        await ready
    finally:
        loop.remove_reader(descriptor)
    return sys.stdin.readline()
