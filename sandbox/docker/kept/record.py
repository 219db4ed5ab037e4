"""The record of a kept command, read as it comes: its output, its notes, and what the follower says beside it."""

from __future__ import annotations

import asyncio
import math
import time
from typing import Final, final

from orchestrator.core.values import Value
from sandbox.output import Capture

NOTE_BYTES: Final = 256
RECORD_BYTES: Final = 32 * 1024 * 1024  # a record has a place of this size in the box
OUTPUT_LIMIT: Final = 24 * 1024 * 1024  # leaves room for the frames
_HEADER: Final = 5


class Start(Value):
    """When the command began by the box's clock, and what the box had used and suffered until then."""

    at_s: float
    cpu_s: float
    memory_kills: int


class End(Value):
    at_s: float
    code: int


@final
class Record:
    """Takes the record's bytes and the follower's words. A command may write into its own record: trust none of it."""

    def __init__(self, capture: Capture) -> None:
        self.capture = capture
        self.seen = 0
        self.start: Start | None = None
        self.end: End | None = None
        self.spoiled = False  # not what a runner writes
        self.missing = False
        self.length: int | None = None  # the whole record's, once nobody writes to it any more
        self.began: asyncio.Future[float] = asyncio.get_running_loop().create_future()  # by time.monotonic() here
        self._head = bytearray()
        self._left = 0
        self._note = bytearray()
        self._words = bytearray()

    @property
    def whole(self) -> bool:
        return self.missing or (self.length is not None and self.seen >= self.length)

    @property
    def over(self) -> bool:
        """Nothing more is wanted of it."""
        return self.whole or self.spoiled or self.capture.flooded

    def hear(self, data: bytes) -> None:
        """What the follower says."""
        self._words += data
        *lines, rest = bytes(self._words).split(b"\n")
        self._words = bytearray(rest)
        for line in lines:
            word, _, number = line.partition(b" ")
            self.missing |= word == b"none"
            if word == b"age" and not self.began.done():
                self.began.set_result(time.monotonic() - max(0.0, float(number)))
            elif word == b"gone":
                self.length = int(number)

    def read(self, data: bytes) -> None:
        """What the record holds next."""
        self.seen += len(data)
        self.spoiled |= self.seen > RECORD_BYTES
        view = memoryview(data)
        while len(view) and not (self.spoiled or self.capture.flooded):
            if len(self._head) < _HEADER:
                wanted = _HEADER - len(self._head)
                self._head += view[:wanted]
                view = view[wanted:]
                if len(self._head) == _HEADER:
                    self._begin_frame()
                continue
            piece = bytes(view[: self._left])
            view = view[len(piece) :]
            self._left -= len(piece)
            self._take(piece)
            if not self._left:
                self._end_frame()

    def _begin_frame(self) -> None:
        self._left = int.from_bytes(self._head[1:], "big")
        self.spoiled |= self._head[0] > 2 or not self._left or (self._head[0] == 0 and self._left > NOTE_BYTES)

    def _take(self, piece: bytes) -> None:
        if self._head[0] == 0:
            self._note += piece
        else:
            self.capture.feed("stderr" if self._head[0] == 2 else "stdout", piece)

    def _end_frame(self) -> None:
        if self._head[0] == 0:
            self._read_note(self._note.decode("ascii", "replace").split())
        self._head.clear()
        self._note.clear()

    def _read_note(self, words: list[str]) -> None:
        try:
            if words[0] == "start" and self.start is None:
                self.start = Start(at_s=_finite(words[1]), cpu_s=_finite(words[2]), memory_kills=int(words[3]))
            elif words[0] == "end" and self.start is not None and self.end is None:
                self.end = End(at_s=max(self.start.at_s, _finite(words[1])), code=int(words[2]) & 0xFF)
            else:
                self.spoiled = True
        except (ValueError, IndexError):
            self.spoiled = True


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or number < 0:
        raise ValueError(text)
    return number
