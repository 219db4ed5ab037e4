"""Checkpoints on their way: into the box of a job that runs again, and out of it while it runs."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, final

from pydantic import JsonValue

from orchestrator.boxes.job import Job, JobResult
from orchestrator.boxes.shelf import FILE, INPUT, LARGEST_BYTES, Attempt, Kept, Shelf
from orchestrator.core.errors import FileMissing, RunBroken, RunError
from orchestrator.core.outcome import Claim
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import write_json
from sandbox.endings import to_the_end
from sandbox.protocol import Box, IntakeLimits

FIRST_S: Final = 1.0  # after so long the first look, then after twice that, and so on up to the job's own rhythm
SHARE: Final = 50.0  # copying, for which a box stands still, takes at most this part of the time
LIMITS: Final = IntakeLimits(files=1, bytes=LARGEST_BYTES, depth=1)
EFFORT: Final = "training_cpu_s"  # the claim from which a rival solver gets its budget


@final
class Checkpoints:
    """Those of one job. Without `job.unfinished` nothing is handed over, copied or charged."""

    def __init__(self, job: Job, journal: Journal) -> None:
        told = job.unfinished
        self._job = job
        self._journal = journal
        self._shelf = Shelf(told.folder, told.key) if told else None
        self._every_s = told.every_s if told else 0.0
        self._found: Attempt | None = None
        self._earlier: Kept | None = None
        self._last: Kept | None = None
        self._before_s = 0.0
        self.resumed = False  # whether the box was given an earlier attempt's checkpoint
        self._heard: dict[str, JsonValue] = {}
        self._complained = False

    def with_input(self) -> Job:
        """The job, with an earlier attempt's checkpoint among its inputs where there is one that is whole."""
        if self._shelf is None or INPUT in self._job.inputs:
            return self._job
        try:
            self._found = self._shelf.attempt()
        except RunBroken as broken:
            self._note(f"an earlier attempt's checkpoint is of no use: {broken.message}")
        self._earlier = self._found.kept if self._found else None
        if self._earlier is None:
            return self._job
        inputs = {**self._job.inputs, INPUT: self._shelf.folder / self._earlier.file}
        return self._job.model_copy(update={"inputs": inputs})

    def fitting(self, job: Job, device: str) -> Job:
        """The job as its box is told of it: bits that another kind of device computed are not gone on from."""
        if self._earlier is None or self._earlier.device == device:
            return job
        self._note(f"its checkpoint was computed on {self._earlier.device!r} and the step starts anew on {device!r}")
        self._earlier = None
        return job.model_copy(update={"inputs": {name: at for name, at in job.inputs.items() if name != INPUT}})

    def begin(self, *, rejoined: bool) -> None:
        """The command starts now, or has run on alone since an owner was killed."""
        if self._shelf is None:
            return
        attempt = self._found if rejoined else None
        self._before_s = (attempt or self._shelf.begin(self._earlier)).before_s
        self.resumed = self._earlier is not None and not rejoined
        if self._earlier is not None and not rejoined:
            known = self._earlier.model_dump(include={"sha256", "bytes", "spent_s"})
            self._journal.tell("step.resumed", self._job.step, **self._earlier.progress, **known)

    def hear(self, progress: dict[str, JsonValue]) -> None:
        self._heard = {**self._heard, **progress}  # a line may tell the loss alone, and not how far the work is

    @asynccontextmanager
    async def copied(self, box: Box, device: str) -> AsyncIterator[None]:
        """While the block runs, the box's checkpoint is copied now and then, and once more where it is cancelled."""
        stop, cut = asyncio.Event(), False
        task = asyncio.create_task(self._now_and_then(box, device, stop))
        try:
            yield
        except asyncio.CancelledError:
            cut = True
            raise
        finally:
            stop.set()
            await to_the_end(self._finish(task, box, device, cut))

    async def last(self, box: Box, device: str) -> None:
        """A last copy of a command that was cut off, and a word on what is kept."""
        if self._shelf is None:
            return
        kept = await self._copy(box, device) or self._earlier
        if kept is None:
            return
        known = kept.model_dump(include={"sha256", "bytes", "spent_s"})
        self._journal.tell("checkpoint.kept", self._job.step, **kept.progress, **known)

    def discard(self, why: str) -> None:
        """The job failed with what it was given: what is left of it is not to be used again."""
        self._note(f"it failed with an earlier attempt's checkpoint and starts anew: {why}")
        self._found, self._earlier = None, None
        if self._shelf is not None:
            self._shelf.clear()

    def charged(self, result: JobResult) -> JobResult:
        """The result, its training charged with the processor time that earlier attempts can have taken at most.

        A skill's clock starts with its box. Without the earlier attempts the rival at equal cost would get too little.
        """
        if not self._before_s or not any(claim.name == EFFORT for claim in result.claims):
            return result
        more = self._before_s * self._job.resources.cpus
        claims = tuple(_more(claim, more) if claim.name == EFFORT else claim for claim in result.claims)
        write_json(self._job.destination / "claims.json", [claim.model_dump(mode="json") for claim in claims])
        return result.model_copy(update={"claims": claims})

    async def _finish(self, task: asyncio.Task[None], box: Box, device: str, cut: bool) -> None:
        await task
        if cut:
            await self.last(box, device)

    async def _now_and_then(self, box: Box, device: str, stop: asyncio.Event) -> None:
        pause = due = min(FIRST_S, self._every_s)
        while self._shelf is not None and not await _set_within(stop, pause):
            began = time.monotonic()
            await self._copy(box, device)
            due = min(2 * due, self._every_s)
            pause = max(due, SHARE * (time.monotonic() - began))

    async def _copy(self, box: Box, device: str) -> Kept | None:
        """What is kept of this attempt now; None where it has written nothing. That a file is refused is told once."""
        assert self._shelf is not None
        try:
            with self._shelf.incoming() as folder:
                await box.collect(f"out/{FILE}", folder, LIMITS)
                take = asyncio.to_thread(self._shelf.take, folder / FILE, device, self._heard)
                self._last = await to_the_end(take)
        except FileMissing:
            pass  # not written yet, or not any more
        except (RunError, OSError) as error:
            if not self._complained:
                self._complained = True
                self._note(f"its checkpoint could not be copied: {error}")
        return self._last

    def _note(self, text: str) -> None:
        self._journal.tell("note", self._job.step, text=f"step {self._job.step!r}: {text}")


def _more(claim: Claim, seconds: float) -> Claim:
    return claim.model_copy(update={"value": claim.value + seconds})


async def _set_within(event: asyncio.Event, seconds: float) -> bool:
    try:
        async with asyncio.timeout(seconds):
            await event.wait()
    except TimeoutError:
        return False
    return True
