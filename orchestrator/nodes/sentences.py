"""The sentences of an answer. Each quotes the value of evidence; there is no other way to a number."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.answer import AnswerClaim
from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route
from orchestrator.gates.forecast import NAMES
from orchestrator.nodes.choice_sentences import choice_claims
from orchestrator.nodes.detail_sentences import calibration_claims, latency_claims, learning_claims, slice_claims
from orchestrator.nodes.forecast_sentences import forecast_claims
from orchestrator.nodes.group_sentences import group_claims
from orchestrator.nodes.phrases import PHRASES, Phrases
from orchestrator.nodes.sentences_evaluate import evaluation_claims
from orchestrator.nodes.sentences_interpret import explained_claims
from orchestrator.nodes.sentences_search import search_claims
from orchestrator.report.intervals import bounds_measuring, interval_words
from orchestrator.report.numbers import spell
from orchestrator.report.result import Result

TRAINED = ("torch", "numpy")  # the trained network, evaluated as it was trained
WORST_SAMPLE = (
    "Relative L2 change of the data set's worst sample from half its grid; the file's own error_estimate is another "
    "number: the solver's estimate of what its finest grid still lacks"
)


def headline(
    status: str,
    results: tuple[Result, ...],
    verdicts: tuple[Verdict, ...],
    undone: tuple[str, ...],
    open_boxes: bool,
    language: str,
) -> str:
    """The first sentences of the answer, in the request's language; reasons stay in the words of the checks.

    A validated run leads with what was measured, beside the baselines. What the boxes did not hold back and what was
    left undone follow, whatever the verdict.
    """
    words = PHRASES.get(language, PHRASES["en"])
    told = words.then.join([*(_result(result, words) for result in results), words.every])
    reasons = [f"{v.id}: {v.reason}" for v in verdicts if v.verdict in ("failed", "unknown")]
    why = "; ".join(reasons) or "nothing could be measured"
    first = words.validated.format(what=told) if status == "validated" else words.not_validated.format(why=why)
    parts = (
        "" if status == "planned" else first,
        words.open_boxes if open_boxes else "",
        words.undone.format(what=", ".join(undone)) if undone else "",
    )
    return " ".join(part for part in parts if part)


def _result(result: Result, words: Phrases) -> str:
    """One measured number with its interval (or with what is allowed, where it has none), against the opponents'."""
    entry = result.measured
    between = entry.interval if entry.interval and not bounds_measuring(entry.name) else None
    if between:
        low, high = between
        around = words.interval.format(low=spell(low), high=spell(high))
    else:
        around = words.limit.format(limit=spell(result.limit)) if result.limit is not None else ""
    of = repr(result.of) if result.kind == "score" else result.of or words.unnamed
    told = words.results[result.kind].format(
        of=of, metric=entry.name, n=entry.n, value=spell(entry.value, entry.unit), range=around
    )
    rivals = [words.rivals[who].format(value=spell(other.value, other.unit)) for who, other in result.rivals]
    return told + (words.against.format(rivals=words.join.join(rivals)) if rivals else "")


def claims_of(plan: Plan, evidence: tuple[Evidence, ...]) -> tuple[AnswerClaim, ...]:
    """What the answer claims: one sentence for each measured number that the route is about."""
    about = evaluation_claims if plan.evaluated else _table_claims if plan.data is not None else _field_claims
    wanted = about(plan, evidence)
    return tuple(
        AnswerClaim(text=text, value=entry.value, unit=entry.unit, evidence=(entry.id,))
        for text, entry in wanted
        if entry.value is not None
    )


