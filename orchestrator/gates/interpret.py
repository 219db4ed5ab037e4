"""Check of an explanation: does it say what the model does?"""

from __future__ import annotations

from orchestrator.core.evidence import Evidence, Verdict
from orchestrator.core.importance import IMPORTANCE, NOISE
from orchestrator.core.plan import Step
from orchestrator.gates.known import Known, measured, unknown, unmeasured
from orchestrator.gates.required import FAITHFUL

CHECK = FAITHFUL
REPEAT = "explanation_repeat"
# What each method is held to: evidence with a bound of its own, by its subject.
HELD_TO: dict[str, tuple[tuple[str, str], ...]] = {
    "shap": (("additivity", "shap"), ("attribution_difference", "shap")),
    "integrated_gradients": (
        ("additivity", "integrated_gradients"),
        ("attribution_difference", "integrated_gradients"),
    ),
    "attention": (("attention_sum", "attention"),),
    "permutation": (),
}
_REMEDY = {
    (REPEAT, "interpret"): "seed everything that the explanation draws",
    ("additivity", "shap"): "the attributions are of another model or of other rows: explain the delivered one",
    ("additivity", "integrated_gradients"): "take more steps along the line, of the network and samples that are named",
    ("attribution_difference", "shap"): "draw more orders (`background`), or let columns be absent in the way told",
    ("attribution_difference", "integrated_gradients"): "the attributions stand at other cells than those they are of",
    ("attention_sum", "attention"): "attention maps are shares: every line must add up to one",
}


def explains(step: Step) -> bool:
    """Whether a step explains another one's model."""
    return step.skill_name == "interpret"


def faithful(known: Known) -> Verdict:
    """The explanation is the same in a fresh box; attributions add up to predictions that the judge asked for itself,
    and equal its own estimates; importances stand beside a planted column of noise.
    """
    methods = _methods(known)
    repeat = known.find(REPEAT)
    wanted = [known.find(name, subject) for method in methods for name, subject in HELD_TO.get(method, ())]
    noise = (known.find(IMPORTANCE, NOISE),) if "permutation" in methods else ()
    found = (repeat, *wanted, *noise)
    if not measured(*found):
        return unmeasured(CHECK, found, "the explanation could not be held to the model")
    if any(entry is None or entry.interval is None for entry in noise):
        return unknown(CHECK, "the planted column of noise has no interval", tuple(e for e in found if e is not None))
    bounded = [entry for entry in found if entry is not None and entry.bound is not None]
    worst = max(bounded, key=_excess)
    passed = _excess(worst) <= 0
    told = "; ".join(f"{entry.name} {entry.value:.3g} ≤ {entry.bound:.3g}" for entry in bounded)
    ids = tuple(entry.id for entry in found if entry is not None)
    return Verdict(
        id=CHECK, verdict="passed" if passed else "failed", value=worst.value, threshold=worst.bound, evidence=ids,
        reason=told if passed else f"{worst.name} {worst.value:.3g} > {worst.bound:.3g}: {worst.text}",
        remedy="" if passed else _REMEDY.get((worst.name, worst.subject), ""),
    )  # fmt: skip


def _excess(entry: Evidence) -> float:
    """By how much of its bound a value is over it; where the bound is 0, the value itself."""
    value, bound = entry.value or 0.0, entry.bound or 0.0
    return (value - bound) / bound if bound else value


def _methods(known: Known) -> tuple[str, ...]:
    told = [step.spec.get("methods") for step in known.plan.steps if explains(step)]
    return tuple(str(name) for names in told if isinstance(names, list) for name in names)
