"""Which box a job gets: one that outlived a killed run, a warm one, or a fresh one; and what is leased for it first."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from orchestrator.boxes.job import Job
from orchestrator.boxes.letter import fixed_variables, mounts_of
from orchestrator.core.errors import BoxFailed
from orchestrator.journal.journal import Journal
from sandbox.endings import to_the_end
from sandbox.leases.demand import Demand, Grant
from sandbox.leases.ledger import Lease, Leases
from sandbox.network.reached import Reaching
from sandbox.pool.pool import Pool
from sandbox.protocol import Box, BoxSpec, KeptBox, Sandbox

KEEP_MARGIN_S = 120.0  # how much longer than its command a box waits to be picked up by a resumed run

OPENING_S = 60.0  # the box counts its time from its command's start; the lease must not end before it


@dataclass(frozen=True)
class Terms:
    """Under which boxes are lent. `resumed`: boxes that outlived the run's last driver are looked for."""

    parallel: int = 4
    wait_s: float = 3600.0
    trust_code: bool = False
    resumed: bool = False


TERMS = Terms()


@dataclass(frozen=True)
class Lent:
    """An open box and what it may use. `kept` is the same box where it outlived the process that opened it."""

    box: Box
    grant: Grant
    kept: KeptBox | None = None
    keep: Callable[[], None] = lambda: None  # to be called when the box is given its command


class Lending:
    """Boxes for the jobs of one run. Without `leases` nothing is waited for, without `pool` every box is fresh."""

    def __init__(
        self, sandbox: Sandbox, environment: Path, runtime: Path, run_id: str, journal: Journal, terms: Terms, *,
        leases: Leases | None = None, pool: Pool | None = None,
    ) -> None:  # fmt: skip
        self._sandbox = sandbox
        self._environment = environment
        self._runtime = runtime
        self._run_id = run_id
        self._journal = journal
        self._terms = terms
        self._leases = leases
        self._pool = pool
        self._served: Counter[str] = Counter()
        self._places = asyncio.Semaphore(terms.parallel)

    @asynccontextmanager
    async def lend(self, job: Job) -> AsyncIterator[Lent]:
        """A box for the job, closed at the end.

        Raises:
            BoxFailed: the sandbox broke; the job may be tried again.
            Untrusted: no box here may run the job's code.
            NotAvailable: this machine can never give what the job needs.
            LimitReached: it was not given in time.
        """
        async with self._places, AsyncExitStack() as stack:
            lease = await self._lease(job, stack)
            grant = lease.grant if lease else Grant(cores=(), memory_mb=job.resources.memory_mb)
            kept = await self._reattach(job) if self._terms.resumed and job.key else None
            box: Box = kept if kept is not None else await self._open(job, grant)
            stack.push_async_callback(self._close, box, job)
            yield Lent(box, grant, kept, lambda: self._keep(job, lease))

    async def _reattach(self, job: Job) -> KeptBox | None:
        """What cannot be picked up is done again."""
        try:
            return await self._sandbox.reattach(self._run_id, job.key)
        except BoxFailed as error:
            self._note(job, f"its box could not be picked up, the work is done again: {error.message}")
            return None

    def spec_of(self, job: Job, grant: Grant) -> BoxSpec:
        return BoxSpec(
            run=self._run_id,
            step=job.step,
            key=job.key,
            keep_s=self._keep_s(job),
            mounts=mounts_of(job, self._environment, self._runtime),
            memory_mb=job.resources.memory_mb,
            cpus=float(job.resources.cpus),
            disk_mb=job.resources.disk_mb,
            network=job.resources.network,
            gpus=grant.gpus,
            cores=grant.cores,
            trust=job.trust,
            trust_code=self._terms.trust_code,
        )

    async def _open(self, job: Job, grant: Grant) -> Box:
        spec = self.spec_of(job, grant)
        self._served[job.agent] += 1
        if job.warm and self._pool is not None and self._served[job.agent] > 1:  # a box used once saves nobody time
            variables = fixed_variables(job)
            return await self._pool.open(spec, agent=job.agent, preload=job.preload, variables=variables)
        return await self._sandbox.open(spec)

    def _keep(self, job: Job, lease: Lease | None) -> None:
        """From its command's start on the box may outlive this process, and then its lease must too."""
        if lease is not None and (keep_s := self._keep_s(job)):
            lease.keep(time.time() + keep_s + OPENING_S)

    async def _lease(self, job: Job, stack: AsyncExitStack) -> Lease | None:
        if self._leases is None:
            return None
        wanted = job.resources
        lease = await self._leases.acquire(
            Demand(cpus=wanted.cpus, memory_mb=wanted.memory_mb, gpu=wanted.gpu),
            wait_s=self._terms.wait_s,
            what=f"{self._run_id}/{job.step}",
            on_wait=lambda text: self._note(job, text),
            key=job.key,
            adopt=job.key if self._terms.resumed else "",
        )
        stack.callback(lease.release)
        if lease.grant.reason:
            self._note(job, f"device: cpu, because {lease.grant.reason}")
        return lease

    def _note(self, job: Job, text: str) -> None:
        self._journal.tell("note", job.step, text=text)

    def _keep_s(self, job: Job) -> float:
        """How long the job's box may outlive this process: only work that a resumed run would find by its key."""
        return job.resources.timeout_s + KEEP_MARGIN_S if job.key and self._sandbox.keeps else 0.0

    async def _close(self, box: Box, job: Job) -> None:
        """What the box reached is known for sure once it is closed."""
        await to_the_end(box.close())
        for one in box.reached if isinstance(box, Reaching) else ():
            self._journal.tell("box.reached", job.step, box=box.id, **one.model_dump(mode="json"))
