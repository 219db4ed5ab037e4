"""What boxes leave on this machine: containers, volumes, folders, processes."""

from __future__ import annotations

import subprocess
from pathlib import Path


def docker_leftovers(label_value: str) -> set[str]:
    """Every container and volume that carries the label."""
    label = ["--filter", f"label={label_value}", "--quiet"]
    containers = subprocess.run(["docker", "ps", "--all", *label], capture_output=True, text=True, check=True)
    volumes = subprocess.run(["docker", "volume", "ls", *label], capture_output=True, text=True, check=True)
    return {*containers.stdout.split(), *volumes.stdout.split()}


def folders(place: Path) -> set[str]:
    return {path.name for path in place.glob("mlexpert-box-*")}


def processes_in(place: Path) -> set[str]:
    """Live processes that work, or were told to work, below a folder."""
    found = set()
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            words = (entry / "cmdline").read_bytes().decode("utf-8", "replace")
            cwd = str((entry / "cwd").readlink())
            state = (entry / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX" and (cwd.startswith(str(place)) or str(place) in words):
            found.add(entry.name)
    return found
