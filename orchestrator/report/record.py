"""A run directory read back for the report. Whatever is missing or damaged is left out and named."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from orchestrator.core.answer import Answer
from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan
from orchestrator.core.profile import DataProfile
from orchestrator.core.request import Request, Routing
from orchestrator.journal.events import Event
from orchestrator.journal.journal import read_events
from orchestrator.journal.rundir import RunDirectory

Model = TypeVar("Model", bound=BaseModel)
Found = TypeVar("Found")
VERDICTS = TypeAdapter(tuple[Verdict, ...])
JSON_OBJECT = TypeAdapter(dict[str, JsonValue])


@dataclass(frozen=True)
class Record:
    """What a run left on disk. `broken` names the files that could not be read."""

    directory: RunDirectory
    request: Request | None
    routing: Routing | None
    plan: Plan | None
    profile: DataProfile | None
    split: dict[str, JsonValue]
    events: tuple[Event, ...]
    evidence: tuple[Evidence, ...]
    verdicts: tuple[Verdict, ...]
    environment: dict[str, JsonValue]
    answer: Answer | None
    outcomes: dict[str, Outcome]
    broken: tuple[str, ...]

    @property
    def status(self) -> str:
        """How the run ended; 'interrupted' where it left no answer."""
        return self.answer.status if self.answer else "interrupted"


def read_record(directory: RunDirectory) -> Record:
    """Read everything that is there; never raises for a missing or damaged file."""
    broken: list[str] = []

    def take(path: Path, read: Callable[[Path], Found], otherwise: Found) -> Found:
        if not path.is_file():
            return otherwise
        try:
            return read(path)
        except (OSError, ValueError) as error:  # pydantic's ValidationError and JSON errors are ValueErrors
            first = str(error).splitlines()[0] if str(error) else type(error).__name__
            broken.append(f"{path.relative_to(directory.path).as_posix()}: {first}")
            return otherwise

    answer = take(directory.answer, read_answer, None)
    plan = take(directory.plan, _reader(Plan), None)
    nothing: tuple[Verdict, ...] = ()
    verdicts = take(directory.verdicts, lambda path: VERDICTS.validate_json(path.read_bytes()), nothing)
    results = step_files(directory, "result.json")
    outcomes = {path.parent.name: take(path, _reader(Outcome), None) for path in results}
    return Record(
        directory=directory,
        request=take(directory.request, _reader(Request), None),
        routing=take(directory.routing, _reader(Routing), None),
        plan=plan or (answer.plan if answer else None),
        profile=take(directory.profile, _reader(DataProfile), None),
        split=take(directory.split, _object, {}),
        events=take(directory.journal, read_events, ()),
        evidence=take(directory.evidence, _evidence, ()),
        verdicts=(answer.checks if answer else ()) or verdicts,
        environment=take(directory.environment, _object, {}),
        answer=answer,
        outcomes={name: outcome for name, outcome in outcomes.items() if outcome},
        broken=tuple(broken),
    )


def step_files(directory: RunDirectory, name: str) -> list[Path]:
    """A file of every step of the run's last plan; what earlier attempts left under `STEP~1` is not theirs."""
    found = sorted((directory.path / "steps").glob(f"*/{name}"))
    return [path for path in found if "~" not in path.relative_to(directory.path).parts[1]]


def read_answer(path: Path) -> Answer:
    """The answer that a run wrote.

    Raises:
        OSError, ValueError: it cannot be read, or is no answer.
    """
    text = path.read_text(encoding="utf-8")
    JSON_OBJECT.validate_json(text)  # a damaged file may hold any JSON; what follows expects an object
    return Answer.from_json(text)


def read_evidence(path: Path) -> tuple[Evidence, ...]:
    """The evidence of a run, one measurement a line; empty where there is none or it is damaged."""
    try:
        return _evidence(path)
    except (OSError, ValidationError):
        return ()


def _evidence(path: Path) -> tuple[Evidence, ...]:
    lines = path.read_text(encoding="utf-8").splitlines()
    return tuple(Evidence.model_validate_json(line) for line in lines if line.strip())


def _reader(model: type[Model]) -> Callable[[Path], Model | None]:
    return lambda path: model.model_validate_json(path.read_text(encoding="utf-8"))


def _object(path: Path) -> dict[str, JsonValue]:
    return JSON_OBJECT.validate_python(json.loads(path.read_text(encoding="utf-8")))
