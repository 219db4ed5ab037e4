"""Runs jobs in boxes: opens one, hands it the job, listens, takes the files out, closes it."""

from __future__ import annotations

import asyncio
import json
import math
import re
import shutil
import time
from pathlib import Path, PurePosixPath
from typing import Literal

from pydantic import JsonValue, TypeAdapter

from orchestrator.boxes.job import Code, Job, JobResult, ModelFiles, Told
from orchestrator.core.errors import BoxFailed
from orchestrator.core.outcome import Claim, Usage
from orchestrator.journal.journal import Journal
from sandbox.protocol import Box, BoxSpec, Completed, IntakeLimits, Mount, OnOutput, Sandbox

PROGRESS = "::mlexpert:: "
MAX_PROGRESS_CHARACTERS = 4000
MAX_PROGRESS_EVENTS = 2000  # a flood of progress lines must not fill the journal
_SAFE = re.compile(r"[^A-Za-z0-9_.-]")
_CLAIMS = TypeAdapter(tuple[Claim, ...])
_ARTIFACTS = TypeAdapter(list[dict[Literal["path", "kind"], str]])
# What a worker may declare. Predictions are made by the host, and a service by a later skill of ours.
_KIND: TypeAdapter[str] = TypeAdapter(Literal["model", "reference", "figure", "table", "report", "log"])
MAX_LEDGER_BYTES = 4 * 1024 * 1024


class Workshop:
    """The boxes of one run: one sandbox, one box environment, at most `parallel` boxes at once."""

    def __init__(
        self, sandbox: Sandbox, environment: Path, runtime: Path, run_id: str, journal: Journal, *, parallel: int = 4,
        trust_code: bool = False,
    ) -> None:  # fmt: skip
        self.sandbox = sandbox
        self.environment = environment
        self.runtime = runtime
        self.run_id = run_id
        self.journal = journal
        self.trust_code = trust_code
        self._places = asyncio.Semaphore(parallel)

    async def do(self, job: Job) -> JobResult:
        """Run one job in a box of its own; `job.destination` is emptied and filled with what came out.

        Raises:
            BoxFailed: the sandbox broke; the job may be tried again.
            Untrusted: no box here may run the job's code.
        """
        async with self._places:
            box = await self.sandbox.open(self._box_spec(job))
            self.journal.tell("box.opened", job.step, box=box.id, sandbox=self.sandbox.name, purpose=job.verb)
            used = Usage()
            try:
                result = await self._drive(box, job)
                used = result.usage
                return result
            finally:
                await asyncio.shield(box.close())
                self.journal.tell("box.closed", job.step, box=box.id, wall_s=used.wall_s, cpu_s=used.cpu_s)

    async def _drive(self, box: Box, job: Job) -> JobResult:
        out = box.workspace / "out"
        await box.write("job.json", json.dumps(_letter(job, box.mounts, out)).encode())
        log: list[str] = []
        started = time.time()
        completed = await box.run(
            [self.sandbox.python(self.environment), "-m", "skills.runtime", job.verb, str(box.workspace / "job.json")],
            env=_variables(job, box.mounts),
            timeout_s=job.resources.timeout_s,
            on_output=self._listener(job, log),
        )
        shutil.rmtree(job.destination, ignore_errors=True)
        job.destination.mkdir(parents=True)
        taken = await self._take_out(box, job, completed)
        usage = Usage(wall_s=time.time() - started, cpu_s=completed.cpu_s)
        if job.verb == "work":
            (job.destination.parent / "log.txt").write_text("\n".join(log) + "\n", encoding="utf-8")
        return _result(job.destination, completed, taken, usage)

    async def _take_out(self, box: Box, job: Job, completed: Completed) -> tuple[str, ...]:
        limits = IntakeLimits(bytes=job.resources.disk_mb * 1024 * 1024)
        try:
            taken = await box.collect("out", job.destination, limits)
        except BoxFailed:
            if completed.exit_code == 0:
                raise
            return ()  # the command failed before it wrote anything worth taking; that it failed is what is told
        return tuple(file.path for file in taken)

    def _box_spec(self, job: Job) -> BoxSpec:
        return BoxSpec(
            run=self.run_id,
            step=job.step,
            mounts=_mounts(job, self.environment, self.runtime),
            memory_mb=job.resources.memory_mb,
            cpus=float(job.resources.cpus),
            disk_mb=job.resources.disk_mb,
            trust=job.trust,
            trust_code=self.trust_code,
        )

    def _listener(self, job: Job, log: list[str]) -> OnOutput:
        told = 0

        def hear(stream: Literal["stdout", "stderr"], line: str) -> None:
            nonlocal told
            if stream == "stdout" and line.startswith(PROGRESS):
                data = _progress(line)
                if data and told < MAX_PROGRESS_EVENTS and job.verb == "work":
                    told += 1
                    self.journal.tell("step.progress", job.step, **data)
            else:
                log.append(line)

        return hear


