"""What a run is about: its main measured numbers, each beside the same number of its opponents."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.plan import Plan
from orchestrator.core.request import Route

Kind = Literal["error", "score", "coefficient", "solution", "solved_again", "refined", "speed"]
Rival = Literal["data_only", "classical", "constant", "naive", "fit"]
WITHOUT_MODEL = ("last value", "straight line", "last season", "constant")  # the host's own forecasts of a series
UNNAMED = ("", "problem", "custom", "equation")  # names of problems that tell nothing
DELIVERED, REFERENCE, DATASET = "delivered", "reference", "dataset"
POSTERIOR = "posterior."
SPEEDUP = "speedup"
METRIC, GAIN = "evaluation.metric", "paired_difference"


@dataclass(frozen=True)
class Result:
    """A main number. `of` names the problem, the target, the coefficient or what was outrun; empty without a name.

    `rivals` are the same number of the opponents, `limit` what the check on it allows at most.
    """

    kind: Kind
    of: str
    measured: Evidence
    rivals: tuple[tuple[Rival, Evidence], ...] = ()
    limit: float | None = None


def main_results(plan: Plan, evidence: tuple[Evidence, ...], verdicts: tuple[Verdict, ...]) -> tuple[Result, ...]:
    """The numbers that answer the request, the first of them first; none where they could not be measured.

    A table: its metric. Unknown coefficients: each of them. A data set: its worst sample. A solution or a network: its
    error, and of a network that was to be made quick also how quick it is.
    """
    newest = {(entry.name, entry.subject): entry for entry in evidence if entry.value is not None}
    if plan.data is not None:
        best = "constant" if plan.data.series is None else _best_naive(newest)
        found = _score(plan.data.metric, plan.data.target, newest, best)
    elif (plan.problem or {}).get("unknown"):
        found = _coefficients(newest)
    else:
        found = _errors(plan, newest, next((check.threshold for check in verdicts if check.id == METRIC), None))
    outrun = [(who, entry) for (name, who), entry in newest.items() if name == SPEEDUP]
    return (*found, *(Result("speed", who.split()[-1], entry) for who, entry in outrun[:1]))


Newest = dict[tuple[str, str], Evidence]


def _score(metric: str, target: str, newest: Newest, baseline: str) -> tuple[Result, ...]:
    found = newest.get((metric, DELIVERED))
    who: Rival = "constant" if baseline == "constant" else "naive"
    return (Result("score", target, found, _rivals(newest, ((who, metric, baseline),))),) if found else ()


def _best_naive(newest: Newest) -> str:
    """The forecast without a model that the delivered one beats by least."""
    gains = {name: pair for name in WITHOUT_MODEL if (pair := newest.get((GAIN, f"{DELIVERED} vs {name}")))}
    return min(gains, key=lambda name: gains[name].value or 0.0, default="constant")


def _coefficients(newest: Newest) -> tuple[Result, ...]:
    """Those of the network, beside a classical fit's; where nothing was trained, the fit's own."""
    who = DELIVERED if any(name.startswith(POSTERIOR) and of == DELIVERED for name, of in newest) else REFERENCE
    return tuple(
        Result(
            "coefficient", name.removeprefix(POSTERIOR), entry,
            _rivals(newest, (("fit", name, REFERENCE),)) if who == DELIVERED else (),
        )
        for (name, of), entry in newest.items() if name.startswith(POSTERIOR) and of == who
    )  # fmt: skip


def _errors(plan: Plan, newest: Newest, limit: float | None) -> tuple[Result, ...]:
    name = str((plan.problem or {}).get("name", ""))
    shown = "" if name in UNNAMED else name.replace("_", " ")
    places: tuple[tuple[Kind, str, str], ...] = (
        (("solved_again", "dataset_difference", DATASET), ("refined", "dataset_error", DATASET),
         ("solution", "reference_error", REFERENCE))
        if plan.route is Route.SIMULATE else (("error", "relative_l2", DELIVERED),)
    )  # fmt: skip
    for kind, measure, subject in places:
        if found := newest.get((measure, subject)):
            rivals = _rivals(newest, (("data_only", measure, "data_only"), ("classical", measure, "classical")))
            return (Result(kind, shown, found, rivals, limit),)
    return ()


def _rivals(newest: Newest, wanted: tuple[tuple[Rival, str, str], ...]) -> tuple[tuple[Rival, Evidence], ...]:
    return tuple((who, newest[name, subject]) for who, name, subject in wanted if (name, subject) in newest)
