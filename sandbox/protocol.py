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

from orchestrator.core.plan import HostPort
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
    """What a box may use.

    Units: `memory_mb`, `disk_mb` in MiB (workspace and /tmp each); `cpus` in cores; `keep_s` in seconds.
    `run`, `step` and `key` travel on the box, so that a reaper and `Sandbox.reattach` find it.
    `trust` says whose code will run; a backend that may not run it raises `Untrusted` on open.
    `network` names the hosts that may be reached ("host:port"), through a proxy that lets nothing else pass; empty:
    no network at all. `gpus` are UUIDs of whole devices, `cores` numbers of processors, both leased before the box is
    opened. A box ends with its owner, unless `keep_s` (counted from its opening) lets one that runs a command live on
    to be re-attached; then it ends after that time whatever happens.
    """

    run: str = ""
    step: str = ""
    key: str = ""  # names the work, so that a resumed run finds the box that does it
    keep_s: float = Field(default=0.0, ge=0)
    network: tuple[HostPort, ...] = ()
    gpus: tuple[str, ...] = ()
    cores: tuple[int, ...] = ()
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
        """Read a regular file below the workspace (at most `limit` bytes, else BoxFailed; FileMissing: none there)."""
        ...

    async def collect(self, path: str, destination: Path, limits: IntakeLimits) -> tuple[Taken, ...]:
        """Copy the regular files below workspace/`path` (or that one file) into the empty folder `destination`.

        Links, devices, fifos, escapes and anything over the limits raise BoxFailed naming it;
        FileMissing: nothing is there.
        """
        ...

    async def pause(self) -> None:
        """Everything in the box stands still; its files can be read, written and taken. A new command is refused.

        The deadline of a running command goes on. Pausing a paused box does nothing.
        """
        ...

    async def resume(self) -> None:
        """Let a paused box go on; does nothing where it is not paused."""
        ...

    async def close(self) -> None: ...


class KeptBox(Box, Protocol):
    """A box that outlived its owner, taken over by this process."""

    async def rejoin(
        self, *, timeout_s: float, output_limit: int = 16 * 1024 * 1024, on_output: OnOutput | None = None
    ) -> Completed:
        """Follow the command that the dead owner started, from its first line, to its end.

        `timeout_s` counts from the command's own start. Raises BoxFailed where no command was started.
        """
        ...


class BoxInfo(Value):
    """An open box as a list shows it. `since` in seconds since 1970."""

    id: str
    sandbox: str
    run: str
    step: str
    state: Literal["running", "paused", "kept"]  # kept: its owner is dead, it waits to be re-attached
    owner_alive: bool
    since: float


class Sandbox(Protocol):
    """A place that opens boxes."""

    name: str
    isolation: Isolation
    keeps: bool  # whether a box with `keep_s` can outlive its owner; elsewhere it ends with it

    async def probe(self) -> str:
        """Empty where it works here, else one line that says why not and what mends it."""
        ...

    def python(self, environment: Path) -> str:
        """The interpreter's path, as seen in a box that mounts `environment` at `env`."""
        ...

    async def gaps(self) -> tuple[str, ...]:
        """The limits that this backend cannot hold here, each with the reason. Untrusted code needs none."""
        ...

    async def open(self, spec: BoxSpec) -> Box: ...

    async def reattach(self, run: str, key: str) -> KeptBox | None:
        """The kept box of that run and key whose owner is dead, now this process's own; None where there is none."""
        ...

    async def boxes(self) -> tuple[BoxInfo, ...]:
        """Every box of this backend on this machine (of this user, where others' cannot be seen)."""
        ...

    async def reap(self, run: str | None = None, *, kept: bool = False) -> int:
        """Remove left-over boxes (of one run, or all whose owner is dead); how many.

        A box with `keep_s` stays, to be re-attached, until its time is over or `kept` says that it goes too.
        """
        ...
