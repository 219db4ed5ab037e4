"""The ten questions of an expert's own checklist, answered from what the run recorded. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Stage, Thought
from orchestrator.report.numbers import spell
from orchestrator.report.record import Record, step_files

Reply = Literal["yes", "no", "unknown", "not applicable"]


@dataclass(frozen=True)
class Item:
    """One question, its reply, why, and the evidence ids it rests on."""

    question: str
    reply: Reply
    reason: str
    evidence: tuple[str, ...] = ()


def checklist(record: Record) -> tuple[Item, ...]:
    """Ten items, in the order of the checklist. What the run says nothing about is unknown, never yes."""
    return (
        _data(record),
        _baseline(record),
        _architecture(record),
        _tracking(record),
        _physics(record),
        _search(record),
        _metric(record),
        _saved(record),
        _latency(record),
        _reproduced(record),
    )


def _data(record: Record) -> Item:
    question = "Was the data looked at before anything was trained?"
    if record.profile:
        profile = record.profile
        size = f"{spell(profile.rows)} rows and {len(profile.columns)} columns profiled"
        return Item(question, "yes", f"{size}, {spell(profile.duplicates)} duplicates")
    exempt = _exempt(record, "data.leakage")
    return exempt_item(question, exempt) if exempt else Item(question, "unknown", "the run holds no profile")


def _baseline(record: Record) -> Item:
    question = "Is there a simple baseline to compare with?"
    verdict = _verdict(record, "model.baseline")
    if verdict and verdict.verdict == "not_applicable":
        return exempt_item(question, verdict)
    if verdict and verdict.verdict in {"passed", "failed"}:
        return Item(question, "yes", verdict.reason, verdict.evidence)
    return Item(question, "unknown", verdict.reason if verdict else "no baseline was measured")


def _architecture(record: Record) -> Item:
    question = "Was the model chosen for a stated reason?"
    thought = _thought(record, "model")
    if thought and thought.why:
        others = f"; {len(thought.considered)} others considered" if thought.considered else ""
        return Item(question, "yes", f"{thought.decision.rstrip('.')}: {thought.why.rstrip('.')}{others}")
    return Item(question, "unknown", "the plan gives no reason for its model")


def _tracking(record: Record) -> Item:
    question = "Is the experiment tracked?"
    verdict = _verdict(record, "reproducibility.hyperparameters")
    if not record.events:
        return Item(question, "no", "the run has no journal")
    events = f"{spell(len(record.events))} events in the journal"
    if verdict and verdict.verdict == "passed":
        return Item(question, "yes", f"{events}; {verdict.reason}", verdict.evidence)
    return Item(question, "unknown", f"{events}; hyperparameters: {verdict.reason if verdict else 'not checked'}")


def _physics(record: Record) -> Item:
    question = "Does the loss contain the physics, where there is some?"
    if record.plan and record.plan.problem is None:
        return Item(question, "not applicable", "the plan states no equation")
    verdict = _verdict(record, "training.loss")
    if verdict and verdict.verdict == "not_applicable":
        return exempt_item(question, verdict)
    if verdict and verdict.verdict in {"passed", "failed"}:
        return Item(question, "yes" if verdict.verdict == "passed" else "no", verdict.reason, verdict.evidence)
    return Item(question, "unknown", verdict.reason if verdict else "the loss was not checked")


def _search(record: Record) -> Item:
    question = "Is a search over hyperparameters planned?"
    steps = [inner for step in record.plan.steps for inner in (step, *step.body)] if record.plan else []
    if not steps:
        return Item(question, "unknown", "the run has no plan")
    searching = [step.id for step in steps if step.search is not None]
    if searching:
        return Item(question, "yes", f"step {', '.join(searching)}")
    return Item(question, "no", "no step of the plan searches; the hyperparameters are those of the specs")


def _metric(record: Record) -> Item:
    question = "Is success defined by a metric?"
    verdict = _verdict(record, "evaluation.metric")
    plan = record.plan
    named = plan.data.metric if plan and plan.data else ""
    bound = f"tolerance {spell(plan.tolerance)}" if plan and plan.tolerance is not None else ""
    said = ", ".join(part for part in (named, bound) if part)
    measured = verdict is not None and verdict.verdict in {"passed", "failed"}
    if said or measured:
        reason = "; ".join(part for part in (said, verdict.reason if verdict else "") if part)
        return Item(question, "yes", reason, verdict.evidence if verdict else ())
    return Item(question, "unknown", "the plan names no metric")


def _saved(record: Record) -> Item:
    question = "Is the trained model kept?"
    own = {step.id for step in record.plan.steps if step.kind == "skill"} if record.plan else set()
    every = [item for item in record.answer.artifacts if item.kind == "model"] if record.answer else []
    models = [item for item in every if item.step in own] or every  # the trained one before a peer's
    if models:
        return Item(question, "yes", f"{models[0].path} ({models[0].sha256[:12]})")
    kept = [path for path in step_files(record.directory, "out/model") if path.is_dir()]
    if kept:
        return Item(question, "yes", record.directory.relative(kept[0]))
    return Item(question, "no", "the run kept no model")


def _latency(record: Record) -> Item:
    question = "Is the time of one prediction known?"
    found = next((item for item in record.evidence if "latency" in item.name and item.value is not None), None)
    if found:
        return Item(question, "yes", spell(found.value, found.unit), (found.id,))
    return Item(question, "unknown", "it was not measured")


def _reproduced(record: Record) -> Item:
    question = "Are the seeds set, and does the kept model predict the same again?"
    verdict = _verdict(record, "reproducibility.seeds")
    if verdict and verdict.verdict == "not_applicable":
        return exempt_item(question, verdict)
    if verdict and verdict.verdict in {"passed", "failed"}:
        return Item(question, "yes" if verdict.verdict == "passed" else "no", verdict.reason, verdict.evidence)
    return Item(question, "unknown", verdict.reason if verdict else "it was not checked")


def exempt_item(question: str, verdict: Verdict) -> Item:
    return Item(question, "not applicable", verdict.reason)


def _exempt(record: Record, check: str) -> Verdict | None:
    verdict = _verdict(record, check)
    return verdict if verdict and verdict.verdict == "not_applicable" else None


def _verdict(record: Record, check: str) -> Verdict | None:
    return next((verdict for verdict in record.verdicts if verdict.id == check), None)


def _thought(record: Record, stage: Stage) -> Thought | None:
    return next((thought for thought in record.plan.thoughts if thought.stage == stage), None) if record.plan else None


def by_id(evidence: tuple[Evidence, ...]) -> dict[str, Evidence]:
    return {item.id: item for item in evidence}
