"""Drives one run along the graph: lock, checkpoints, approval, deadline, and an honest end."""

from __future__ import annotations

import asyncio
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiosqlite
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.serde.jsonplus import JsonPlusSerializer
from langgraph.checkpoint.sqlite.aio import AsyncSqliteSaver
from langgraph.errors import NodeTimeoutError
from langgraph.graph.state import CompiledStateGraph
from langgraph.types import Command

from orchestrator.core.answer import Answer
from orchestrator.core.errors import Interrupted, LimitReached, MlexpertError, RunError
from orchestrator.core.plan import Plan
from orchestrator.graph import RECURSION_LIMIT, compile_road
from orchestrator.journal.lock import drive
from orchestrator.journal.rundir import RunDirectory, read_model
from orchestrator.nodes.answer import answer_of, write_answer
from orchestrator.nodes.attempts import take_up
from orchestrator.nodes.context import Context
from orchestrator.nodes.state import Ending, FileRef, State

Approver = Callable[[Plan], Awaitable[bool]]
"""Shown the plan; True lets it run."""

CLOSING_S, CLOSING_SHARE = 10.0, 0.05  # of the deadline, kept for the end

Road = CompiledStateGraph[State, Context, State, State]
# The only types of ours that a checkpoint may rebuild; anything else in one is refused when it is read.
SERDE = JsonPlusSerializer(
    allowed_msgpack_modules=[(kind.__module__, kind.__name__) for kind in (FileRef, Ending)], pickle_fallback=False
)


async def drive_run(context: Context, approver: Approver | None = None, *, until_plan: bool = False) -> Answer:
    """Go down the road from wherever the run's checkpoint stands; with `until_plan`, stop before anything is spent.

    Every end is an answer: a deadline, a bug, a user who stops it (CancelledError is raised again after the
    answer was written).

    Raises:
        RunLocked: another process drives the run.
    """
    started = time.time()
    with drive(context.run.lock):
        resumed = context.run.checkpoints.is_file()
        context.journal.tell("run.started", request=context.request.text, seed=context.request.seed, resumed=resumed)
        limit = asyncio.timeout(_working_time(context))
        try:
            async with limit, _road(context.run) as road:
                ended = await _travel(road, context, approver, until_plan=until_plan)
            made = (_answer_on_disk(context.run) if ended else None) or await _early(context, None)
        except (TimeoutError, NodeTimeoutError, MlexpertError) as error:
            made = _written_since(context.run, started) or await _early(
                context, _told(context, error, overdue=limit.expired())
            )
        except asyncio.CancelledError:
            await _early(context, Interrupted("stopped before the end; what was done is kept", remedy=_go_on(context)))
            raise
        except Exception as error:  # noqa: BLE001  # a bug of ours: told in one line, the traceback kept with the run
            (context.run.path / "crash.txt").write_text(traceback.format_exc(), encoding="utf-8")
            told = MlexpertError(f"{type(error).__name__}: {error}", remedy=f"see {context.run.path / 'crash.txt'}")
            made = await _early(context, told)
        finally:
            context.journal.tell("run.finished", status=_status(context.run), wall_s=time.time() - started)
        return made


@asynccontextmanager
async def _road(run: RunDirectory) -> AsyncIterator[Road]:
    run.checkpoints.parent.mkdir(parents=True, exist_ok=True)
    async with aiosqlite.connect(run.checkpoints) as connection:
        yield compile_road(AsyncSqliteSaver(connection, serde=SERDE))


async def _travel(road: Road, context: Context, approver: Approver | None, *, until_plan: bool) -> bool:
    """Go on from the checkpoint; False where the run now waits: for approval, or for more than its plan."""
    config: RunnableConfig = {"configurable": {"thread_id": context.run.run_id}, "recursion_limit": RECURSION_LIMIT}
    before = await road.aget_state(config)
    if before.created_at is not None and not before.next:
        return True  # it came to its end before; the answer on disk stands
    take_up(context.run)
    fresh: Any = None if before.created_at is not None else State(goto="plan")
    stop = ["approve"] if until_plan else None
    while True:
        await road.ainvoke(fresh, config, context=context, durability="sync", interrupt_before=stop)
        now = await road.aget_state(config)
        if not now.interrupts:
            return not now.next
        context.journal.tell("approval.asked")
        if approver is None:
            return False  # `run --resume` asks again
        plan = read_model(context.run.plan, Plan)
        fresh = Command(resume=await approver(plan))


def _told(context: Context, error: TimeoutError | NodeTimeoutError | MlexpertError, *, overdue: bool) -> MlexpertError:
    """The error in words of ours. Only the run's own deadline is a limit of the user's."""
    if isinstance(error, MlexpertError):
        return error
    if overdue:
        told = f"the run hit its deadline of {_deadline(context) or 0:g} s"
        return LimitReached(told, remedy=_go_on(context, "a larger --timeout"))
    return RunError(f"something took too long: {error}", remedy=_go_on(context))


async def _early(context: Context, error: MlexpertError | None) -> Answer:
    """The answer of a run that did not reach its own: everything that is known, and why it stands here."""
    if error is None:
        ending = Ending(status="planned")
    else:
        ending = Ending.model_validate({"status": error.status, "message": error.message, "error": error.as_json()})
    return write_answer(context, answer_of(context, ending))


def _answer_on_disk(run: RunDirectory) -> Answer | None:
    return Answer.from_json(run.answer.read_text(encoding="utf-8")) if run.answer.is_file() else None


def _status(run: RunDirectory) -> str:
    made = _answer_on_disk(run)
    return made.status if made else "failed"


def _written_since(run: RunDirectory, started: float) -> Answer | None:
    """The answer that the road itself wrote, where the deadline came while its page was drawn."""
    written = run.answer.is_file() and run.answer.stat().st_mtime >= started
    return _answer_on_disk(run) if written else None


def _working_time(context: Context) -> float | None:
    """The deadline less what boxes need to close and a page to be drawn."""
    limit = _deadline(context)
    return None if limit is None else limit - min(CLOSING_S, CLOSING_SHARE * limit)


def _deadline(context: Context) -> float | None:
    return context.request.timeout_s or context.settings.budget.wall_s


def _go_on(context: Context, more: str = "") -> str:
    return f"go on with `mlexpert run --resume {context.run.run_id}`" + (f" and {more}" if more else "")
