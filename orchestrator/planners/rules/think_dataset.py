"""The chain of thought of a data set."""

from __future__ import annotations

from pydantic import JsonValue

from orchestrator.core.plan import Thought
from orchestrator.planners.rules.stating import FieldProblem
from orchestrator.planners.rules.thoughts import thought


def dataset_thoughts(
    made: FieldProblem, samples: int, ranges: dict[str, JsonValue], boxes: int, tolerance: float
) -> tuple[Thought, ...]:
    varied = ", ".join(f"{name} in {ends}" for name, ends in ranges.items())
    return (
        thought(
            "formulation",
            f"{samples} solutions of one problem ({made.traits.words}), with {varied}.",
            "A learner of the solution operator needs many solved instances; each is a forward problem.",
            ("one solution", "it shows one instance only"),
        ),
        thought(
            "data",
            "Parameters drawn from a low-discrepancy set in their ranges, by the run's seed; the problem was "
            "checked to be "
            "well posed at the ends and in the middle of the ranges.",
            "Such points cover the ranges more evenly than random ones, and any share of them does too.",
            ("a full grid", "its size grows with the power of the number of parameters"),
        ),
        thought(
            "model",
            "The classical solver of the simulation-expert for every instance.",
            "Labels must be more exact than what will be learned from them.",
            ("a trained network as the source", "its error would be learned along"),
        ),
        thought(
            "training",
            f"{boxes} box{'es' if boxes > 1 else ''} side by side, one share each; a step of its own merges them.",
            "Instances do not depend on one another.",
            ("one box after the other", "the processors would idle"),
        ),
        thought(
            "validation",
            f"Each solution with an error estimate against {tolerance:g}; those that miss it are named.",
            "A data set whose errors are unknown limits what a learner can be said to reach.",
            avoids=("single_split",),
        ),
    )
