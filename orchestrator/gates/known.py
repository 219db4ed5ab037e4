"""What a gate may know: the plan, the evidence, and small lookups on it."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.values import Value


class Known(Value):
    """The subject of the gates: a plan and everything the host measured on its results."""

    plan: Plan
    evidence: tuple[Evidence, ...]
    tolerance: float = 1e-4

    def find(self, name: str, subject: str | None = None) -> Evidence | None:
        """The newest evidence of that name (and subject)."""
        hits = [e for e in self.evidence if e.name == name and (subject is None or e.subject == subject)]
        return hits[-1] if hits else None

    def all(self, name: str) -> tuple[Evidence, ...]:
        return tuple(entry for entry in self.evidence if entry.name == name)


def measured(*entries: Evidence | None) -> bool:
    return all(entry is not None and entry.value is not None for entry in entries)


def unknown(check: str, why: str, evidence: tuple[Evidence, ...] = (), remedy: str = "") -> Verdict:
    ids = tuple(entry.id for entry in evidence)
    return Verdict(id=check, verdict="unknown", reason=why, evidence=ids, remedy=remedy)


def unmeasured(check: str, entries: tuple[Evidence | None, ...], otherwise: str) -> Verdict:
    """Unknown, because of the entries that are absent or hold no value, in their own words."""
    found = tuple(entry for entry in entries if entry is not None)
    told = dict.fromkeys(entry.text for entry in found if entry.value is None and entry.text)
    return unknown(check, "; ".join((otherwise, *told)), found)


def at_most(
    check: str, found: Evidence | None, threshold: float, said: str, *, remedy: str = "", use_upper: bool = False
) -> Verdict:
    """Passed where the value (or the upper end of its interval) is at most the threshold."""
    if found is None:
        return unknown(check, f"{said}: not measured", remedy=remedy)
    if found.value is None:
        return unknown(check, f"{said}: {found.text or 'could not be measured'}", (found,), remedy)
    value = found.interval[1] if use_upper and found.interval else found.value
    passed = value <= threshold
    return Verdict(
        id=check,
        verdict="passed" if passed else "failed",
        value=value,
        threshold=threshold,
        evidence=(found.id,),
        reason=f"{said}: {value:.3g} {'≤' if passed else '>'} {threshold:.3g}",
        remedy="" if passed else remedy,
    )