def _field_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    name = str((plan.problem or {}).get("name", "the problem"))
    reference = {("reference_error", "reference"): f"The reference solution's own relative L2 error for {name}"}
    own = {
        ("relative_l2", "delivered"): f"Relative L2 error of the network for {name} on points that the judge drew",
        ("max_error", "delivered"): "Largest absolute error of the network on those points",
        ("relative_l2", "data_only"): "Baseline: the same widths fitted without the equation, relative L2 error",
        ("relative_l2", "classical"): "Baseline: a classical solver at equal cost, relative L2 error",
        ("residual", "delivered"): "Relative residual of the equations at the judge's points",
        ("initial_error", "delivered"): "Largest miss of the initial conditions, relative",
        ("boundary_error", "delivered"): "Largest miss of the boundary conditions, relative",
        ("observations_chi2", "delivered"): "Mean squared misfit of held-out observations, in units of their noise",
        ("dataset_difference", "dataset"): (
            "Relative L2 difference of the data set's samples that the judge solved again, the worst of them"
        ),
        ("dataset_error", "dataset"): WORST_SAMPLE,
        ("truth_error", "truth"): "Relative L2 error of the truth itself",
    }
    if (plan.problem or {}).get("unknown"):
        own[("relative_l2", "delivered")] = f"Relative L2 distance of the network for {name} from the classical fit"
        own[("truth_error", "truth")] = (
            "The classical fit's own relative L2 error by refinement, its coefficients aside"
        )
    sentences = (reference | own) if plan.route is Route.SIMULATE else (own | reference)
    for (kind, subject), text in sentences.items():
        for entry in evidence:
            if entry.name == kind and entry.subject == subject:
                yield f"{text}{_range(entry)}", entry
    for entry in evidence:
        if entry.name.startswith("posterior."):
            who = {"delivered": "training", "reference": "a classical fit"}.get(entry.subject, entry.subject)
            yield f"{entry.name.removeprefix('posterior.')}, found by {who}{_range(entry)}", entry
        elif entry.name.startswith("law.") and entry.subject == "delivered" and entry.bound is not None:
            law = entry.name.removeprefix("law.").replace("_", " ")
            yield f"Largest miss of the law of {law}, relative; {entry.bound:.3g} is allowed{_range(entry)}", entry
    yield from _quick_claims(evidence)


def _quick_claims(evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """Of a model made quick: how it differs from the trained one, its time a call, and a ratio with its interval."""
    for entry in evidence:
        variant, _, other = entry.subject.partition(" vs ")
        if entry.name == "prediction_difference" and other in TRAINED:
            yield f"Largest difference of the quick model to the trained one in {other}, over the largest value", entry
        elif entry.name == "latency_ms" and variant.startswith("delivered, "):
            batch = variant.removeprefix("delivered, ")
            yield f"Time of one call of the quick model, {batch}, on this machine{_range(entry)}", entry
        elif entry.name == "speedup" and entry.interval is not None:
            low, high = entry.interval
            more = "" if low > 1 or high < 1 else "; neither is shown to be quicker"
            yield f"Throughput of the quick model over that of {other}{_range(entry)}{more}", entry


def _table_claims(plan: Plan, evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    metric = plan.data.metric if plan.data else ""
    target = plan.data.target if plan.data else ""
    for entry in evidence:
        if entry.name == metric and entry.subject == "delivered":
            yield (
                f"Held-out {metric} of the delivered model for {target!r} on {entry.n} sealed rows{_range(entry)}",
                entry,
            )
            yield from forecast_claims(target, evidence)
        elif entry.name == metric and entry.subject in NAMES:
            yield f"Baseline: {NAMES[entry.subject]} made by the host, {metric} on the same rows{_range(entry)}", entry
        elif entry.name == metric:
            yield f"Held-out {metric} of the candidate {entry.subject!r} on the same rows{_range(entry)}", entry
        elif entry.name == "coverage" and entry.subject == "delivered":
            yield f"Share of sealed rows inside the delivered 90 % prediction intervals{_range(entry)}", entry
        elif entry.name == "accesses":
            yield entry.text[:1].upper() + entry.text[1:], entry
    yield from choice_claims(plan, evidence)
    yield from calibration_claims(evidence)
    yield from slice_claims(evidence)
    yield from learning_claims(evidence)
    yield from latency_claims(evidence)
    yield from group_claims(plan, evidence)
    yield from explained_claims(evidence)
    yield from search_claims(evidence)


def _range(entry: Evidence) -> str:
    words = interval_words(entry)
    return f" ({words})" if words else ""
