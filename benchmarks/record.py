"""Where and how a benchmark's result is written: one JSON file a benchmark, with its commit and machine."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def _changed() -> list[str]:
    """Files that differ from the commit: figures of a tree with any of these are not the commit's own."""
    told = subprocess.run(["git", "status", "--porcelain"], cwd=ROOT, capture_output=True, text=True, check=False)
    names = [line[3:] for line in told.stdout.splitlines()]
    return [name for name in names if not name.startswith("benchmarks/results/")]


def write(name: str, figures: dict[str, object]) -> Path:
    """Write benchmarks/results/NAME.json."""
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=False)
    commit = told.stdout.strip() or "unknown"
    record = {
        "benchmark": name,
        "commit": commit,
        "changed_since": _changed(),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        **figures,
    }
    path = ROOT / "benchmarks" / "results" / f"{name}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record, indent=2) + "\n", encoding="utf-8")
    print(json.dumps(record, indent=2))
    return path
