"""mlexpert: ask for a machine-learning result in plain words, get one that has been checked.

>>> from orchestrator import Orchestrator
>>> async with Orchestrator.open() as orch:
...     run = await orch.run("Predict y in data.csv")

>>> import orchestrator
>>> orchestrator.run("Train a PINN to solve the heat equation")  # blocking; works in a notebook too
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from orchestrator.app import Orchestrator, Run
    from orchestrator.blocking import run
    from orchestrator.core.answer import Answer
    from orchestrator.core.request import Request
    from orchestrator.problems.statement import Problem

__all__ = ["Answer", "Orchestrator", "Problem", "Request", "Run", "run"]

# Loaded on first use: importing the package must load no engine and do nothing.
_HOMES = {
    "Answer": "orchestrator.core.answer",
    "Orchestrator": "orchestrator.app",
    "Problem": "orchestrator.problems.statement",
    "Request": "orchestrator.core.request",
    "Run": "orchestrator.app",
    "run": "orchestrator.blocking",
}


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
