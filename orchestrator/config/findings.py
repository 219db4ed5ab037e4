"""What was found wrong in a configured file, and the nearest name to one that is unknown."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Literal

from pydantic import JsonValue

from orchestrator.core.errors import BadConfig
from orchestrator.core.values import Value

Level = Literal["error", "warning", "note"]


class Finding(Value):
    """One remark on a file. `line` counts from 1; 0 means the file as a whole.

    `error`: something the author wrote is lost or cannot work; `warning`: it works, but hardly as
    meant; `note`: harmless and worth knowing.
    """

    line: int
    level: Level
    message: str


class FileReport(Value):
    """One file of `validate`: whether it loads, under which name, and what was found in it."""

    path: str
    name: str
    loaded: bool
    findings: tuple[Finding, ...] = ()


class Mistake(Value):
    """A value that is not allowed: where it stands (`path`, dotted), what it is, what may stand there."""

    path: str
    value: JsonValue = None
    allowed: str
    file: str = ""
    line: int = 0

    @property
    def sentence(self) -> str:
        place = f"{self.file}:{self.line}: " if self.line else f"{self.file}: " if self.file else ""
        return f"{place}{self.path}: {self.allowed}"


def nearest(name: str, valid: Iterable[str]) -> str:
    """The valid name that reads most like `name`, or an empty string where none comes near."""
    names = sorted(valid)
    by_lower = {candidate.lower(): candidate for candidate in reversed(names)}
    close = difflib.get_close_matches(name.lower(), by_lower, n=1, cutoff=0.5)
    return by_lower[close[0]] if close else ""


def unknown_name(name: str, valid: Iterable[str], what: str) -> str:
    """`unknown skill 'pin'; did you mean 'pinn'?`, or the list of names where none comes near."""
    names = sorted(valid)
    close = nearest(name, names)
    if close:
        return f"unknown {what} {name!r}; did you mean {close!r}?"
    return f"unknown {what} {name!r}; there {'is' if len(names) == 1 else 'are'} {', '.join(names) or 'none'}"


def refuse(mistakes: Sequence[Mistake], subject: str) -> BadConfig:
    """One error that tells every mistake at once, a line each."""
    count = "1 mistake" if len(mistakes) == 1 else f"{len(mistakes)} mistakes"
    lines = "\n".join(f"  {mistake.sentence}" for mistake in mistakes)
    return BadConfig(f"{count} in {subject}:\n{lines}", remedy="correct the lines named above and try again")
