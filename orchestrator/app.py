"""The Python API: open an orchestrator, run a request, stream its events, resume what was killed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Unpack

from pydantic import ValidationError

from orchestrator.boxes.door import WorkshopDoor
from orchestrator.config.registry import Configuration, load_configuration
from orchestrator.core.answer import Answer
from orchestrator.core.errors import BadInput, MlexpertError
from orchestrator.core.evidence import Verdict
from orchestrator.core.outcome import Artifact
from orchestrator.core.request import Request
from orchestrator.driver import Approver, drive_run
from orchestrator.journal.environment import host_environment
from orchestrator.journal.events import Event
from orchestrator.journal.journal import Journal, Listener
from orchestrator.journal.rundir import RunDirectory, read_model, write_json
from orchestrator.nodes.context import Context
from orchestrator.options import Options
from orchestrator.planners.seam import choose
from orchestrator.problems.statement import Problem
from sandbox.endings import to_the_end


@dataclass(frozen=True)
class Run:
    """A request that came to an end, and where everything about it lies."""

    id: str
    answer: Answer
    directory: Path

    @property
    def status(self) -> str:
        return self.answer.status

    @property
    def checks(self) -> tuple[Verdict, ...]:
        return self.answer.checks

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        return self.answer.artifacts


class Orchestrator:
    """Runs requests. Open one with `Orchestrator.open()`; several may live in one process.

    A mistake of the user's is not raised but answered: `run.answer.status` is "bad_input" and
    `run.answer.error` says what to change. Cancelling the asyncio task stops the run, closes its
    boxes and keeps what is done; `resume` goes on from there.
    """

    def __init__(self, configuration: Configuration, runs_dir: Path) -> None:
        self.settings = configuration.settings
        self.agents = configuration.agents
        self.skills = configuration.skills
        self.runs_dir = runs_dir

    @classmethod
    @asynccontextmanager
    async def open(
        cls, config: str | Path | None = None, *, runs_dir: str | Path | None = None
    ) -> AsyncIterator[Orchestrator]:
        """An orchestrator with the settings of `config` (default: ./agents.toml, else the built-in ones).

        Raises:
            BadConfig: the configuration holds mistakes; the message names them all.
        """
        configuration = load_configuration(Path(config) if config else None)
        folder = Path(runs_dir) if runs_dir else configuration.settings.orchestrator.runs_dir
        yield cls(configuration, folder)

    async def run(
        self, request: str | Request, *, on_event: Listener | None = None, approver: Approver | None = None,
        **options: Unpack[Options],
    ) -> Run:  # fmt: skip
        """Carry a request from plain words to a checked answer.

        Raises:
            BadInput: an option has a value that it cannot have, or the runs directory cannot be written.
        """
        return await self._start(_request(request, options), on_event, approver)

    async def plan(
        self, request: str | Request, *, on_event: Listener | None = None, **options: Unpack[Options]
    ) -> Run:
        """Route, plan and check a request; spends nothing and starts no box. `resume` would go on from here."""
        return await self._start(_request(request, options), on_event, None, until_plan=True)

    async def resume(
        self,
        run_id: str,
        *,
        on_event: Listener | None = None,
        approver: Approver | None = None,
        timeout_s: float | None = None,
    ) -> Run:
        """Go on with a run that was killed, stopped or only planned. Finished steps are not run again.

        `timeout_s` takes the place of the deadline that the run was started with.

        Raises:
            BadInput: there is no such run.
            RunLocked: another process drives it.
        """
        run = RunDirectory.find(self.runs_dir, run_id)
        request = read_model(run.request, Request)
        if timeout_s is not None:
            request = request.model_copy(update={"timeout_s": timeout_s})
        return await self._drive(run, request, on_event, approver, resumed=True)

    async def stream(self, request: str | Request, **options: Unpack[Options]) -> AsyncIterator[Event]:
        """The events of a run as they happen; the last one is `run.finished`. Leaving the loop stops the run."""
        events: asyncio.Queue[Event | None] = asyncio.Queue()
        task = asyncio.create_task(self.run(request, on_event=events.put_nowait, **options))
        task.add_done_callback(lambda _: events.put_nowait(None))
        try:
            while (event := await events.get()) is not None:
                yield event
            await task
        finally:
            if not task.done():
                task.cancel()
                await asyncio.wait([task])

    async def _start(
        self, request: Request, on_event: Listener | None, approver: Approver | None, *, until_plan: bool = False
    ) -> Run:
        run = RunDirectory.create(self.runs_dir)
        write_json(run.request, request)
        write_json(run.environment, await asyncio.to_thread(host_environment, Path.cwd()))
        return await self._drive(run, request, on_event, approver, until_plan=until_plan)

    async def _drive(
        self, run: RunDirectory, request: Request, on_event: Listener | None, approver: Approver | None, *,
        until_plan: bool = False, resumed: bool = False,
    ) -> Run:  # fmt: skip
        choice = self.settings.planner.kind if request.planner == "auto" else request.planner
        try:
            planner = choose(choice, os.environ)
        except MlexpertError as error:
            return self._refused(run, error)
        journal = Journal(run.journal, run.run_id, (on_event,) if on_event else ())
        door = WorkshopDoor(self.settings, request, run, journal, resumed=resumed)
        context = Context(
            request=request,
            run=run,
            journal=journal,
            settings=self.settings,
            skills={name: skill for name, skill in self.skills.by_name.items() if skill.runnable},
            agents=self.agents.by_name,
            planner=planner,
            open_workshop=door.enter,
        )
        try:
            made = await drive_run(context, approver, until_plan=until_plan)
        finally:
            await to_the_end(door.close())
            journal.close()
        return Run(id=run.run_id, answer=made, directory=run.path)

    def _refused(self, run: RunDirectory, error: MlexpertError) -> Run:
        made = Answer.model_validate(
            {
                "run_id": run.run_id,
                "status": error.status,
                "message": error.message,
                "error": error.as_json(),
                "run_dir": str(run.path),
            }
        )
        if not run.answer.is_file():  # what an earlier driver of the run answered stands
            write_json(run.answer, made.as_json())
        return Run(id=run.run_id, answer=made, directory=run.path)


def _request(request: str | Request, options: Options) -> Request:
    if isinstance(request, Request):
        return request
    given: dict[str, object] = {"text": request, **options}
    if (problem := options.get("problem")) is not None:
        given["problem"] = (problem if isinstance(problem, Problem) else Problem.model_validate(problem)).as_json()
    try:
        return Request.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        told = f"option {name} = {first['input']!r}: {first['msg']}"
        raise BadInput(told, remedy="see help(orchestrator.Request)") from error
