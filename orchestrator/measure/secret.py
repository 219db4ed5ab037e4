"""The judge's key: what makes its choices unknown to every worker, and equal for equal seeds in one runs directory."""

from __future__ import annotations

import hmac
import os
import secrets
from pathlib import Path

from orchestrator.core.errors import RunBroken
from orchestrator.journal.rundir import RunDirectory

KEY_BYTES = 32


def judge_seed(key: bytes, what: str, seed: int, attempt: int) -> int:
    """A seed for the judge's own choices, HMAC-SHA256 of what they are for, the run's seed and the plan's attempt."""
    return int.from_bytes(hmac.digest(key, f"{what}:{seed}:{attempt}".encode(), "sha256"))


def judge_key(state: Path) -> bytes:
    """The key of a runs directory, drawn when first needed and kept. No box is ever given the folder `state`.

    Raises:
        RunBroken: the file is there and is no key.
    """
    path = state / "judge.key"
    if not path.is_file():
        _draw(path)
    key = path.read_bytes()
    if len(key) != KEY_BYTES:
        raise RunBroken(f"{str(path)!r} is no key of {KEY_BYTES} bytes", remedy="remove it; the next run draws another")
    return key


def attempt_of(run: RunDirectory) -> int:
    """How many plans the run keeps as plan-N.json: it grows with every replan, so that each is scored on new points."""
    return len(tuple(run.path.glob("plan-[0-9]*.json")))


def _draw(path: Path) -> None:
    """Written beside and linked into place: of runs that draw at once, the first one's key stands for all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(secrets.token_bytes(KEY_BYTES))
            stream.flush()
            os.fsync(stream.fileno())
        path.hardlink_to(beside)
    except FileExistsError:
        return  # another run was first
    finally:
        beside.unlink()
