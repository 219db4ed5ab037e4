"""All questions that a problem must pass, in the order in which their answers make sense."""

from __future__ import annotations

from orchestrator.problems.faults import Faults
from orchestrator.problems.forms import Normal
from orchestrator.problems.posed_counts import check_faces, check_one_axis, check_orders, check_start
from orchestrator.problems.posed_exact import exact_faults
from orchestrator.problems.posed_type import check_growth, march


def judged(form: Normal, faults: Faults) -> tuple[str, ...]:
    """Add what is wrong to the faults; returns notes on what could not be decided."""
    check_orders(form, faults)
    if faults.found:
        return ()
    if len(form.coordinates) == 1:
        notes = check_one_axis(form, faults)
    else:
        along = march(form, faults)
        notes = along.notes
        if along.decided:
            check_start(form, along, faults)
            notes += check_faces(form, along, faults)
            check_growth(form, along, faults)
    if not faults.found:
        faults.found += exact_faults(form)
    return notes
