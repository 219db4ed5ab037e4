"""Append-only record of what happened, told to whoever listens."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from pydantic import JsonValue

from orchestrator.journal.events import Event, EventKind

Listener = Callable[[Event], None]


class Journal:
    """Writes events to `journal.jsonl` and passes each to the listeners, in order.

    A resumed run appends: the sequence goes on from the last whole line; a torn last line (the
    writer was killed) is cut off first.
    """

    def __init__(self, path: Path, run_id: str, listeners: tuple[Listener, ...] = ()) -> None:
        self.run_id = run_id
        self.listeners = listeners
        self._path = path
        self._stream: TextIO | None = None
        self._seq = 0

    def tell(self, event: EventKind, step: str = "", **data: JsonValue) -> Event:
        """Record one event and flush it, so that a kill loses none that was told."""
        if self._stream is None:
            self._stream = self._open()
        entry = Event(seq=self._seq, ts=time.time(), run=self.run_id, event=event, step=step, data=data)
        self._seq += 1
        self._stream.write(json.dumps(entry.model_dump(mode="json"), ensure_ascii=False) + "\n")
        self._stream.flush()
        for listener in self.listeners:
            listener(entry)
        return entry

    def close(self) -> None:
        if self._stream is not None:
            self._stream.close()

    def _open(self) -> TextIO:
        """The file, opened with the first event: whoever is refused the run's lock never touches its journal."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._seq = _repair(self._path)
        return self._path.open("a", encoding="utf-8")


def read_events(path: Path) -> tuple[Event, ...]:
    """All whole events of a journal; an empty tuple where there is none."""
    if not path.exists():
        return ()
    return tuple(Event.model_validate_json(line) for line in whole_lines(path))


def whole_lines(path: Path) -> tuple[str, ...]:
    """The lines of a JSON-lines file that end in a newline; `splitlines` would also cut at U+2028 inside a string."""
    return tuple(path.read_text(encoding="utf-8").split("\n")[:-1])


def _repair(path: Path) -> int:
    """Cut a torn last line off; the number of whole lines is the next sequence number."""
    if not path.exists():
        return 0
    content = path.read_bytes()
    whole = content[: content.rfind(b"\n") + 1]
    if len(whole) != len(content):
        path.write_bytes(whole)
    return whole.count(b"\n")
