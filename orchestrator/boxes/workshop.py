"""Runs jobs in boxes: is lent one, hands it the job, listens, takes the files out."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import JsonValue

from orchestrator.boxes.checkpoints import Checkpoints
from orchestrator.boxes.delivery import hear, result_of
from orchestrator.boxes.job import Job, JobResult
from orchestrator.boxes.lending import TERMS, Lending, Lent, Terms
from orchestrator.boxes.letter import letter_of, variables_of
from orchestrator.core.errors import BoxFailed
from orchestrator.core.outcome import Usage
from orchestrator.journal.events import EventKind
from orchestrator.journal.journal import Journal
from sandbox.leases.ledger import Leases
from sandbox.pool.pool import Pool
from sandbox.protocol import Box, Completed, IntakeLimits, OnOutput, Sandbox

Heard = Callable[[dict[str, JsonValue]], None]


def deaf(data: dict[str, JsonValue]) -> None:
    """Progress that nobody but the journal hears."""


class Workshop:
    """The boxes of one run: one sandbox and one box environment."""

    def __init__(
        self, sandbox: Sandbox, environment: Path, runtime: Path, run_id: str, journal: Journal,
        terms: Terms = TERMS, *, leases: Leases | None = None, pool: Pool | None = None,
    ) -> None:  # fmt: skip
        self.sandbox = sandbox
        self.environment = environment
        self.runtime = runtime
        self.journal = journal
        self.lending = Lending(sandbox, environment, runtime, run_id, journal, terms, leases=leases, pool=pool)

    async def do(self, job: Job, heard: Heard = deaf) -> JobResult:
        """Run one job in a box of its own; `job.destination` is emptied and filled with what came out.

        Its progress goes to the journal, and to `heard`. A job that was cut off before goes on from its checkpoint, and
        starts anew where it fails with that.
        Raises what `Lending.lend` raises.
        """
        checkpoints = Checkpoints(job, self.journal)
        result = await self._in_a_box(checkpoints.with_input(), checkpoints, heard)
        if not checkpoints.resumed or result.done or result.mistake or result.completed.ended != "exit":
            return result
        checkpoints.discard(f"exit code {result.completed.exit_code}")
        return await self._in_a_box(job, checkpoints, heard)

    async def _in_a_box(self, job: Job, checkpoints: Checkpoints, heard: Heard) -> JobResult:
        box, used = "", Usage()
        try:
            async with self.lending.lend(job) as lent:
                box = lent.box.id
                told: EventKind = "box.rejoined" if lent.kept else "box.opened"
                self.journal.tell(told, job.step, box=box, sandbox=self.sandbox.name, purpose=job.verb)
                result = await self._drive(lent, job, checkpoints, heard)
                used = result.usage
        finally:
            if box:
                self.journal.tell("box.closed", job.step, box=box, wall_s=used.wall_s, cpu_s=used.cpu_s)
        return result.model_copy(update={"device": lent.grant.device, "device_reason": lent.grant.reason})

    async def _drive(self, lent: Lent, job: Job, checkpoints: Checkpoints, heard: Heard) -> JobResult:
        log: list[str] = []
        started, device = time.time(), lent.grant.device
        async with checkpoints.copied(lent.box, device):
            completed = await self._command(lent, job, self._listener(job, log, checkpoints, heard), checkpoints)
        if completed.ended != "exit":
            await checkpoints.last(lent.box, device)
        shutil.rmtree(job.destination, ignore_errors=True)
        job.destination.mkdir(parents=True)
        taken = await self._take_out(lent.box, job, completed)
        gpu_s = completed.wall_s * len(lent.grant.gpus)
        usage = Usage(wall_s=max(time.time() - started, completed.wall_s), cpu_s=completed.cpu_s, gpu_s=gpu_s)
        if job.verb == "work":
            (job.destination.parent / "log.txt").write_text("\n".join(log) + "\n", encoding="utf-8")
        return checkpoints.charged(result_of(job.destination, completed, taken, usage))

    async def _command(self, lent: Lent, job: Job, listener: OnOutput, checkpoints: Checkpoints) -> Completed:
        """The job's one command; in a box that outlived its owner it runs already."""
        if lent.kept is not None:
            checkpoints.begin(rejoined=True)
            return await lent.kept.rejoin(timeout_s=job.resources.timeout_s, on_output=listener)
        box = lent.box
        letter = letter_of(
            checkpoints.fitting(job, lent.grant.device), box.mounts, box.workspace / "out", lent.grant.device
        )
        await box.write("job.json", json.dumps(letter).encode())
        lent.keep()
        checkpoints.begin(rejoined=False)
        python = self.sandbox.python(self.environment)
        return await box.run(
            [python, "-m", "skills.runtime", job.verb, str(box.workspace / "job.json")],
            env=variables_of(job, box.mounts),
            timeout_s=job.resources.timeout_s,
            on_output=listener,
        )

    async def _take_out(self, box: Box, job: Job, completed: Completed) -> tuple[str, ...]:
        limits = IntakeLimits(bytes=job.resources.disk_mb * 1024 * 1024)
        try:
            taken = await box.collect("out", job.destination, limits)
        except BoxFailed:
            if completed.exit_code == 0:
                raise
            return ()  # the command failed before it wrote anything worth taking; that it failed is what is told
        return tuple(file.path for file in taken)

    def _listener(self, job: Job, log: list[str], checkpoints: Checkpoints, heard: Heard) -> OnOutput:
        def tell(data: dict[str, JsonValue]) -> None:
            checkpoints.hear(data)
            heard(data)
            if job.verb == "work":
                self.journal.tell("step.progress", job.step, **data)

        return hear(log, tell)
