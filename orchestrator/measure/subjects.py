"""What is measured, against what: finished models asked at the judge's points, and the question that they answer."""

from __future__ import annotations

from pathlib import Path

from pydantic import JsonValue

from orchestrator.boxes.job import ModelFiles
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Step
from orchestrator.core.values import Value
from orchestrator.measure.bench import Bench
from orchestrator.measure.edge import DELIVERED, Variants, load_variants
from orchestrator.measure.evidence import UNVOUCHED
from orchestrator.measure.points import Probes, admit


class Subject(Value):
    """A finished step whose model is measured."""

    step: Step
    outcome: Outcome
    model: ModelFiles

    @property
    def vouched(self) -> bool:
        """Whether the skill is ours. Another's may supply neither the truth nor opponents that its model is to beat."""
        return self.model.skill.trust == "builtin"


class Question(Value):
    """The problem, the accuracy asked for, and the observations that were held out: their coordinates and their values.

    `labels` lie outside the run; `noise` is the standard deviation of the observations: stated, or the judge's own
    estimate; None where there is neither.
    """

    problem: dict[str, JsonValue]
    tolerance: float
    held_out: Path | None = None
    labels: Path | None = None
    noise: float | None = None

    @property
    def unknown(self) -> dict[str, tuple[float, float]]:
        """The range of every unknown coefficient."""
        told = self.problem.get("unknown")
        ranges = told.items() if isinstance(told, dict) else ()
        return {
            name: (float(str(limits["low"])), float(str(limits["high"])))
            for name, limits in ranges
            if isinstance(limits, dict)
        }


async def ask(bench: Bench, subject: Subject | None, probes: Probes, required: tuple[str, ...]) -> Variants:
    """Predict at the judge's points in a fresh box; what can be used of it. No names where there is nothing to use."""
    if subject is None:
        return Variants(names=())
    listed = load_variants(subject.model.folder, required) if subject.vouched else Variants(why=UNVOUCHED)
    label, resources = f"raw/{subject.step.id}", subject.step.resources
    folder, why = await bench.predict(label, subject.model, {"points": probes.points_file}, listed.names, resources)
    if folder is None:
        return Variants(names=(), why=why)
    lost = admit(folder, bench.run.measured, listed.names, probes)
    if DELIVERED in lost:
        return Variants(names=(), why=lost[DELIVERED])
    kept = tuple(name for name in listed.names if name not in lost)
    return Variants(kept, "; ".join(filter(None, (listed.why, *lost.values()))))


async def ask_again(bench: Bench, subject: Subject, probes: Probes) -> Variants:
    """The delivered variant once more, in another fresh box."""
    label, resources = f"raw/{subject.step.id}.repeat", subject.step.resources
    points = {"points": probes.points_file}
    folder, why = await bench.predict(label, subject.model, points, (DELIVERED,), resources)
    return Variants(names=(), why=why) if folder is None else Variants()
