"""Prints how many requests of a corpus take the expected route: `python -m orchestrator.planners.accuracy FILE`."""

from __future__ import annotations

import hashlib
import json
import sys
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import JsonValue

from orchestrator.core.request import Request, Route, Routing
from orchestrator.planners.rules.routing import route

HALVES = ("dev", "held")


@dataclass(frozen=True)
class Sample:
    """A request of a corpus and what is expected of it."""

    text: str
    route: Route
    data: tuple[str, ...] = ()
    params: dict[str, JsonValue] | None = None
    files: tuple[str, ...] | None = None
    then: tuple[Route, ...] | None = None
    language: str | None = None
    missing: tuple[str, ...] = ()
    contradiction: bool = False

    @property
    def half(self) -> str:
        """`dev` may be looked at while rules are written, `held` not; a hash of the text decides."""
        digest = hashlib.sha256("|".join((self.text, *(self.data or ("",)))).encode()).digest()
        return HALVES[digest[0] % 2]

    def routed(self) -> Routing:
        return route(Request(text=self.text, files=self.data))

    def wrong(self, found: Routing) -> tuple[str, ...]:
        """What differs from the expectation, one line each."""
        differences = [] if found.route == self.route else [f"route {found.route} instead of {self.route}"]
        for key, value in (self.params or {}).items():
            if found.params.get(key) != value:
                differences.append(f"{key} {found.params.get(key)!r} instead of {value!r}")
        for name in ("files", "then", "language"):
            wanted = getattr(self, name)
            if wanted is not None and getattr(found, name) != wanted:
                differences.append(f"{name} {getattr(found, name)!r} instead of {wanted!r}")
        if not set(self.missing) <= set(found.missing):
            differences.append(f"missing {found.missing!r} instead of {self.missing!r}")
        return tuple(differences)


def load(lines: Iterable[str]) -> Iterator[Sample]:
    """Samples from JSON lines."""
    for line in lines:
        if line.strip():
            entry = json.loads(line)
            entry["route"] = Route(entry["route"])
            for key in ("data", "files", "missing"):
                if key in entry:
                    entry[key] = tuple(entry[key])
            if "then" in entry:
                entry["then"] = tuple(Route(name) for name in entry["then"])
            yield Sample(**entry)


def main(arguments: list[str]) -> int:
    """FILE [dev|held]: figures for both halves; differences for the named half only."""
    if not arguments:
        sys.stderr.write("usage: python -m orchestrator.planners.accuracy FILE [dev|held]\n")
        return 2
    samples = list(load(Path(arguments[0]).read_text(encoding="utf-8").splitlines()))
    started = time.perf_counter()
    results = [(sample, sample.routed()) for sample in samples]
    spent = (time.perf_counter() - started) * 1000 / max(1, len(samples))
    sys.stdout.write(table(results) + f"{spent:.2f} ms a request\n")
    for sample, found in results:
        if sample.half in arguments[1:] and sample.wrong(found):
            sys.stdout.write(f"{sample.text[:120]!r}: {'; '.join(sample.wrong(found))}\n")
    return 0


def table(results: list[tuple[Sample, Routing]]) -> str:
    """Right routes by route and half, then requests that are right in everything that was expected."""
    lines = [f"{'route':<16}{'dev':>12}{'held':>12}"]
    for name in (*Route, None):
        cells = []
        for half in HALVES:
            mine = [(s, r) for s, r in results if s.half == half and name in (None, s.route)]
            cells.append(f"{sum(s.route == r.route for s, r in mine)}/{len(mine)}")
        lines.append(f"{name or 'all routes':<16}{cells[0]:>12}{cells[1]:>12}")
    whole = [sum(not s.wrong(r) for s, r in results if s.half == half) for half in HALVES]
    sizes = [sum(s.half == half for s, _ in results) for half in HALVES]
    lines.append(f"{'in everything':<16}{f'{whole[0]}/{sizes[0]}':>12}{f'{whole[1]}/{sizes[1]}':>12}")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
