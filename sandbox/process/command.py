"""One command of a process box, from start to verdict, through the supervisor."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import Literal, final

from pydantic import BaseModel

from orchestrator.core.errors import BoxFailed
from sandbox.output import Capture, Stream
from sandbox.protocol import BoxSpec, Completed, Ended, OnOutput

SUPERVISOR = Path(__file__).with_name("supervisor.py")
DRIVER = Path("/dev/nvidiactl")
KILL_S = 10.0
BASE_ENV = {"PATH": "/usr/local/bin:/usr/bin:/bin", "LANG": "C.UTF-8"}


@final
class Reins:
    """Stops the tree of the running command, and lets it go on."""

    def __init__(self) -> None:
        self.held = False
        self._process: asyncio.subprocess.Process | None = None

    @contextmanager
    def on(self, process: asyncio.subprocess.Process) -> Iterator[None]:
        self._process = process
        try:
            yield
        finally:
            self._process = None

    def hold(self) -> None:
        self.held = True
        self._tell(b"p")

    def release(self) -> None:
        self.held = False
        self._tell(b"c")

    def _tell(self, word: bytes) -> None:
        if self._process is not None and self._process.stdin is not None and not self._process.stdin.is_closing():
            self._process.stdin.write(word)


class Verdict(BaseModel):
    """What the supervisor reports. `code` is None where it ended the command itself."""

    ended: Literal["exit", "memory", "disk", "pids", "killed"]
    code: int | None
    cpu_s: float
    disk_bytes: int


async def run_command(
    root: Path,
    spec: BoxSpec,
    command: Sequence[str],
    env: Mapping[str, str],
    *,
    timeout_s: float,
    output_limit: int,
    on_output: OnOutput | None,
    reins: Reins,
) -> Completed:
    """Runs `command` in root/work. Whatever ends it, the whole tree is dead when this returns or raises."""
    started = time.monotonic()
    capture = Capture(output_limit, on_output)
    async with _supervised(_job(root, spec, command, env)) as (process, report):
        with reins.on(process):
            why = await _drain(process, capture, started + timeout_s)
        await (_end(process) if why else process.wait())
        verdict = _parse(os.read(report, 65536))
    ended, code = _ruling(verdict, why)
    tail = capture.finish()
    if verdict.ended == "pids":
        tail += f"\n[more than {spec.pids} processes]"
    return Completed(exit_code=code, ended=ended, output=tail, wall_s=time.monotonic() - started, cpu_s=verdict.cpu_s)


def _job(root: Path, spec: BoxSpec, command: Sequence[str], env: Mapping[str, str]) -> dict[str, object]:
    own = {"HOME": str(root / "work"), "TMPDIR": str(root / "tmp")}
    return {
        "command": list(command),
        "env": {**BASE_ENV, **own, **_devices(spec.gpus), **env},
        "root": str(root),
        "workspace": str(root / "work"),
        "folders": [str(root / "work"), str(root / "tmp")],
        "memory_mb": spec.memory_mb,
        "disk_bytes": spec.disk_mb * 1024 * 1024,
        "pids": spec.pids,
        "cores": list(spec.cores),
    }


def _devices(gpus: tuple[str, ...], driver: Path = DRIVER) -> dict[str, str]:
    """CUDA sees the leased devices alone, or none where none was leased. Without a driver there is none to hide."""
    return {"CUDA_VISIBLE_DEVICES": ",".join(gpus)} if gpus or driver.exists() else {}


@asynccontextmanager
async def _supervised(job: dict[str, object]) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A started supervisor and the descriptor of its report. On the way out nothing of it is left."""
    report, theirs = os.pipe()
    process: asyncio.subprocess.Process | None = None
    try:
        try:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(SUPERVISOR), str(job["root"])),  # the folder: for who looks
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env=BASE_ENV,
                pass_fds=(theirs,),
                start_new_session=True,
            )
        finally:
            os.close(theirs)  # so that a supervisor that dies without a word ends the report
        assert process.stdin is not None
        process.stdin.write(json.dumps({**job, "report": theirs}).encode() + b"\n")
        yield process, report
    finally:
        if process is not None:
            await asyncio.shield(_end(process))
        os.close(report)


async def _end(process: asyncio.subprocess.Process) -> None:
    """Tells the supervisor to kill its tree, drains its pipes meanwhile and waits for it."""
    if process.returncode is None:
        _tell_to_kill(process)
        streams = [stream for stream in (process.stdout, process.stderr) if stream is not None]
        try:
            async with asyncio.timeout(KILL_S):
                await asyncio.gather(process.wait(), *(_discard(stream) for stream in streams))
        except TimeoutError:
            process.kill()
            raise BoxFailed("a process would not die", remedy="look for a process in state D on this machine") from None
    if process.stdin is not None:
        process.stdin.close()


async def _discard(stream: asyncio.StreamReader) -> None:
    while await stream.read(65536):
        pass


def _tell_to_kill(process: asyncio.subprocess.Process) -> None:
    if process.stdin is not None and not process.stdin.is_closing():
        process.stdin.write(b"k")


async def _drain(process: asyncio.subprocess.Process, capture: Capture, deadline: float) -> Ended | None:
    """Reads both streams and waits for the command's end. Returns what cut it short: the deadline or a flood."""
    assert process.stdout is not None
    assert process.stderr is not None
    pumps: set[asyncio.Task[None]] = {
        asyncio.create_task(_pump("stdout", process.stdout, capture)),
        asyncio.create_task(_pump("stderr", process.stderr, capture)),
        asyncio.create_task(_ended(process)),  # a command may close its output and go on
    }
    try:
        left = max(0.0, deadline - time.monotonic())
        done, waiting = await asyncio.wait(pumps, timeout=left, return_when=asyncio.FIRST_EXCEPTION)
        for pump in done:
            pump.result()  # a listener's own error goes up to the caller
        return "timeout" if waiting else None
    except _Flood:
        return "output"
    finally:
        for pump in pumps:
            pump.cancel()
        await asyncio.gather(*pumps, return_exceptions=True)


async def _pump(stream: Stream, reader: asyncio.StreamReader, capture: Capture) -> None:
    while data := await reader.read(65536):
        capture.feed(stream, data)
        if capture.flooded:
            raise _Flood


async def _ended(process: asyncio.subprocess.Process) -> None:
    await process.wait()


class _Flood(Exception):
    """More output than the limit."""


def _parse(data: bytes) -> Verdict:
    if not data:
        raise BoxFailed("the supervisor of a process box died", remedy="look for the kernel's out-of-memory killer")
    return Verdict.model_validate_json(data)


def _ruling(verdict: Verdict, why: Ended | None) -> tuple[Ended, int]:
    """The reason and the exit code (128 + signal). A limit that the supervisor saw wins over the deadline."""
    if verdict.ended == "exit" and why is None:
        code = verdict.code if verdict.code is not None else 137
        return "exit", code if code >= 0 else 128 - code
    if verdict.ended in ("memory", "disk"):
        code = verdict.code or 137  # a command that ended well over a limit did not end well
        return ("memory" if verdict.ended == "memory" else "disk"), code if code >= 0 else 128 - code
    return (why or "killed"), 137
