"""What a step has so far: the checkpoint of an attempt that was cut off, for the next attempt of the very same work.

    unfinished/STEP/attempt.json            Attempt: whose work it is, since when, and what was kept of it
                    checkpoint-SHA256.npz   what the record names; written before it, so that a kill leaves a whole pair

A checkpoint is data of a box: it is hashed when it comes out, held to be plain arrays, and goes into a box again, never
into this process.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from pydantic import Field, JsonValue

from orchestrator.boxes.npz import npz_fault
from orchestrator.core.errors import BoxFailed, RunBroken
from orchestrator.core.values import Value, sha256_file
from orchestrator.journal.rundir import read_model, write_json

FILE: Final = "checkpoint.npz"  # below the box's out folder
INPUT: Final = "checkpoint"  # what it is called among a job's inputs
LARGEST_BYTES: Final = 256 * 1024 * 1024
_REMEDY = "the step starts anew where it must run again"


class Kept(Value):
    """A checkpoint. `spent_s`: seconds of all attempts before it was taken; `progress`: what was last heard by then."""

    file: str
    sha256: str
    bytes: int
    device: str
    spent_s: float
    progress: dict[str, JsonValue] = Field(default_factory=dict)


class Attempt(Value):
    """An attempt at work named by `key`, begun at `began_at` (Unix seconds), `before_s` seconds of it done before."""

    key: str
    began_at: float
    before_s: float = 0.0
    kept: Kept | None = None


@dataclass(frozen=True)
class Shelf:
    """The folder of a step. `key` is the hash of everything that decides its result; other work's files are ignored."""

    folder: Path
    key: str

    def attempt(self) -> Attempt | None:
        """The last attempt at this work; None where there was none, or another work's.

        Raises:
            RunBroken: its record, or the checkpoint that it names, is not what was written.
        """
        if not self._record.is_file():
            return None
        found = read_model(self._record, Attempt)
        if found.key != self.key:
            return None
        if found.kept is not None and not _is(self.folder / found.kept.file, found.kept.sha256):
            raise RunBroken(f"the checkpoint {found.kept.file!r} is missing or was altered", remedy=_REMEDY)
        return found

    def begin(self, earlier: Kept | None) -> Attempt:
        """Write down that an attempt begins now, from a checkpoint or from nothing."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob(".incoming-*"):  # whoever was copying was killed
            shutil.rmtree(left)
        begun = Attempt(key=self.key, began_at=time.time(), before_s=earlier.spent_s if earlier else 0.0, kept=earlier)
        self._write(begun)
        return begun

    def take(self, incoming: Path, device: str, progress: dict[str, JsonValue]) -> Kept:
        """Keep a file that came out of the attempt's box, in place of an earlier one.

        Raises:
            BoxFailed: it holds anything but plain arrays.
        """
        attempt = read_model(self._record, Attempt)
        sha256 = sha256_file(incoming)
        if attempt.kept is not None and attempt.kept.sha256 == sha256:
            return attempt.kept
        if why := npz_fault(incoming, LARGEST_BYTES):
            raise BoxFailed(f"the checkpoint cannot be kept: {why}", remedy=_REMEDY)
        made = Kept(
            file=f"checkpoint-{sha256}.npz",
            sha256=sha256,
            bytes=incoming.stat().st_size,
            device=device,
            spent_s=attempt.before_s + max(0.0, time.time() - attempt.began_at),
            progress=progress,
        )
        _settle(incoming, self.folder / made.file)
        self._write(attempt.model_copy(update={"kept": made}))
        return made

    @contextmanager
    def incoming(self) -> Iterator[Path]:
        """An empty folder beside the checkpoint, gone afterwards."""
        self.folder.mkdir(parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(prefix=".incoming-", dir=self.folder))
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def clear(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _record(self) -> Path:
        return self.folder / "attempt.json"

    def _write(self, attempt: Attempt) -> None:
        """The record, then away with every file that it does not name."""
        write_json(self._record, attempt)
        for path in self.folder.iterdir():
            if path.suffix == ".npz" and (attempt.kept is None or path.name != attempt.kept.file):
                path.unlink()


def _is(path: Path, sha256: str) -> bool:
    return path.is_file() and sha256_file(path) == sha256


def _settle(incoming: Path, place: Path) -> None:
    """Move it there, its bytes on disk first: a power cut leaves the old checkpoint or the new one."""
    with incoming.open("rb") as stream:
        os.fsync(stream.fileno())
    incoming.replace(place)
