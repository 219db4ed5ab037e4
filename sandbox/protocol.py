"""The seam between the road and the places where code runs.

"The box failed" is an error (`BoxFailed`): try again elsewhere. "The command failed" is a value
(`Completed`): its exit code, its last output, and whether a limit ended it.

A box shows one layout, whatever its backend: a writable workspace (`box.workspace`) and a folder
of read-only mounts (`box.mounts`), in which `Mount(source, "in/train")` appears as
`box.mounts / "in/train"`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path, PurePosixPath
from typing import Literal, Protocol

from pydantic import Field

from orchestrator.core.values import Value

Isolation = Literal["full", "none"]
Trust = Literal["builtin", "user", "untrusted"]
Ended = Literal["exit", "timeout", "memory", "output", "disk", "killed"]
OnOutput = Callable[[Literal["stdout", "stderr"], str], None]  # one decoded line, without its newline


class Mount(Value):
    """A file or folder of the host, shown read-only in the box at `mounts / target`."""

    source: Path
    target: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-/]*$")


class BoxSpec(Value):
    """What a box may use. No network, ever, unless a backend is asked for it by name.

    Units: `memory_mb`, `disk_mb` in MiB (workspace and /tmp each); `cpus` in cores.
    `labels` travel on the box, so that a reaper finds it (`mlexpert.run`, `mlexpert.step`).
    `trust` says whose code will run; a backend that may not run it raises `Untrusted` on open.
    """

    run: str = ""
    step: str = ""
    mounts: tuple[Mount, ...] = ()
    memory_mb: int = Field(default=2048, ge=32)
    cpus: float = Field(default=1.0, gt=0)
    disk_mb: int = Field(default=512, ge=1)
    pids: int = Field(default=256, ge=8)
    trust: Trust = "builtin"
    trust_code: bool = False  # the user said --trust-code


class Completed(Value):
    """How a command ended. `output` is the tail of stdout and stderr together (at most 64 KiB).

    `exit_code` is 128 + signal where a signal ended it. `ended` tells why: `memory`, `timeout`,
    `output` (flood) and `disk` name the limit that did it.
    """

    exit_code: int
    ended: Ended
    output: str
    wall_s: float
    cpu_s: float = 0.0


class IntakeLimits(Value):
    """What may come out of a box."""

    files: int = 1000
    bytes: int = 512 * 1024 * 1024
    depth: int = 8


class Taken(Value):
    """A regular file copied out of a box: `path` relative to the destination."""

    path: str
    bytes: int


class Box(Protocol):
    """One open box. Close it in every case; a closed box leaves nothing behind."""

    id: str
    workspace: PurePosixPath
    mounts: PurePosixPath

    async def run(
        self,
        command: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        timeout_s: float,
        output_limit: int = 16 * 1024 * 1024,
        on_output: OnOutput | None = None,
    ) -> Completed:
        """Run a command in the workspace; only `env` and a minimal PATH, HOME, LANG reach it.

        A deadline or an output flood kills the whole tree. Cancelling the awaiting task does too.
        """
        ...

    async def write(self, path: str, data: bytes) -> None:
        """Write a file below the workspace, making its folders. A path that leaves it: BadInput."""
        ...

    async def read(self, path: str, *, limit: int = 16 * 1024 * 1024) -> bytes:
        """Read a regular file below the workspace (at most `limit` bytes, else BoxFailed)."""
        ...

    async def collect(self, path: str, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
        """Copy the regular files below workspace/`path` into the empty folder `destination`.

        Links, devices, fifos, escapes and anything over the limits raise BoxFailed naming it.
        """
        ...

    async def close(self) -> None: ...


class Sandbox(Protocol):
    """A place that opens boxes."""

    name: str
    isolation: Isolation

    async def probe(self) -> str:
        """Empty where it works here, else one line that says why not and what mends it."""
        ...

    def python(self, environment: Path) -> str:
        """The interpreter's path, as seen in a box that mounts `environment` at `env`."""
        ...

    async def open(self, spec: BoxSpec) -> Box: ...

    async def reap(self, run: str | None = None) -> int:
        """Remove left-over boxes (of one run, or all whose owner is dead); how many."""
        ...
