"""The numbers at the top of the page: each main result beside its baselines, named in plain words."""

from __future__ import annotations

from dataclasses import dataclass

from orchestrator.core.evidence import Evidence
from orchestrator.report.intervals import interval_words
from orchestrator.report.numbers import spell
from orchestrator.report.result import Kind, Result, Rival

NAMES: dict[Kind, str] = {
    "error": "Relative L2 error of the network{of}",
    "score": "{metric}{of} on {n} sealed rows",
    "coefficient": "{name}, found by {who}",
    "solution": "Relative L2 error of the solution{of}",
    "solved_again": "Relative L2 difference of the worst sample that was solved again",
    "refined": "Relative L2 change of the worst of {n} samples from half its grid",
    "speed": "Throughput, in times that of {name}",
}
RIVALS: dict[Rival, str] = {
    "data_only": "Baseline: the same network without the equation",
    "classical": "Baseline: a classical solver at equal cost",
    "constant": "Baseline: a constant guess",
    "naive": "Baseline: the best forecast without a model",
    "fit": "{name}, found by a classical fit",
}


@dataclass(frozen=True)
class Number:
    """A number to show: what it is, the evidence that holds it, and how well it is known or what is allowed."""

    label: str
    entry: Evidence
    remarks: tuple[str, ...]


def leading(results: tuple[Result, ...]) -> tuple[tuple[Number, ...], ...]:
    """For each result its number and then those of its rivals."""
    return tuple((_main(result), *(_rival(result, who, entry) for who, entry in result.rivals)) for result in results)


def _main(result: Result) -> Number:
    entry = result.measured
    of = repr(result.of) if result.kind == "score" else result.of
    who = "a classical fit" if entry.subject == "reference" else "training"
    label = NAMES[result.kind].format(
        of=f" for {of}" if of else "", metric=entry.name, n=spell(entry.n), name=result.of, who=who
    )
    limit = f"at most {spell(result.limit)} is allowed" if result.limit is not None else ""
    return Number(label, entry, tuple(filter(None, (interval_words(entry), limit))))


def _rival(result: Result, who: Rival, entry: Evidence) -> Number:
    return Number(RIVALS[who].format(name=result.of), entry, tuple(filter(None, (interval_words(entry),))))
