"""One command of a whole run, and what it left behind."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from orchestrator.journal.events import Event
from orchestrator.journal.journal import read_events

BIN = Path(sys.executable).parent


@dataclass(frozen=True)
class Ran:
    """One command: its exit code, its one JSON object, its stderr."""

    code: int
    answer: dict[str, Any]
    stderr: str

    @property
    def run_dir(self) -> Path:
        return Path(self.answer["run_dir"])

    @property
    def events(self) -> tuple[Event, ...]:
        return read_events(self.run_dir / "journal.jsonl")

    @property
    def checks(self) -> dict[str, dict[str, Any]]:
        return {check["id"]: check for check in self.answer["checks"]}

    def evidence(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in (self.run_dir / "evidence.jsonl").read_text().splitlines()]


Mlexpert = Callable[..., Ran]
