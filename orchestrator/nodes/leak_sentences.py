"""What an answer says of leakage beside the verdict: columns kept against a check, and what only the user can say."""

from __future__ import annotations

from orchestrator.core.evidence import Evidence

_OVERRIDDEN = "leak_overridden."


def leak_sentence(evidence: tuple[Evidence, ...]) -> str:
    """Columns that the request keeps by name although a check found them to leak; a question about another column."""
    overridden = [entry for entry in evidence if entry.name.startswith(_OVERRIDDEN)]
    columns = dict.fromkeys(name for entry in overridden for name in entry.columns)
    kinds = dict.fromkeys(entry.name.removeprefix(_OVERRIDDEN).replace("_", " ") for entry in overridden)
    told = []
    if overridden:
        named = f"{', '.join(map(repr, columns))} ({', '.join(kinds)})"
        told.append(
            f"A check of leakage is overridden by the request, which keeps {named}: the score counts only where it is "
            "known before the target is."
        )
    told += [f"A question: {entry.text}." for entry in evidence if entry.name == "leak_question"]
    return " ".join(told)
