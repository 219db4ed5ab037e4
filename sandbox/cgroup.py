"""A container's control group, read directly: what the engine's own interface tells late (a second per question)."""

from __future__ import annotations

from pathlib import Path
from typing import Final, final

ROOT: Final = Path("/sys/fs/cgroup")


@final
class Cgroup:
    """The files of one control group, of version 1 or 2. `found` is false where none is in reach (Docker Desktop)."""

    def __init__(self, pid: int, root: Path = ROOT, proc: Path = Path("/proc")) -> None:
        paths: dict[str, Path] = {}
        try:
            lines = (proc / str(pid) / "cgroup").read_text().splitlines()
        except OSError:
            lines = []
        for line in lines:
            _, controllers, path = line.split(":", 2)
            for controller in controllers.split(",") if controllers else [""]:
                paths[controller] = root / controller / path.lstrip("/")
        unified = "memory" not in paths
        self._processes = paths.get("" if unified else "pids", root) / "pids.current"
        self._cpu = paths.get("" if unified else "cpuacct", root) / ("cpu.stat" if unified else "cpuacct.usage")
        self._memory = paths.get("" if unified else "memory", root) / (
            "memory.events" if unified else "memory.oom_control"
        )
        self._unified = unified
        self.found = bool(paths) and all(p.is_file() for p in (self._processes, self._cpu, self._memory))

    def processes(self) -> int:
        """Processes and threads now; 0 where the group is gone."""
        return int(self._read(self._processes) or 0)

    def cpu_s(self) -> float:
        text = self._read(self._cpu)
        return _field(text, "usage_usec") / 1e6 if self._unified else int(text or 0) / 1e9

    def oom_kills(self) -> int:
        return _field(self._read(self._memory), "oom_kill")

    @staticmethod
    def _read(path: Path) -> str:
        try:
            return path.read_text().strip()
        except OSError:
            return ""  # the group goes with its last process


def oom_kills(group: Path) -> int:
    """How many processes of that group (its folder in either version's memory hierarchy) were killed for memory."""
    for file in ("memory.events", "memory.oom_control"):
        try:
            return _field((group / file).read_text(), "oom_kill")
        except OSError:
            continue
    return 0


def _field(text: str, name: str) -> int:
    """The number of a line `name number`, 0 where there is none."""
    pairs = (line.split() for line in text.splitlines())
    return next((int(pair[1]) for pair in pairs if len(pair) == 2 and pair[0] == name), 0)
