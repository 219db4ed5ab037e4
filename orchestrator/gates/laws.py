"""Laws that tell nothing of a network, because the reference solution misses them as much or cannot be measured."""

from __future__ import annotations

from collections.abc import Sequence

from orchestrator.core.evidence import Evidence

LAW, DELIVERED, REFERENCE = "law.", "delivered", "reference"


def laws_of(evidence: Sequence[Evidence], subject: str) -> dict[str, Evidence]:
    """The newest measurement of each law on a subject, by the law's name."""
    return {
        entry.name.removeprefix(LAW): entry
        for entry in evidence
        if entry.name.startswith(LAW) and entry.subject == subject
    }


def set_aside(evidence: Sequence[Evidence]) -> dict[str, str]:
    """Why each such law is set aside, with both numbers.

    A network that adds at most the law's bound to what the reference misses is not at fault: the law was derived for
    smoother fields, or the points of its integrals are too few for this one.
    """
    references = laws_of(evidence, REFERENCE)
    told = {
        name: _why(entry, references[name])
        for name, entry in laws_of(evidence, DELIVERED).items()
        if name in references
    }
    return {name: f"{name} is not measurable here: {why}" for name, why in told.items() if why}


def _why(own: Evidence, reference: Evidence) -> str:
    """Empty where the law counts."""
    if own.value is None and reference.value is None:
        return f"neither on the network nor on the reference ({own.text})"
    if own.bound is None or reference.value is None or reference.value <= own.bound:
        return ""
    missed = f"the reference misses it by {reference.value:.3g}, and {own.bound:.3g} is allowed"
    if own.value is None:
        return f"{missed}; on the network it cannot be told ({own.text})"
    if own.value - reference.value > own.bound:
        return ""
    return f"{missed}; the network misses it by {own.value:.3g}"
