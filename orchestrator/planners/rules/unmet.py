"""Notes on what a request plainly asks for and the plan does not do."""

from __future__ import annotations

import re

from pydantic import JsonValue

Params = dict[str, JsonValue]
_OPTIONS = (
    "hidden", "iterations", "epochs", "optimizer", "learning_rate", "batch_size", "trials", "folds", "trees",
    "resolution", "tolerance", "device", "model", "budget_usd", "test_fraction", "windows",
    "repeats", "test_file", "split_column",
)  # fmt: skip
_NOT_OWED = ("cpu", "any")  # of the device: what happens without a GPU, and a wish
SEEDS = re.compile(
    r"\b(?P<count>[2-9]|[1-9]\d+|two|three|four|five|ten|zwei|drei|funf) (?:different |random |independent )*"
    r"(?:seeds|startwerte\w*|graines|semillas|semi|sementes)\b"
)
_NO_PHYSICS = re.compile(
    r"\b(?:without|no|skip|drop|ohne|sans|sin|senza|sem) (?:an? |the |any )?"
    r"(?:physics|physik|pde|physical|residual)[- ]?(?:informed )?(?:loss|residual|term|verlust)\w*"
)


def notes(plain: str, params: Params, spec: Params, used: frozenset[str], *, physics: bool = False) -> tuple[str, ...]:
    """One line for each option that is read but neither stands in `spec` nor is `used` in another way."""
    found = [
        f"{key} {params[key]!r} is not used: this trainer does not take it."
        for key in _OPTIONS
        if key in params and key not in spec and key not in used and params[key] not in _NOT_OWED
    ]
    if seeds := SEEDS.search(plain):
        found.append(f"{seeds[0]!r} is not done: one plan trains with one seed; ask once for each, e.g. `seed 1`.")
    if physics and (loss := _NO_PHYSICS.search(plain)):
        found.append(
            f"{loss[0]!r} is not done: without data the equation is all there is to learn from, so its residual stays."
        )
    return tuple(found)
