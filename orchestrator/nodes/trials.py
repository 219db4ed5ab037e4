"""A search: its trials, each in a box of its own, in batches that Optuna is told whole."""

from __future__ import annotations

import asyncio
import json
import math
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue, ValidationError

from orchestrator.boxes.job import Job, JobResult
from orchestrator.boxes.workshop import Workshop
from orchestrator.core.errors import BoxFailed
from orchestrator.core.outcome import Artifact, ArtifactKind, Claim, Outcome, Usage
from orchestrator.core.plan import Step
from orchestrator.core.search import Search, Setting, Trial, best_of
from orchestrator.core.values import Value, canonical_json, sha256_file, sha256_text
from orchestrator.journal.rundir import write_json, write_text
from orchestrator.nodes.context import Context
from orchestrator.nodes.reasons import why_it_failed
from orchestrator.search.history import History, study_of, table_of
from orchestrator.search.pruning import Pruning
from orchestrator.search.study import Study

HISTORY, TABLE, STUDY = "search.json", "trials.csv", "study.sqlite"  # below the step's out/


class Kept(Value):
    """A trial on disk, and the hash of everything that decided it."""

    key: str
    trial: Trial


@dataclass(frozen=True)
class Trials:
    """Runs the trials of one search. `job` makes the box job of the body step with a setting in its spec."""

    context: Context
    workshop: Workshop
    step: Step
    fingerprint: str
    job: Callable[[Step], Job]
    box_attempts: int = 2

    async def run(self) -> Outcome:
        """Every batch in its turn; trials that are on disk are not run again."""
        search, started = self._search, time.time()
        study, pruning, closed = Study(search, self.context.seed), Pruning(search), list[Trial]()
        usage = Usage()
        while not study.over and time.time() - started < self.step.resources.timeout_s:
            batch = study.ask()
            ended = await self._batch(batch, pruning, tuple(closed))
            study.tell(ended)
            closed += ended
            usage = usage.plus(Usage(wall_s=0.0, cpu_s=sum(trial.cpu_s for trial in ended)))
            self._write(History.of(search, tuple(closed)))
            self._tell(ended, tuple(closed))
            if all(trial.state == "failed" for trial in closed) and len(closed) >= max(search.batch, 3):
                break  # what fails from the start fails to the end
        return self._outcome(tuple(closed), usage, started)

    @property
    def _search(self) -> Search:
        if self.step.search is None:
            raise ValueError(f"step {self.step.id!r} holds no search")
        return self.step.search

    async def _batch(
        self, batch: Sequence[tuple[int, Setting]], pruning: Pruning, closed: tuple[Trial, ...]
    ) -> list[Trial]:
        """Side by side as far as leases allow. A box that breaks is tried again; one that fails is a failed trial."""
        tasks = [asyncio.ensure_future(self._trial(number, setting, pruning, closed)) for number, setting in batch]
        try:
            return list(await asyncio.gather(*tasks))
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _trial(self, number: int, setting: Setting, pruning: Pruning, closed: tuple[Trial, ...]) -> Trial:
        folder = self._folder(number)
        key = sha256_text(f"{self.fingerprint} {canonical_json(dict(setting))}")
        if (kept := _kept(folder / "trial.json", key)) is not None:
            self.context.journal.tell("step.reused", f"{self.step.id}.{number}", reason="the trial was finished before")
            return kept
        for attempt in range(1, self.box_attempts + 1):
            try:
                trial = await self._try(number, setting, folder, pruning, closed)
                break
            except BoxFailed as error:
                trial = Trial(number=number, setting=setting, state="failed", reason=f"the box failed: {error.message}")
                if attempt == self.box_attempts:
                    return trial  # not kept: another attempt of the run tries it again
        write_json(folder / "trial.json", Kept(key=key, trial=trial))
        return trial

    async def _try(
        self, number: int, setting: Setting, folder: Path, pruning: Pruning, closed: tuple[Trial, ...]
    ) -> Trial:
        """One box. Where closed batches say that the trial is to stop, its box is closed."""
        body = self.step.body[0]
        step = body.model_copy(update={"id": f"{self.step.id}.{number}", "spec": {**body.spec, **setting}})
        job = self.job(step).model_copy(update={"destination": folder / "out", "unfinished": None})
        reports: list[tuple[int, float]] = []
        stopped: list[int] = []
        started = time.time()

        def hear(data: dict[str, JsonValue]) -> None:
            place, value = data.get("place"), data.get("value")
            if stopped or not isinstance(place, int | float) or not isinstance(value, int | float):
                return
            reports.append((int(place), float(value)))
            if (at := pruning.last_report(closed, number, reports)) is not None:
                stopped.append(at)
                working.cancel()

        write_json(folder / "spec.json", step.spec)
        working = asyncio.ensure_future(self.workshop.do(job, hear))
        try:
            result: JobResult | None = await working
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if not stopped or own is None or own.cancelling():
                raise  # the run is being stopped, not the trial
            result = None
        wall_s = time.time() - started
        if stopped:
            told = tuple(reports[: stopped[0] + 1])
            return Trial(
                number=number, setting=setting, state="pruned", values=(told[-1][1],), reports=told,
                reason=f"stopped at place {told[-1][0]} by the {self._search.pruner} pruner", wall_s=wall_s,
                cpu_s=result.usage.cpu_s if result else 0.0,
            )  # fmt: skip
        return self._ended(number, setting, step, result, tuple(reports), wall_s)

    def _ended(
        self, number: int, setting: Setting, step: Step, result: JobResult | None,
        reports: tuple[tuple[int, float], ...], wall_s: float,
    ) -> Trial:  # fmt: skip
        cpu_s = result.usage.cpu_s if result else 0.0
        failed = Trial(number=number, setting=setting, state="failed", wall_s=wall_s, cpu_s=cpu_s)
        if result is None:
            return failed.model_copy(update={"reason": "its box was closed"})
        reason, remedy = why_it_failed(step, result)
        if reason:
            return failed.model_copy(update={"reason": f"{reason} {remedy}".strip()})
        stated = {claim.name: claim.value for claim in result.claims}
        wanted = [objective.claim for objective in self._search.objectives]
        if missing := [name for name in wanted if name not in stated]:
            told = f"it states no {missing[0]!r}, only {', '.join(stated) or 'nothing'}"
            return failed.model_copy(update={"reason": told})
        values = tuple(stated[name] for name in wanted)
        if not all(map(math.isfinite, values)):
            return failed.model_copy(update={"reason": f"its {' and '.join(wanted)} is not finite"})
        return failed.model_copy(update={"state": "done", "values": values, "reports": reports})

    def _folder(self, number: int) -> Path:
        return self.context.run.step(self.step.id) / "trials" / f"{number:04d}"

    def _write(self, history: History) -> None:
        out = self.context.run.out(self.step.id)
        write_json(out / HISTORY, history)
        write_text(out / TABLE, table_of(history))
        for url in filter(None, (f"sqlite:///{out / STUDY}", history.search.storage)):
            study_of(history.search, history.trials, url, self.context.run.run_id)

    def _tell(self, ended: Sequence[Trial], closed: tuple[Trial, ...]) -> None:
        objective, best = self._search.objectives[0], best_of(self._search, closed)
        for trial in ended:
            found = f"{objective.claim} {trial.values[0]:.5g}" if trial.values else trial.reason
            shown = f", best {best.values[0]:.5g} (trial {best.number})" if best else ""
            self.context.journal.tell(
                "step.progress",
                self.step.id,
                done=trial.number + 1,
                total=self._search.trials,
                message=f"trial {trial.number} {trial.state}: {found}{shown}",
            )

    def _outcome(self, closed: tuple[Trial, ...], usage: Usage, started: float) -> Outcome:
        best, ended = best_of(self._search, closed), time.time()
        made = Outcome(
            step=self.step.id,
            status="done" if best else "failed",
            spec_sha256=self.fingerprint,
            reason="" if best else _why_none(closed),
            remedy="" if best else "mend what the trials say, or narrow the search space",
            usage=usage.model_copy(update={"wall_s": ended - started}),
            started_at=started,
            finished_at=ended,
        )
        if best is None:
            return made
        claims = (
            *(Claim(name=f"tuned.{o.claim}", value=value, file=HISTORY)
              for o, value in zip(self._search.objectives, best.values, strict=True)),
            Claim(name="trials", value=float(len(closed)), file=HISTORY),
        )  # fmt: skip
        return made.model_copy(
            update={"claims": claims, "setting": best.setting, "artifacts": tuple(self._artifacts())}
        )

    def _artifacts(self) -> Iterator[Artifact]:
        kinds: tuple[tuple[str, ArtifactKind], ...] = ((HISTORY, "report"), (TABLE, "table"), (STUDY, "log"))
        for name, kind in kinds:
            path = self.context.run.out(self.step.id) / name
            yield Artifact(
                path=self.context.run.relative(path), kind=kind, step=self.step.id, sha256=sha256_file(path),
                bytes=path.stat().st_size,
            )  # fmt: skip


def _why_none(closed: tuple[Trial, ...]) -> str:
    if not closed:
        return "the clock stopped the search before its first batch ended"
    counts: dict[str, int] = {}
    for trial in closed:
        counts[trial.reason] = counts.get(trial.reason, 0) + 1
    most = max(counts, key=lambda reason: counts[reason])
    return f"none of {len(closed)} trials finished; most often: {most}"


def _kept(path: Path, key: str) -> Trial | None:
    try:
        kept = Kept.model_validate(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, ValidationError):
        return None  # no trial ended here, or its file was cut off while it was written
    return kept.trial if kept.key == key else None
