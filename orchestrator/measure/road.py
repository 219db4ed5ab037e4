"""Which measurements a route's results get."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from orchestrator.boxes.job import Code, ModelFiles
from orchestrator.config.skills import Skill
from orchestrator.core.evidence import Evidence
from orchestrator.core.outcome import Outcome
from orchestrator.core.plan import Plan, Step
from orchestrator.core.request import Route
from orchestrator.core.schedule import find_step
from orchestrator.core.values import sha256_file
from orchestrator.data.observations import ObservationsRecord, shared_places
from orchestrator.data.split import SplitRecord
from orchestrator.journal.journal import Journal
from orchestrator.journal.rundir import read_model
from orchestrator.measure.access import own_access
from orchestrator.measure.again import Solver
from orchestrator.measure.ahead import measure_ahead
from orchestrator.measure.bench import Bench
from orchestrator.measure.dataset import measure_dataset
from orchestrator.measure.details import measure_table_latency
from orchestrator.measure.evaluation import judged, measure_evaluation, run_models
from orchestrator.measure.evidence import EvidenceBook
from orchestrator.measure.field import measure_network, measure_reference
from orchestrator.measure.interpretation import Explained, measure_interpretation
from orchestrator.measure.latency import measure_latency
from orchestrator.measure.noise import estimate_noise
from orchestrator.measure.personal import book_traces
from orchestrator.measure.points import POINTS_FILE
from orchestrator.measure.search import measure_search
from orchestrator.measure.service import measure_service
from orchestrator.measure.subjects import Question, Subject
from orchestrator.measure.table import measure_table

Done = list[tuple[Step, Outcome]]
DEFAULT_TOLERANCE = 1e-4  # of a plan that names none
# What a step's skill and mode make of it; skills without modes have the mode "".
TABLES, FLAX_TABLES = (("tabular", ""), ("deep", "")), (("jax", "table"),)
NETWORKS = (("pinn", ""), ("jax", "pinn"))
REFERENCES = (("simulate", ""), ("simulate", "reference"), ("simulate", "fit"))
CLASSICAL = (("simulate", "baseline"),)
DATASETS, PARTS = (("simulate", "collect"),), (("simulate", "dataset"),)
QUICK = (("jax", "inference"),)
EVALUATED = (("evaluate", ""),)
DEPLOYED = (("deploy", ""),)
INTERPRETED = (("interpret", ""),)


async def measure(
    bench: Bench, plan: Plan, outcomes: Mapping[str, Outcome], skills: Mapping[str, Skill], journal: Journal
) -> tuple[Evidence, ...]:
    """Measure what the finished steps delivered, write it down and tell the journal."""
    environment = bench.run.environment
    done = _done(plan, outcomes)
    unvouched = frozenset(step.id for step, _ in done if skills[step.skill_name].trust != "builtin")
    book = EvidenceBook(bench.run, bench.code_sha256, sha256_file(environment)[:16], bench.seed, unvouched)
    if plan.route is Route.DEPLOY:
        await _service(bench, book, plan, done, skills)
    elif plan.evaluated is not None:
        await _evaluation(bench, book, plan, done, skills, journal)
    elif plan.data is not None:
        await _table(bench, book, plan, done, skills, journal)
    elif plan.problem is not None:
        await _field(bench, book, plan, done, skills)
    return book.write(journal)


async def _evaluation(
    bench: Bench, book: EvidenceBook, plan: Plan, done: Done, skills: Mapping[str, Skill], journal: Journal
) -> None:
    found = _subject(bench, done, skills, EVALUATED)
    if found is None:
        return
    model = found.model.model_copy(update={"skill": judged(found.model.skill, plan)})
    subject, split = found.model_copy(update={"model": model}), read_model(bench.run.split, SplitRecord)
    beside = run_models(plan, found.step, skills)
    await measure_evaluation(bench, book, subject, plan, split, beside, journal)


async def _service(bench: Bench, book: EvidenceBook, plan: Plan, done: Done, skills: Mapping[str, Skill]) -> None:
    """The service of a run's model is held to what the skill says that made it; a user's file to itself, in a box."""
    found = _last(done, DEPLOYED)
    if found is None or plan.evaluated is None:
        return
    step, model = found[0], plan.evaluated.subject
    served = judged(_code(skills, step), plan)
    offline = ModelFiles(skill=served, folder=bench.run.out(step.id) / "service" / "model")
    if model.kind == "run":
        maker = skills[model.skill]
        code = Code(name=maker.name, folder=maker.folder, trust=maker.trust)
        offline = ModelFiles(skill=code, folder=Path(model.path))
    split = read_model(bench.run.split, SplitRecord) if plan.data is not None else None
    await measure_service(bench, book, step, served, offline, plan, split)


async def _table(
    bench: Bench, book: EvidenceBook, plan: Plan, done: Done, skills: Mapping[str, Skill], journal: Journal
) -> None:
    """The usual candidates; or, where the plan has one, a network of its own against them."""
    usual, network = (_subject(bench, done, skills, kinds) for kinds in (TABLES, FLAX_TABLES))
    subject, rivals = (network, usual) if network is not None else (usual, None)
    if subject is not None and plan.data is not None:
        split = read_model(bench.run.split, SplitRecord)
        others = rivals.model if rivals is not None else None
        own_access(book, bench.run, journal, subject.step.id)
        await measure_table(bench, book, subject.step, subject.outcome, subject.model, plan.data, split, others)
        await measure_ahead(bench, book, subject.step, subject.model, plan.data, split)
        await measure_table_latency(bench, book, subject, plan.data, split)
        book_traces(book, plan.data, subject.step.id)
        measure_search(book, plan, split)
    interpreted = _last(done, INTERPRETED)
    if interpreted is not None and subject is not None:
        await measure_interpretation(bench, book, Explained(interpreted[0], _code(skills, interpreted[0]), subject))


async def _field(bench: Bench, book: EvidenceBook, plan: Plan, done: Done, skills: Mapping[str, Skill]) -> None:
    network, reference, classical = (
        _subject(bench, done, skills, kinds) for kinds in (NETWORKS, REFERENCES, CLASSICAL)
    )
    collected = _last(done, DATASETS)
    question = _question(bench, book, plan)
    if network is not None:
        await measure_network(bench, book, network, reference, classical, question)
    elif collected is not None:
        await measure_dataset(bench, book, collected[0], _solver(plan, done, skills, collected[0]))
    elif reference is not None:
        await measure_reference(bench, book, reference, question)
    quick = _subject(bench, done, skills, QUICK)
    if quick is not None:
        points = bench.run.measured / "probes" / POINTS_FILE
        if not points.is_file():
            points = (await bench.draw(question.problem, None)).points_file
        await measure_latency(bench, book, quick, {"points": points})


def _question(bench: Bench, book: EvidenceBook, plan: Plan) -> Question:
    """With the observations that were held out, and evidence `leaks` on how they were."""
    asked = Question(problem=plan.problem or {}, tolerance=plan.tolerance or DEFAULT_TOLERANCE)
    if plan.observations is None:
        return asked
    record = read_model(bench.run.observations, ObservationsRecord)
    shared = shared_places(record)
    told = f"{record.test_rows} of {record.rows} rows held out by place; {shared} of them lie at a training row's place"
    book.add("leaks", float(shared), bench.run.observations, "", n=record.test_rows, subject="split", text=told)
    noise = record.noise if record.noise is not None else _noise(book, Path(record.train))
    return asked.model_copy(
        update={"held_out": Path(record.test_inputs), "labels": Path(record.labels), "noise": noise}
    )


def _noise(book: EvidenceBook, train: Path) -> float | None:
    """Evidence `observation_noise` where nobody stated the noise: from the training rows alone, n degrees of freedom.

    What a fit or a training leaves would say that they fit, whatever they are.
    """
    found = estimate_noise(train)
    if isinstance(found, str):
        book.add("observation_noise", None, train, "", subject="observations", text=found)
        return None
    book.add(
        "observation_noise", found.value, train, "", interval=found.interval, n=round(found.freedom),
        subject="observations", text=found.text,
    )  # fmt: skip
    return found.value


def _done(plan: Plan, outcomes: Mapping[str, Outcome]) -> Done:
    """The finished steps, in the order in which they ended; a search delivers settings, not a model."""
    done = sorted((o for o in outcomes.values() if o.status == "done"), key=lambda outcome: outcome.finished_at)
    return [(step, o) for o in done if (step := find_step(plan, o.step)).search is None]


def _last(done: Done, kinds: Iterable[tuple[str, str]]) -> tuple[Step, Outcome] | None:
    """The step of one of these kinds that ended last."""
    wanted = set(kinds)
    hits = [(step, outcome) for step, outcome in done if (step.skill_name, str(step.spec.get("mode", ""))) in wanted]
    return hits[-1] if hits else None


def _subject(bench: Bench, done: Done, skills: Mapping[str, Skill], kinds: Iterable[tuple[str, str]]) -> Subject | None:
    """The model of such a step; None where none delivered one."""
    found = _last([(step, o) for step, o in done if (bench.run.out(step.id) / "model").is_dir()], kinds)
    if found is None:
        return None
    step, outcome = found
    model = ModelFiles(skill=_code(skills, step), folder=bench.run.out(step.id) / "model")
    return Subject(step=step, outcome=outcome, model=model)


def _solver(plan: Plan, done: Done, skills: Mapping[str, Skill], collected: Step) -> Solver:
    """The skill that solved the samples, with what a box may use that solves a share of them."""
    part = _last(done, PARTS)
    resources = (part[0] if part is not None else collected).resources
    return Solver(code=_code(skills, collected), problem=plan.problem or {}, resources=resources)


def _code(skills: Mapping[str, Skill], step: Step) -> Code:
    skill = skills[step.skill_name]
    return Code(name=skill.name, folder=skill.folder, trust=skill.trust)
