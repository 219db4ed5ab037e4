"""Which measurements a route's results get."""

from __future__ import annotations

from collections.abc import Mapping

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.config.skills import Skill
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.core.schedule import find_step
from orchestrator.core.values import sha256_file
from orchestrator.data.split import SplitRecord
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import read_model
from orchestrator.measure.bench import Bench
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.field import Subject, measure_network, measure_reference
from orchestrator.measure.table import measure_table

SUBJECTS: dict[Route, str] = {Route.TABULAR: "tabular", Route.PINN: "pinn", Route.SIMULATE: "simulate"}
REFERENCE = "simulate"


async def measure(
    bench: Bench, plan: Plan, outcomes: Mapping[str, Outcome], skills: Mapping[str, Skill], journal: Journal
) -> tuple[Evidence, ...]:
    """Measure what the finished steps delivered, write it down and tell the journal."""
    environment = bench.run.environment
    delivered = _delivered(plan, outcomes, bench)
    unvouched = frozenset(step.id for step, _ in delivered if skills[step.skill_name].trust != "builtin")
    book = EvidenceBook(bench.run, bench.code_sha256, sha256_file(environment)[:16], bench.seed, unvouched)
    found = {step.skill_name: (step, outcome) for step, outcome in delivered}
    subject = found.get(SUBJECTS.get(plan.route, ""))
    if subject is None:
        return book.write(journal)
    step, outcome = subject
    if plan.route is Route.TABULAR and plan.data is not None:
        split = read_model(bench.run.split, SplitRecord)
        await measure_table(bench, book, step, outcome, _model(bench, step, skills), plan.data, split)
    elif plan.problem is not None:
        made = Subject(step=step, outcome=outcome, model=_model(bench, step, skills))
        if plan.route is Route.SIMULATE:
            await measure_reference(bench, book, made, plan.problem)
        else:
            await measure_network(bench, book, made, _reference(bench, found, skills), plan.problem)
    return book.write(journal)


def _delivered(plan: Plan, outcomes: Mapping[str, Outcome], bench: Bench) -> list[tuple[Step, Outcome]]:
    """The finished steps that delivered a model, in the order in which they ended."""
    done = sorted((o for o in outcomes.values() if o.status == "done"), key=lambda outcome: outcome.finished_at)
    return [(find_step(plan, o.step), o) for o in done if (bench.run.out(o.step) / "model").is_dir()]


def _reference(bench: Bench, found: Mapping[str, tuple[Step, Outcome]], skills: Mapping[str, Skill]) -> Subject | None:
    if REFERENCE not in found:
        return None
    step, outcome = found[REFERENCE]
    return Subject(step=step, outcome=outcome, model=_model(bench, step, skills))


def _model(bench: Bench, step: Step, skills: Mapping[str, Skill]) -> ModelFiles:
    skill = skills[step.skill_name]
    code = Code(name=skill.name, folder=skill.folder, trust=skill.trust)
    return ModelFiles(skill=code, folder=bench.run.out(step.id) / "model")
