"""Names that a problem gives and does not use, and data that speak of names it does not have."""

from __future__ import annotations

from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.statement import Problem
from orchestrator.problems.symbols import expression
from orchestrator.problems.tokens import nearest


def check_names(form: Normal, statement: Problem, faults: Faults) -> None:
    """An unknown coefficient must stand somewhere; data columns must be of coordinates and fields.

    Whether there are data at all is the planner's to say: they may come beside the problem, by `--data`.
    """
    texts = [*form.equations, *(text for _, held in form.conditions for text in held)]
    used = {one.name for text in texts for one in expression(text).free_symbols}
    for name in form.unknown:
        if name not in used:
            faults.add(
                ("unknown", name),
                f"the unknown coefficient {name!r} appears in no equation or condition: no data can tell it",
                "Use it in an equation, or leave it out.",
            )
    if statement.data is None:
        return
    known = (*form.coordinates, *form.fields)
    for name in statement.data.columns:
        if name not in known:
            faults.add(
                ("data", "columns", name),
                f"data.columns names {name!r}{nearest(name, known)}",
                "Name what is observed.",
            )
    if form.unknown:
        return
    faults.add(
        ("data",),
        f"data are given ({statement.data.file!r}), but nothing is unknown: nothing is to be found from them",
        "Move a parameter to `unknown`, with low and high, or leave the data out.",
    )
