"""The delivered model beside its baselines: evidence that shares a metric, and evidence that shares a subject."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.answer import AnswerClaim
from orchestrator.core.evidence import Evidence
from orchestrator.core.importance import IMPORTANCE

DELIVERED = "delivered"
OF_GROUPS = ("gap.", "group.", "groups.")  # measured of groups of people, and shown beside one another elsewhere
OF_SIZES = "learning."  # by numbers of training rows, drawn as a curve
OF_EXPLANATIONS = (IMPORTANCE, "mean_attribution", "additivity", "attribution_difference")  # of columns, not of models


@dataclass(frozen=True)
class Comparison:
    """One metric, measured for several subjects; `quoted` are the evidence ids that a claim quotes."""

    name: str
    rows: tuple[Evidence, ...]
    quoted: frozenset[str]

    @property
    def leads(self) -> bool:
        """Whether the answer rests on this metric."""
        return any(row.id in self.quoted for row in self.rows)


@dataclass(frozen=True)
class Grid:
    """Metrics down, subjects across; None where a subject has no such measurement."""

    subjects: tuple[str, ...]
    rows: tuple[tuple[str, tuple[Evidence | None, ...]], ...]


def comparisons(claims: tuple[AnswerClaim, ...], evidence: tuple[Evidence, ...]) -> tuple[Comparison, ...]:
    """Every metric measured for the delivered model and for something else; those that claims quote come first."""
    quoted = frozenset(name for claim in claims for name in claim.evidence)
    groups: dict[str, dict[str, Evidence]] = {}
    for item in evidence:
        if (
            item.value is not None
            and item.subject
            and not item.name.startswith((*OF_GROUPS, OF_SIZES, *OF_EXPLANATIONS))
        ):
            groups.setdefault(item.name, {})[item.subject] = item  # the newest measurement of a subject counts
    found = [
        Comparison(name, tuple(rows.values()), quoted)
        for name, rows in groups.items()
        if len(rows) > 1
        and (DELIVERED in rows or any(row.id in quoted for row in rows.values()))
        and any(not subject.startswith(DELIVERED) for subject in rows)
    ]
    return tuple(sorted(found, key=lambda group: not group.leads))


def grid(groups: tuple[Comparison, ...]) -> Grid:
    """All comparisons as one table."""
    subjects = tuple(dict.fromkeys(row.subject for group in groups for row in group.rows))
    values = {(group.name, row.subject): row for group in groups for row in group.rows}
    return Grid(subjects, tuple((g.name, tuple(values.get((g.name, who)) for who in subjects)) for g in groups))
