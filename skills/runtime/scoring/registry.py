"""Names to scorers: every module of this folder that has a `SCORERS` dict adds its entries."""

from __future__ import annotations

import importlib
import pkgutil

from skills.runtime import scoring
from skills.runtime.scoring.scored import Scorer


def scorers() -> dict[str, Scorer]:
    """All scorers by name. Raises ValueError where two modules claim one name."""
    found: dict[str, Scorer] = {}
    for module in pkgutil.iter_modules(scoring.__path__):
        entries = getattr(importlib.import_module(f"{scoring.__name__}.{module.name}"), "SCORERS", {})
        if twice := found.keys() & entries.keys():
            raise ValueError(f"scorers {sorted(twice)} of {module.name!r} are in the registry already")
        found |= entries
    return found