def _mounts(job: Job, environment: Path, runtime: Path) -> tuple[Mount, ...]:
    codes: dict[str, Code] = {model.skill.name: model.skill for model in job.models.values()}
    if job.skill:
        codes[job.skill.name] = job.skill
    return (
        Mount(source=environment, target="env"),
        Mount(source=runtime, target="lib/skills/runtime"),
        *(Mount(source=code.folder, target=f"lib/skills/{name}") for name, code in codes.items()),
        *(Mount(source=path, target=_place(name, path)) for name, path in job.inputs.items()),
        *(Mount(source=model.folder, target=_model_place(name)) for name, model in job.models.items()),
    )


def _place(name: str, path: Path) -> str:
    return f"in/{_SAFE.sub('_', name)}{path.suffix if path.is_file() else ''}"


def _model_place(name: str) -> str:
    return f"in/model-{_SAFE.sub('_', name)}"


def _letter(job: Job, mounts: PurePosixPath, out: PurePosixPath) -> dict[str, JsonValue]:
    """`job.json`: the job with every path as the box sees it."""
    inputs: dict[str, JsonValue] = {name: str(mounts / _place(name, path)) for name, path in job.inputs.items()}

    def model(name: str, files: ModelFiles) -> dict[str, JsonValue]:
        return {"skill": files.skill.name, "path": str(mounts / _model_place(name))}

    scorers = [
        {**scorer, "inputs": {key: inputs[str(name)] for key, name in _named(scorer).items()}} for scorer in job.scorers
    ]
    return {
        "skill": job.skill.name if job.skill else "",
        "spec": job.spec,
        "inputs": inputs,
        "models": {name: model(name, files) for name, files in job.models.items()},
        "variants": list(job.variants),
        "scorers": list[JsonValue](scorers),
        "out": str(out),
        "seed": job.seed,
        "threads": job.resources.cpus,
    }


def _named(scorer: dict[str, JsonValue]) -> dict[str, JsonValue]:
    inputs = scorer.get("inputs", {})
    return inputs if isinstance(inputs, dict) else {}


def _variables(job: Job, mounts: PurePosixPath) -> dict[str, str]:
    threads = str(job.resources.cpus)
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS")
    return {
        "PYTHONPATH": str(mounts / "lib"),
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONUNBUFFERED": "1",
        "PYTHONHASHSEED": "0",
        **dict.fromkeys(names, threads),
    }


def _progress(line: str) -> dict[str, JsonValue]:
    """The known fields of a progress line; an empty dict where it is none."""
    try:
        data = json.loads(line.removeprefix(PROGRESS)) if len(line) < MAX_PROGRESS_CHARACTERS else None
        if not isinstance(data, dict):
            return {}
        told = {k: float(v) for k in ("done", "total", "loss") if isinstance(v := data.get(k), int | float)}
    except (ValueError, OverflowError, RecursionError):
        return {}  # a box may print anything
    numbers = {name: value for name, value in told.items() if math.isfinite(value)}
    message = data.get("message")
    return {**numbers, **({"message": message[:500]} if isinstance(message, str) else {})}


def _result(folder: Path, completed: Completed, taken: tuple[str, ...], usage: Usage) -> JobResult:
    """Parse what the skill declared, once, here at the edge; a malformed declaration is a failed box job."""
    try:
        claims = _CLAIMS.validate_json(_text(folder / "claims.json", "[]"))
        declared = _ARTIFACTS.validate_json(_text(folder / "artifacts.json", "[]"))
        artifacts = tuple((entry["path"], _KIND.validate_python(entry["kind"])) for entry in declared)
        mistake = Told.model_validate_json(text) if (text := _text(folder / "error.json", "")) else None
    except (ValueError, KeyError) as error:  # pydantic raises a ValueError too
        broken = completed.model_copy(update={"exit_code": 1, "output": f"malformed declaration: {error}"})
        return JobResult(completed=broken, files=taken, usage=usage)
    return JobResult(completed=completed, files=taken, claims=claims, artifacts=artifacts, mistake=mistake, usage=usage)


def _text(path: Path, default: str) -> str:
    if not path.is_file():
        return default
    if path.stat().st_size > MAX_LEDGER_BYTES:
        raise ValueError(f"{path.name} is larger than {MAX_LEDGER_BYTES} bytes")
    return path.read_text(encoding="utf-8")
