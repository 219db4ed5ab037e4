"""What an answer says of an explanation: which columns matter, which cannot be told from noise, and that it adds up."""

from __future__ import annotations

from collections.abc import Iterable

from orchestrator.core.evidence import Evidence
from orchestrator.core.importance import IMPORTANCE, NOISE, stands_out
from orchestrator.report.intervals import interval_words

MOST = 12  # columns that are told one by one, the most important first
_HELD_TO = {
    ("additivity", "shap"): "Largest miss of the Shapley values' sum from a fresh prediction, over the range of the "
    "outputs",
    ("additivity", "integrated_gradients"): "Largest miss of the integrated gradients' sum from a fresh prediction, "
    "over what the output moves by from the mean sample",
    ("attribution_difference", "shap"): "Largest difference from Shapley values that the judge estimated itself, of "
    "what draws may differ by",
    ("attribution_difference", "integrated_gradients"): "Largest difference of sums of integrated gradients from the "
    "judge's own finite differences, over what the output moves by",
    ("attention_sum", "attention"): "Attention maps of the transformer: they tell where information flows, which is "
    "not yet what the output rests on; largest difference of a line's sum from one",
}


def explained_claims(evidence: tuple[Evidence, ...]) -> Iterable[tuple[str, Evidence]]:
    """Importances from the largest down, beside the planted noise; then how well attributions add up."""
    every = [entry for entry in evidence if entry.name == IMPORTANCE and entry.value is not None]
    noise = next((entry for entry in every if entry.subject == NOISE), None)
    ranked = sorted((entry for entry in every if entry is not noise), key=lambda entry: -(entry.value or 0.0))
    for entry in ranked[:MOST]:
        more = "" if stands_out(entry, noise) else "; cannot be told from noise"
        yield (
            f"Permutation importance of {entry.subject!r} on {entry.n} training rows that were set aside"
            f"{_range(entry)}{more}",
            entry,
        )
    if noise is not None:
        yield f"The same of planted noise{_range(noise)}", noise
    for entry in evidence:
        told = _HELD_TO.get((entry.name, entry.subject), "")
        if told and entry.value is not None:
            network = entry.text.partition(":")[0] if entry.text.startswith("network ") else ""
            yield f"{told} ({network})" if network else told, entry


def _range(entry: Evidence) -> str:
    words = interval_words(entry)
    return f" ({words})" if words else ""
