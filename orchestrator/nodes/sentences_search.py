"""What an answer says of a search: the setting that it found, and what the trials claimed beside what was measured."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence


def search_claims(evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """The best setting, the tuned score and that of the usual setting; all from the trials' own record."""
    for entry in evidence:
        if entry.name == "search.best":
            yield f"Best {entry.subject.replace('_', ' ')} ({entry.text})", entry
        elif entry.name == "search.tuned":
            yield f"Tuned {entry.subject}, {entry.text}: it chose the setting and flatters it", entry
        elif entry.name == "search.usual":
            yield f"The same of {entry.text}", entry
