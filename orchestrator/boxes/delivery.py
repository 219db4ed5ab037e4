"""What comes out of a box, parsed once, here at the edge: progress lines while it runs, declarations at its end."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Literal

from pydantic import JsonValue, TypeAdapter

from orchestrator.boxes.job import JobResult, Told
from orchestrator.core.outcome import Claim, Usage
from sandbox.protocol import Completed, OnOutput

PROGRESS = "::mlexpert:: "
MAX_PROGRESS_CHARACTERS = 4000
MAX_PROGRESS_EVENTS = 2000  # a flood of progress lines must not fill the journal
MAX_LEDGER_BYTES = 4 * 1024 * 1024
_CLAIMS = TypeAdapter(tuple[Claim, ...])
_ARTIFACTS = TypeAdapter(list[dict[Literal["path", "kind"], str]])
# What a worker may declare. Predictions are made by the host.
_KIND: TypeAdapter[str] = TypeAdapter(Literal["model", "reference", "figure", "table", "report", "log", "service"])


def hear(log: list[str], progress: Callable[[dict[str, JsonValue]], None]) -> OnOutput:
    """A listener that hands progress lines on, at most so many, and keeps the others in `log`."""
    told = 0

    def listen(stream: Literal["stdout", "stderr"], line: str) -> None:
        nonlocal told
        if stream == "stdout" and line.startswith(PROGRESS):
            data = progress_in(line)
            if data and told < MAX_PROGRESS_EVENTS:
                told += 1
                progress(data)
        else:
            log.append(line)

    return listen


def progress_in(line: str) -> dict[str, JsonValue]:
    """The known fields of a progress line; an empty dict where it is none."""
    try:
        data = json.loads(line.removeprefix(PROGRESS)) if len(line) < MAX_PROGRESS_CHARACTERS else None
        if not isinstance(data, dict):
            return {}
        told = {
            k: float(v)
            for k in ("done", "total", "loss", "place", "value")
            if isinstance(v := data.get(k), int | float)
        }
    except (ValueError, OverflowError, RecursionError):
        return {}  # a box may print anything
    numbers = {name: value for name, value in told.items() if math.isfinite(value)}
    message = data.get("message")
    return {**numbers, **({"message": message[:500]} if isinstance(message, str) else {})}


def result_of(folder: Path, completed: Completed, taken: tuple[str, ...], usage: Usage) -> JobResult:
    """What the skill declared in its out folder; a malformed declaration is a failed box job."""
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
