"""The one writer of stdout: the result alone, in the format that was asked for."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TextIO

from pydantic import JsonValue

from orchestrator.cli.options import Format
from orchestrator.core.answer import Answer
from orchestrator.core.errors import MlexpertError
from orchestrator.journal.events import Event


class Output:
    """Prints results. A reader that went away (`| head`) silences it; the work goes on to its end."""

    def __init__(self, form: Format, stream: TextIO) -> None:
        self.format = form
        self._stream: TextIO | None = stream
        self._ascii = (stream.encoding or "utf-8").lower().replace("-", "") != "utf8"

    def event(self, event: Event) -> None:
        """One line of `stream-json`; nothing in the other formats."""
        if self.format is Format.STREAM:
            self._write(self._json(event.model_dump(mode="json")))

    def answer(self, answer: Answer, text: str) -> None:
        """The end of a run. In text, a mistake of the user's goes to stderr: it is no result."""
        if self.format is Format.TEXT and answer.status == "bad_input":
            sys.stderr.write(text)
        else:
            self.shown(answer, text)

    def shown(self, answer: Answer, text: str) -> None:
        """An answer that was asked for as such: always the result."""
        self.value(answer.as_json(), text)

    def value(self, value: JsonValue, text: str) -> None:
        """Any other verb's result: an object, or its rendering as text."""
        if self.format is Format.TEXT:
            self._write(text)
        elif self.format is Format.JSON:
            self._write(self._json(value, indent=2))
        else:
            self._write(self._json(value))

    def line(self, text: str) -> None:
        """A line of a command's own output, passed on as it comes."""
        self._write(text + "\n")

    def result(self, value: JsonValue) -> None:
        """How a passed-on command ended; as text its own output was the result already."""
        if self.format is not Format.TEXT:
            self.value(value, "")

    def _json(self, value: JsonValue, indent: int | None = None) -> str:
        return json.dumps(value, indent=indent, ensure_ascii=self._ascii) + "\n"

    def _write(self, text: str) -> None:
        if self._stream is None:
            return
        try:
            self._stream.write(text)
            self._stream.flush()
        except BrokenPipeError:
            self._stream = None
            _forget_stdout()


@contextmanager
def only_results(form: Format) -> Iterator[Output]:
    """An `Output` on the real stdout; meanwhile whatever a library prints lands on stderr."""
    stdout = sys.stdout
    if hasattr(stdout, "reconfigure"):
        stdout.reconfigure(errors="backslashreplace")  # a terminal without UTF-8 must not end a run
    sys.stdout = sys.stderr
    try:
        yield Output(form, stdout)
    finally:
        sys.stdout = stdout


def error_answer(error: MlexpertError, run_id: str = "", run_dir: str = "") -> Answer:
    """The contract's object for a run that ended before it could write one."""
    return Answer.model_validate(
        {
            "run_id": run_id,
            "run_dir": run_dir,
            "status": error.status,
            "message": error.message,
            "error": error.as_json(),
        }
    )


def _forget_stdout() -> None:
    # Python flushes stdout once more at exit; pointing the descriptor at /dev/null keeps that flush silent.
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 1)
    os.close(null)
