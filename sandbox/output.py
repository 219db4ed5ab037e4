"""What a command prints: counted, cut into lines as it comes, its tail kept."""

from __future__ import annotations

import codecs
from typing import Literal, final

from sandbox.protocol import OnOutput

Stream = Literal["stdout", "stderr"]

TAIL_BYTES = 64 * 1024
LINE_CHARS = 64 * 1024  # a longer line reaches the listener in pieces, so that memory stays bounded


@final
class Capture:
    """Takes bytes of two streams in the order in which they arrive."""

    def __init__(self, limit: int, on_output: OnOutput | None) -> None:
        self._limit = limit
        self._listener = on_output
        self._seen = 0
        self._tail = bytearray()
        self._partial: dict[Stream, str] = {"stdout": "", "stderr": ""}
        decoder = codecs.getincrementaldecoder("utf-8")
        self._decoders = {"stdout": decoder("replace"), "stderr": decoder("replace")}

    @property
    def flooded(self) -> bool:
        """More bytes than the limit came. What is over it was neither kept nor handed on."""
        return self._seen > self._limit

    def feed(self, stream: Stream, data: bytes) -> None:
        data = data[: max(0, self._limit + 1 - self._seen)]
        self._seen += len(data)
        self._tail += data
        del self._tail[:-TAIL_BYTES]
        if self._listener is not None:
            self._emit(stream, self._decoders[stream].decode(data))

    def _emit(self, stream: Stream, text: str) -> None:
        assert self._listener is not None
        *lines, rest = (self._partial[stream] + text).split("\n")
        for line in lines:
            self._listener(stream, line.removesuffix("\r"))
        while len(rest) > LINE_CHARS:
            self._listener(stream, rest[:LINE_CHARS])
            rest = rest[LINE_CHARS:]
        self._partial[stream] = rest

    def finish(self) -> str:
        """Hands on the last unfinished lines; the tail of everything as text."""
        if self._listener is not None:
            streams: tuple[Stream, Stream] = ("stdout", "stderr")
            for stream in streams:
                self._emit(stream, self._decoders[stream].decode(b"", final=True))
                if self._partial[stream]:
                    self._listener(stream, self._partial[stream])
                    self._partial[stream] = ""
        return self._tail.decode("utf-8", "replace")
