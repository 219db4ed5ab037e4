"""What a box reached, or wanted to: added up from what its proxy tells."""

from __future__ import annotations

from typing import Final, Protocol, final, runtime_checkable

from pydantic import ValidationError

from orchestrator.core.values import Value

DISTINCT: Final = 200  # a box can ask for any number of hosts; the list of them stays short
OTHERS: Final = "(others)"


class Reached(Value):
    """The requests of one box to one host and port. `sent` and `received` in bytes; `why` of the last one that failed.

    A `host` that is empty: what was asked for could not be read. `(others)`: requests beyond the first 200 kinds.
    """

    host: str
    port: int
    allowed: bool
    requests: int
    sent: int
    received: int
    why: str = ""


class _Told(Value):
    """One line of the proxy's (`Seen`)."""

    host: str
    port: int
    allowed: bool
    up: int
    down: int
    why: str


@runtime_checkable
class Reaching(Protocol):
    """What a box shows beside `Box` where it may have had a network. Complete once it is closed."""

    @property
    def reached(self) -> tuple[Reached, ...]: ...


@final
class Tally:
    """Adds up the lines of one proxy. `said` is what was no line about a request: the reason where it fails."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, int, bool], Reached] = {}
        self.said = ""

    @property
    def reached(self) -> tuple[Reached, ...]:
        return tuple(self._found.values())

    def feed(self, line: str) -> None:
        try:
            told = _Told.model_validate_json(line)
        except ValidationError:
            self.said = (self.said + line + "\n")[-2000:]
            return
        key = (told.host, told.port, told.allowed)
        if key not in self._found and len(self._found) >= DISTINCT:
            key = (OTHERS, 0, told.allowed)
        old = self._found.get(key)
        self._found[key] = Reached(
            host=key[0],
            port=key[1],
            allowed=key[2],
            requests=(old.requests if old else 0) + 1,
            sent=(old.sent if old else 0) + told.up,
            received=(old.received if old else 0) + told.down,
            why=told.why or (old.why if old else ""),
        )
