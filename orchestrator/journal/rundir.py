"""A run's folder on disk: the one place that knows its file names."""

from __future__ import annotations

import json
import os
import secrets
import time
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, JsonValue, ValidationError

from orchestrator.core.errors import BadInput, RunBroken

Model = TypeVar("Model", bound=BaseModel)


def new_run_id() -> str:
    """A run id that sorts by time: 20261122-231502-5f3a9c (UTC, six random hex digits)."""
    return f"{time.strftime('%Y%m%d-%H%M%S', time.gmtime())}-{secrets.token_hex(3)}"


def write_text(path: Path, text: str) -> None:
    """Write a file in one move, so that a crash leaves the old one or the new one, never half."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(3)}.tmp")
    with temporary.open("w", encoding="utf-8") as stream:
        stream.write(text)
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)


def write_json(path: Path, value: BaseModel | JsonValue) -> None:
    plain = value.model_dump(mode="json") if isinstance(value, BaseModel) else value
    write_text(path, json.dumps(plain, indent=2, ensure_ascii=False) + "\n")


def read_model(path: Path, model: type[Model]) -> Model:
    """Read one value of a run.

    Raises:
        RunBroken: the file is missing or is not what the run wrote.
    """
    try:
        return model.model_validate_json(path.read_text(encoding="utf-8"))
    except (OSError, ValidationError) as error:
        raise RunBroken(
            f"the run's file {str(path)!r} cannot be read: {error}", remedy="start the request anew with `mlexpert run`"
        ) from error


class RunDirectory:
    """The paths of one run below `runs_dir`. Sealed labels and checkpoints lie outside `path`."""

    def __init__(self, runs_dir: Path, run_id: str) -> None:
        self.runs_dir = runs_dir
        self.run_id = run_id
        self.path = runs_dir / run_id
        self.state = runs_dir / ".state"
        self.request = self.path / "request.json"
        self.routing = self.path / "routing.json"
        self.plan = self.path / "plan.json"
        self.plan_text = self.path / "plan.md"
        self.profile = self.path / "profile.json"
        self.split = self.path / "split.json"
        self.observations = self.path / "observations.json"
        self.journal = self.path / "journal.jsonl"
        self.evidence = self.path / "evidence.jsonl"
        self.verdicts = self.path / "verdicts.json"
        self.environment = self.path / "environment.json"
        self.answer = self.path / "answer.json"
        self.certificate = self.path / "certificate.json"
        self.report = self.path / "report.html"
        self.data = self.path / "data"
        self.measured = self.path / "measured"
        self.sealed = self.state / "sealed" / run_id
        self.lock = self.state / "locks" / f"{run_id}.lock"
        self.checkpoints = self.state / "checkpoints" / f"{run_id}.sqlite"

    @classmethod
    def create(cls, runs_dir: Path, run_id: str | None = None) -> RunDirectory:
        """Make the folder of a new run.

        Raises:
            BadInput: the runs directory cannot be written.
        """
        run = cls(runs_dir.resolve(), run_id or new_run_id())
        try:
            run.path.mkdir(parents=True)
            run.state.mkdir(mode=0o700, exist_ok=True)
        except OSError as error:
            raise BadInput(
                f"the runs directory {str(runs_dir)!r} cannot be used: {error.strerror}",
                remedy="name a writable folder with --runs-dir",
            ) from error
        return run

    @classmethod
    def find(cls, runs_dir: Path, run_id: str) -> RunDirectory:
        """The folder of an existing run; the run id may be shortened where that is unambiguous.

        Raises:
            BadInput: no run, or more than one, goes by that id.
        """
        root = runs_dir.resolve()
        names = sorted(p.name for p in root.iterdir() if (p / "request.json").is_file()) if root.is_dir() else []
        if run_id in {"last", "latest"} and names:
            return cls(root, names[-1])
        hits = (
            [run_id]
            if run_id in names
            else [n for n in names if run_id and (n.startswith(run_id) or n.endswith(run_id))]
        )
        if len(hits) != 1:
            known = ", ".join(names[-5:]) or "none"
            what = f"the run id {run_id!r} fits {len(hits)} runs" if hits else f"there is no run {run_id!r}"
            raise BadInput(f"{what} in {str(root)!r} (latest: {known})", remedy="name one of them, or give --runs-dir")
        return cls(root, hits[0])

    def step(self, step_id: str) -> Path:
        return self.path / "steps" / step_id

    def out(self, step_id: str) -> Path:
        return self.step(step_id) / "out"

    def unfinished(self, step_id: str) -> Path:
        """Where the checkpoint of a step waits that was cut off; gone once the step is done."""
        return self.path / "unfinished" / step_id

    def relative(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()
